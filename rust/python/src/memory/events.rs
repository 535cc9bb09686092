//! The class `Events`. It stands here for its buffer, which only unsafe code can export.

use std::ffi::c_int;

use pyo3::ffi;
use pyo3::prelude::*;
use tickpath_core::ingest::{Event, bytes_of_events};
use tickpath_core::sync::Arc;

use crate::ingest;

/// Events that a run and NumPy share.
pub(crate) type SharedEvents = Arc<Vec<Event>>;

/// Events in one contiguous piece of memory, immutable.
///
/// The buffer protocol shows them without a copy, for reading only:
/// ``np.frombuffer(events, dtype=EVENT_DTYPE)``.
#[pyclass(frozen, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct Events {
    rows: SharedEvents,
}

impl Events {
    /// Takes the events over.
    pub(crate) fn new(rows: Vec<Event>) -> Self {
        Self {
            rows: Arc::new(rows),
        }
    }

    /// The events, for a run that outlives the call.
    pub(crate) fn shared(&self) -> SharedEvents {
        Arc::clone(&self.rows)
    }
}

#[pymethods]
impl Events {
    /// A copy of ``array``, a contiguous array of ``EVENT_DTYPE``, how many of its stamps were smaller than the
    /// one before, and how many were raised.
    ///
    /// ``out_of_order`` is ``"refuse"``, ``"sort"`` or ``"clamp"``. ``row_numbers`` (contiguous u64) says
    /// which row of its source each event was, by default its index; ``lines`` calls them line numbers.
    /// ``path`` names the source in errors.
    ///
    /// Raises ``OutOfOrder`` naming the first row that runs backwards, if that is refused.
    #[staticmethod]
    #[pyo3(signature = (array, *, out_of_order="refuse", path="table", row_numbers=None, lines=false))]
    fn from_array(
        array: &Bound<'_, PyAny>,
        out_of_order: &str,
        path: &str,
        row_numbers: Option<&Bound<'_, PyAny>>,
        lines: bool,
    ) -> PyResult<(Self, u64, u64)> {
        let (rows, backward, clamped) =
            ingest::copied_from(array, out_of_order, path, row_numbers, lines)?;
        Ok((Self::new(rows), backward, clamped))
    }

    fn __len__(&self) -> usize {
        self.rows.len()
    }

    fn __repr__(&self) -> String {
        format!("Events({} events)", self.rows.len())
    }

    /// # Safety
    /// Called by the interpreter alone, with its lock held and a view to fill.
    unsafe fn __getbuffer__(
        slf: Bound<'_, Self>,
        view: *mut ffi::Py_buffer,
        flags: c_int,
    ) -> PyResult<()> {
        let bytes = bytes_of_events(&slf.get().rows);
        let length = isize::try_from(bytes.len())?;
        let start = bytes.as_ptr().cast_mut().cast();
        // SAFETY: the interpreter hands over a view to fill, with its lock held. The bytes belong to
        // `slf`, which is frozen and never moves or frees them while it lives, and the view holds a
        // reference to it; read-only keeps everyone from writing through the pointer.
        let failed = unsafe { ffi::PyBuffer_FillInfo(view, slf.as_ptr(), start, length, 1, flags) };
        if failed == 0 {
            Ok(())
        } else {
            Err(PyErr::fetch(slf.py()))
        }
    }
}
