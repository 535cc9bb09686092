//! The tally: a reader gets all words as of one moment. One reader is enough: it stores nothing that another could
//! see.

use super::exploration::model;
use tickpath_core::metrics::Tally;
use tickpath_core::sync::{Arc, AtomicU64, Ordering, thread};

fn tuple(n: u64) -> [u64; 2] {
    [n, 10 * n]
}

#[test]
fn a_tuple_is_never_a_mixture_and_never_an_older_one() {
    model(
        |outcomes| {
            let tally = Arc::new(Tally::<2>::default());
            let reader = thread::spawn({
                let (tally, outcomes) = (Arc::clone(&tally), outcomes.clone());
                move || {
                    let [first, second] = [tally.read(), tally.read()];
                    for words in [first, second] {
                        assert_eq!(words, tuple(words[0]), "half a write");
                    }
                    assert!(first[0] <= second[0], "{first:?}, then {second:?}");
                    outcomes.met((first[0], second[0]));
                }
            });
            tally.write(tuple(1));
            tally.write(tuple(2));
            reader.join().expect("its asserts hold");
        },
        &[(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)],
    );
}

/// The writer's earlier stores come with the tuple.
#[test]
fn what_was_written_before_a_tuple_is_there_for_whoever_reads_it() {
    model(
        |outcomes| {
            let tally = Arc::new(Tally::<2>::default());
            let before = Arc::new(AtomicU64::new(0));
            let reader = thread::spawn({
                let (tally, before, outcomes) =
                    (Arc::clone(&tally), Arc::clone(&before), outcomes.clone());
                move || {
                    let [n, _] = tally.read();
                    assert!(before.load(Ordering::Relaxed) >= n, "older than the tuple");
                    outcomes.met(n);
                }
            });
            before.store(1, Ordering::Relaxed);
            tally.write(tuple(1));
            reader.join().expect("its asserts hold");
        },
        &[0, 1],
    );
}
