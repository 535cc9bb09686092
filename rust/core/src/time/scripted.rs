//! A clock and a counter that a test moves.

use core::cell::Cell;

use super::Clock;
use super::tsc::{Distrust, Ticks};

/// Both stand still until they are told to pass.
#[derive(Debug)]
pub(super) struct Manual {
    pub(super) ns: Cell<u64>,
    pub(super) ticks: Cell<u64>,
    /// What every look at the counter takes.
    pub(super) look_ticks: Cell<u64>,
    pub(super) trust: Result<(), Distrust>,
}

impl Manual {
    pub(super) const fn at(ns: u64, ticks: u64) -> Self {
        Self {
            ns: Cell::new(ns),
            ticks: Cell::new(ticks),
            look_ticks: Cell::new(0),
            trust: Ok(()),
        }
    }

    pub(super) fn pass(&self, ns: u64, ticks: u64) {
        self.ns.set(self.ns.get() + ns);
        self.ticks.set(self.ticks.get().wrapping_add(ticks));
    }
}

impl Clock for &Manual {
    fn now_ns(&self) -> u64 {
        self.ns.get()
    }
}

impl Ticks for &Manual {
    fn trust(&self) -> Result<(), Distrust> {
        self.trust
    }

    fn ticks(&self) -> u64 {
        let now = self.ticks.get();
        self.ticks.set(now.wrapping_add(self.look_ticks.get()));
        now
    }
}
