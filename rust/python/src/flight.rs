//! `FlightReader`: the last events and acks of a run, copied out of its rings at one moment.
//!
//! Off the hot path: the rings keep what they keep anyway, and nothing is asked of the stages.

use pyo3::prelude::*;
use tickpath_core::bus::Tail;

use crate::ack::stamped_ack_rows;
use crate::ack_reader::{AckReader, Rings};
use crate::event_ring::BATCH_WITHOUT_LOCK;
use crate::memory::RowsOutAt;

/// Copies the last events and acks out of the rings of a run, as often as it is asked.
///
/// ``acks`` says which run; whatever it has read is no matter. Any thread may call, and nobody waits for it.
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
///     >>> import numpy as np
///     >>> from tickpath.core.execution.stamped import STAMPED_ACK_DTYPE
///     >>> from tickpath.core.ingest import EVENT_DTYPE
///     >>> _ = engine.finish()
///     >>> flight = FlightReader(engine.acks())
///     >>> events, acks = np.zeros(4, EVENT_DTYPE), np.zeros(4, STAMPED_ACK_DTYPE)
///     >>> flight.read_into(events, acks).events
///     4
#[pyclass(frozen, module = "tickpath.core.engine")]
pub(crate) struct FlightReader {
    rings: Rings,
}

#[pymethods]
impl FlightReader {
    #[new]
    fn new(acks: &Bound<'_, AckReader>) -> Self {
        Self {
            rings: acks.get().rings(acks.py()),
        }
    }

    /// Copy the newest events and acks to the *ends* of ``events`` (of ``EVENT_DTYPE``) and ``acks`` (of
    /// ``STAMPED_ACK_DTYPE``), as many as there are and have room, oldest first; what lies before them stays
    /// as it was.
    ///
    /// Both are runs without a gap up to the head as it was when the copy began, the events' first. What the
    /// stages overwrote meanwhile is the oldest, and counted. From 1,024 rows on the interpreter's lock is
    /// released. Raises ``ArgumentTypeError`` and ``ArgumentValueError`` for any other arrays.
    ///
    ///     >>> flight.read_into(events, acks).acks_head, acks["seq"].tolist()
    ///     (1000, [996, 997, 998, 999])
    #[pyo3(signature = (
        events: "numpy.typing.NDArray[numpy.void]", acks: "numpy.typing.NDArray[numpy.void]"
    ) -> "FlightTail")]
    fn read_into(
        &self,
        events: &Bound<'_, PyAny>,
        acks: &Bound<'_, PyAny>,
    ) -> PyResult<FlightTail> {
        let py = events.py();
        let mut event_rows = self.rings.layout.rows_out(events)?;
        let mut ack_rows = stamped_ack_rows(acks)?;
        let many = event_rows.len().max(ack_rows.len()) >= BATCH_WITHOUT_LOCK;
        let (event_room, ack_room) = (event_rows.len(), ack_rows.len());
        let (to_events, to_acks) = (event_rows.target(), ack_rows.target());
        let rings = &self.rings;
        let copy = move || {
            (
                newest(&rings.events, to_events, event_room),
                newest(&rings.acks, to_acks, ack_room),
            )
        };
        let (events, acks) = if many { py.detach(copy) } else { copy() };
        Ok(FlightTail {
            events_head: events.head,
            events: events.read,
            events_overwritten: events.overwritten,
            acks_head: acks.head,
            acks: acks.read,
            acks_overwritten: acks.overwritten,
        })
    }
}

/// Fills `rows`, `room` of them, from the end with the newest of `ring`.
fn newest(ring: &tickpath_core::bus::EventRing, mut rows: RowsOutAt<'_>, room: usize) -> Tail {
    let mut place = room;
    ring.tail_with(room, |payload| {
        place -= 1;
        rows.write(place, &payload);
    })
}

/// What a ``FlightReader`` copied.
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
///     >>> import numpy as np
///     >>> from tickpath.core.execution.stamped import STAMPED_ACK_DTYPE
///     >>> from tickpath.core.ingest import EVENT_DTYPE
///     >>> _ = engine.finish()
///     >>> events, acks = np.zeros(4, EVENT_DTYPE), np.zeros(4, STAMPED_ACK_DTYPE)
///     >>> FlightReader(engine.acks()).read_into(events, acks).acks_head
///     1000
#[pyclass(frozen, get_all, eq, module = "tickpath.core.engine")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FlightTail {
    /// The sequence after the newest event.
    events_head: u64,
    /// Events that were copied: the sequences ``[events_head - events, events_head)``.
    events: u64,
    /// Events that were there when it began, and overwritten before they were copied.
    events_overwritten: u64,
    /// Acks of the run so far.
    acks_head: u64,
    /// Acks that were copied, the last of those.
    acks: u64,
    /// Acks that were there when it began, and overwritten before they were copied.
    acks_overwritten: u64,
}

#[pymethods]
impl FlightTail {
    fn __repr__(&self) -> String {
        format!(
            "FlightTail(events_head={}, events={}, events_overwritten={}, acks_head={}, acks={}, \
             acks_overwritten={})",
            self.events_head,
            self.events,
            self.events_overwritten,
            self.acks_head,
            self.acks,
            self.acks_overwritten
        )
    }
}
