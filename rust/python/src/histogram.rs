//! `LatencyHistogram`: what a stage recorded, read, merged and corrected once.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyType};
use tickpath_core::metrics::{self as core, Basis, CorrectedHistogram};

use crate::items::{iterate, look_at_signals};
use crate::memory::next_item;
use crate::{args, errors};

/// Recorded, or corrected once.
#[derive(Debug, PartialEq)]
enum Latencies {
    Recorded(core::LatencyHistogram),
    Corrected(CorrectedHistogram),
}

/// Latencies in nanoseconds, counted in buckets of three significant digits; immutable.
///
/// A run hands over one for each stage and state; ``LatencyHistogram(latencies_ns)`` counts any integers
/// from 0 to ``2**64 - 1`` (270 kB, whatever their number; above 73 minutes they share a bucket).
/// ``by_plan`` says that each was taken from the moment it was planned for. ``min_ns`` and ``max_ns``
/// are exact, and ``None`` (unknown) where nothing was counted.
///
///     >>> histogram = LatencyHistogram(range(1, 1_001))
///     >>> histogram.count, histogram.max_ns
///     (1000, 1000)
#[pyclass(frozen, eq, module = "tickpath.control.metrics")]
#[derive(Debug, PartialEq)]
pub(crate) struct LatencyHistogram(Latencies);

impl From<core::LatencyHistogram> for LatencyHistogram {
    fn from(recorded: core::LatencyHistogram) -> Self {
        Self(Latencies::Recorded(recorded))
    }
}

impl LatencyHistogram {
    /// The counts, for other tools.
    pub(crate) fn counts(&self) -> core::Counts {
        match &self.0 {
            Latencies::Recorded(recorded) => recorded.to_hdr(),
            Latencies::Corrected(corrected) => corrected.to_hdr(),
        }
    }

    fn recorded(&self, py: Python<'_>, what: &str) -> PyResult<&core::LatencyHistogram> {
        match &self.0 {
            Latencies::Recorded(recorded) => Ok(recorded),
            Latencies::Corrected(corrected) => {
                let interval_ns = corrected.expected_interval_ns();
                let before = format!("before, for an expected interval of {interval_ns} ns");
                let text = format!("these latencies were corrected {before}: {what}");
                Err(errors::correction_refused(py, text))
            }
        }
    }
}

/// The arguments of `from_v2`.
type State<'py> = (
    Bound<'py, PyBytes>,
    Option<u64>,
    Option<u64>,
    bool,
    Option<u64>,
);

