//! The engine's clock on this machine, from two threads: stamps of one are comparable with stamps of
//! the other.

use tickpath_core::sync::{Arc, AtomicU64, Ordering, thread};
use tickpath_core::time::{
    CALIBRATION_SPAN_NS_MIN, Clock, CounterClock, EARLY_NS_MAX, EngineClock, MonotonicClock,
};

const HAND_OVERS: u64 = 20_000;

/// Hands stamps to and fro between two threads; the most that one came before the one it answers.
fn worst_before_ns<A, B>(here: A, there: B) -> u64
where
    A: Clock,
    B: Clock + Send + 'static,
{
    let (to, fro) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
    let answering = thread::spawn({
        let (to, fro) = (Arc::clone(&to), Arc::clone(&fro));
        move || {
            let (mut sent, mut answer) = (0, 0);
            (0..HAND_OVERS).fold(0, |worst, _| {
                sent = next(&to, sent);
                // A word that stays the same would be no message.
                let stamp = there.now_ns();
                answer = stamp.max(answer + 1);
                fro.store(answer, Ordering::Release);
                worst.max(sent.saturating_sub(stamp))
            })
        }
    });
    let (mut sent, mut answered) = (0, 0);
    let worst = (0..HAND_OVERS).fold(0, |worst, _| {
        sent = here.now_ns().max(sent + 1);
        to.store(sent, Ordering::Release);
        answered = next(&fro, answered);
        worst.max(answered.saturating_sub(here.now_ns()))
    });
    worst.max(answering.join().expect("no panic"))
}

/// Waits for the message after `last`.
fn next(word: &AtomicU64, last: u64) -> u64 {
    loop {
        let now = word.load(Ordering::Acquire);
        if now != last {
            return now;
        }
        thread::yield_now();
    }
}

#[test]
fn a_stamp_taken_after_a_hand_over_is_not_before_the_stamp_handed_over() {
    match EngineClock::calibrate(CALIBRATION_SPAN_NS_MIN).clock {
        EngineClock::Counter(clock) => {
            let worst = worst_before_ns(clock, clock);
            assert!(worst <= EARLY_NS_MAX, "{worst} ns");
        }
        EngineClock::Monotonic(clock) => assert!(worst_before_ns(clock, clock) <= 1),
    }
}

/// A thread with a conversion of its own.
struct Behind(CounterClock);

impl Clock for Behind {
    fn now_ns(&self) -> u64 {
        self.0.now_ns() - 1_000_000
    }
}

#[test]
fn a_thread_with_a_conversion_of_its_own_would_be_seen() {
    if let EngineClock::Counter(clock) = EngineClock::calibrate(CALIBRATION_SPAN_NS_MIN).clock {
        assert!(worst_before_ns(clock, Behind(clock)) > EARLY_NS_MAX);
    }
}

#[test]
fn calibrated_stamps_are_on_the_machine_s_timeline() {
    let calibrated = EngineClock::calibrate(CALIBRATION_SPAN_NS_MIN);
    let begin = MonotonicClock.now_ns();
    while MonotonicClock.now_ns() - begin < 2 * tickpath_core::time::DRIFT_SPAN_NS_MIN {}
    let Some(drift) = calibrated.drift() else {
        return; // The machine is too busy to say, and says so.
    };
    assert!(drift.span_ns > 0 || calibrated.source() == "clock_gettime");
    // The most a clock is slewed by, twice: while it was measured, and now.
    let error_ppm = drift.error_ppm.expect("long enough");
    assert!(error_ppm.abs() <= 1_000.0, "{drift:?}");
    assert!(calibrated.cost_ns > 0, "{calibrated:?}");
}
