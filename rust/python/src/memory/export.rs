//! Buffers that other objects export, for the length of a call.
//!
//! - **Threads**: made and released with the interpreter's lock held; the memory stays in place
//!   without it.
//! - **Allocation**: only [`copied_bytes`].

use std::ffi::c_int;
use std::mem::MaybeUninit;

use pyo3::ffi;
use pyo3::prelude::*;

/// A contiguous buffer of another object, exported for as long as this value lives.
pub(super) struct Exported {
    pub(super) view: ffi::Py_buffer,
}

impl Exported {
    pub(super) fn get(object: &Bound<'_, PyAny>, flags: c_int) -> PyResult<Self> {
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

    pub(super) fn len_bytes(&self) -> usize {
        usize::try_from(self.view.len).unwrap_or(0)
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        // SAFETY: filled by PyObject_GetBuffer and released once; values of this type never leave the
        // scope of a call into the bindings, which holds the lock.
        unsafe { ffi::PyBuffer_Release(&raw mut self.view) }
    }
}

/// A copy of the bytes of a contiguous buffer.
///
/// # Errors
/// Returns the object's own error if it has no such buffer.
pub(crate) fn copied_bytes(object: &Bound<'_, PyAny>) -> PyResult<Vec<u8>> {
    let exported = Exported::get(object, ffi::PyBUF_C_CONTIGUOUS)?;
    let length = exported.len_bytes();
    if length == 0 {
        return Ok(Vec::new());
    }
    // SAFETY: the export is contiguous, `length` bytes long and lives until the end of this call. The
    // lock is held, so no Python code writes to it meanwhile.
    let bytes = unsafe { std::slice::from_raw_parts(exported.view.buf.cast::<u8>(), length) };
    Ok(bytes.to_vec())
}
