//! Items of an iterable, taken one after the other in loops that can be interrupted.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::PyIterator;

use crate::{args, errors};

/// Items between two looks at pending signals: about a millisecond's work.
const ITEMS_PER_SIGNAL_CHECK: u64 = 1 << 16;

/// An iterator over `iterable`, the argument of `function`.
///
/// # Errors
/// Returns a type error for what cannot be iterated; what its `__iter__` raises passes through.
pub(crate) fn iterate<'py>(
    iterable: &Bound<'py, PyAny>,
    function: &str,
) -> PyResult<Bound<'py, PyIterator>> {
    iterable
        .try_iter()
        .map_err(|e| refused(iterable, function, e))
}

/// Looks at pending signals, every so many items; `number` counts them.
///
/// Many iterables of the standard library run no Python code, and some have no end: nobody but this would look.
///
/// # Errors
/// Returns what a signal's handler raises.
#[inline(always)]
pub(crate) fn look_at_signals(py: Python<'_>, number: u64) -> PyResult<()> {
    if number.is_multiple_of(ITEMS_PER_SIGNAL_CHECK) {
        py.check_signals()?;
    }
    Ok(())
}

/// A type error for what cannot be iterated; an error of its own `__iter__` stays what it is.
fn refused(items: &Bound<'_, PyAny>, function: &str, error: PyErr) -> PyErr {
    let py = items.py();
    let own = items.get_type().getattr(pyo3::intern!(py, "__iter__"));
    if own.is_ok_and(|own| !own.is_none()) || !error.is_instance_of::<PyTypeError>(py) {
        return error;
    }
    let given = args::type_name(items);
    errors::argument_type(py, format!("{function} takes an iterable, got {given}"))
}
