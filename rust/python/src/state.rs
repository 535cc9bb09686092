//! The gate: the one word of the lifecycle that the hot path reads.

use pyo3::prelude::*;
use tickpath_core::state::{GateWord, StateCode};
use tickpath_core::sync::Arc;

use crate::errors;

/// One atomic word, ``epoch << 8 | state``: the executor reads it once per event.
///
/// It knows no rules; ``tickpath.core.state.Lifecycle`` owns one and is the only writer.
#[pyclass(frozen, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct Gate {
    inner: Arc<tickpath_core::state::Gate>,
}

impl Gate {
    /// The shared word, for stages that outlive a call.
    pub(crate) const fn shared(&self) -> &Arc<tickpath_core::state::Gate> {
        &self.inner
    }
}

#[pymethods]
impl Gate {
    #[new]
    fn new() -> Self {
        Self {
            inner: Arc::new(tickpath_core::state::Gate::new()),
        }
    }

    /// The code of the current state (``int(State.INIT)`` is 0).
    #[getter]
    fn state_code(&self) -> u8 {
        self.inner.read().state() as u8
    }

    /// The number of transitions so far.
    #[getter]
    fn epoch(&self) -> u64 {
        self.inner.read().epoch()
    }

    /// The current word, ``epoch << 8 | state``.
    fn load(&self) -> u64 {
        self.inner.read().bits()
    }

    /// Move to ``target`` if the word is still ``expected``, counting one epoch; whether it was.
    ///
    /// Raises ``ArgumentValueError`` if ``target`` is not the code of a state.
    fn compare_exchange(&self, py: Python<'_>, expected: u64, target: u8) -> PyResult<bool> {
        let state = StateCode::ALL
            .into_iter()
            .find(|state| *state as u8 == target)
            .ok_or_else(|| {
                errors::argument_value(py, format!("{target} is not a state code: expected 0 to 3"))
            })?;
        let expected = GateWord::from_bits(expected);
        let next = GateWord::new(expected.epoch() + 1, state);
        Ok(self.inner.compare_exchange(expected, next))
    }
}
