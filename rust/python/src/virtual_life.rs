//! The life of a run in virtual time: made, under way, over; each is left once.

use std::panic::{AssertUnwindSafe, catch_unwind};

use tickpath_core::bus::Producer;
use tickpath_core::engine::{
    Advance, EngineError, Horizon, Plan, RunRecord, Settings, VirtualEngine as Engine,
};
use tickpath_core::state::Gate;
use tickpath_core::sync::Arc;

use crate::engine_life::{NOT_STARTED, Source};
use crate::run_clock::RunClock;

/// Where a run is.
pub(crate) enum Life {
    /// Not started.
    Made(Box<(Source, Plan, Settings)>),
    /// Started.
    Under(Box<Engine>),
    /// Its record was taken, or it could not start; with the time at which it ended.
    Over(u64),
}

impl Life {
    /// Builds the stages; what was under way or over stays as it is.
    ///
    /// # Errors
    /// As [`Engine::start`], and if it was started before.
    pub(crate) fn start(&mut self, producer: Producer, gate: Arc<Gate>) -> Result<(), EngineError> {
        let made = match std::mem::replace(self, Self::Over(0)) {
            Self::Made(made) => made,
            other => {
                *self = other;
                return Err(EngineError::Misused("an engine runs once"));
            }
        };
        let (events, plan, settings) = *made;
        let engine = Engine::start(events, plan, producer, gate, settings)?;
        *self = Self::Under(Box::new(engine));
        Ok(())
    }

    /// The run under way.
    ///
    /// # Errors
    /// Returns an error if there is none.
    pub(crate) fn under_way(&mut self) -> Result<&mut Engine, EngineError> {
        match self {
            Self::Under(engine) => Ok(engine),
            Self::Made(_) => Err(NOT_STARTED),
            Self::Over(_) => Err(EngineError::Misused("the record was taken before")),
        }
    }

    /// Simulates; a run whose record was taken stays over.
    ///
    /// # Errors
    /// Returns an error if it was not started, or if a stage ended by a bug.
    pub(crate) fn advance(&mut self, to: Horizon) -> Result<Advance, EngineError> {
        let engine = match self {
            Self::Under(engine) => engine,
            Self::Made(_) => return Err(NOT_STARTED),
            Self::Over(_) => return Ok(Advance::Over),
        };
        let advanced = catch_unwind(AssertUnwindSafe(|| engine.advance(to)));
        // What a bug has left is not to be looked at.
        advanced.map_err(|panic| {
            *self = Self::Over(0);
            EngineError::panicked("simulation", &*panic)
        })
    }

    /// The virtual clock.
    pub(crate) fn now_ns(&self) -> u64 {
        match self {
            Self::Under(engine) => engine.now_ns(),
            Self::Made(_) => 0,
            Self::Over(end_ns) => *end_ns,
        }
    }

    /// The record of a run that is over, and what it ran by.
    ///
    /// # Errors
    /// Returns an error if it is not, or if its record was taken before.
    pub(crate) fn finish(&mut self) -> Result<(RunRecord, RunClock), EngineError> {
        if !self.under_way()?.is_over() {
            return Err(EngineError::Misused("the run is not over"));
        }
        let end_ns = self.now_ns();
        let Self::Under(engine) = std::mem::replace(self, Self::Over(end_ns)) else {
            return Err(NOT_STARTED);
        };
        // The producer is let go of here, and claimed again by the ring.
        let (record, digest, _) = engine.finish()?;
        Ok((record, RunClock::Virtual(digest)))
    }
}
