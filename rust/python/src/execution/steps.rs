//! The executor's step: from the gate's word to the ack, and what the sink is shown of it.

use std::ffi::CStr;

use pyo3::prelude::*;
use tickpath_core::execution::Ack as Row;

use super::Executor;
use crate::ack::Ack;
use crate::errors;
use crate::memory::{FastCall, Raised, raise};
use crate::place::Refusal;

/// An ack, and its event where the sink is to see it.
pub(super) type Advance<'py> = (Row, Option<Bound<'py, PyAny>>);

impl Executor {
    /// One step; a sink that only counts has counted when it returns.
    #[inline]
    pub(super) fn advance<'py>(&self, py: Python<'py>) -> Result<Option<Advance<'py>>, Refusal> {
        let word = self.gate.read();
        if self.sink.is_shown_events() {
            let step = self.place.step(py, word, &self.clock)?;
            return Ok(step.map(|step| (step.ack, Some(step.item))));
        }
        let ack = self.place.step_unseen(py, word, &self.clock)?;
        Ok(ack.map(|ack| {
            self.sink.record(py, ack.latency_ns());
            (ack, None)
        }))
    }

    /// The ack as an object, after the sink has seen it.
    #[inline]
    pub(super) fn acknowledge<'py>(
        &self,
        py: Python<'py>,
        (row, event): Advance<'py>,
    ) -> PyResult<Bound<'py, Ack>> {
        let ack = Bound::new(py, Ack::from(row))?;
        if let Some(event) = event {
            self.sink.show(event, ack.clone())?;
        }
        Ok(ack)
    }

    /// Steps up to `limit` times; an overrun after the first event ends the batch early.
    #[inline]
    pub(super) fn batch<'py>(
        &self,
        py: Python<'py>,
        limit: usize,
        mut each: impl FnMut(Advance<'py>) -> PyResult<()>,
    ) -> PyResult<()> {
        if self.gate.read().is_init() {
            return Err(errors::not_ready(py));
        }
        for done in 0..limit {
            match self.advance(py) {
                Ok(Some(advance)) => each(advance)?,
                Ok(None) => break,
                Err(Refusal::Overrun(_)) if done > 0 => break,
                Err(refusal) => return Err(refusal.into_error(py)),
            }
        }
        Ok(())
    }
}

/// `process` without PyO3's wrapper.
pub(crate) struct FastProcess;

impl FastCall for FastProcess {
    type Class = Executor;
    const NAME: &'static CStr = c"process";
    const TAKES_ONE: bool = false;

    #[inline]
    fn call<'py>(
        this: &Executor,
        argument: Borrowed<'_, 'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>, Raised> {
        let py = argument.py();
        match this.advance(py) {
            Ok(Some(advance)) => this
                .acknowledge(py, advance)
                .map(Bound::into_any)
                .map_err(|e| raise(py, e)),
            Ok(None) => Ok(py.None().into_bound(py)),
            Err(refusal) => Err(raise(py, refusal.into_error(py))),
        }
    }
}
