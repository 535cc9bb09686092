//! What a stamp costs, by asking the clock itself.

use super::Clock;

/// Batches behind one figure.
const BATCHES: usize = 501;
/// Reads in a batch: a counter may move in steps of 10 ns, so that one read alone is no measure.
const READS: u64 = 16;

/// The median time of a read of `clock`, one after the other, to the nearest nanosecond; of a clock that has to
/// learn something first, when it has.
///
/// Allocates; for before and after a run.
pub fn cost_ns<C: Clock>(clock: &C) -> u64 {
    clock.settle();
    let mut spans_ns: Vec<u64> = (0..BATCHES)
        .map(|_| {
            let first = clock.now_ns();
            let last = (0..READS).fold(first, |_, _| clock.now_ns());
            last.saturating_sub(first)
        })
        .collect();
    let middle = BATCHES / 2;
    (*spans_ns.select_nth_unstable(middle).1 + READS / 2) / READS
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// Every read takes 7 ns, and every fortieth one 10 µs.
    #[derive(Default)]
    struct Interrupted(Cell<u64>, Cell<u64>);

    impl Clock for Interrupted {
        fn now_ns(&self) -> u64 {
            self.1.set(self.1.get() + 1);
            let pause = if self.1.get().is_multiple_of(40) {
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

    /// Every read takes 9.5 ns, on a counter that moves by 10.
    #[derive(Default)]
    struct Coarse(Cell<u64>);

    impl Clock for Coarse {
        fn now_ns(&self) -> u64 {
            self.0.set(self.0.get() + 95);
            self.0.get() / 100 * 10
        }
    }

    #[test]
    fn the_steps_of_a_counter_are_not_taken_for_its_cost() {
        let cost = cost_ns(&Coarse::default());
        assert!((9..=10).contains(&cost), "{cost}");
        // A clock that says the same for a while costs something all the same.
        let stretched = Stretched(Cell::new(0));
        assert_eq!(cost_ns(&stretched), 3);
    }

    /// Every read takes 3 ns, on a clock that moves by 24.
    struct Stretched(Cell<u64>);

    impl Clock for Stretched {
        fn now_ns(&self) -> u64 {
            self.0.set(self.0.get() + 3);
            self.0.get() / 24 * 24
        }
    }
}
