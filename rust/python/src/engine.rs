//! The live engine: start it, watch it, stop it, and take its record.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use tickpath_core::engine::{
    Control, EngineError, LiveEngine as Engine, Pace, Plan, PlanError, Settings, Wait,
};
use tickpath_core::ingest::Event;
use tickpath_core::state::Gate as CoreGate;
use tickpath_core::sync::Arc;
use tickpath_core::time::MonotonicClock;

use crate::engine_owner::{Owner, raised, unknown};
use crate::engine_record::{EngineRecord, EngineSnapshot};
use crate::errors;
use crate::ingest::{Events, SharedEvents};
use crate::state::Gate;

/// The longest wait without a look at signals.
const WAIT_MAX: Duration = Duration::from_millis(50);
/// Room for epochs in the executor's table.
const EPOCH_ROWS: usize = 4096;

/// Events as the feed reads them.
struct Source(SharedEvents);

impl AsRef<[Event]> for Source {
    fn as_ref(&self) -> &[Event] {
        &self.0
    }
}

/// Where the run is; each stage of it is left once.
enum Life {
    Made(Source, Plan),
    Under(Engine),
    Over,
}

/// Feed, ring and executor on two native threads, which run without the interpreter's lock.
///
/// Every method may be called from any thread. Dropping a running engine stops it. A run stays in the
/// process that started it: in a fork of that process it cannot be waited for, and dropping it does
/// nothing.
#[pyclass(frozen, module = "tickpath._native")]
pub(crate) struct LiveEngine {
    life: Mutex<Life>,
    /// Set once, by ``start``: what can be used without waiting for ``life``.
    control: OnceLock<Arc<Control>>,
    /// The process whose threads these are.
    process: Owner,
    gate: Arc<CoreGate>,
    settings: Settings,
    #[pyo3(get)]
    /// Events the feed is going to publish.
    events_planned: usize,
    #[pyo3(get)]
    /// When the plan wants the last event published, in nanoseconds after the first; ``None``
    /// without a plan.
    plan_length_ns: Option<u64>,
    #[pyo3(get)]
    /// Idle gaps of the recording that the plan cuts short.
    gaps_capped: u64,
    #[pyo3(get)]
    /// Idle time the plan leaves out, in nanoseconds of the run.
    left_out_ns: u64,
}

