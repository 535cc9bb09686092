//! `Metrics` and `Snapshot`: latencies counted without allocation.

use std::hash::{DefaultHasher, Hash, Hasher};

use pyo3::prelude::*;
use tickpath_core::metrics::{self as core, Counters, Summary};

use crate::args;
use crate::histogram::LatencyHistogram;
use crate::memory::{FastCall, GilCell, Raised, raise};

/// Counts latencies: number, total, extremes and, if asked for, a histogram.
///
/// For one thread at a time. ``observe`` is O(1) and allocates nothing; ``snapshot`` and ``reset``
/// belong to the control plane. ``histogram=True`` adds a fixed 270 kB and percentiles with three
/// significant digits, from 1 ns to 73 minutes (longer ones count as 73 minutes there).
///
///     >>> metrics = Metrics()
///     >>> metrics.observe(250)
///     >>> metrics.snapshot().count
///     1
#[pyclass(frozen, weakref, module = "tickpath.control.metrics")]
#[derive(Debug)]
pub(crate) struct Metrics {
    counters: GilCell<Counters>,
}

impl Metrics {
    /// Counts one latency.
    #[inline]
    pub(crate) fn record(&self, py: Python<'_>, latency_ns: u64) {
        self.counters
            .with(py, |counters| counters.observe(latency_ns));
    }
}

/// `observe` without PyO3's wrapper.
pub(crate) struct FastObserve;

impl FastCall for FastObserve {
    type Class = Metrics;
    const NAME: &'static std::ffi::CStr = c"observe";
    const TAKES_ONE: bool = true;

    #[inline]
    fn call<'py>(
        this: &Metrics,
        argument: Borrowed<'_, 'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>, Raised> {
        let py = argument.py();
        let latency_ns = args::unsigned(&argument, "latency_ns").map_err(|e| raise(py, e))?;
        this.record(py, latency_ns);
        Ok(py.None().into_bound(py))
    }
}

#[pymethods]
impl Metrics {
    #[new]
    #[pyo3(signature = (histogram: "bool" = args::Flag::OFF), text_signature = "(histogram=False)")]
    fn new(py: Python<'_>, histogram: args::Flag) -> PyResult<Self> {
        let histogram = histogram.named(py, "histogram")?;
        Ok(Self {
            counters: GilCell::new(Counters::new(histogram)),
        })
    }

    /// Count one latency in nanoseconds: an integer from 0 to ``2**64 - 1``.
    ///
    /// Raises ``ArgumentTypeError``, ``ArgumentValueError`` (negative) or ``ArgumentOverflowError``;
    /// nothing is counted then.
    ///
    ///     >>> metrics.observe(-1)
    ///     Traceback (most recent call last):
    ///     tickpath.errors.ArgumentValueError: latency_ns must not be negative, got -1
    ///     >>> metrics.snapshot().count
    ///     1
    #[pyo3(signature = (latency_ns: "int", /))]
    fn observe(&self, latency_ns: &Bound<'_, PyAny>) -> PyResult<()> {
        self.record(latency_ns.py(), args::unsigned(latency_ns, "latency_ns")?);
        Ok(())
    }

    /// What was observed so far, as an immutable copy.
    ///
    ///     >>> metrics.snapshot()
    ///     Snapshot(count=1, total_latency_ns=250, min_latency_ns=250, max_latency_ns=250)
    fn snapshot(&self, py: Python<'_>) -> Snapshot {
        self.counters.with(py, |counters| Snapshot::of(counters))
    }

    /// What was observed so far, and start again from nothing: one step, nothing falls between.
    ///
    ///     >>> metrics.reset().count, metrics.snapshot().count
    ///     (1, 0)
    fn reset(&self, py: Python<'_>) -> Snapshot {
        self.counters.with(py, |counters| {
            let snapshot = Snapshot::of(counters);
            counters.clear();
            snapshot
        })
    }
}

/// What a ``Metrics`` had observed at one moment; immutable.
///
/// ``count`` observations that add up to ``total_latency_ns``; ``min_latency_ns`` and
/// ``max_latency_ns`` are ``None`` (unknown) where nothing was observed. Two snapshots are equal if
/// these four are.
///
///     >>> metrics = Metrics()
///     >>> metrics.observe(250)
///     >>> metrics.snapshot().max_latency_ns
///     250
#[pyclass(frozen, eq, module = "tickpath.control.metrics")]
#[derive(Debug)]
pub(crate) struct Snapshot {
    summary: Summary,
    histogram: Option<core::LatencyHistogram>,
}

impl PartialEq for Snapshot {
    fn eq(&self, other: &Self) -> bool {
        self.summary == other.summary
    }
}

impl Snapshot {
    fn of(counters: &Counters) -> Self {
        Self {
            summary: counters.summary(),
            histogram: counters.histogram().cloned(),
        }
    }

    fn known(&self, value: u64) -> Option<u64> {
        (self.summary.count > 0).then_some(value)
    }
}

#[pymethods]
impl Snapshot {
    /// Number of observations.
    #[getter]
    const fn count(&self) -> u64 {
        self.summary.count
    }

    /// Sum of all observations, in nanoseconds.
    #[getter]
    const fn total_latency_ns(&self) -> u128 {
        self.summary.total_latency_ns
    }

    /// Smallest observation in nanoseconds, ``None`` if there was none.
    #[getter]
    fn min_latency_ns(&self) -> Option<u64> {
        self.known(self.summary.min_latency_ns)
    }

    /// Largest observation in nanoseconds, ``None`` if there was none.
    #[getter]
    fn max_latency_ns(&self) -> Option<u64> {
        self.known(self.summary.max_latency_ns)
    }

    /// The latency in nanoseconds at ``quantile`` (0.99 for p99), to three significant digits.
    ///
    /// ``None`` (unknown) without a histogram, or with fewer than ten samples beyond it. Raises
    /// ``ArgumentValueError`` for a quantile outside 0 to 1.
    ///
    ///     >>> metrics = Metrics(histogram=True)
    ///     >>> for latency_ns in range(1, 1_001):
    ///     ...     metrics.observe(latency_ns)
    ///     >>> metrics.snapshot().percentile(0.99), metrics.snapshot().percentile(0.999)
    ///     (990, None)
    #[pyo3(signature = (quantile: "float") -> "int | None")]
    fn percentile(&self, quantile: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
        let quantile = args::quantile(quantile)?;
        Ok(self.histogram.as_ref().and_then(|h| h.percentile(quantile)))
    }

    /// A copy of the histogram, ``None`` where none is kept.
    #[getter]
    fn histogram(&self) -> Option<LatencyHistogram> {
        self.histogram.clone().map(LatencyHistogram::from)
    }

    fn __hash__(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.summary.hash(&mut hasher);
        hasher.finish()
    }

    fn __repr__(&self) -> String {
        let known = |value| {
            self.known(value)
                .map_or_else(|| "None".to_owned(), |v| v.to_string())
        };
        format!(
            "Snapshot(count={}, total_latency_ns={}, min_latency_ns={}, max_latency_ns={})",
            self.summary.count,
            self.summary.total_latency_ns,
            known(self.summary.min_latency_ns),
            known(self.summary.max_latency_ns)
        )
    }
}
