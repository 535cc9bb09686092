//! The floor of every hand-over between two cores, measured.

use pyo3::prelude::*;
use tickpath_core::engine::{PingPong as Core, Wait};
use tickpath_core::time::{CALIBRATION_SPAN_NS, EngineClock};

use crate::engine_owner::raised;
use crate::histogram::LatencyHistogram;

/// What round trips over two cache lines took, between the two cores that feed and executor get.
///
///     >>> measured = ping_pong(1_000)
///     >>> measured.trips.count
///     1000
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct PingPong {
    /// Each from before it left until after it was back, the price of a stamp included.
    trips: Py<LatencyHistogram>,
    /// The core of the timer, and that of the echo.
    cores: (usize, usize),
    /// What the machine would not do.
    refused: Vec<String>,
}

/// Make ``trips`` round trips over two cache lines, each written by one core and awaited by the other.
///
/// No hand-over between the cores of feed and executor can be sooner. ``spin_pauses`` PAUSE instructions
/// lie between two looks; it takes both cores, ``limit_ns`` at the most, and other threads of Python run.
/// Raises ``ArgumentValueError`` where there are no two cores, ``EngineFailed`` if there is no thread.
///
///     >>> ping_pong(1_000).trips.count
///     1000
#[pyfunction]
#[pyo3(signature = (trips, *, spin_pauses = 0, limit_ns = 1_000_000_000))]
pub(crate) fn ping_pong(
    py: Python<'_>,
    trips: u64,
    spin_pauses: u32,
    limit_ns: u64,
) -> PyResult<PingPong> {
    let wait = Wait::Spin {
        pauses: spin_pauses,
    };
    let measured = py.detach(|| {
        let clock = EngineClock::calibrate(CALIBRATION_SPAN_NS).clock;
        match clock {
            EngineClock::Counter(clock) => Core::measure(&clock, wait, trips, limit_ns),
            EngineClock::Monotonic(clock) => Core::measure(&clock, wait, trips, limit_ns),
        }
    });
    let measured = measured.map_err(|e| raised(py, &e))?;
    Ok(PingPong {
        trips: Py::new(py, LatencyHistogram::from(measured.trips))?,
        cores: measured.cores.into(),
        refused: measured.refused.iter().map(ToString::to_string).collect(),
    })
}
