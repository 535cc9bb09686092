//! Rust's errors as the classes of `tickpath.errors`, imported once.
//!
//! The hierarchy itself is written in Python; there is no second one here.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;
use tickpath_core::bus::{Overrun, StartError};

use crate::memory::{call, looked_up};

/// Raises `tickpath.errors.<name>(*args)`.
///
/// If the class cannot be imported or built, that failure is the error returned.
fn raise<'py, A>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyAny>>,
    name: &str,
    args: A,
) -> PyErr
where
    A: IntoPyObject<'py, Target = PyTuple, Output = Bound<'py, PyTuple>>,
{
    looked_up(py, cell, "tickpath.errors", name)
        .and_then(|class| call(class, &args.into_pyobject(py).map_err(Into::into)?))
        .map_or_else(|e| e, PyErr::from_value)
}

macro_rules! raisers {
    ($($(#[$doc:meta])* $function:ident => $name:literal ($($arg:ident: $type:ty),*);)*) => {$(
        $(#[$doc])*
        pub(crate) fn $function(py: Python<'_>, $($arg: $type),*) -> PyErr {
            static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
            raise(py, &CLASS, $name, ($($arg,)*))
        }
    )*};
}

raisers! {
    /// An argument of the wrong type.
    argument_type => "ArgumentTypeError"(message: String);
    /// An argument of the right type that makes no sense.
    argument_value => "ArgumentValueError"(message: String);
    /// A number too large for its field.
    argument_overflow => "ArgumentOverflowError"(message: String);
    /// A second producer.
    producer_busy => "ProducerBusy"(message: &str);
    /// A reader entered twice.
    reader_busy => "ReaderBusy"(message: &str);
    /// Overwritten before it was read.
    overrun_fields => "Overrun"(requested: u64, oldest: u64, head: u64);
    /// Not there yet.
    not_published => "NotPublished"(requested: &Bound<'_, PyAny>, head: u64);
    /// The lifecycle is in INIT.
    not_ready => "NotReady"();
    /// A run that could not be started, or that a bug ended.
    engine_failed => "EngineFailed"(message: String);
    /// A correction for coordinated omission that would count something twice.
    correction_refused => "CorrectionRefused"(message: String);
    /// Data that cannot be loaded.
    source_error => "SourceError"(path: &str, reason: String, line: Option<u64>, byte_offset: Option<u64>, field: Option<String>);
    /// No such file.
    source_not_found => "SourceNotFound"(path: &str, reason: String);
    /// A file that cannot be read.
    source_unreadable => "SourceUnreadable"(path: &str, reason: String);
    /// A bad row under the strict policy.
    bad_row => "BadRow"(path: &str, reason: String, line: Option<u64>, byte_offset: Option<u64>, field: Option<String>);
    /// Stamps that run backwards.
    out_of_order => "OutOfOrder"(path: &str, reason: String, line: Option<u64>, byte_offset: Option<u64>, field: Option<String>);
}

/// `tickpath.errors.Overrun` with the snapshot's fields.
pub(crate) fn overrun(py: Python<'_>, e: Overrun) -> PyErr {
    overrun_fields(py, e.requested, e.oldest, e.head)
}

/// A start beyond the head.
pub(crate) fn start(py: Python<'_>, e: StartError) -> PyErr {
    argument_value(
        py,
        format!(
            "start={} lies beyond the head: the next sequence will be {}; use start=\"head\" to begin there",
            e.requested, e.head
        ),
    )
}
