//! Which process a run belongs to, and the errors of an engine.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError, TryLockError};

use pyo3::exceptions::PyMemoryError;
use pyo3::prelude::*;
use tickpath_core::engine::EngineError;
use tickpath_core::sync::{AtomicU64, Ordering};

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

/// Which process's threads may be in something: a fork has only one of them, and what the others held is
/// never let go of there.
#[derive(Debug)]
pub(crate) struct Occupied(AtomicU64);

impl Default for Occupied {
    fn default() -> Self {
        Self(AtomicU64::new(u64::from(std::process::id())))
    }
}

impl Occupied {
    /// Waits for `place`, but not for a thread that this process does not have.
    ///
    /// # Errors
    /// Returns an error if such a thread was in it.
    pub(crate) fn enter<'a, T>(
        &self,
        place: &'a Mutex<T>,
    ) -> Result<MutexGuard<'a, T>, EngineError> {
        if self.is_ours() {
            return Ok(place.lock().unwrap_or_else(PoisonError::into_inner));
        }
        let entered = match place.try_lock() {
            Ok(entered) => entered,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(EngineError::Misused(
                    "another thread was driving the engine when this process was forked, and is not here to go on",
                ));
            }
        };
        self.0
            .store(u64::from(std::process::id()), Ordering::Relaxed);
        Ok(entered)
    }

    /// Waits for nobody, and refuses what such a thread may have left half way: counters that will never be whole.
    ///
    /// # Errors
    /// As [`Self::enter`].
    pub(crate) fn check<T>(&self, place: &Mutex<T>) -> Result<(), EngineError> {
        if self.is_ours() {
            return Ok(());
        }
        self.enter(place).map(drop)
    }

    /// Lets what is in `place` go, for `over`; what such a thread was half way through, or `is_foreign`, is never let go
    /// of. Whether it was.
    pub(crate) fn end<T>(&self, place: &mut Mutex<T>, over: T, is_foreign: bool) -> bool {
        let is_ours = !is_foreign && self.check(place).is_ok();
        let place = place.get_mut().unwrap_or_else(PoisonError::into_inner);
        let ended = std::mem::replace(place, over);
        if !is_ours {
            std::mem::forget(ended);
        }
        is_ours
    }

    fn is_ours(&self) -> bool {
        self.0.load(Ordering::Relaxed) == u64::from(std::process::id())
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
