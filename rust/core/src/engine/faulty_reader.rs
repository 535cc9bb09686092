//! A reading stage that faults may stall, and that can be told to skip what it is behind with.

use crate::state::Gate;
use crate::sync::{Arc, Ordering};
use crate::time::Clock;

use super::{Faults, Ledger, OverrunPolicy, ReadingStage, Scheduler, Turn};

/// `stage`, as far as the faults let it; one without faults is not wrapped.
#[derive(Debug)]
pub struct FaultyReader<E> {
    stage: E,
    faults: Arc<Faults>,
    /// The stage's index.
    index: usize,
    skip_seen: u64,
}

impl<E: ReadingStage> FaultyReader<E> {
    /// The stage with this index.
    ///
    /// # Panics
    /// Panics if `faults` know of no such stage.
    pub fn new(stage: E, faults: Arc<Faults>, index: usize) -> Self {
        assert!(index < faults.names().len(), "faults of another run");
        Self {
            stage,
            faults,
            index,
            skip_seen: 0,
        }
    }

    /// The stage itself.
    pub const fn stage(&self) -> &E {
        &self.stage
    }

    /// The same, to be prepared for a run.
    pub const fn stage_mut(&mut self) -> &mut E {
        &mut self.stage
    }

    /// Hands the stage over when the run is over.
    pub fn into_stage(self) -> E {
        self.stage
    }
}

impl<E: ReadingStage> ReadingStage for FaultyReader<E> {
    #[inline]
    fn turn<C: Clock, T: Scheduler>(&mut self, gate: &Gate, clock: &C, scheduler: &T) -> Turn {
        let asked = &self.faults.stages[self.index];
        if asked.stall.load(Ordering::Relaxed) {
            return Turn::Stalled;
        }
        if asked.skip.news(&mut self.skip_seen).is_some() {
            return Turn::Skipped(self.stage.skip_to_head());
        }
        self.stage.turn(gate, clock, scheduler)
    }

    fn skip_to_head(&mut self) -> u64 {
        self.stage.skip_to_head()
    }

    fn drain_unread(&mut self) {
        self.stage.drain_unread();
    }

    #[inline]
    fn ledger(&self) -> Ledger {
        self.stage.ledger()
    }

    #[inline]
    fn cursor(&self) -> u64 {
        self.stage.cursor()
    }

    #[inline]
    fn epoch(&self) -> u64 {
        self.stage.epoch()
    }

    #[inline]
    fn over_limit(&self) -> u64 {
        self.stage.over_limit()
    }

    fn policy(&self) -> OverrunPolicy {
        self.stage.policy()
    }
}
