//! The life of a run: made, under way, over; each is left once.

use std::time::Duration;

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use tickpath_core::bus::Producer;
use tickpath_core::engine::{EngineError, LiveEngine as Engine, Plan, PlanError, Settings};
use tickpath_core::ingest::Event;
use tickpath_core::state::Gate;
use tickpath_core::sync::Arc;
use tickpath_core::time::{
    CALIBRATION_SPAN_NS, Calibrated, Clock, ClockStep, EngineClock, MonotonicClock, Stepped,
    skew_ns,
};

use crate::engine_settings::Run;
use crate::errors;
use crate::ingest::SharedEvents;

/// What is said of a run before its start.
pub(crate) const NOT_STARTED: EngineError = EngineError::Misused("the run was not started");

/// Events as the feed reads them.
#[derive(Clone)]
pub(crate) struct Source(pub(crate) SharedEvents);

impl AsRef<[Event]> for Source {
    fn as_ref(&self) -> &[Event] {
        &self.0
    }
}

/// When each of `events` is to be published.
///
/// # Errors
/// Returns an error if the pace makes no sense, or for want of memory.
pub(crate) fn planned(py: Python<'_>, events: &SharedEvents, run: &Run) -> PyResult<Plan> {
    let (pace, limit) = (run.pace(py)?, run.events_max);
    py.detach(|| Plan::of(events, limit, pace))
        .map_err(|e| match e {
            PlanError::OutOfMemory => PyMemoryError::new_err(e.to_string()),
            _ => errors::argument_value(py, e.to_string()),
        })
}

/// The clock of the reading stages, to be compared with the control side's.
pub(crate) struct RunClocks(Stepped<EngineClock>);

impl RunClocks {
    /// How much more the stages' clock reads.
    pub(crate) fn skew_ns(&self) -> i64 {
        skew_ns(&self.0, &MonotonicClock)
    }

    /// How long ago `begin_ns` was, by the control side's clock.
    pub(crate) fn since_ns(begin_ns: u64) -> u64 {
        MonotonicClock.now_ns().saturating_sub(begin_ns)
    }
}

/// Where a run is.
pub(crate) enum Life {
    /// Not started.
    Made(Box<(Source, Arc<Plan>, Settings)>),
    /// Started, with the clock it runs by.
    Under(Box<(Engine, Calibrated)>),
    /// Its record was taken.
    Over,
}

impl Life {
    /// A run that was not started.
    pub(crate) fn made(events: SharedEvents, plan: Plan, settings: Settings) -> Self {
        Self::Made(Box::new((Source(events), Arc::new(plan), settings)))
    }

    /// Waits up to `timeout` for the end of a run that is under way; whether it is over.
    pub(crate) fn wait(&self, timeout: Duration) -> bool {
        match self {
            Self::Under(under) => under.0.wait(timeout),
            Self::Made(..) => false,
            Self::Over => true,
        }
    }

    /// Calibrates the clock (the processor's counter, or with `counter` false the machine's clock) and
    /// starts the threads; what was under way or over stays as it is, and so does what could not start.
    ///
    /// # Errors
    /// As [`Engine::start`], and if it was started before.
    pub(crate) fn start(
        &mut self,
        producer: Producer,
        gate: Arc<Gate>,
        counter: bool,
    ) -> Result<(&Engine, RunClocks), EngineError> {
        let Self::Made(made) = self else {
            return Err(EngineError::Misused("an engine runs once"));
        };
        let (events, plan, settings) = (**made).clone();
        let calibrated = if counter {
            EngineClock::calibrate(CALIBRATION_SPAN_NS)
        } else {
            EngineClock::monotonic()
        };
        let faults = settings.faults.as_ref();
        let step = faults.map_or_else(Arc::<ClockStep>::default, |faults| {
            Arc::clone(faults.clock())
        });
        let clocks = RunClocks(Stepped::new(calibrated.clock, step));
        let engine = match calibrated.clock {
            // One kind of clock for all: such a run is no measurement.
            clock if settings.faults.is_some() => {
                Engine::start_with_faults(events, plan, producer, gate, settings, clock)
            }
            EngineClock::Counter(clock) => {
                Engine::start(events, plan, producer, gate, settings, clock)
            }
            EngineClock::Monotonic(clock) => {
                Engine::start(events, plan, producer, gate, settings, clock)
            }
        }?;
        *self = Self::Under(Box::new((engine, calibrated)));
        match self {
            Self::Under(under) => Ok((&under.0, clocks)),
            Self::Made(_) | Self::Over => Err(EngineError::Misused("an engine runs once")),
        }
    }
}
