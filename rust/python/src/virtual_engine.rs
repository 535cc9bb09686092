//! The engine in virtual time: start it, advance it, and take its record.

use std::sync::{Mutex, MutexGuard, OnceLock};

use pyo3::prelude::*;
use tickpath_core::bus::Start;
use tickpath_core::engine::{Advance, Control, EngineError, Faults as CoreFaults, Horizon};
use tickpath_core::state::Gate as CoreGate;
use tickpath_core::sync::Arc;

use crate::ack_reader::AckReader;
use crate::engine_faults::Faults;
use crate::engine_life::{Source, planned};
use crate::engine_owner::{Occupied, raised};
use crate::engine_record::EngineRecord;
use crate::engine_settings::{Run, checked};
use crate::engine_snapshot::EngineSnapshot;
use crate::event_ring::EventRing;
use crate::ingest::Events;
use crate::state::Gate;
use crate::virtual_life::Life;

/// Moments between two looks at signals: some milliseconds' work.
const MOMENTS_PER_LOOK: u64 = 1 << 16;

/// Feed, ring, executor and consumers on the calling thread, in the order of a virtual clock that begins at 0.
///
/// Every method may be called from any thread; one simulates at a time, the others wait. What the stages do
/// is the same on every machine, as long as orders are given between two calls of ``advance``.
#[pyclass(frozen, module = "tickpath._native")]
pub(crate) struct VirtualEngine {
    life: Mutex<Life>,
    /// Whose threads may be in ``life``.
    occupied: Occupied,
    /// Set once, by ``start``: what can be used without waiting for ``life``.
    control: OnceLock<Arc<Control>>,
    /// There if the settings ask for them.
    faults: Option<Arc<CoreFaults>>,
    /// Set once, by ``start``, if the run has one.
    acks: OnceLock<Arc<tickpath_core::bus::EventRing>>,
    gate: Arc<CoreGate>,
    #[pyo3(get)]
    /// The ring that the engine publishes into; from start to end nobody else can.
    ring: Py<EventRing>,
    #[pyo3(get)]
    /// Events the feed is going to publish.
    events_planned: usize,
    #[pyo3(get)]
    /// When the plan's last event is due, in nanoseconds after the first; ``None`` without a plan.
    plan_length_ns: Option<u64>,
    #[pyo3(get)]
    /// Idle gaps of the recording that the plan cuts short.
    gaps_capped: u64,
    #[pyo3(get)]
    /// Idle time the plan leaves out, in nanoseconds of the run.
    left_out_ns: u64,
}

