//! Rows in foreign buffers, to be copied from or to with the interpreter's lock released.
//!
//! - **Threads**: [`Rows`] stays in the call that made it, with the lock held; [`RowsAt`] may go where
//!   the lock is released.
//! - **Allocation**: none. Rows that do not lie side by side are read where they lie.

use std::marker::PhantomData;
use std::ops::Range;

use bytemuck::AnyBitPattern;
use pyo3::exceptions::PyBufferError;
use pyo3::ffi;
use pyo3::prelude::*;
use tickpath_core::bus::Payload;

use super::export::Exported;

/// Rows of one size in another object's buffer, exported for as long as this lives.
///
/// It knows sizes and nothing of types: who takes one has compared the dtypes.
pub(crate) struct Rows {
    exported: Exported,
    row_bytes: usize,
    rows: usize,
    stride_bytes: isize,
}

impl Rows {
    /// The items of `object`, each of `row_bytes`: to be read, whatever lies between them, or side by
    /// side and to be written to as well.
    ///
    /// # Errors
    /// Returns the exporter's error if it has no such buffer, and `BufferError` if its items have
    /// another size.
    pub(crate) fn get(
        object: &Bound<'_, PyAny>,
        row_bytes: usize,
        writable: bool,
    ) -> PyResult<Self> {
        let flags = if writable {
            ffi::PyBUF_C_CONTIGUOUS | ffi::PyBUF_WRITABLE
        } else {
            ffi::PyBUF_STRIDES
        };
        let exported = Exported::get(object, flags)?;
        if usize::try_from(exported.view.itemsize) != Ok(row_bytes) || row_bytes == 0 {
            let given = exported.view.itemsize;
            let text = format!("its items have {given} bytes, not {row_bytes}");
            return Err(PyBufferError::new_err(text));
        }
        let (rows, stride_bytes) = exported.line();
        Ok(Self {
            exported,
            row_bytes,
            rows,
            stride_bytes,
        })
    }

    /// How many rows there are; none in an export of more than one dimension.
    pub(crate) const fn len(&self) -> usize {
        self.rows
    }

    /// How many dimensions the exporter gives them; 0 for a single row.
    pub(crate) fn dimensions(&self) -> usize {
        usize::try_from(self.exported.view.ndim).unwrap_or(0)
    }

    /// The rows as a place to copy from, with or without the interpreter's lock.
    pub(crate) const fn source(&self) -> RowsAt<'_> {
        RowsAt {
            first: self.exported.view.buf.cast::<u8>(),
            rows: self.rows,
            row_bytes: self.row_bytes,
            stride_bytes: self.stride_bytes,
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

/// Where exported rows lie. A payload is a row with zeros behind it; of a longer row, its beginning.
///
/// The export keeps the memory where it is, without the lock too. Another thread of Python that writes
/// to the same array meanwhile tears rows of its own, as with any array that is shared: bytes are
/// copied as bytes, every pattern of which is valid.
#[derive(Clone, Copy)]
pub(crate) struct RowsAt<'a> {
    first: *mut u8,
    rows: usize,
    row_bytes: usize,
    stride_bytes: isize,
    exported: PhantomData<&'a Rows>,
}

// SAFETY: the pointer is to memory that the borrowed export keeps alive and in place whatever thread
// looks at it; nothing but bytes is copied.
unsafe impl Send for RowsAt<'_> {}

impl<'a> RowsAt<'a> {
    /// The rows in `range`, one after the other.
    #[inline]
    pub(crate) fn range(
        self,
        range: Range<usize>,
    ) -> impl ExactSizeIterator<Item = Payload> + Send + 'a {
        range.map(move |index| self.read(index))
    }

    /// What stands at byte `offset` of each row in `range`.
    ///
    /// # Panics
    /// Panics if there are no such rows, or the rows have no such bytes.
    #[inline]
    pub(crate) fn fields<T: AnyBitPattern + Send>(
        self,
        range: Range<usize>,
        offset: usize,
    ) -> impl ExactSizeIterator<Item = T> + Send + 'a {
        let end = offset.checked_add(size_of::<T>());
        assert!(
            range.end <= self.rows && end.is_some_and(|end| end <= self.row_bytes),
            "bytes {offset} to {end:?} of rows {range:?}, of {} in {}",
            self.row_bytes,
            self.rows
        );
        range.map(move |index| {
            // SAFETY: row and field lie inside the export, as was asserted, and every pattern of bytes
            // is a `T`; no alignment is asked for.
            unsafe { self.at(index).add(offset).cast::<T>().read_unaligned() }
        })
    }

    /// Row `index`.
    ///
    /// # Panics
    /// Panics if there is no such row.
    #[inline]
    pub(crate) fn read(&self, index: usize) -> Payload {
        assert!(index < self.rows, "row {index} of {}", self.rows);
        let whole = size_of::<Payload>();
        // SAFETY: the row lies inside the export, and no more than a payload of it is copied; the
        // payload is ours, so they do not overlap.
        unsafe {
            let row = self.at(index);
            if self.row_bytes == whole {
                // By the word: a handful of moves. Two copies of different lengths the compiler makes one call of.
                let words = row.cast::<u64>();
                return std::array::from_fn(|word| words.add(word).read_unaligned());
            }
            let mut payload: Payload = [0; 7];
            let target = payload.as_mut_ptr().cast::<u8>();
            std::ptr::copy_nonoverlapping(row, target, self.row_bytes.min(whole));
            payload
        }
    }

    /// The first byte of row `index`.
    ///
    /// # Safety
    /// There is such a row.
    #[inline]
    unsafe fn at(&self, index: usize) -> *mut u8 {
        // SAFETY: the exporter says that its rows lie this far apart, so that this one, which exists,
        // is part of the same allocation and its distance fits an `isize`.
        unsafe {
            self.first
                .offset(index.cast_signed().wrapping_mul(self.stride_bytes))
        }
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
        let Self(at) = self;
        assert!(index < at.rows, "row {index} of {}", at.rows);
        let whole = size_of::<Payload>();
        // SAFETY: as in `RowsAt::read`, and the exporter said that the memory may be written to.
        unsafe {
            let row = at.at(index);
            if at.row_bytes == whole {
                let words = row.cast::<u64>();
                for (word, value) in payload.iter().enumerate() {
                    words.add(word).write_unaligned(*value);
                }
                return;
            }
            let source = payload.as_ptr().cast::<u8>();
            std::ptr::copy_nonoverlapping(source, row, at.row_bytes.min(whole));
        }
    }
}
