//! `Ack`: what the executor answers for an event.

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use tickpath_core::execution::Ack as Row;

/// The acknowledgement of one event; immutable.
///
/// ``seq``: sequence of the event. ``decision_ts``, ``completion_ts``: monotonic stamps in
/// nanoseconds (``tickpath.core.time.now``), the second never before the first. ``executed``: true only
/// if the lifecycle was READY when the event was decided. ``epoch``: the lifecycle's transitions so
/// far at that moment.
#[pyclass(frozen, eq, hash, module = "tickpath.core.execution")]
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Ack {
    #[pyo3(get)]
    seq: u64,
    #[pyo3(get)]
    decision_ts: u64,
    #[pyo3(get)]
    completion_ts: u64,
    #[pyo3(get)]
    executed: bool,
    #[pyo3(get)]
    epoch: u64,
}

impl From<Row> for Ack {
    #[inline]
    fn from(row: Row) -> Self {
        Self {
            seq: row.seq,
            decision_ts: row.decision_ts,
            completion_ts: row.completion_ts,
            executed: row.executed != 0,
            epoch: row.epoch,
        }
    }
}

#[pymethods]
impl Ack {
    #[classattr]
    #[pyo3(name = "__match_args__")]
    const MATCH_ARGS: (
        &'static str,
        &'static str,
        &'static str,
        &'static str,
        &'static str,
    ) = ("seq", "decision_ts", "completion_ts", "executed", "epoch");

    #[new]
    const fn new(
        seq: u64,
        decision_ts: u64,
        completion_ts: u64,
        executed: bool,
        epoch: u64,
    ) -> Self {
        Self {
            seq,
            decision_ts,
            completion_ts,
            executed,
            epoch,
        }
    }

    /// From decision to completion, in nanoseconds.
    #[getter]
    pub(crate) const fn latency_ns(&self) -> u64 {
        self.completion_ts.saturating_sub(self.decision_ts)
    }

    fn __repr__(&self) -> String {
        let executed = if self.executed { "True" } else { "False" };
        format!(
            "Ack(seq={}, decision_ts={}, completion_ts={}, executed={executed}, epoch={})",
            self.seq, self.decision_ts, self.completion_ts, self.epoch
        )
    }

    fn __getnewargs__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        (
            self.seq,
            self.decision_ts,
            self.completion_ts,
            self.executed,
            self.epoch,
        )
            .into_pyobject(py)
    }
}
