//! `EventRing`: the native tier's ring, and its producer while nobody else has it.

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use tickpath_core::bus::Producer;
use tickpath_core::sync::Arc;

use crate::event_layout::{Dtype, EventLayout};
use crate::event_reader::EventReader;
use crate::memory::{GilCell, RowsAt};
use crate::{args, errors};

/// From this many events on, a batch is copied with the interpreter's lock released: below, taking
/// the lock back could cost more than the copy.
pub(crate) const BATCH_WITHOUT_LOCK: usize = 1024;

/// Events copied between two looks at pending signals: about a millisecond's work.
const EVENTS_PER_SIGNAL_CHECK: usize = 1 << 16;

/// A broadcast ring of fixed-size events: one producer, any number of readers in any threads.
///
/// It never blocks and never waits for a reader: a full ring overwrites its oldest event, and who
/// missed it gets ``Overrun`` with exact figures. Events are copied in and copied out; nothing ever
/// points into the ring. Sequences start at 0.
///
/// ``capacity``: number of slots of 64 bytes, at least 1, kept exactly. ``dtype``: a structured NumPy
/// dtype of up to 56 bytes without object fields, in native byte order, whose first fields are the
/// u64 ``ts_ns`` and ``intended_ns``; ``EVENT_DTYPE`` if not given. Raises ``ArgumentTypeError`` or
/// ``ArgumentValueError`` for anything else, ``MemoryError`` if there is not the memory.
///
///     >>> import numpy as np
///     >>> ring = EventRing(1_000)
///     >>> ring.publish_many(np.zeros(3, ring.dtype))
///     0
///     >>> ring.head(), ring.dtype.itemsize
///     (3, 56)
#[pyclass(frozen, weakref, module = "tickpath.core.bus")]
#[derive(Debug)]
pub(crate) struct EventRing {
    ring: Arc<tickpath_core::bus::EventRing>,
    /// Empty while someone publishes without the lock, or an engine owns the ring.
    producer: GilCell<Option<Producer>>,
    layout: Arc<EventLayout>,
}

impl EventRing {
    /// The ring itself, for readers and stages that outlive a call.
    pub(crate) const fn shared(&self) -> &Arc<tickpath_core::bus::EventRing> {
        &self.ring
    }

    /// What its events look like.
    pub(crate) const fn layout(&self) -> &Arc<EventLayout> {
        &self.layout
    }

    /// Takes the producer out: until [`Self::give_producer_back`], every publication from Python
    /// raises `ProducerBusy`.
    ///
    /// # Errors
    /// Returns `ProducerBusy` if someone else has it.
    pub(crate) fn take_producer(&self, py: Python<'_>) -> PyResult<Producer> {
        self.producer
            .with(py, Option::take)
            .ok_or_else(|| producer_busy(py))
    }

    /// Takes the ring's producer again, if nobody has one: after an engine, whatever became of it.
    pub(crate) fn claim_producer(&self, py: Python<'_>) {
        if let Some(producer) = Producer::claim(&self.ring) {
            self.give_producer_back(py, producer);
        }
    }

    /// Puts the producer back.
    fn give_producer_back(&self, py: Python<'_>, producer: Producer) {
        self.producer.with(py, |place| *place = Some(producer));
    }
}

#[cold]
fn producer_busy(py: Python<'_>) -> PyErr {
    errors::producer_busy(
        py,
        "another thread is publishing into this ring, or an engine owns it: an event ring has one producer",
    )
}

#[pymethods]
impl EventRing {
    #[new]
    #[pyo3(signature = (capacity: "int", dtype: "numpy.typing.DTypeLike | None" = None))]
    fn new(capacity: &Bound<'_, PyAny>, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let py = capacity.py();
        let slots = args::capacity(capacity)?;
        let layout = Arc::new(EventLayout::new(py, dtype)?);
        let (producer, ring) = tickpath_core::bus::EventRing::try_new(slots).ok_or_else(|| {
            PyMemoryError::new_err(format!("no memory for a ring of {slots} slots of 64 bytes"))
        })?;
        Ok(Self {
            ring,
            producer: GilCell::new(Some(producer)),
            layout,
        })
    }

    /// The number of slots.
    #[getter]
    fn capacity(&self) -> usize {
        self.ring.capacity()
    }

