//! The Arrow schema a consumer asks for, in a capsule of its making.
//!
//! - **Threads**: with the interpreter's lock held.
//! - **Allocation**: the names.

use arrow_schema::ffi::FFI_ArrowSchema;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyCapsuleMethods};

/// The names of the columns in `capsule`; `None` if it holds no schema of columns, or one that was moved
/// out of it.
///
/// # Errors
/// Returns `ValueError` if it is a capsule of something else.
pub(crate) fn requested_names(capsule: &Bound<'_, PyCapsule>) -> PyResult<Option<Vec<String>>> {
    let pointer = capsule.pointer_checked(Some(c"arrow_schema"))?;
    // SAFETY: a capsule of this name holds an `ArrowSchema` (the PyCapsule interface), which it keeps
    // alive and in place while we borrow it; with the lock held nobody moves it meanwhile.
    let schema = unsafe { pointer.cast::<FFI_ArrowSchema>().as_ref() };
    if schema.release().is_none() || schema.format() != "+s" {
        return Ok(None);
    }
    let names = schema.children().map(|child| child.name().unwrap_or(""));
    Ok(Some(names.map(str::to_owned).collect()))
}
