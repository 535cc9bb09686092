//! Which process a run belongs to, and the errors of an engine.

use std::sync::OnceLock;

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use tickpath_core::engine::EngineError;

use crate::errors;

/// The process that has a run's threads, once there are any: a fork of it has none of them.
#[derive(Debug, Default)]
pub(crate) struct Owner(OnceLock<u32>);

impl Owner {
    /// From now on it is this process.
    pub(crate) fn take(&self) {
        self.0.get_or_init(std::process::id);
    }

    /// Whether this is a fork of the process that has the threads.
    pub(crate) fn is_forked(&self) -> bool {
        let owner = self.0.get();
        owner.is_some_and(|owner| *owner != std::process::id())
    }

    /// Refuses what would wait for threads that a fork does not have.
    pub(crate) fn check(&self, py: Python<'_>) -> PyResult<()> {
        if !self.is_forked() {
            return Ok(());
        }
        let how = "the run belongs to the process that this one was forked from";
        Err(raised(py, &EngineError::Misused(how)))
    }
}

/// A setting that is none of the words it may be.
pub(crate) fn unknown(py: Python<'_>, name: &str, given: &str, expected: &str) -> PyErr {
    errors::argument_value(py, format!("{name} must be {expected}, got {given:?}"))
}

/// The exception that says why there is no run, or no record of it.
pub(crate) fn raised(py: Python<'_>, e: &EngineError) -> PyErr {
    match e {
        EngineError::OutOfMemory(_) => PyMemoryError::new_err(e.to_string()),
        EngineError::Settings(_) => errors::argument_value(py, e.to_string()),
        EngineError::NoThread(_) | EngineError::Misused(_) | EngineError::Panicked { .. } => {
            errors::engine_failed(py, e.to_string())
        }
    }
}