#[pymethods]
impl LiveEngine {
    /// A run of the first ``limit`` of ``events`` (all of them by default), gated by ``gate``.
    ///
    /// ``pace`` is ``"recorded"`` (``speed`` times as fast, idle gaps cut to ``max_gap_ns``),
    /// ``"constant"`` (``rate_hz`` events per second) or ``"max"``; ``wait`` is ``"spin"``,
    /// ``"yield"`` or ``"park"``; the machine is watched for ``floor_window_ns`` before the run and
    /// after it; before the event of index ``hold_at`` the feed waits for ``release()``.
    ///
    /// Raises ``ArgumentValueError`` for a value that makes no sense and ``MemoryError``.
    #[new]
    #[pyo3(signature = (events, gate, *, capacity, pace="recorded", speed=1.0, rate_hz=0.0,
        max_gap_ns=1_000_000_000, limit=None, wait="spin", floor_window_ns=100_000_000, hold_at=None))]
    #[allow(
        clippy::too_many_arguments,
        reason = "one keyword per setting, none optional in Rust"
    )]
    fn new(
        py: Python<'_>,
        events: &Bound<'_, Events>,
        gate: &Bound<'_, Gate>,
        capacity: usize,
        pace: &str,
        speed: f64,
        rate_hz: f64,
        max_gap_ns: u64,
        limit: Option<usize>,
        wait: &str,
        floor_window_ns: u64,
        hold_at: Option<usize>,
    ) -> PyResult<Self> {
        if capacity == 0 {
            return Err(errors::argument_value(
                py,
                "capacity must be at least 1 slot, got 0".to_owned(),
            ));
        }
        let pace = match pace {
            "recorded" => Pace::Recorded { speed, max_gap_ns },
            "constant" => Pace::Constant { rate_hz },
            "max" => Pace::Max,
            other => return Err(unknown(py, "pace", other, "recorded, constant or max")),
        };
        let wait = match wait {
            "spin" => Wait::SPIN,
            "yield" => Wait::Yield,
            "park" => Wait::PARK,
            other => return Err(unknown(py, "wait", other, "spin, yield or park")),
        };
        let events = events.get().shared();
        let plan = py
            .detach(|| Plan::of(&events, limit, pace))
            .map_err(|e| match e {
                PlanError::OutOfMemory => PyMemoryError::new_err(e.to_string()),
                _ => errors::argument_value(py, e.to_string()),
            })?;
        Ok(Self {
            control: OnceLock::new(),
            process: Owner::default(),
            gate: Arc::clone(gate.get().shared()),
            settings: Settings {
                capacity,
                wait,
                floor_window_ns,
                hold_at,
                epoch_rows: EPOCH_ROWS,
            },
            events_planned: plan.len(),
            plan_length_ns: plan.offsets_ns().and_then(|o| o.last().copied()),
            gaps_capped: plan.gaps_capped(),
            left_out_ns: plan.left_out_ns(),
            life: Mutex::new(Life::Made(Source(events), plan)),
        })
    }

    /// Start the threads and return at once.
    ///
    /// Raises ``EngineFailed`` if it was started before or the machine gives no thread, and
    /// ``MemoryError`` if there is no room for the ring.
    fn start(&self, py: Python<'_>) -> PyResult<()> {
        self.process.check(py)?;
        py.detach(|| {
            let mut life = self.life();
            let Life::Made(events, plan) = std::mem::replace(&mut *life, Life::Over) else {
                return Err(EngineError::Misused("an engine runs once"));
            };
            let gate = Arc::clone(&self.gate);
            let engine = Engine::start(events, plan, gate, self.settings, MonotonicClock)?;
            // Only this method sets it, and it comes here once.
            drop(self.control.set(Arc::clone(engine.control())));
            self.process.take();
            *life = Life::Under(engine);
            Ok(())
        })
        .map_err(|e| raised(py, &e))
    }

    /// The run as of now: one consistent set of counters.
    fn snapshot(&self) -> EngineSnapshot {
        let control = self.control.get();
        EngineSnapshot::from(
            control.map_or_else(|| Control::default().snapshot(), |c| c.snapshot()),
        )
    }

    /// Let a held feed go on.
    fn release(&self) {
        if let Some(control) = self.control.get() {
            control.release();
        }
    }

    /// Ask both stages to end as soon as they can.
    fn stop(&self) {
        if let Some(control) = self.control.get() {
            control.stop();
        }
    }

    /// Wait for the end of the run, at most ``timeout_ms`` and never longer than 50 ms; whether it is
    /// over. Other threads run meanwhile, and pending signals are handled before it returns.
    fn wait(&self, py: Python<'_>, timeout_ms: u64) -> PyResult<bool> {
        self.process.check(py)?;
        let timeout = Duration::from_millis(timeout_ms).min(WAIT_MAX);
        let over = py.detach(|| match &*self.life() {
            Life::Under(engine) => engine.wait(timeout),
            Life::Made(..) => false,
            Life::Over => true,
        });
        py.check_signals()?;
        Ok(over)
    }

    /// Wait for the end of the run and take its record, once.
    ///
    /// Raises ``EngineFailed`` if a stage ended by a bug, if the run was not started, or if its
    /// record was taken before.
    fn finish(&self, py: Python<'_>) -> PyResult<EngineRecord> {
        while !self.wait(py, 50)? {
            if matches!(&*self.life(), Life::Made(..)) {
                return Err(errors::engine_failed(
                    py,
                    "the run was not started".to_owned(),
                ));
            }
        }
        let ended = py.detach(|| {
            match std::mem::replace(&mut *self.life(), Life::Over) {
                Life::Under(engine) => engine.finish(),
                _ => Err(EngineError::Misused("the record was taken before")),
            }
            .map(|record| EngineRecord::of(&record))
        });
        ended.map_err(|e| raised(py, &e))
    }
}

impl LiveEngine {
    fn life(&self) -> MutexGuard<'_, Life> {
        self.life.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for LiveEngine {
    fn drop(&mut self) {
        if self.process.is_forked() {
            let life = self.life.get_mut().unwrap_or_else(PoisonError::into_inner);
            // Ending it would join threads that this process does not have.
            std::mem::forget(std::mem::replace(life, Life::Over));
        }
    }
}
