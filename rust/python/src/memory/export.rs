//! Buffers that other objects export, for the length of a call.
//!
//! - **Threads**: made and released with the interpreter's lock held; the memory stays in place
//!   without it.
//! - **Allocation**: none.

use std::ffi::c_int;
use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;

/// A buffer of another object with its strides, exported for as long as this value lives.
pub(super) struct Exported {
    pub(super) view: ffi::Py_buffer,
}

impl Exported {
    /// Asks for a buffer; `flags` include `PyBUF_STRIDES`.
    pub(super) fn get(object: &Bound<'_, PyAny>, flags: c_int) -> PyResult<Self> {
        debug_assert!(flags & ffi::PyBUF_STRIDES == ffi::PyBUF_STRIDES);
        let mut view = MaybeUninit::<ffi::Py_buffer>::uninit();
        // SAFETY: the object is alive, the lock is held, and `view` is ours to be filled.
        let failed = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), view.as_mut_ptr(), flags) };
        if failed != 0 {
            return Err(PyErr::fetch(object.py()));
        }
        // SAFETY: a successful PyObject_GetBuffer filled it.
        let view = unsafe { view.assume_init() };
        Ok(Self { view })
    }

    /// How many items there are, and the bytes from one to the next: one item without dimensions, none
    /// in more than one.
    pub(super) fn line(&self) -> (usize, isize) {
        match self.view.ndim {
            0 => (1, 0),
            // SAFETY: with PyBUF_STRIDES, which was asked for, both have an entry per dimension.
            1 => unsafe {
                let items = usize::try_from(*self.view.shape).unwrap_or(0);
                (items, *self.view.strides)
            },
            _ => (0, 0),
        }
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        // SAFETY: filled by PyObject_GetBuffer and released once; values of this type never leave the
        // scope of a call into the bindings, which holds the lock.
        unsafe { ffi::PyBuffer_Release(&raw mut self.view) }
    }
}
