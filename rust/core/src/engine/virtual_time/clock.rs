//! The clock of a virtual run: it stands still while something happens, and is moved to when the next thing does.

use core::cell::Cell;

use crate::time::Clock;

use super::super::Scheduler;

/// Virtual nanoseconds; 0 is when the feed begins.
///
/// It is also the stages' [`Scheduler`]: a stage that works on an event moves it to the end of that work, and its
/// driver puts it back to the moment at which everybody else still is.
#[derive(Debug, Clone, Default)]
pub struct VirtualClock {
    now_ns: Cell<u64>,
}

impl VirtualClock {
    /// Puts the clock to `now_ns`.
    #[inline(always)]
    pub fn set_ns(&self, now_ns: u64) {
        self.now_ns.set(now_ns);
    }
}

impl Clock for VirtualClock {
    #[inline(always)]
    fn now_ns(&self) -> u64 {
        self.now_ns.get()
    }
}

impl Scheduler for VirtualClock {
    /// Moves on by as much as `clock` is before `until_ns`: the stage's clock may show another time than this one.
    #[inline(always)]
    fn occupy<C: Clock>(&self, clock: &C, until_ns: u64) -> u64 {
        let work_ns = until_ns.saturating_sub(clock.now_ns());
        self.set_ns(self.now_ns.get().saturating_add(work_ns));
        clock.now_ns()
    }
}
