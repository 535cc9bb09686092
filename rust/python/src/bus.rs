//! `RingBuffer`: the object tier's ring behind the interpreter's lock.

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use tickpath_core::bus::{Bounds, Readable};

use crate::items::{iterate, look_at_signals};
use crate::memory::{
    FastCall, ObjectSlots, Raised, Tape, new_reference, next_item, raise, release,
};
use crate::{args, errors};

/// A broadcast ring of Python objects: one writes, any number read with cursors of their own.
///
/// It never blocks and never waits for a reader: a full ring overwrites its oldest item, and who
/// missed it gets ``Overrun`` with exact figures. Sequences start at 0; retained are
/// ``[max(0, head - capacity), head)``. Every operation is O(1). One reference per slot is held, and
/// dropped exactly when the slot is overwritten; the ring takes part in garbage collection.
///
/// ``capacity``: number of slots, at least 1, kept exactly. Raises ``ArgumentTypeError`` or
/// ``ArgumentValueError`` for anything else, ``MemoryError`` if there is not the memory.
///
///     >>> ring = RingBuffer(2)
///     >>> ring.publish("a"), ring.publish("b"), ring.publish("c")
///     (0, 1, 2)
///     >>> ring.head(), ring.get(2)
///     (3, 'c')
#[pyclass(frozen, generic, weakref, module = "tickpath.core.bus")]
#[derive(Debug)]
pub(crate) struct RingBuffer {
    slots: ObjectSlots,
}

impl RingBuffer {
    /// The slots as a reader that holds the lock sees them.
    #[inline]
    pub(crate) const fn tape<'a, 'py>(&'a self, py: Python<'py>) -> Tape<'a, 'py> {
        self.slots.tape(py)
    }

    /// What is retained now.
    pub(crate) fn bounds(&self, py: Python<'_>) -> Bounds {
        self.tape(py).bounds()
    }

    /// Publishes anything but `None`.
    #[inline(always)]
    fn push(&self, item: &Bound<'_, PyAny>) -> Option<u64> {
        let py = item.py();
        if item.is_none() {
            return None;
        }
        let reference = new_reference(item.as_borrowed()).unbind();
        let published = self.slots.publish(py, reference);
        // The ring is settled: what this destructor does, publishing included, finds it so.
        if let Some(old) = published.evicted {
            release(py, old);
        }
        Some(published.seq)
    }
}

#[cold]
fn refuse_none(py: Python<'_>) -> PyErr {
    errors::argument_type(
        py,
        "None cannot be published: poll() says \"caught up\" with it".to_owned(),
    )
}

/// `publish` without PyO3's wrapper.
pub(crate) struct FastPublish;

impl FastCall for FastPublish {
    type Class = RingBuffer;
    const NAME: &'static std::ffi::CStr = c"publish";
    const TAKES_ONE: bool = true;

    #[inline]
    fn call<'py>(
        this: &RingBuffer,
        argument: Borrowed<'_, 'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>, Raised> {
        let py = argument.py();
        match this.push(&argument) {
            // A signed conversion takes the interpreter's short way for small numbers.
            Some(seq) => Ok(seq
                .cast_signed()
                .into_pyobject(py)
                .map_or_else(|e| match e {}, Bound::into_any)),
            None => Err(raise(py, refuse_none(py))),
        }
    }
}

#[pymethods]
impl RingBuffer {
    #[new]
    #[pyo3(signature = (capacity: "int"))]
    fn new(capacity: &Bound<'_, PyAny>) -> PyResult<Self> {
        let slots = args::capacity(capacity)?;
        ObjectSlots::try_new(slots)
            .map(|slots| Self { slots })
            .ok_or_else(|| PyMemoryError::new_err(format!("no memory for a ring of {slots} slots")))
    }

    /// The number of slots.
    #[getter]
    fn capacity(&self, py: Python<'_>) -> usize {
        self.slots.capacity(py)
    }

    /// The next sequence to be published.
    ///
    ///     >>> ring.publish("d"), ring.head()
    ///     (3, 4)
    fn head(&self, py: Python<'_>) -> u64 {
        self.bounds(py).head
    }

    /// Publish ``item`` and return its sequence. Never blocks.
    ///
    /// Raises ``ArgumentTypeError`` for ``None`` and publishes nothing then.
    ///
    ///     >>> ring.publish("d")
    ///     3
    ///     >>> ring.publish(None)
    ///     Traceback (most recent call last):
    ///     tickpath.errors.ArgumentTypeError: None cannot be published: poll() says "caught up" with it
    #[pyo3(signature = (item: "_T", /) -> "int")]
    fn publish(&self, item: &Bound<'_, PyAny>) -> PyResult<u64> {
        self.push(item).ok_or_else(|| refuse_none(item.py()))
    }

    /// Publish every item of ``items`` in order and return the sequence of the first.
    ///
    /// An empty iterable returns the head. If the iterable raises or yields ``None``, or Ctrl-C ends it,
    /// what it yielded before stays published and the error passes through.
    ///
    ///     >>> ring.publish_many(["d", "e"]), ring.head()
    ///     (3, 5)
    #[pyo3(signature = (items: "collections.abc.Iterable[_T]") -> "int")]
    fn publish_many(&self, items: &Bound<'_, PyAny>) -> PyResult<u64> {
        let py = items.py();
        let mut first = None;
        // What yields the items, and what is pushed out by them, may publish in between.
        let items = iterate(items, "publish_many")?;
        while let Some(item) = next_item(&items)? {
            let seq = self.push(&item).ok_or_else(|| refuse_none(py))?;
            first.get_or_insert(seq);
            look_at_signals(py, seq)?;
        }
        Ok(first.unwrap_or_else(|| self.head(py)))
    }

    /// The item at ``seq``.
    ///
    /// Raises ``Overrun`` if it was overwritten, ``NotPublished`` if ``seq`` is at or beyond the head,
    /// ``ArgumentValueError`` if it is negative.
    ///
    ///     >>> ring.get(1)
    ///     'b'
    ///     >>> ring.get(3)
    ///     Traceback (most recent call last):
    ///     tickpath.errors.NotPublished: sequence 3 is not published yet: the next one will be 3
    #[pyo3(signature = (seq: "int") -> "_T")]
    fn get<'py>(&self, seq: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = seq.py();
        let seq = args::sequence(seq, "seq", "an integer")?;
        // Beyond 64 bits nothing is published either.
        match self.tape(py).read(seq.as_unsigned().unwrap_or(u64::MAX)) {
            Ok(Some(item)) => Ok(item),
            Ok(None) => {
                let requested = seq.into_int(py)?;
                Err(errors::not_published(py, &requested, self.bounds(py).head))
            }
            Err(overrun) => Err(errors::overrun(py, overrun)),
        }
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let (capacity, head) = (self.slots.capacity(py), self.bounds(py).head);
        format!("RingBuffer(capacity={capacity}, head={head})")
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.slots.traverse(&visit)
    }

    fn __clear__(&self, py: Python<'_>) {
        let items = self.slots.take_all(py);
        items.into_iter().for_each(|item| release(py, item));
    }
}
