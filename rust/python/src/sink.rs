//! Sinks: what happens to an event and its ack after the executor's step.

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};

use crate::ack::Ack;
use crate::memory::{GilCell, call, discard, report};
use crate::metrics::Metrics;
use crate::{args, errors};

/// The sink that observes nothing: observability switched off, at no cost per event.
///
///     >>> sink = NoOpSink()
#[pyclass(frozen, subclass, module = "tickpath.core.execution.observability")]
#[derive(Debug)]
pub(crate) struct NoOpSink;

#[pymethods]
impl NoOpSink {
    #[new]
    const fn new() -> Self {
        Self
    }

    /// Do nothing.
    ///
    ///     >>> sink.observe("event", None)
    #[pyo3(signature = (event: "typing.Any", ack: "tickpath.core.execution.Ack"))]
    fn observe(&self, event: &Bound<'_, PyAny>, ack: &Bound<'_, PyAny>) {
        let _ = (event, ack);
    }
}

/// The sink that feeds a ``Metrics`` with the latency of every ack.
///
/// Any object with ``latency_ns`` will do for an ack: the sink's protocol is structural.
///
///     >>> from tickpath.core.execution.observability import ObservabilitySink
///     >>> sink: ObservabilitySink = LatencySink(Metrics())
#[pyclass(frozen, weakref, module = "tickpath.control.metrics")]
#[derive(Debug)]
pub(crate) struct LatencySink {
    metrics: Py<Metrics>,
}

impl LatencySink {
    /// The metrics it feeds.
    pub(crate) const fn target(&self) -> &Py<Metrics> {
        &self.metrics
    }
}

#[pymethods]
impl LatencySink {
    #[new]
    #[pyo3(signature = (metrics: "Metrics"))]
    fn new(metrics: &Bound<'_, PyAny>) -> PyResult<Self> {
        let metrics = metrics.cast::<Metrics>().map_err(|_| {
            errors::argument_type(
                metrics.py(),
                format!(
                    "metrics must be a Metrics, got {}",
                    args::type_name(metrics)
                ),
            )
        })?;
        Ok(Self {
            metrics: metrics.clone().unbind(),
        })
    }

    /// The metrics this sink feeds.
    #[getter]
    fn metrics<'py>(&self, py: Python<'py>) -> Bound<'py, Metrics> {
        self.metrics.bind(py).clone()
    }

    /// Count the latency of ``ack``; the event is not looked at.
    ///
    ///     >>> from tickpath.core.execution import Ack
    ///     >>> sink.observe("event", Ack(seq=7, decision_ts=100, completion_ts=350, executed=True, epoch=2))
    ///     >>> sink.metrics.snapshot().max_latency_ns
    ///     250
    #[pyo3(signature = (event: "typing.Any", ack: "tickpath.core.execution.Ack"))]
    fn observe(&self, event: &Bound<'_, PyAny>, ack: &Bound<'_, PyAny>) -> PyResult<()> {
        let _ = event;
        let latency_ns = ack.getattr(pyo3::intern!(ack.py(), "latency_ns"))?;
        self.metrics
            .get()
            .record(ack.py(), args::unsigned(&latency_ns, "latency_ns")?);
        Ok(())
    }
}

/// An executor's sink, decided once when the executor is built.
#[derive(Debug)]
pub(crate) enum Sink {
    /// Nothing to call.
    NoOp,
    /// Straight into the counters.
    Latency(Py<Metrics>),
    /// `observe` of a Python object.
    Python {
        /// The bound method.
        observe: Py<PyAny>,
        /// How often it raised.
        errors: GilCell<u64>,
    },
}

impl Sink {
    /// The sink of an argument.
    ///
    /// # Errors
    /// Returns an error if it has no callable `observe`.
    pub(crate) fn of(sink: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let Some(sink) = sink.filter(|sink| !sink.is_exact_instance_of::<NoOpSink>()) else {
            return Ok(Self::NoOp);
        };
        if let Ok(latency) = sink.cast_exact::<LatencySink>() {
            return Ok(Self::Latency(latency.get().target().clone_ref(sink.py())));
        }
        let observe = sink.getattr_opt(pyo3::intern!(sink.py(), "observe"))?;
        match observe.filter(Bound::is_callable) {
            Some(observe) => Ok(Self::Python {
                observe: observe.unbind(),
                errors: GilCell::new(0),
            }),
            None => Err(errors::argument_type(
                sink.py(),
                format!(
                    "sink must have a method observe(event, ack), got {}",
                    args::type_name(sink)
                ),
            )),
        }
    }

    /// Whether it is to be shown every event and ack; if not, [`Self::record`] is all it takes.
    #[inline]
    pub(crate) const fn is_shown_events(&self) -> bool {
        matches!(self, Self::Python { .. })
    }

    /// Counts a latency, where the sink is a native one that counts.
    #[inline]
    pub(crate) fn record(&self, py: Python<'_>, latency_ns: u64) {
        if let Self::Latency(metrics) = self {
            metrics.get().record(py, latency_ns);
        }
    }

    /// Shows an event and its ack to a sink written in Python.
    ///
    /// An `Exception` it raises is counted, and the first one is reported through
    /// `sys.unraisablehook`; the run goes on.
    ///
    /// # Errors
    /// Returns what is no `Exception`: `KeyboardInterrupt` and its like.
    pub(crate) fn show(&self, event: Bound<'_, PyAny>, ack: Bound<'_, Ack>) -> PyResult<()> {
        let Self::Python { observe, errors } = self else {
            return Ok(());
        };
        let py = event.py();
        let arguments = (event, ack).into_pyobject(py)?;
        let Err(error) = call(observe.bind(py), &arguments) else {
            return Ok(());
        };
        if !error.is_instance_of::<PyException>(py) {
            return Err(error);
        }
        let count = errors.get(py) + 1;
        errors.set(py, count);
        if count == 1 {
            report(error, observe.bind(py));
        } else {
            discard(py, error);
        }
        Ok(())
    }

    /// How often the sink raised.
    pub(crate) fn errors(&self, py: Python<'_>) -> u64 {
        match self {
            Self::Python { errors, .. } => errors.get(py),
            Self::NoOp | Self::Latency(_) => 0,
        }
    }

    /// Shows what it holds to the garbage collector.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::NoOp => Ok(()),
            Self::Latency(metrics) => visit.call(metrics),
            Self::Python { observe, .. } => visit.call(observe),
        }
    }
}

/// A sink, ready to be shown acks; checked once.
///
/// Raises ``ArgumentTypeError`` if ``sink`` has no method ``observe(event, ack)``.
#[pyclass(frozen, module = "tickpath._native")]
pub(crate) struct SinkFeeder {
    pub(crate) sink: Sink,
}

#[pymethods]
impl SinkFeeder {
    #[new]
    #[pyo3(signature = (sink: "tickpath.core.execution.observability.ObservabilitySink"))]
    fn new(sink: &Bound<'_, PyAny>) -> PyResult<Self> {
        Ok(Self {
            sink: Sink::of(Some(sink))?,
        })
    }

    /// Whether it does nothing at all, so that no ack needs to be kept for it.
    #[getter]
    const fn is_noop(&self) -> bool {
        matches!(self.sink, Sink::NoOp)
    }

    /// How often the sink raised.
    #[getter]
    fn errors(&self, py: Python<'_>) -> u64 {
        self.sink.errors(py)
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.sink.traverse(&visit)
    }
}
