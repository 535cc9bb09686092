//! Bytes copied out of Python's memory.

use pyo3::ffi;
use pyo3::prelude::*;

use super::Exported;

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
