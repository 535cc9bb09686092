//! Rows of events in foreign buffers, to be copied from or to with the interpreter's lock released.
//!
//! - **Threads**: [`Rows`] stays in the call that made it, with the lock held; [`RowsAt`] may go where
//!   the lock is released.
//! - **Allocation**: none.

use std::marker::PhantomData;
use std::ops::Range;

use pyo3::ffi;
use pyo3::prelude::*;
use tickpath_core::bus::Payload;

use super::export::Exported;

/// Rows of up to 56 bytes in another object's contiguous buffer, exported for as long as this lives.
///
/// It knows sizes and nothing of types: who takes one has compared the dtypes.
pub(crate) struct Rows {
    exported: Exported,
    row_bytes: usize,
}

impl Rows {
    /// The buffer of `object`, in rows of `row_bytes`, to be read or to be written to as well.
    ///
    /// # Errors
    /// Returns the exporter's error if it has no contiguous (or no writable) buffer, and `BufferError`
    /// if the buffer is no whole number of rows.
    pub(crate) fn get(
        object: &Bound<'_, PyAny>,
        row_bytes: usize,
        writable: bool,
    ) -> PyResult<Self> {
        let access = if writable { ffi::PyBUF_WRITABLE } else { 0 };
        let exported = Exported::get(object, ffi::PyBUF_C_CONTIGUOUS | access)?;
        let fits = (1..=size_of::<Payload>()).contains(&row_bytes);
        if !fits || !exported.len_bytes().is_multiple_of(row_bytes) {
            return Err(pyo3::exceptions::PyBufferError::new_err(format!(
                "{} bytes are no rows of {row_bytes}",
                exported.len_bytes()
            )));
        }
        Ok(Self {
            exported,
            row_bytes,
        })
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.exported.len_bytes() / self.row_bytes
    }

    /// How many dimensions the exporter gives them; 0 for a single row.
    pub(crate) fn dimensions(&self) -> usize {
        usize::try_from(self.exported.view.ndim).unwrap_or(0)
    }

    /// The rows as a place to copy from, with or without the interpreter's lock.
    pub(crate) fn source(&self) -> RowsAt<'_> {
        RowsAt {
            first: self.exported.view.buf.cast::<u8>(),
            rows: self.len(),
            row_bytes: self.row_bytes,
            exported: PhantomData,
        }
    }

    /// The rows as a place to copy to.
    ///
    /// # Panics
    /// Panics if they were not asked for as writable.
    pub(crate) fn target(&mut self) -> RowsOutAt<'_> {
        assert!(self.exported.view.readonly == 0, "a read-only export");
        RowsOutAt(self.source())
    }
}

/// Where exported rows lie. A payload is a row with zeros behind it.
///
/// The export keeps the memory where it is, without the lock too. Another thread of Python that writes
/// to the same array meanwhile tears rows of its own, as with any array that is shared: bytes are
/// copied as bytes, every pattern of which is a valid payload.
#[derive(Clone, Copy)]
pub(crate) struct RowsAt<'a> {
    first: *mut u8,
    rows: usize,
    row_bytes: usize,
    exported: PhantomData<&'a Rows>,
}

// SAFETY: the pointer is to memory that the borrowed export keeps alive and in place whatever thread
// looks at it; nothing but bytes is copied.
unsafe impl Send for RowsAt<'_> {}

impl<'a> RowsAt<'a> {
    /// The rows in `range`, one after the other.
    #[inline]
    pub(crate) fn range(self, range: Range<usize>) -> impl Iterator<Item = Payload> + Send + 'a {
        range.map(move |index| self.read(index))
    }

    /// Row `index`.
    ///
    /// # Panics
    /// Panics if there is no such row.
    #[inline]
    pub(crate) fn read(&self, index: usize) -> Payload {
        assert!(index < self.rows, "row {index} of {}", self.rows);
        let mut payload: Payload = [0; 7];
        let whole = size_of::<Payload>();
        // SAFETY: the row lies inside the export, which is contiguous, and `Rows::get` saw to it that
        // it is no longer than a payload; the payload is ours, so they do not overlap.
        unsafe {
            let row = self.first.add(index * self.row_bytes);
            let target = payload.as_mut_ptr().cast::<u8>();
            if self.row_bytes == whole {
                // A constant length is a handful of moves instead of a call.
                std::ptr::copy_nonoverlapping(row, target, whole);
            } else {
                std::ptr::copy_nonoverlapping(row, target, self.row_bytes);
            }
        }
        payload
    }
}

/// Where exported rows that may be written to lie.
pub(crate) struct RowsOutAt<'a>(RowsAt<'a>);

impl RowsOutAt<'_> {
    /// Overwrites row `index`.
    ///
    /// # Panics
    /// Panics if there is no such row.
    #[inline]
    pub(crate) fn write(&mut self, index: usize, payload: &Payload) {
        let RowsAt {
            first,
            rows,
            row_bytes,
            ..
        } = self.0;
        assert!(index < rows, "row {index} of {rows}");
        let whole = size_of::<Payload>();
        // SAFETY: as in `RowsAt::read`, and the exporter said that the memory may be written to.
        unsafe {
            let row = first.add(index * row_bytes);
            let source = payload.as_ptr().cast::<u8>();
            if row_bytes == whole {
                std::ptr::copy_nonoverlapping(source, row, whole);
            } else {
                std::ptr::copy_nonoverlapping(source, row, row_bytes);
            }
        }
    }
}
