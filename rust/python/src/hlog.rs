//! Histogram logs, encoded.

use std::time::Duration;

use pyo3::prelude::*;
use tickpath_core::metrics::{Hlog, Interval, Tag};

use crate::errors;
use crate::histogram::LatencyHistogram;

/// The text of a histogram log: a line for each (tag, histogram, start, length), the times in nanoseconds
/// from ``start_ns`` since the UNIX epoch; see ``tickpath.control.metrics.write_hlog``.
#[pyfunction]
#[pyo3(signature = (intervals, start_ns=None, comments=vec![]))]
pub(crate) fn encode_hlog(
    py: Python<'_>,
    intervals: Vec<(Option<String>, Bound<'_, LatencyHistogram>, u64, u64)>,
    start_ns: Option<u64>,
    comments: Vec<String>,
) -> PyResult<String> {
    let line = |(tag, histogram, start_ns, length_ns): (Option<String>, Bound<'_, _>, _, _)| {
        let tag = tag.as_deref().map(Tag::new).transpose();
        Ok(Interval {
            tag: tag.map_err(|e| errors::argument_value(py, e.to_string()))?,
            counts: LatencyHistogram::counts(histogram.get()),
            start: Duration::from_nanos(start_ns),
            length: Duration::from_nanos(length_ns),
        })
    };
    let log = Hlog {
        comments,
        start: start_ns.map(Duration::from_nanos),
        intervals: intervals.into_iter().map(line).collect::<PyResult<_>>()?,
    };
    Ok(log.to_text())
}
