//! The live engine: start it, watch it, stop it, and take its record.

use std::sync::{Mutex, MutexGuard, OnceLock};
use std::time::Duration;

use pyo3::prelude::*;
use tickpath_core::bus::Start;
use tickpath_core::engine::{Control, EngineError, Faults as CoreFaults};
use tickpath_core::state::Gate as CoreGate;
use tickpath_core::sync::Arc;

use crate::ack_reader::AckReader;
use crate::engine_faults::Faults;
use crate::engine_life::{Life, NOT_STARTED, RunClocks, planned};
use crate::engine_owner::{Occupied, Owner, raised};
use crate::engine_record::EngineRecord;
use crate::engine_settings::{Run, checked};
use crate::engine_snapshot::EngineSnapshot;
use crate::event_ring::EventRing;
use crate::ingest::Events;
use crate::state::Gate;

/// The longest wait without a look at signals.
const WAIT_MAX: Duration = Duration::from_millis(50);

/// Feed, ring, executor and consumers on native threads, which run without the interpreter's lock.
///
/// Every method may be called from any thread. Dropping a running engine stops it. A run stays in the
/// process that started it: in a fork it can be neither looked at nor waited for (``EngineFailed``), and
/// ``stop()`` and the end of the object do nothing.
#[pyclass(frozen, module = "tickpath._native")]
pub(crate) struct LiveEngine {
    life: Mutex<Life>,
    /// Set once, by ``start``: what can be used without waiting for ``life``.
    control: OnceLock<Arc<Control>>,
    /// Set once, by ``start``.
    clocks: OnceLock<RunClocks>,
    /// There if the settings ask for them.
    faults: Option<Arc<CoreFaults>>,
    /// Set once, by ``start``, if the run has one.
    acks: OnceLock<Arc<tickpath_core::bus::EventRing>>,
    /// The process whose threads these are, and the one whose threads may be in `life`.
    process: Owner,
    occupied: Occupied,
    gate: Arc<CoreGate>,
    counter: bool,
    #[pyo3(get)]
    /// The ring that the engine publishes into; from start to end nobody else can.
    ring: Py<EventRing>,
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
    /// A run of ``events`` into ``ring`` (of ``EVENT_DTYPE``), gated by ``gate``, as ``settings`` (a
    /// ``tickpath.config.engine.EngineSettings``) say; before the event of index ``hold_at`` the feed waits
    /// for ``release()``.
    ///
    /// Raises ``ArgumentTypeError`` and ``ArgumentValueError`` for what makes no sense, and ``MemoryError``.
    #[new]
    #[pyo3(signature = (events, gate, ring, settings: "tickpath.config.engine.EngineSettings", *, hold_at=None))]
    fn new(
        py: Python<'_>,
        events: &Bound<'_, Events>,
        gate: &Bound<'_, Gate>,
        ring: &Bound<'_, EventRing>,
        settings: &Bound<'_, PyAny>,
        hold_at: Option<usize>,
    ) -> PyResult<Self> {
        ring.get().layout().check_is_event(py)?;
        let run = Run::of(settings)?;
        let counter = run.counter(py)?;
        let events = events.get().shared();
        let plan = planned(py, &events, &run)?;
        let settings = run.settings(py, hold_at)?;
        checked(py, &settings)?;
        Ok(Self {
            control: OnceLock::new(),
            clocks: OnceLock::new(),
            faults: settings.faults.clone(),
            acks: OnceLock::new(),
            process: Owner::default(),
            occupied: Occupied::default(),
            gate: Arc::clone(gate.get().shared()),
            counter,
            ring: ring.clone().unbind(),
            events_planned: plan.len(),
            plan_length_ns: plan.offsets_ns().and_then(|o| o.last().copied()),
            gaps_capped: plan.gaps_capped(),
            left_out_ns: plan.left_out_ns(),
            life: Mutex::new(Life::made(events, plan, settings)),
        })
    }

    /// Calibrate the clock, start the threads and return at once.
    ///
    /// Raises ``ProducerBusy`` if somebody else publishes into the ring, ``ArgumentValueError`` if the
    /// settings do not fit this machine, ``EngineFailed`` if it was started before or the machine gives no
    /// thread, and ``MemoryError`` if there is no room for the ack ring; it may then be started again.
    fn start(&self, py: Python<'_>) -> PyResult<()> {
        self.process.check(py)?;
        // Looked at first: the ring of a run under way has no producer, and would say so instead.
        if !self.is_made(py)? {
            return Err(raised(py, &EngineError::Misused("an engine runs once")));
        }
        let producer = self.ring.get().take_producer(py)?;
        let started = py.detach(|| {
            let mut life = self.life()?;
            let (engine, clocks) = life.start(producer, Arc::clone(&self.gate), self.counter)?;
            self.process.take();
            // Only this method sets them, and a run is started once.
            drop(self.control.set(Arc::clone(engine.control())));
            drop(self.clocks.set(clocks));
            (engine.ack_ring()).inspect(|acks| drop(self.acks.set(Arc::clone(acks))));
            Ok(())
        });
        started.map_err(|e: EngineError| {
            // The writing end went down with the threads, if there were any.
            self.ring.get().claim_producer(py);
            raised(py, &e)
        })
    }

