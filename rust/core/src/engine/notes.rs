//! What the loop of a stage notes of itself while it runs: pauses it met with nothing to do, and the
//! moments at which it found itself overrun.
//!
//! - **Threads**: owned by the stage's thread.
//! - **Allocation**: in [`LoopNotes::new`], written there, so that noting meets no page fault. What finds no
//!   room is counted.
//! - **Cost**: a store per turn while there is something to do; a look at the clock while there is nothing.

use crate::metrics::PauseLog;
use crate::time::Clock;

use super::Wait;

/// Pauses a stage has room for.
const PAUSES_MAX: usize = 4_096;
/// Overruns a stage has room for.
const OVERRUNS_MAX: usize = 1_024;
/// A gap up to this is none of the machine's that matters here.
const GAP_NS_MIN: u64 = 1_000;
/// More than one PAUSE takes, on any processor.
const PAUSE_NS_MAX: u64 = 200;

/// A moment at which a reading stage found that it had been overrun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OverrunMoment {
    /// When.
    pub at_ns: u64,
    /// Events that were skipped by it, or gone already where it read no further.
    pub skipped: u64,
}

/// The first moments at which a stage found itself overrun.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OverrunLog {
    moments: Vec<OverrunMoment>,
    forgotten: u64,
}

impl OverrunLog {
    /// The moments, in order.
    pub fn moments(&self) -> &[OverrunMoment] {
        &self.moments
    }

    /// Overruns that found no room.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

/// What one stage's loop notes.
#[derive(Debug)]
pub struct LoopNotes {
    /// Whether it looks again by itself: one that sleeps or gives its core away is not paused.
    is_awake: bool,
    pauses: PauseLog,
    overruns: OverrunLog,
}

impl LoopNotes {
    /// Empty notes of a stage that waits like this; only one that spins notes pauses.
    pub fn new(wait: Wait) -> Self {
        let (room, gap_ns) = match wait {
            Wait::Spin { pauses } => (
                PAUSES_MAX,
                GAP_NS_MIN.saturating_add(u64::from(pauses).saturating_mul(PAUSE_NS_MAX)),
            ),
            Wait::Yield | Wait::Park { .. } => (0, u64::MAX),
        };
        let moment = OverrunMoment {
            at_ns: u64::MAX,
            skipped: u64::MAX,
        };
        let mut moments = vec![moment; OVERRUNS_MAX];
        moments.clear();
        Self {
            is_awake: room > 0,
            pauses: PauseLog::new(room, gap_ns),
            overruns: OverrunLog {
                moments,
                forgotten: 0,
            },
        }
    }

    /// The loop has nothing to do.
    #[inline]
    pub(super) fn idle<C: Clock>(&mut self, clock: &C) {
        if self.is_awake {
            self.pauses.note(clock.true_ns());
        }
    }

    /// The same, for one who knows what time it is.
    #[inline]
    pub(super) fn idle_at(&mut self, now_ns: u64) {
        if self.is_awake {
            self.pauses.note(now_ns);
        }
    }

    /// The loop did something: the time until it has nothing to do again is its own.
    #[inline]
    pub(super) const fn busy(&mut self) {
        self.pauses.busy();
    }

    /// The stage was overrun, and `skipped` events are behind it by that.
    #[cold]
    pub(super) fn overrun(&mut self, at_ns: u64, skipped: u64) {
        if self.overruns.moments.len() == OVERRUNS_MAX {
            self.overruns.forgotten += 1;
        } else {
            let moment = OverrunMoment { at_ns, skipped };
            self.overruns.moments.push(moment);
        }
    }

    /// The pauses it met.
    pub const fn pauses(&self) -> &PauseLog {
        &self.pauses
    }

    /// When it was overrun.
    pub const fn overruns(&self) -> &OverrunLog {
        &self.overruns
    }

    /// Both, for the record.
    #[cfg(not(loom))]
    pub(super) fn into_parts(self) -> (PauseLog, OverrunLog) {
        (self.pauses, self.overruns)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// The n-th look happens at the n-th of these.
    struct Looks<'a>(&'a [u64], Cell<usize>);

    impl Clock for Looks<'_> {
        fn now_ns(&self) -> u64 {
            self.1.set(self.1.get() + 1);
            self.0[self.1.get() - 1]
        }
    }

    fn looked(wait: Wait, looks: &[u64]) -> Vec<u64> {
        let mut notes = LoopNotes::new(wait);
        let clock = Looks(looks, Cell::new(0));
        looks.iter().for_each(|_| notes.idle(&clock));
        let pauses = notes.pauses().pauses().iter();
        pauses.map(|pause| pause.length_ns).collect()
    }

    #[test]
    fn a_stage_that_spins_notes_the_gap_between_two_idle_looks() {
        let none = Wait::Spin { pauses: 0 };
        assert_eq!(looked(none, &[5, 1_005, 2_006, 2_100]), [1_001]);
        // What its own PAUSE instructions take is no pause of the machine's.
        let many = Wait::Spin { pauses: 100 };
        assert_eq!(looked(many, &[5, 20_000, 50_000]), [30_000]);
    }

    #[test]
    fn one_that_sleeps_or_yields_does_not_even_look() {
        for wait in [Wait::PARK, Wait::Yield] {
            let mut notes = LoopNotes::new(wait);
            let clock = Looks(&[], Cell::new(0));
            notes.idle(&clock);
            notes.idle_at(5);
            notes.idle_at(9_000_000);
            assert!(notes.pauses().pauses().is_empty());
            assert_eq!(notes.pauses().forgotten(), 0);
        }
    }

    #[test]
    fn overruns_are_noted_with_their_moment_while_there_is_room() {
        let mut notes = LoopNotes::new(Wait::SPIN);
        for at_ns in 0..OVERRUNS_MAX as u64 + 3 {
            notes.overrun(at_ns, 7);
        }
        let first = OverrunMoment {
            at_ns: 0,
            skipped: 7,
        };
        assert_eq!(notes.overruns().moments()[0], first);
        assert_eq!(notes.overruns().moments().len(), OVERRUNS_MAX);
        assert_eq!(notes.overruns().forgotten(), 3);
    }
}
