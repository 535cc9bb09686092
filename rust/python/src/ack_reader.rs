//! `AckReader`: a run's acks, as rows or for a sink, lossy and counted.

use pyo3::prelude::*;
use tickpath_core::bus::{EventReader, Payload, Readable, Reader, Start};
use tickpath_core::engine::{StampedAck, Stamping};
use tickpath_core::sync::Arc;

use crate::ack::{Ack, ack_rows, as_payload};
use crate::event_layout::EventLayout;
use crate::event_ring::EventRing;
use crate::memory::GilCell;
use crate::sink::SinkFeeder;
use crate::{args, errors};

/// A reader of a run's acks with a place of its own; the executor never waits for it.
///
/// What it missed is counted in ``dropped`` and skipped: an ack is an observation, and observations may be
/// lost, but never unsaid. Made by an engine whose settings have ``ack_capacity``.
///
///     >>> from tickpath.config.engine import EngineSettings
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
///     >>> engine.start()
///     >>> _ = engine.finish()
///     >>> reader = engine.acks()
///     >>> reader.available()
///     1000
#[pyclass(frozen, weakref, module = "tickpath.core.engine")]
pub(crate) struct AckReader {
    state: GilCell<State>,
    ring: Arc<tickpath_core::bus::EventRing>,
    layout: Arc<EventLayout>,
}

/// What a run's events and acks are read from.
pub(crate) struct Rings {
    pub(crate) events: Arc<tickpath_core::bus::EventRing>,
    pub(crate) acks: Arc<tickpath_core::bus::EventRing>,
    pub(crate) layout: Arc<EventLayout>,
}

struct State {
    acks: EventReader,
    /// Acks that a sink was shown, whatever it made of them.
    shown: u64,
    /// Acks whose event was overwritten before it could be shown.
    without_event: u64,
}

impl State {
    /// The next ack, past those that were overwritten.
    fn poll(&mut self) -> Option<StampedAck> {
        loop {
            match self.acks.poll() {
                Ok(payload) => return payload.map(StampedAck::from_payload),
                Err(_) => {
                    self.acks.reset_to_oldest();
                }
            }
        }
    }

    fn dropped(&self) -> u64 {
        self.acks.lost() + self.without_event
    }
}

impl AckReader {
    /// A reader of `acks`, which are those of events in `ring`, from `start` on.
    pub(crate) fn begin(
        acks: &Arc<tickpath_core::bus::EventRing>,
        ring: &EventRing,
        start: Start,
    ) -> Option<Self> {
        let acks = acks.reader(start).ok()?;
        Some(Self {
            state: GilCell::new(State {
                acks,
                shown: 0,
                without_event: 0,
            }),
            ring: Arc::clone(ring.shared()),
            layout: Arc::clone(ring.layout()),
        })
    }

    /// Another reader of the same acks, from `start` on, and how their stamps were taken.
    ///
    /// # Errors
    /// ``EngineFailed`` if the ring has no place to begin at.
    pub(crate) fn another(
        &self,
        py: Python<'_>,
        start: Start,
        shared_stamps: bool,
    ) -> PyResult<(EventReader, Stamping)> {
        let ring = self.state.with(py, |state| Arc::clone(state.acks.ring()));
        let reader = ring.reader(start).map_err(|_| {
            errors::engine_failed(py, "the ring of acks has no beginning".to_owned())
        })?;
        let stamping = if shared_stamps {
            Stamping::PerBatch
        } else {
            Stamping::PerEvent
        };
        Ok((reader, stamping))
    }

    /// The rings of the run's events and of its acks, and what the events look like.
    pub(crate) fn rings(&self, py: Python<'_>) -> Rings {
        Rings {
            events: Arc::clone(&self.ring),
            acks: self.state.with(py, |state| Arc::clone(state.acks.ring())),
            layout: Arc::clone(&self.layout),
        }
    }

