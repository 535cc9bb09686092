//! Two lines between two threads: what each end did before comes with a turn, and with its answer.

use super::exploration::model;
use tickpath_core::engine::TwoLines;
use tickpath_core::sync::{Arc, AtomicU64, Ordering, thread};

#[test]
fn whoever_sees_a_turn_or_its_answer_sees_what_the_other_end_did_before() {
    model(
        |outcomes| {
            let lines = Arc::new(TwoLines::default());
            let done = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
            let idle = || {
                thread::yield_now();
                Ok::<(), ()>(())
            };
            let echo = thread::spawn({
                let (lines, done) = (Arc::clone(&lines), Arc::clone(&done));
                move || {
                    for turn in 1..=2 {
                        done[1].store(turn, Ordering::Relaxed);
                        assert_eq!(lines.answer(turn, idle), Ok(turn));
                        let seen = done[0].load(Ordering::Relaxed);
                        assert!(seen >= turn, "the sender's: {seen}");
                    }
                }
            });
            for turn in 1..=2 {
                done[0].store(turn, Ordering::Relaxed);
                assert_eq!(lines.trip(turn, idle), Ok(()));
                let seen = done[1].load(Ordering::Relaxed);
                assert!(seen >= turn, "the echo's: {seen}");
                outcomes.met(seen);
            }
            echo.join().expect("its asserts hold");
        },
        &[1, 2],
    );
}
