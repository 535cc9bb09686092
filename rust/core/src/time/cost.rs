//! What a stamp costs, by asking the clock itself.

use super::Clock;

/// Pairs of reads behind one figure.
const PAIRS: usize = 1_001;

/// The median time between two reads of `clock` back to back, in nanoseconds.
///
/// Allocates; for before and after a run.
pub fn cost_ns<C: Clock>(clock: &C) -> u64 {
    let mut deltas: Vec<u64> = (0..PAIRS)
        .map(|_| {
            let first = clock.now_ns();
            clock.now_ns().saturating_sub(first)
        })
        .collect();
    let middle = PAIRS / 2;
    *deltas.select_nth_unstable(middle).1
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// Every read takes 7 ns, and every tenth one 10 µs.
    #[derive(Default)]
    struct Interrupted(Cell<u64>, Cell<u64>);

    impl Clock for Interrupted {
        fn now_ns(&self) -> u64 {
            self.1.set(self.1.get() + 1);
            let pause = if self.1.get().is_multiple_of(10) {
                10_000
            } else {
                7
            };
            self.0.set(self.0.get() + pause);
            self.0.get()
        }
    }

    #[test]
    fn the_cost_is_the_usual_read_and_not_an_interrupted_one() {
        assert_eq!(cost_ns(&Interrupted::default()), 7);
    }
}
