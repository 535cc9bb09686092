//! `EventReader`: a reader's place in an event ring.

use pyo3::prelude::*;
use tickpath_core::bus::{Cursor, Overrun, Reader};
use tickpath_core::sync::Arc;

use crate::event_layout::EventLayout;
use crate::event_ring::BATCH_WITHOUT_LOCK;
use crate::memory::{GilCell, RowsOutAt};
use crate::{args, errors};

/// A reader of an ``EventRing`` with a place of its own; it never holds the producer back.
///
/// Made by ``EventRing.reader()``. An overrun stays raised on every read until ``reset_to_oldest()`` or
/// ``reset_to_head()``; only then does ``lost`` grow. One thread at a time: a second one that enters
/// while a batch is copied without the interpreter's lock gets ``ReaderBusy`` (the figures,
/// ``cursor()``, ``available()``, ``lost`` and ``shed``, can be read at any time, and are then those
/// from before that batch).
///
///     >>> import numpy as np
///     >>> ring = EventRing(4)
///     >>> reader = ring.reader()
///     >>> _ = ring.publish_many(np.zeros(3, ring.dtype))
///     >>> reader.available(), reader.lost
///     (3, 0)
#[pyclass(frozen, weakref, module = "tickpath.core.bus")]
#[derive(Debug)]
pub(crate) struct EventReader {
    place: GilCell<Place>,
    ring: Arc<tickpath_core::bus::EventRing>,
    layout: Arc<EventLayout>,
}

/// Where the reader is.
#[derive(Debug)]
enum Place {
    Here(tickpath_core::bus::EventReader),
    /// At work in another thread, which took it with these books.
    Away(Cursor),
}

impl EventReader {
    /// The Python face of `reader`.
    pub(crate) fn new(reader: tickpath_core::bus::EventReader, layout: Arc<EventLayout>) -> Self {
        Self {
            ring: Arc::clone(reader.ring()),
            place: GilCell::new(Place::Here(reader)),
            layout,
        }
    }

    /// Runs `f`, which runs no Python code, on the reader.
    fn with<R>(
        &self,
        py: Python<'_>,
        f: impl FnOnce(&mut tickpath_core::bus::EventReader) -> R,
    ) -> PyResult<R> {
        self.place
            .with(py, |place| match place {
                Place::Here(reader) => Some(f(reader)),
                Place::Away(_) => None,
            })
            .ok_or_else(|| reader_busy(py))
    }

    /// Runs `f` on the reader with the interpreter's lock released.
    fn without_lock<R: Send>(
        &self,
        py: Python<'_>,
        f: impl FnOnce(&mut tickpath_core::bus::EventReader) -> R + Send,
    ) -> PyResult<R> {
        let mut reader = self.place.with(py, |place| {
            let books = match place {
                Place::Here(reader) => reader.cursor(),
                Place::Away(_) => return Err(reader_busy(py)),
            };
            match std::mem::replace(place, Place::Away(books)) {
                Place::Here(reader) => Ok(reader),
                Place::Away(_) => Err(reader_busy(py)),
            }
        })?;
        let result = py.detach(|| f(&mut reader));
        self.place.with(py, |place| *place = Place::Here(reader));
        Ok(result)
    }

    fn books(&self, py: Python<'_>) -> Cursor {
        self.place.with(py, |place| match place {
            Place::Here(reader) => reader.cursor(),
            Place::Away(books) => *books,
        })
    }

    /// Copies up to `limit` events into `target`, without the lock if they are many.
    fn fill(&self, py: Python<'_>, mut target: RowsOutAt<'_>, limit: usize) -> PyResult<usize> {
        let mut copy = move |reader: &mut tickpath_core::bus::EventReader| {
            let mut index = 0;
            reader.read_with(limit, |payload| {
                target.write(index, &payload);
                index += 1;
            })
        };
        let many = limit >= BATCH_WITHOUT_LOCK
            && self.with(py, |reader| reader.has_unread(BATCH_WITHOUT_LOCK as u64))?;
        let filled: Result<usize, Overrun> = if many {
            self.without_lock(py, copy)?
        } else {
            self.with(py, |reader| copy(reader))?
        };
        filled.map_err(|e| errors::overrun(py, e))
    }
}

#[cold]
fn reader_busy(py: Python<'_>) -> PyErr {
    errors::reader_busy(
        py,
        "another thread is reading with this reader: give each thread a reader of its own",
    )
}

