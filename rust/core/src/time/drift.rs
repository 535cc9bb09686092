//! How far a calibrated counter has gone from the clock it was calibrated against.

use super::tsc::{Reading, Ticks};
use super::{Clock, CounterClock};

/// Over a shorter span two readings say nothing of a rate, in nanoseconds.
pub const DRIFT_SPAN_NS_MIN: u64 = 10_000_000;

/// The distance of stamps from the machine's clock, at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Drift {
    /// How much faster (or, below 0, slower) the stamps ran than the clock since calibration, in
    /// millionths; unknown if that is less than [`DRIFT_SPAN_NS_MIN`] ago.
    ///
    /// No clock is slewed by more than 500: beyond that, counter or clock have jumped.
    pub error_ppm: Option<f64>,
    /// The largest distance there can be, in nanoseconds: `offset_ns`, and what the reading leaves open.
    pub error_ns: u64,
    /// Stamp minus clock as it was read, in nanoseconds.
    pub offset_ns: i64,
    /// How long ago the calibration ended, in nanoseconds of the clock.
    pub span_ns: u64,
}

impl Drift {
    /// A clock's distance from itself.
    pub(super) const NONE: Self = Self {
        error_ppm: Some(0.0),
        error_ns: 0,
        offset_ns: 0,
        span_ns: 0,
    };

    /// Reads `clock`'s counter beside `reference`, and compares with the reading at the end of calibration.
    pub(super) fn measure<C: Clock, T: Ticks>(
        clock: &CounterClock<T>,
        reference: &C,
        since: Reading,
    ) -> Option<Self> {
        let now = Reading::quickest(reference, clock.counter())?;
        let offset = |reading: Reading| {
            let stamp = clock.ns_at(reading.ticks);
            stamp.wrapping_sub(reading.ns).cast_signed()
        };
        let (offset_ns, span_ns) = (offset(now), now.ns.saturating_sub(since.ns));
        let gained_ns = offset_ns.saturating_sub(offset(since));
        Some(Self {
            error_ppm: (span_ns >= DRIFT_SPAN_NS_MIN)
                .then(|| gained_ns as f64 / span_ns as f64 * 1e6),
            error_ns: offset_ns
                .unsigned_abs()
                .saturating_add(clock.span_ns(now.took_ticks.div_ceil(2))),
            offset_ns,
            span_ns,
        })
    }
}