    fn poll(&self, py: Python<'_>) -> Option<StampedAck> {
        self.state.with(py, State::poll)
    }

    /// The event of an ack, if it is still in its ring.
    fn event_of(&self, ack: &StampedAck) -> Option<Payload> {
        self.ring.read(ack.ack.seq).ok().flatten()
    }
}

#[pymethods]
impl AckReader {
    /// Fill ``array`` (of ``ACK_DTYPE``) from its start with the next acks and return how many.
    ///
    /// What was overwritten before it was read is skipped, and counted in ``dropped``. Raises
    /// ``ArgumentTypeError`` and ``ArgumentValueError`` for any other array.
    ///
    ///     >>> import numpy as np
    ///     >>> from tickpath.core.execution import ACK_DTYPE
    ///     >>> acks = np.zeros(4, ACK_DTYPE)
    ///     >>> reader.read_into(acks), acks["seq"].tolist()
    ///     (4, [0, 1, 2, 3])
    #[pyo3(signature = (array: "numpy.typing.NDArray[numpy.void]") -> "int")]
    fn read_into(&self, array: &Bound<'_, PyAny>) -> PyResult<usize> {
        let py = array.py();
        let mut rows = ack_rows(array)?;
        let (limit, mut target) = (rows.len(), rows.target());
        let mut count = 0;
        self.state.with(py, |state| {
            while count < limit {
                let Some(stamped) = state.poll() else { break };
                target.write(count, &as_payload(stamped.ack));
                count += 1;
            }
        });
        Ok(count)
    }

    /// Show up to ``limit`` acks with their events to ``sink`` and return how many acks were taken.
    ///
    /// An ack whose event was overwritten meanwhile is counted in ``dropped`` and not shown to a sink that
    /// is written in Python; a ``LatencySink`` needs no event. What the sink raises, if it is an
    /// ``Exception``, is counted and reported once through ``sys.unraisablehook``.
    ///
    ///     >>> from tickpath._native import SinkFeeder
    ///     >>> from tickpath.control.metrics import LatencySink, Metrics
    ///     >>> metrics = Metrics()
    ///     >>> reader.show(SinkFeeder(LatencySink(metrics)), limit=10), metrics.snapshot().count
    ///     (10, 10)
    #[pyo3(signature = (sink: "SinkFeeder", limit: "int") -> "int")]
    fn show(&self, sink: &Bound<'_, SinkFeeder>, limit: &Bound<'_, PyAny>) -> PyResult<usize> {
        let py = sink.py();
        let sink = &sink.get().sink;
        let mut taken = 0;
        for _ in 0..args::limit(limit)? {
            let Some(stamped) = self.poll(py) else { break };
            taken += 1;
            if !sink.is_shown_events() {
                self.state.with(py, |state| state.shown += 1);
                sink.record(py, stamped.ack.latency_ns());
                continue;
            }
            let event = self.event_of(&stamped);
            let Some(event) = self.layout.record_of(py, || Ok(event))? else {
                self.state.with(py, |state| state.without_event += 1);
                continue;
            };
            // Counted before: a sink that never comes back was shown it.
            self.state.with(py, |state| state.shown += 1);
            sink.show(event, Bound::new(py, Ack::from(stamped.ack))?)?;
        }
        Ok(taken)
    }

    /// How many acks are unread.
    ///
    ///     >>> reader.available(), reader.dropped
    ///     (1000, 0)
    fn available(&self, py: Python<'_>) -> u64 {
        self.state.with(py, |state| state.acks.available())
    }

    /// Acks that a sink was shown by ``show``, whatever it made of them.
    #[getter]
    fn shown(&self, py: Python<'_>) -> u64 {
        self.state.with(py, |state| state.shown)
    }

    /// Acks that were overwritten before they were read, or could not be shown for want of their event.
    #[getter]
    fn dropped(&self, py: Python<'_>) -> u64 {
        self.state.with(py, |state| state.dropped())
    }
}