#[pymethods]
impl EventReader {
    /// A copy of the next event as a record of the ring's dtype, or ``None`` when caught up.
    ///
    /// Raises ``Overrun`` if it was overwritten; the reader stays where it is.
    ///
    ///     >>> int(reader.poll()["order_id"])
    ///     0
    #[pyo3(signature = () -> "numpy.void | None")]
    fn poll<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if !self.with(py, |reader| reader.has_unread(1))? {
            return Ok(None);
        }
        self.layout.record_of(py, || {
            let polled = self.with(py, Reader::poll)?;
            polled.map_err(|e| errors::overrun(py, e))
        })
    }

    /// Copies of up to ``limit`` events in order, as a new array of the ring's dtype: all that are
    /// there, or those before the first that was overwritten (the next call raises ``Overrun`` then).
    ///
    /// Raises ``Overrun`` if the next event was overwritten.
    ///
    ///     >>> len(reader.poll_many(10)), len(reader.poll_many(10))
    ///     (3, 0)
    #[pyo3(signature = (limit: "int") -> "numpy.typing.NDArray[numpy.void]")]
    fn poll_many<'py>(&self, limit: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = limit.py();
        let readable = usize::try_from(self.available(py)).unwrap_or(usize::MAX);
        let rows = args::limit(limit)?.min(readable).min(self.ring.capacity());
        let array = self.layout.empty(py, rows)?;
        let count = self.read_into(&array)?;
        if count == rows {
            return Ok(array);
        }
        array.get_item(pyo3::types::PySlice::new(py, 0, count as isize, 1))
    }

    /// Fill ``array`` from its start with copies of the next events and return how many: all that are
    /// there, or those before the first that was overwritten (the next call raises ``Overrun`` then).
    ///
    /// ``array`` is one-dimensional, contiguous, writable and of exactly the ring's dtype; what lies
    /// behind the count stays as it was. Where at least 1,024 events can be read the interpreter's lock
    /// is released meanwhile. Raises ``Overrun`` if the next event was overwritten,
    /// ``ArgumentTypeError`` for anything but an array of this dtype, ``ArgumentValueError`` for one that
    /// is not writable, contiguous and of one dimension.
    ///
    ///     >>> events = np.zeros(8, ring.dtype)
    ///     >>> reader.read_into(events)
    ///     3
    #[pyo3(signature = (array: "numpy.typing.NDArray[numpy.void]") -> "int")]
    fn read_into(&self, array: &Bound<'_, PyAny>) -> PyResult<usize> {
        let mut rows = self.layout.rows_out(array)?;
        let limit = rows.len();
        self.fill(array.py(), rows.target(), limit)
    }

    /// How many events are unread: ``head - cursor``; more than the capacity means overrun.
    ///
    ///     >>> len(reader.poll_many(2)), reader.available()
    ///     (2, 1)
    fn available(&self, py: Python<'_>) -> u64 {
        self.place.with(py, |place| match place {
            Place::Here(reader) => reader.available(),
            Place::Away(books) => books.available(self.ring.head()),
        })
    }

    /// The next sequence this reader expects.
    ///
    ///     >>> len(reader.poll_many(2)), reader.cursor()
    ///     (2, 2)
    fn cursor(&self, py: Python<'_>) -> u64 {
        self.books(py).next()
    }

    /// Skip to the head and return how many events that skipped.
    ///
    ///     >>> reader.reset_to_head(), reader.available()
    ///     (3, 0)
    fn reset_to_head(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, tickpath_core::bus::EventReader::reset_to_head)
    }

    /// Recover from an overrun and return how many events that skipped; 0 while the next event is still
    /// readable.
    ///
    /// It lands half a ring behind the head: at the oldest event itself a busy producer would overrun
    /// it again at once. What it skips of the readable ones counts as ``shed`` as well.
    ///
    ///     >>> _ = ring.publish_many(np.zeros(4, ring.dtype))
    ///     >>> reader.reset_to_oldest(), reader.lost, reader.shed, reader.available()
    ///     (5, 5, 2, 2)
    fn reset_to_oldest(&self, py: Python<'_>) -> PyResult<u64> {
        self.with(py, tickpath_core::bus::EventReader::reset_to_oldest)
    }

    /// Events this reader expected and will never read, counted at recovery.
    #[getter]
    fn lost(&self, py: Python<'_>) -> u64 {
        self.books(py).lost()
    }

    /// The part of ``lost`` that was still readable when a reset skipped it.
    #[getter]
    fn shed(&self, py: Python<'_>) -> u64 {
        self.books(py).shed()
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let books = self.books(py);
        format!(
            "EventReader(cursor={}, lost={}, shed={})",
            books.next(),
            books.lost(),
            books.shed()
        )
    }
}