#[pymethods]
impl VirtualEngine {
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
        let events = events.get().shared();
        let plan = planned(py, &events, &run)?;
        let settings = run.settings(py, hold_at)?;
        checked(py, &settings)?;
        Ok(Self {
            control: OnceLock::new(),
            faults: settings.faults.clone(),
            acks: OnceLock::new(),
            gate: Arc::clone(gate.get().shared()),
            ring: ring.clone().unbind(),
            events_planned: plan.len(),
            plan_length_ns: plan.offsets_ns().and_then(|o| o.last().copied()),
            gaps_capped: plan.gaps_capped(),
            left_out_ns: plan.left_out_ns(),
            occupied: Occupied::default(),
            life: Mutex::new(Life::Made(Box::new((Source(events), plan, settings)))),
        })
    }

    /// Build the stages; the run is at moment 0, and nothing has happened.
    ///
    /// Raises ``ProducerBusy`` if somebody else publishes into the ring, ``ArgumentValueError`` if the
    /// settings ask for what there is only with real time, ``EngineFailed`` if it was started before, and
    /// ``MemoryError`` if there is no room for the ack ring.
    fn start(&self, py: Python<'_>) -> PyResult<()> {
        // Looked at first: the ring of a run under way has no producer, and would say so instead.
        let made = py.detach(|| self.life().map(|life| matches!(&*life, Life::Made(_))));
        if !made.map_err(|e| raised(py, &e))? {
            return Err(raised(py, &EngineError::Misused("an engine runs once")));
        }
        let producer = self.ring.get().take_producer(py)?;
        let started = py.detach(|| {
            let mut life = self.life()?;
            life.start(producer, Arc::clone(&self.gate))?;
            let engine = life.under_way()?;
            // Only this method sets them, and a run is started once.
            drop(self.control.set(Arc::clone(engine.control())));
            (engine.ack_ring()).inspect(|acks| drop(self.acks.set(Arc::clone(acks))));
            Ok(())
        });
        started.map_err(|e: EngineError| {
            self.ring.get().claim_producer(py);
            raised(py, &e)
        })
    }

    /// Simulate to the end of the moment ``until_ns``, or until ``until_published`` events were published, or
    /// ``until_due`` came or were withheld; ``None`` is as far as it goes. Whether the run is over.
    ///
    /// Other threads run meanwhile; signals are looked at every few milliseconds, and what they raise leaves
    /// the run at the moment it had come to. Raises ``EngineFailed`` before the start.
    #[pyo3(signature = (until_ns=None, until_published=None, until_due=None))]
    fn advance(
        &self,
        py: Python<'_>,
        until_ns: Option<u64>,
        until_published: Option<u64>,
        until_due: Option<u64>,
    ) -> PyResult<bool> {
        let to = Horizon {
            until_ns: until_ns.unwrap_or(u64::MAX),
            until_published: until_published.unwrap_or(u64::MAX),
            until_due: until_due.unwrap_or(u64::MAX),
            moments: MOMENTS_PER_LOOK,
        };
        loop {
            let outcome = py.detach(|| self.life()?.advance(to));
            match outcome.map_err(|e| raised(py, &e))? {
                Advance::Paused => py.check_signals()?,
                outcome => return Ok(outcome == Advance::Over),
            }
        }
    }

    /// Simulate until every stage has seen ``epoch``, and not beyond ``until_ns``; whether they have.
    fn fence(&self, py: Python<'_>, epoch: u64, until_ns: u64) -> PyResult<bool> {
        let seen = py.detach(|| {
            let mut life = self.life()?;
            let engine = life.under_way()?;
            Ok(engine.advance_until_seen(epoch, until_ns))
        });
        seen.map_err(|e: EngineError| raised(py, &e))
    }

    /// The virtual clock: nanoseconds since the feed began.
    fn now_ns(&self, py: Python<'_>) -> PyResult<u64> {
        let now_ns = py.detach(|| self.life().map(|life| life.now_ns()));
        now_ns.map_err(|e| raised(py, &e))
    }

    /// SHA-256 over the acks that were completed by now, as rows of ``ACK_DTYPE``, in hexadecimal.
    ///
    /// Raises ``EngineFailed`` before the start, and after the record was taken, which has it.
    fn acks_digest(&self, py: Python<'_>) -> PyResult<String> {
        let digest = py.detach(|| Ok(self.life()?.under_way()?.digest().hex(&[])));
        digest.map_err(|e: EngineError| raised(py, &e))
    }

    /// The run as of now.
    fn snapshot(&self, py: Python<'_>) -> PyResult<EngineSnapshot> {
        let seen = self.ours(py)?.map(|control| control.snapshot());
        let skew_ns = (self.faults.as_ref()).map_or(0, |faults| faults.clock().get());
        let skew_ns = seen.is_some().then_some(skew_ns);
        EngineSnapshot::of(py, seen, skew_ns)
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

    /// Let a held feed go on, up to the event of index ``hold_at`` if that is given; without effect before
    /// the start.
    #[pyo3(signature = (hold_at=None))]
    fn release(&self, hold_at: Option<usize>) {
        self.control
            .get()
            .inspect(|control| control.release(hold_at));
    }

    /// End the feed at this moment; what is in the ring is still processed.
    fn stop_intake(&self) {
        self.control.get().inspect(|control| control.stop_intake());
    }

    /// End every stage as soon as it has nothing under way.
    fn stop(&self) {
        self.control.get().inspect(|control| control.stop());
    }

    /// Take the record of a run that is over, once. The ring can be published into again.
    ///
    /// Raises ``EngineFailed`` if it is not over, or if its record was taken before.
    fn finish(&self, py: Python<'_>) -> PyResult<EngineRecord> {
        let ended = py.detach(|| self.life()?.finish());
        let (record, clock) = ended.map_err(|e| raised(py, &e))?;
        self.ring.get().claim_producer(py);
        EngineRecord::of(py, record, clock)
    }
}

impl VirtualEngine {
    fn life(&self) -> Result<MutexGuard<'_, Life>, EngineError> {
        self.occupied.enter(&self.life)
    }

    /// What is shared with the stages, once there are any; as in [`crate::engine`], but for a fork in which nobody
    /// was half way.
    fn ours(&self, py: Python<'_>) -> PyResult<Option<&Arc<Control>>> {
        (self.occupied.check(&self.life)).map_err(|e| raised(py, &e))?;
        Ok(self.control.get())
    }
}

impl Drop for VirtualEngine {
    fn drop(&mut self) {
        if (self.occupied).end(&mut self.life, Life::Over(0), false) {
            // The ring outlives its engine, and may be published into again.
            Python::attach(|py| self.ring.get().claim_producer(py));
        }
    }
}
