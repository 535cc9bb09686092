//! What the stamps of a run were taken by.

use pyo3::prelude::*;
use tickpath_core::engine::{AcksDigest, Place};
use tickpath_core::time::Calibrated;

use crate::engine_stage::StagePlace;

/// The clock of a run.
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug, Clone)]
pub(crate) struct ClockRecord {
    /// ``"tsc"``, ``"clock_gettime"`` or ``"virtual"``.
    source: &'static str,
    /// The cost of one stamp, in nanoseconds.
    cost_ns: u64,
    /// How much faster (or, below 0, slower) the stamps ran than the machine's clock, in millionths.
    error_ppm: Option<f64>,
    /// The largest distance from the machine's clock at the end of the run, in nanoseconds.
    error_ns: Option<u64>,
    /// Why the stamps are not the counter's; ``None`` if they are, or were not asked for.
    pub(crate) fallback: Option<String>,
}

/// What the stamps of a run were taken by.
pub(crate) enum RunClock {
    /// This machine's.
    Machine(Box<Calibrated>),
    /// None of any machine: with what can be said of the acks, which are the same on every one.
    Virtual(AcksDigest),
}

impl From<Calibrated> for RunClock {
    fn from(calibrated: Calibrated) -> Self {
        Self::Machine(Box::new(calibrated))
    }
}

impl RunClock {
    /// What is said of it where one stamp cost `cost_ns`.
    pub(crate) fn record(&self, cost_ns: u64) -> ClockRecord {
        let Self::Machine(calibrated) = self else {
            return ClockRecord {
                source: "virtual",
                cost_ns,
                error_ppm: None,
                error_ns: None,
                fallback: None,
            };
        };
        let drift = calibrated.drift();
        ClockRecord {
            source: calibrated.source(),
            cost_ns,
            error_ppm: drift.and_then(|drift| drift.error_ppm),
            error_ns: drift.map(|drift| drift.error_ns),
            fallback: calibrated.fallback.as_ref().map(ToString::to_string),
        }
    }

    /// Says that the counter or the clock jumped, if one of them did.
    pub(crate) fn jump(&self) -> Option<String> {
        let Self::Machine(calibrated) = self else {
            return None;
        };
        let jump = calibrated.drift().and_then(|drift| drift.jump());
        jump.map(|jump| jump.to_string())
    }

    /// Where a stage ran, if it ran anywhere.
    pub(crate) fn place(&self, place: Place) -> StagePlace {
        match self {
            Self::Machine(_) => place.into(),
            Self::Virtual(_) => StagePlace::NOWHERE,
        }
    }
}
