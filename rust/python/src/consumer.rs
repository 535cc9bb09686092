//! `Consumer`: a cursor on a ring of either tier.

use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyTraverseError, PyVisit};

use crate::args;
use crate::memory::{FastCall, Raised};
use crate::place::Place;

/// A reader of a ring with a place of its own; it never holds the producer back.
///
/// ``ring`` is a ``RingBuffer`` or an ``EventRing``; ``start`` is ``"oldest"``, ``"head"`` or a sequence
/// up to the head. An overrun stays raised on every read until ``reset_to_oldest()`` or
/// ``reset_to_head()``; only then does ``lost`` grow, by exactly what was skipped.
///
///     >>> ring = RingBuffer(2)
///     >>> consumer = Consumer(ring)
///     >>> _ = ring.publish_many(["a", "b", "c"])
///     >>> consumer.available(), consumer.reset_to_oldest(), consumer.poll()
///     (3, 1, 'b')
#[pyclass(frozen, generic, weakref, module = "tickpath.core.bus")]
#[derive(Debug)]
pub(crate) struct Consumer {
    place: Place,
}

/// `poll` without PyO3's wrapper.
pub(crate) struct FastPoll;

impl FastCall for FastPoll {
    type Class = Consumer;
    const NAME: &'static std::ffi::CStr = c"poll";
    const TAKES_ONE: bool = false;

    #[inline]
    fn call<'py>(
        this: &Consumer,
        argument: Borrowed<'_, 'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>, Raised> {
        let py = argument.py();
        match this.place.poll(py) {
            Ok(Some(item)) => Ok(item),
            Ok(None) => Ok(py.None().into_bound(py)),
            Err(raised) => Err(raised),
        }
    }
}

#[pymethods]
impl Consumer {
    #[new]
    #[pyo3(signature = (
        ring: "RingBuffer[_T_co]", *, start: "typing.Literal['oldest', 'head'] | int" = args::StartAt::OLDEST
    ), text_signature = "(ring, *, start='oldest')")]
    fn new(ring: &Bound<'_, PyAny>, start: args::StartAt) -> PyResult<Self> {
        Ok(Self {
            place: Place::new(ring, start)?,
        })
    }

    /// The next item, or ``None`` when caught up.
    ///
    /// Raises ``Overrun`` if it was overwritten; the cursor stays where it is.
    ///
    ///     >>> consumer.poll(), consumer.poll()
    ///     ('c', None)
    #[pyo3(signature = () -> "_T_co | None")]
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.place.poll(py).map_err(|raised| raised.take(py))
    }

    /// Up to ``limit`` items in order; fewer when caught up.
    ///
    /// Raises ``Overrun`` if the next item was overwritten.
    ///
    ///     >>> _ = ring.publish("d")
    ///     >>> consumer.poll_many(10)
    ///     ['c', 'd']
    #[pyo3(signature = (limit: "int") -> "list[_T_co]")]
    fn poll_many<'py>(&self, limit: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let py = limit.py();
        let limit = args::limit(limit)?;
        let count = self.place.readable_at_most(py, limit);
        let mut items = Vec::with_capacity(count);
        while items.len() < count {
            match self.place.poll(py) {
                Ok(Some(item)) => items.push(item),
                Ok(None) => break,
                // What was read is handed out; the cursor stays, and the next call says it again.
                Err(raised) => match raised.take(py) {
                    _ if !items.is_empty() => break,
                    error => return Err(error),
                },
            }
        }
        PyList::new(py, items)
    }

    /// How many items are unread: ``head - cursor``; more than the capacity means overrun.
    ///
    ///     >>> consumer.available()
    ///     1
    ///     >>> _ = ring.publish_many(["d", "e"])
    ///     >>> consumer.available(), ring.capacity
    ///     (3, 2)
    fn available(&self, py: Python<'_>) -> u64 {
        self.place.available(py)
    }

    /// The next sequence this consumer expects.
    ///
    ///     >>> consumer.cursor(), ring.head()
    ///     (2, 3)
    fn cursor(&self, py: Python<'_>) -> u64 {
        self.place.cursor(py).next()
    }

    /// Skip to the head and return how many sequences that skipped.
    ///
    ///     >>> consumer.reset_to_head(), consumer.lost, consumer.shed
    ///     (1, 2, 1)
    fn reset_to_head(&self, py: Python<'_>) -> u64 {
        self.place.reset_to_head(py)
    }

    /// Skip to the oldest readable sequence and return how many sequences that skipped.
    ///
    /// Never moves back: 0 if the next item is still readable.
    ///
    ///     >>> _ = ring.publish_many(["d", "e"])
    ///     >>> consumer.reset_to_oldest(), consumer.lost, consumer.poll()
    ///     (1, 2, 'd')
    fn reset_to_oldest(&self, py: Python<'_>) -> u64 {
        self.place.reset_to_oldest(py)
    }

    /// Sequences this consumer expected and will never read, counted at recovery.
    #[getter]
    fn lost(&self, py: Python<'_>) -> u64 {
        self.place.cursor(py).lost()
    }

    /// The part of ``lost`` that was still readable when a reset skipped it.
    #[getter]
    fn shed(&self, py: Python<'_>) -> u64 {
        self.place.cursor(py).shed()
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let cursor = self.place.cursor(py);
        format!(
            "Consumer(cursor={}, lost={}, shed={})",
            cursor.next(),
            cursor.lost(),
            cursor.shed()
        )
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.place.traverse(&visit)
    }
}