    /// The layout of the events.
    #[getter]
    fn dtype<'py>(&self, py: Python<'py>) -> Dtype<'py> {
        self.layout.dtype(py)
    }

    /// The next sequence to be published.
    ///
    ///     >>> _ = ring.publish_many(np.zeros(2, ring.dtype))
    ///     >>> ring.head()
    ///     5
    fn head(&self) -> u64 {
        self.ring.head()
    }

    /// Publish a copy of ``record``, a scalar of exactly the ring's dtype, and return its sequence.
    ///
    /// Raises ``ArgumentTypeError`` for anything else, ``ProducerBusy`` while another thread publishes
    /// or an engine owns the ring.
    ///
    ///     >>> events = np.zeros(1, ring.dtype)
    ///     >>> ring.publish(events[0]), ring.head()
    ///     (3, 4)
    #[pyo3(signature = (record: "numpy.void") -> "int")]
    fn publish(&self, record: &Bound<'_, PyAny>) -> PyResult<u64> {
        let py = record.py();
        let payload = self.layout.row_of(record)?;
        self.producer
            .with(py, |place| place.as_mut().map(|p| p.publish(payload)))
            .ok_or_else(|| producer_busy(py))
    }

    /// Publish a copy of every event of ``array`` in order and return the sequence of the first.
    ///
    /// ``array`` is one-dimensional and has exactly the ring's dtype. An empty one returns the head.
    /// Readers see each event as soon as it is written. From 1,024 events on the interpreter's lock is
    /// released meanwhile; another thread that publishes then gets ``ProducerBusy``. An interrupt
    /// (Ctrl-C) leaves what was published until then. Raises ``ArgumentTypeError`` for anything else,
    /// ``ArgumentValueError`` for an array of more dimensions.
    ///
    ///     >>> events = np.zeros(100, ring.dtype)
    ///     >>> events["order_id"] = range(100)
    ///     >>> ring.publish_many(events), ring.head()
    ///     (3, 103)
    #[pyo3(signature = (array: "numpy.typing.NDArray[numpy.void]") -> "int")]
    fn publish_many(&self, array: &Bound<'_, PyAny>) -> PyResult<u64> {
        let py = array.py();
        let rows = self.layout.rows_in(array)?;
        let (source, total) = (rows.source(), rows.len());
        let mut producer = self.take_producer(py)?;
        let first = producer.next_seq();
        let outcome = if total < BATCH_WITHOUT_LOCK {
            producer.publish_many(source.range(0..total));
            Ok(())
        } else {
            publish_without_lock(py, &mut producer, source, total)
        };
        self.give_producer_back(py, producer);
        outcome.map(|()| first)
    }

    /// A reader with a place of its own, which begins at ``"oldest"``, ``"head"`` or a sequence up to
    /// the head.
    ///
    /// Raises ``ArgumentTypeError`` or ``ArgumentValueError`` for any other ``start``.
    ///
    ///     >>> ring.reader().available(), ring.reader("head").available(), ring.reader(1).available()
    ///     (3, 0, 2)
    #[pyo3(signature = (
        start: "typing.Literal['oldest', 'head'] | int" = args::StartAt::OLDEST
    ) -> "EventReader", text_signature = "($self, start='oldest')")]
    fn reader(&self, py: Python<'_>, start: args::StartAt) -> PyResult<EventReader> {
        let reader = self
            .ring
            .reader(start.0)
            .map_err(|e| errors::start(py, e))?;
        Ok(EventReader::new(reader, Arc::clone(&self.layout)))
    }

    fn __repr__(&self) -> String {
        let (capacity, head) = (self.ring.capacity(), self.ring.head());
        format!("EventRing(capacity={capacity}, head={head})")
    }
}

/// Publishes every row with the interpreter's lock released, looking at signals now and then.
fn publish_without_lock(
    py: Python<'_>,
    producer: &mut Producer,
    source: RowsAt<'_>,
    total: usize,
) -> PyResult<()> {
    for begin in (0..total).step_by(EVENTS_PER_SIGNAL_CHECK) {
        let end = total.min(begin.saturating_add(EVENTS_PER_SIGNAL_CHECK));
        let batch = source.range(begin..end);
        py.detach(|| producer.publish_many(batch));
        py.check_signals()?;
    }
    Ok(())
}
