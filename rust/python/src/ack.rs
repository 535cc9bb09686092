//! `Ack`: what the executor answers for an event.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyTuple;
use tickpath_core::bus::Payload;
use tickpath_core::engine::StampedAck;
use tickpath_core::execution::Ack as Row;

use crate::memory::{Rows, looked_up};
use crate::{args, errors};

/// `ACK_DTYPE`, which NumPy is imported for when it is first asked for.
pub(crate) fn ack_dtype(py: Python<'_>) -> PyResult<&Bound<'_, PyAny>> {
    static ACK_DTYPE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    looked_up(py, &ACK_DTYPE, "tickpath.core.execution", "ACK_DTYPE")
}

/// The acknowledgement of one event; immutable.
///
/// ``seq``: sequence of the event. ``decision_ts``, ``completion_ts``: monotonic stamps in
/// nanoseconds (``tickpath.core.time.now``), the second never before the first. ``executed``: true only
/// if the lifecycle was READY when the event was decided. ``epoch``: the lifecycle's transitions so
/// far at that moment.
///
///     >>> Ack(7, 100, 350, True, 2).latency_ns
///     250
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
    #[pyo3(signature = (
        seq: "int", decision_ts: "int", completion_ts: "int", executed: "bool", epoch: "int"
    ))]
    fn new(
        seq: &Bound<'_, PyAny>,
        decision_ts: &Bound<'_, PyAny>,
        completion_ts: &Bound<'_, PyAny>,
        executed: args::Flag,
        epoch: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let py = seq.py();
        Ok(Self {
            seq: args::unsigned(seq, "seq")?,
            decision_ts: args::unsigned(decision_ts, "decision_ts")?,
            completion_ts: args::unsigned(completion_ts, "completion_ts")?,
            executed: executed.named(py, "executed")?,
            epoch: args::unsigned(epoch, "epoch")?,
        })
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

/// The rows of a writable, contiguous, one-dimensional array of `ACK_DTYPE`.
pub(crate) fn ack_rows(array: &Bound<'_, PyAny>) -> PyResult<Rows> {
    let dtype = ack_dtype(array.py())?;
    rows_of(array, "array", dtype, "ACK_DTYPE", size_of::<Row>())
}

/// The same of an array of `STAMPED_ACK_DTYPE`, which is called `acks`: acks with the stamps of their events.
pub(crate) fn stamped_ack_rows(acks: &Bound<'_, PyAny>) -> PyResult<Rows> {
    static DTYPE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let module = "tickpath.core.execution.stamped";
    let dtype = looked_up(acks.py(), &DTYPE, module, "STAMPED_ACK_DTYPE")?;
    let row_bytes = size_of::<StampedAck>();
    rows_of(acks, "acks", dtype, "STAMPED_ACK_DTYPE", row_bytes)
}

/// The rows of `array`, which messages call `name`, of exactly this `dtype`, whose rows have `row_bytes`.
fn rows_of(
    array: &Bound<'_, PyAny>,
    name: &str,
    dtype: &Bound<'_, PyAny>,
    expected: &str,
    row_bytes: usize,
) -> PyResult<Rows> {
    let py = array.py();
    let text = |given: &str| {
        format!(
            "{name} must be a writable, contiguous, one-dimensional array of {expected}, got {given}"
        )
    };
    let given = array.getattr_opt(pyo3::intern!(py, "dtype"))?;
    let given = given.ok_or_else(|| errors::argument_type(py, text(&args::type_name(array))))?;
    if !given.is(dtype) && !given.eq(dtype)? {
        let given = given.str()?.to_string();
        return Err(errors::argument_type(py, text(&format!("one of {given}"))));
    }
    match Rows::get(array, row_bytes, true) {
        Ok(rows) if rows.dimensions() == 1 => Ok(rows),
        Ok(rows) => {
            let given = format!("one of {} dimensions", rows.dimensions());
            Err(errors::argument_value(py, text(&given)))
        }
        Err(e) => {
            let given = format!("one that is not ({})", e.value(py));
            Err(errors::argument_value(py, text(&given)))
        }
    }
}

/// A row of `ACK_DTYPE` with zeros behind it.
pub(crate) fn as_payload(row: Row) -> Payload {
    let [seq, decision_ts, completion_ts, epoch, executed] = bytemuck::cast(row);
    [seq, decision_ts, completion_ts, epoch, executed, 0, 0]
}