    /// The run as of now: one consistent set of counters for each reading stage.
    fn snapshot(&self, py: Python<'_>) -> PyResult<EngineSnapshot> {
        let seen = self.ours(py)?.map(|control| control.snapshot());
        EngineSnapshot::of(py, seen, self.clocks.get().map(RunClocks::skew_ns))
    }

    /// Nanoseconds since the feed began, by the control side's clock; 0 before.
    fn now_ns(&self) -> u64 {
        let begin_ns = (self.control.get()).and_then(|control| control.begin_ns());
        begin_ns.map_or(0, RunClocks::since_ns)
    }

    /// What can go wrong in this run, on demand; ``None`` if the settings do not ask for it.
    #[getter]
    fn faults(&self) -> Option<Faults> {
        self.faults.as_ref().map(Faults::from)
    }

    /// Whether every stage has seen ``epoch``, so that nothing of an older one is in flight.
    fn has_seen(&self, py: Python<'_>, epoch: u64) -> PyResult<bool> {
        Ok((self.ours(py)?).is_some_and(|control| control.has_seen(epoch)))
    }

    /// A reader of the run's acks, from the oldest that is there; ``None`` if the run has no ring for them.
    fn acks(&self) -> Option<AckReader> {
        AckReader::begin(self.acks.get()?, self.ring.get(), Start::Oldest)
    }

    /// The same from the run's very first ack: what was overwritten by now will count as dropped.
    fn every_ack(&self) -> Option<AckReader> {
        AckReader::begin(self.acks.get()?, self.ring.get(), Start::Sequence(0))
    }

    /// Let a held feed go on, up to the event of index ``hold_at`` if that is given; without effect before the
    /// start.
    #[pyo3(signature = (hold_at=None))]
    fn release(&self, py: Python<'_>, hold_at: Option<usize>) -> PyResult<()> {
        self.ours(py)?.inspect(|control| control.release(hold_at));
        Ok(())
    }

    /// End the feed where it is; what is in the ring is still processed.
    fn stop_intake(&self, py: Python<'_>) -> PyResult<()> {
        self.ours(py)?.inspect(|control| control.stop_intake());
        Ok(())
    }

    /// Ask every stage to end as soon as it can.
    fn stop(&self) {
        self.control.get().inspect(|control| control.stop());
    }

    /// Wait for the end of the run, at most ``timeout_ms`` and never longer than 50 ms; whether it is
    /// over. Other threads run meanwhile, and pending signals are handled before it returns.
    fn wait(&self, py: Python<'_>, timeout_ms: u64) -> PyResult<bool> {
        self.process.check(py)?;
        let timeout = Duration::from_millis(timeout_ms).min(WAIT_MAX);
        let over = py.detach(|| self.life().map(|life| life.wait(timeout)));
        py.check_signals()?;
        over.map_err(|e| raised(py, &e))
    }

    /// Wait for the end of the run and take its record, once. The ring can be published into again.
    ///
    /// Raises ``EngineFailed`` if a stage ended by a bug, if the run was not started, or if its
    /// record was taken before.
    fn finish(&self, py: Python<'_>) -> PyResult<EngineRecord> {
        self.process.check(py)?;
        if self.is_made(py)? {
            return Err(raised(py, &NOT_STARTED));
        }
        while !self.wait(py, 50)? {}
        let ended = py.detach(|| {
            let Life::Under(under) = std::mem::replace(&mut *self.life()?, Life::Over) else {
                return Err(EngineError::Misused("the record was taken before"));
            };
            let (engine, calibrated) = *under;
            // The producer is let go of here, and claimed again below.
            engine.finish().map(|(record, _)| (record, calibrated))
        });
        self.ring.get().claim_producer(py);
        let (record, calibrated) = ended.map_err(|e| raised(py, &e))?;
        EngineRecord::of(py, record, calibrated.into())
    }
}

impl LiveEngine {
    fn life(&self) -> Result<MutexGuard<'_, Life>, EngineError> {
        self.occupied.enter(&self.life)
    }

    fn is_made(&self, py: Python<'_>) -> PyResult<bool> {
        let made = py.detach(|| self.life().map(|life| matches!(&*life, Life::Made(_))));
        made.map_err(|e| raised(py, &e))
    }

    /// What is shared with the stages, once there are any. In a fork it says nothing: a stage may have been half
    /// way through its counters, which would never be whole.
    fn ours(&self, py: Python<'_>) -> PyResult<Option<&Arc<Control>>> {
        self.process.check(py)?;
        Ok(self.control.get())
    }
}

impl Drop for LiveEngine {
    fn drop(&mut self) {
        // Ending it in a fork would join threads that this process does not have.
        let is_forked = self.process.is_forked();
        if (self.occupied).end(&mut self.life, Life::Over, is_forked) {
            // The ring outlives its engine, and may be published into again.
            Python::attach(|py| self.ring.get().claim_producer(py));
        }
    }
}
