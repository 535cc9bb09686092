//! A tuple of counters that one thread writes and any thread reads as of one moment.

use crate::planted;
use crate::sync::{AtomicU64, Ordering, spin_loop};

/// Loom explores every store a relaxed load may see: in its models a wide tuple keeps the first word and the
/// last, enough for a mixture, and the others read as 0.
const fn is_kept(word: usize, words: usize) -> bool {
    cfg!(not(loom)) || word == 0 || word + 1 == words
}

/// `N` words, always read together as they were written together.
///
/// - **Threads**: one writer; any number of readers, who never slow it down beyond the cache line.
/// - **Cost**: a write is `N + 2` relaxed or release stores; a read retries while a write is under
///   way.
#[derive(Debug)]
pub struct Tally<const N: usize> {
    /// Odd while a write is under way.
    version: AtomicU64,
    words: [AtomicU64; N],
}

impl<const N: usize> Default for Tally<N> {
    fn default() -> Self {
        Self {
            version: AtomicU64::new(0),
            words: core::array::from_fn(|_| AtomicU64::new(0)),
        }
    }
}

impl<const N: usize> Tally<N> {
    /// Replaces all words. Only one thread may call this.
    #[inline]
    pub fn write(&self, values: [u64; N]) {
        let version = self.version.load(Ordering::Relaxed);
        self.version.store(version + 1, Ordering::Relaxed);
        // SYNC POINT tally-write: a reader that sees one of the new words sees the odd version too;
        // pairs with the fence in `read`.
        planted::fence(9, Ordering::Release);
        for (i, value) in values.into_iter().enumerate() {
            if is_kept(i, N) {
                self.words[i].store(value, Ordering::Relaxed);
            }
        }
        // SYNC POINT tally: pairs with the first load in `read`.
        let order = planted::order(7, Ordering::Release);
        self.version.store(version + 2, order);
    }

    /// All words as of one moment.
    pub fn read(&self) -> [u64; N] {
        loop {
            // SYNC POINT tally: pairs with the last store in `write`.
            let before = self.version.load(planted::order(20, Ordering::Acquire));
            let values = core::array::from_fn(|i| {
                if is_kept(i, N) {
                    self.words[i].load(Ordering::Relaxed)
                } else {
                    0
                }
            });
            // SYNC POINT tally-write: pairs with the fence in `write`.
            planted::fence(8, Ordering::Acquire);
            if before.is_multiple_of(2) && self.version.load(Ordering::Relaxed) == before {
                return values;
            }
            spin_loop();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::sync::{Arc, AtomicBool, thread};

    #[test]
    fn starts_at_zero_and_reads_back() {
        let tally = Tally::<3>::default();
        assert_eq!(tally.read(), [0; 3]);
        tally.write([1, 2, 3]);
        assert_eq!(tally.read(), [1, 2, 3]);
    }

    #[test]
    fn a_version_is_two_further_with_every_write() {
        let tally = Tally::<1>::default();
        for turn in 1..4 {
            tally.write([turn]);
            assert_eq!(tally.version.load(Ordering::Relaxed), 2 * turn);
        }
    }

    #[test]
    fn a_reader_waits_for_the_end_of_a_write_that_is_under_way() {
        let tally = Arc::new(Tally::<2>::default());
        tally.version.store(1, Ordering::Relaxed);
        let begun = Arc::new(AtomicBool::new(false));
        let reader = thread::spawn({
            let (tally, begun) = (Arc::clone(&tally), Arc::clone(&begun));
            move || {
                begun.store(true, Ordering::Release);
                tally.read()
            }
        });
        while !begun.load(Ordering::Acquire) {
            thread::yield_now();
        }
        // Time for a reader that does not wait to come back with what is there.
        (0..100).for_each(|_| thread::yield_now());
        tally
            .words
            .iter()
            .for_each(|word| word.store(7, Ordering::Relaxed));
        tally.version.store(2, Ordering::Release);
        assert_eq!(reader.join().expect("no panic"), [7; 2]);
    }

    #[test]
    fn a_reader_never_sees_half_a_write() {
        let tally = Arc::new(Tally::<7>::default());
        let stop = Arc::new(AtomicBool::new(false));
        let writer = thread::spawn({
            let (tally, stop) = (Arc::clone(&tally), Arc::clone(&stop));
            move || {
                let mut value = 0;
                while !stop.load(Ordering::Relaxed) {
                    value += 1;
                    tally.write([value; 7]);
                }
            }
        });
        for _ in 0..20_000 {
            let words = tally.read();
            assert!(words.iter().all(|&word| word == words[0]), "{words:?}");
        }
        stop.store(true, Ordering::Relaxed);
        writer.join().expect("no panic");
    }
}
