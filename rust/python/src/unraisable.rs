//! Errors that must not stop the one they happen to.

use pyo3::exceptions::PyBaseException;
use pyo3::prelude::*;

use crate::memory::report;

/// Hand ``error`` to ``sys.unraisablehook``, with ``source`` as the object it came from.
///
/// Python has no function of its own for this: the hook's argument cannot be built there.
#[pyfunction]
pub(crate) fn report_unraisable(error: Bound<'_, PyBaseException>, source: Bound<'_, PyAny>) {
    report(PyErr::from_value(error.into_any()), &source);
}
