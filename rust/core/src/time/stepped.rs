//! A clock that can be made wrong on purpose: what its stages read is so much more, or less, than it is.
//!
//! - **Threads**: any thread moves the step, at any time; every copy of the clock reads the same one.
//! - **Blocking**: never. **Allocation**: none.

use crate::sync::{Arc, AtomicU64, Ordering};

use super::Clock;

/// By how much a clock is wrong.
#[derive(Debug, Default)]
pub struct ClockStep(AtomicU64);

impl ClockStep {
    /// From now on the clock reads `offset_ns` more than it is; 0 is right again.
    pub fn set(&self, offset_ns: i64) {
        self.0.store(offset_ns.cast_unsigned(), Ordering::Relaxed);
    }

    /// By how much the clock reads more than it is.
    #[inline]
    pub fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed).cast_signed()
    }
}

/// `clock`, moved by a step: after a step back its stamps are smaller than those before.
#[derive(Debug, Clone)]
pub struct Stepped<C> {
    clock: C,
    step: Arc<ClockStep>,
}

impl<C: Clock> Stepped<C> {
    /// `clock`, moved by `step`.
    pub const fn new(clock: C, step: Arc<ClockStep>) -> Self {
        Self { clock, step }
    }
}

impl<C: Clock> Clock for Stepped<C> {
    const IS_STEPPED: bool = true;

    #[inline]
    fn now_ns(&self) -> u64 {
        self.clock.now_ns().saturating_add_signed(self.step.get())
    }

    #[inline]
    fn true_ns(&self) -> u64 {
        self.clock.now_ns()
    }

    fn settle(&self) {
        self.clock.settle();
    }
}

/// A clock without the step that was put on it, if one was.
#[derive(Debug, Clone, Copy)]
pub struct Unmoved<'a, C>(pub &'a C);

impl<C: Clock> Clock for Unmoved<'_, C> {
    #[inline]
    fn now_ns(&self) -> u64 {
        self.0.true_ns()
    }
}

/// Looks at two clocks that are worth keeping; more make the best of them no better.
const LOOKS: usize = 3;

/// How much more `clock` reads than `reference`: of a few looks the one that was disturbed least.
pub fn skew_ns(clock: &impl Clock, reference: &impl Clock) -> i64 {
    let mut best = (u64::MAX, 0);
    for _ in 0..LOOKS {
        let before_ns = reference.now_ns();
        let now_ns = clock.now_ns();
        let took_ns = reference.now_ns().saturating_sub(before_ns);
        let middle_ns = before_ns.saturating_add(took_ns / 2);
        best = best.min((took_ns, now_ns.wrapping_sub(middle_ns).cast_signed()));
    }
    best.1
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::scripted::Manual;
    use super::*;

    #[test]
    fn a_step_moves_every_copy_and_leaves_the_truth_alone() {
        let time = Manual::at(1_000_000, 0);
        let step = Arc::new(ClockStep::default());
        let clock = Stepped::new(&time, Arc::clone(&step));
        let copy = clock.clone();
        for (offset_ns, reads_ns) in [(500, 1_000_500), (-700, 999_300), (0, 1_000_000)] {
            step.set(offset_ns);
            assert_eq!((clock.now_ns(), copy.now_ns()), (reads_ns, reads_ns));
            assert_eq!(
                (clock.true_ns(), Unmoved(&clock).now_ns()),
                (1_000_000, 1_000_000)
            );
            assert_eq!(skew_ns(&clock, &&time), offset_ns);
        }
        // Before its own beginning a clock stands.
        step.set(i64::MIN);
        assert_eq!(clock.now_ns(), 0);
    }

    /// A clock of which each look takes as long as the next of these.
    struct Slow<'a>(&'a Manual, core::cell::Cell<usize>, &'a [u64]);

    impl Clock for Slow<'_> {
        fn now_ns(&self) -> u64 {
            let look = self.1.get();
            self.1.set(look + 1);
            self.0.pass(self.2[look % self.2.len()], 0);
            self.0.ns.get()
        }
    }

    #[test]
    fn a_look_that_was_disturbed_says_nothing() {
        let time = Manual::at(0, 0);
        // The second look at the pair is the quick one.
        let reference = Slow(
            &time,
            core::cell::Cell::new(0),
            &[0, 9_000, 0, 10, 0, 9_000],
        );
        assert_eq!(skew_ns(&&time, &reference), -5);
    }
}
