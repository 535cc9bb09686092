//! Memory that grows with what is handed over: asked for first, so that what cannot be had is a `MemoryError` and not the
//! end of the process.

use std::hint::black_box;

use pyo3::buffer::{Element, PyBuffer};
use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;

/// Nothing yet, with room for `total` of `what`.
pub(crate) fn room_for<T>(total: usize, what: &str) -> PyResult<Vec<T>> {
    let mut room = Vec::new();
    match room.try_reserve_exact(total) {
        Ok(()) => Ok(room),
        Err(_) => Err(PyMemoryError::new_err(format!(
            "no memory for {total} {what} of {} bytes",
            size_of::<T>()
        ))),
    }
}

/// Whether there is room for `total` of `what`, which somebody else is going to take.
pub(crate) fn ask_for_room<T>(total: usize, what: &str) -> PyResult<()> {
    // An allocation that nobody looks at may be left out by the optimiser.
    black_box(room_for::<T>(total, what)?);
    Ok(())
}

/// The items of a foreign array, however they lie.
pub(crate) fn items_of<T: Element + Default>(
    py: Python<'_>,
    array: &PyBuffer<T>,
) -> PyResult<Vec<T>> {
    let count = array.item_count();
    let mut items = room_for(count, "values")?;
    items.resize(count, T::default());
    array.copy_to_slice(py, &mut items)?;
    Ok(items)
}