#[pymethods]
impl LatencyHistogram {
    #[new]
    #[pyo3(signature = (latencies_ns: "collections.abc.Iterable[int] | None" = None, *,
                        by_plan: "bool" = args::Flag::OFF),
           text_signature = "(latencies_ns=None, *, by_plan=False)")]
    fn new(
        py: Python<'_>,
        latencies_ns: Option<&Bound<'_, PyAny>>,
        by_plan: args::Flag,
    ) -> PyResult<Self> {
        let mut recorded = core::LatencyHistogram::with_basis(basis(by_plan.named(py, "by_plan")?));
        if let Some(latencies_ns) = latencies_ns {
            let latencies_ns = iterate(latencies_ns, "LatencyHistogram")?;
            while let Some(latency_ns) = next_item(&latencies_ns)? {
                recorded.record(args::unsigned(&latency_ns, "a latency")?);
                look_at_signals(py, recorded.count())?;
            }
        }
        Ok(recorded.into())
    }

    /// Number of latencies counted.
    #[getter]
    fn count(&self) -> u64 {
        match &self.0 {
            Latencies::Recorded(recorded) => recorded.count(),
            Latencies::Corrected(corrected) => corrected.count(),
        }
    }

    /// The smallest in nanoseconds, ``None`` if there was none.
    #[getter]
    fn min_ns(&self) -> Option<u64> {
        match &self.0 {
            Latencies::Recorded(recorded) => recorded.min_ns(),
            Latencies::Corrected(corrected) => corrected.min_ns(),
        }
    }

    /// The largest in nanoseconds, ``None`` if there was none.
    #[getter]
    fn max_ns(&self) -> Option<u64> {
        match &self.0 {
            Latencies::Recorded(recorded) => recorded.max_ns(),
            Latencies::Corrected(corrected) => corrected.max_ns(),
        }
    }

    /// Whether each latency was taken from the moment it was planned for: nothing is omitted then.
    #[getter]
    fn by_plan(&self) -> bool {
        matches!(&self.0, Latencies::Recorded(recorded) if recorded.basis() == Basis::Planned)
    }

    /// The interval this was corrected for, ``None`` if it was not.
    #[getter]
    const fn corrected_interval_ns(&self) -> Option<u64> {
        match &self.0 {
            Latencies::Recorded(_) => None,
            Latencies::Corrected(corrected) => Some(corrected.expected_interval_ns()),
        }
    }

    /// The latency in nanoseconds at ``quantile`` (0.99 for p99), to three significant digits.
    ///
    /// ``None`` (unknown) with fewer than ten samples beyond it. Raises ``ArgumentValueError`` for a
    /// quantile outside 0 to 1.
    ///
    ///     >>> histogram.percentile(0.99), histogram.percentile(0.999)
    ///     (990, None)
    #[pyo3(signature = (quantile: "float") -> "int | None")]
    fn percentile(&self, quantile: &Bound<'_, PyAny>) -> PyResult<Option<u64>> {
        let quantile = args::quantile(quantile)?;
        Ok(match &self.0 {
            Latencies::Recorded(recorded) => recorded.percentile(quantile),
            Latencies::Corrected(corrected) => corrected.percentile(quantile),
        })
    }

    /// The sum of this and ``other``, as a new histogram; by plan if either was.
    ///
    /// Raises ``CorrectionRefused`` if either was corrected: merge first.
    ///
    ///     >>> histogram.merge(LatencyHistogram([5_000])).max_ns
    ///     5000
    fn merge(&self, py: Python<'_>, other: &Self) -> PyResult<Self> {
        let what = "merge first, then correct the sum";
        let (mine, more) = (self.recorded(py, what)?, other.recorded(py, what)?);
        let mut sum = mine.clone();
        sum.add(more);
        Ok(sum.into())
    }

    /// A new histogram with what coordinated omission left out, if one latency was expected every
    /// ``expected_interval_ns``.
    ///
    /// Raises ``CorrectionRefused`` if this was corrected before or recorded by plan.
    ///
    ///     >>> histogram.corrected(expected_interval_ns=100).count
    ///     4609
    #[pyo3(signature = (expected_interval_ns: "int"))]
    fn corrected(&self, expected_interval_ns: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = expected_interval_ns.py();
        let interval_ns = args::unsigned(expected_interval_ns, "expected_interval_ns")?;
        let again = "a second correction would count the same delay twice";
        match self.recorded(py, again)?.corrected(interval_ns) {
            Ok(corrected) => Ok(Self(Latencies::Corrected(corrected))),
            Err(e @ core::CorrectionError::ZeroInterval) => {
                Err(errors::argument_value(py, e.to_string()))
            }
            Err(e) => Err(errors::correction_refused(py, e.to_string())),
        }
    }

    /// The counts in HdrHistogram's compressed V2 encoding, which its libraries in other languages decode.
    ///
    ///     >>> histogram.to_v2()[:4].hex()
    ///     '1c849314'
    fn to_v2<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &core::to_v2(&self.counts()))
    }

    /// The histogram behind a V2 encoding, of any bounds; the other arguments are what is not in it.
    ///
    /// Raises ``ArgumentValueError`` if the bytes are no such encoding.
    ///
    ///     >>> LatencyHistogram.from_v2(histogram.to_v2(), min_ns=1, max_ns=1_000) == histogram
    ///     True
    #[staticmethod]
    #[pyo3(signature = (encoded, min_ns=None, max_ns=None, by_plan=false, corrected_interval_ns=None))]
    fn from_v2(
        py: Python<'_>,
        encoded: &[u8],
        min_ns: Option<u64>,
        max_ns: Option<u64>,
        by_plan: bool,
        corrected_interval_ns: Option<u64>,
    ) -> PyResult<Self> {
        let read = core::from_v2(encoded).map_err(|e| errors::argument_value(py, e.to_string()))?;
        let extremes_ns = min_ns.zip(max_ns);
        Ok(Self(match corrected_interval_ns {
            Some(interval_ns) => Latencies::Corrected(CorrectedHistogram::from_hdr(
                &read,
                extremes_ns,
                interval_ns,
            )),
            None => Latencies::Recorded(core::LatencyHistogram::from_hdr(
                &read,
                extremes_ns,
                basis(by_plan),
            )),
        }))
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, State<'py>)> {
        let restore = PyType::new::<Self>(py).getattr("from_v2")?;
        let state = (
            self.to_v2(py),
            self.min_ns(),
            self.max_ns(),
            self.by_plan(),
            self.corrected_interval_ns(),
        );
        Ok((restore, state))
    }

    fn __repr__(&self) -> String {
        let known = |ns: Option<u64>| ns.map_or_else(|| "None".to_owned(), |ns| ns.to_string());
        let (min_ns, max_ns) = (known(self.min_ns()), known(self.max_ns()));
        let count = self.count();
        format!("LatencyHistogram(count={count}, min_ns={min_ns}, max_ns={max_ns})")
    }
}

const fn basis(by_plan: bool) -> Basis {
    if by_plan {
        Basis::Planned
    } else {
        Basis::Observed
    }
}
