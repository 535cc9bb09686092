//! How a stage spends time: a thread spins it away, a virtual driver moves the stage's clock.

use crate::sync::spin_loop;
use crate::time::Clock;

use super::Control;

/// What a stage is driven by, as far as the stage can tell.
pub trait Scheduler {
    /// Occupies the stage until `until_ns` and returns the stamp at which it goes on: `until_ns` or
    /// later, or earlier only if the run was stopped meanwhile.
    fn occupy<C: Clock>(&self, clock: &C, until_ns: u64) -> u64;
}

/// Spins on the clock, as a thread does that works. Service time is spun and not slept: a sleep
/// comes back late, and leaves the core to others.
#[derive(Debug, Clone, Copy)]
pub struct Spinning<'a> {
    control: &'a Control,
}

impl<'a> Spinning<'a> {
    /// Spins until the time is over or the run of `control` is stopped.
    pub const fn new(control: &'a Control) -> Self {
        Self { control }
    }
}

impl Spinning<'_> {
    /// Work takes its time, however the clock is moved meanwhile.
    fn occupy_truly<C: Clock>(&self, clock: &C, until_ns: u64) -> u64 {
        let span_ns = until_ns.saturating_sub(clock.now_ns());
        let end_ns = clock.true_ns().saturating_add(span_ns);
        while clock.true_ns() < end_ns && !self.control.is_stopped() {
            spin_loop();
        }
        clock.now_ns()
    }
}

impl Scheduler for Spinning<'_> {
    #[inline]
    fn occupy<C: Clock>(&self, clock: &C, until_ns: u64) -> u64 {
        if C::IS_STEPPED {
            return self.occupy_truly(clock, until_ns);
        }
        loop {
            let now_ns = clock.now_ns();
            if now_ns >= until_ns || self.control.is_stopped() {
                return now_ns;
            }
            spin_loop();
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::sync::Arc;
    use crate::time::{ClockStep, Stepped};

    /// Every look takes 10 ns, and the fifth finds the clock stepped by an hour.
    struct Steps<'a>(Cell<u64>, &'a ClockStep, i64);

    impl Clock for &Steps<'_> {
        fn now_ns(&self) -> u64 {
            self.0.set(self.0.get() + 10);
            if self.0.get() == 1_000_050 {
                self.1.set(self.2);
            }
            self.0.get()
        }
    }

    #[test]
    fn work_takes_its_time_however_the_clock_is_stepped_meanwhile() {
        const HOUR_NS: i64 = 3_600_000_000_000;
        for step_ns in [HOUR_NS, -HOUR_NS] {
            let (control, step) = (Control::new(0, 0), Arc::new(ClockStep::default()));
            let time = Steps(Cell::new(1_000_000), &step, step_ns);
            let clock = Stepped::new(&time, Arc::clone(&step));
            let until_ns = clock.now_ns() + 700;
            Spinning::new(&control).occupy(&clock, until_ns);
            let took_ns = time.0.get() - 1_000_010;
            assert!((700..750).contains(&took_ns), "{took_ns}");
        }
    }
}
