//! Monotonic time in nanoseconds, on the timeline of Python's `time.perf_counter_ns`.
//!
//! No wall clock: a stamp orders events and measures spans, it does not say what day it is.

pub mod anchored;
mod cost;
mod drift;
mod engine_clock;
mod monotonic;
#[cfg(test)]
mod scripted;
mod stepped;
pub mod tsc;

pub use anchored::AnchoredClock;
pub use cost::cost_ns;
pub use drift::{DRIFT_SPAN_NS_MIN, Drift};
pub use engine_clock::{
    CALIBRATION_SPAN_NS, CALIBRATION_SPAN_NS_MIN, Calibrated, CounterClock, EARLY_NS_MAX,
    EngineClock,
};
pub use monotonic::MonotonicClock;
pub use stepped::{ClockStep, Stepped, Unmoved, skew_ns};

/// A source of monotonic stamps.
///
/// The executor step is generic over it, so that the same code runs under the machine's clock and
/// under a virtual one.
pub trait Clock {
    /// The current stamp in nanoseconds; never smaller than the one before.
    fn now_ns(&self) -> u64;

    /// Whether the stamps may be moved on purpose ([`Stepped`]): what must not follow asks for
    /// [`Self::true_ns`].
    const IS_STEPPED: bool = false;

    /// The stamp without the step that was put on it.
    #[inline(always)]
    fn true_ns(&self) -> u64 {
        self.now_ns()
    }

    /// Makes its reads as cheap as they get, for a clock that has to learn something first. Takes a few
    /// milliseconds at most.
    fn settle(&self) {}
}
