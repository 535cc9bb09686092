//! How far a calibrated counter has gone from the clock it was calibrated against.

use crate::os::Refusal;

use super::tsc::{Reading, Ticks};
use super::{Clock, CounterClock};

/// Over a shorter span two readings say nothing of a rate, in nanoseconds.
pub const DRIFT_SPAN_NS_MIN: u64 = 10_000_000;

/// The most that a clock is slewed by, in millionths.
const SLEW_PPM_MAX: u64 = 500;
/// What two readings may be wrong by, in nanoseconds.
const READING_NS_MAX: u64 = 1_000;

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
    /// How much of it came about since the calibration, in nanoseconds.
    pub gained_ns: i64,
    /// How long ago the calibration ended, in nanoseconds of the clock.
    pub span_ns: u64,
}

impl Drift {
    /// A clock's distance from itself.
    pub(super) const NONE: Self = Self {
        error_ppm: Some(0.0),
        error_ns: 0,
        offset_ns: 0,
        gained_ns: 0,
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
            gained_ns,
            span_ns,
        })
    }

    /// Says that counter or clock have jumped, if they have: further apart than any clock is slewed. The stamps of
    /// the run then mean nothing.
    pub fn jump(&self) -> Option<Refusal> {
        let slewed_ns = self.span_ns / 1_000_000 * SLEW_PPM_MAX + READING_NS_MAX;
        (self.gained_ns.unsigned_abs() > slewed_ns).then(|| {
            let (gained_ns, span_ns) = (self.gained_ns, self.span_ns);
            let text = format!(
                "counter and clock went apart by {gained_ns} ns in {span_ns} ns: one of them jumped, and no stamp of \
                 the run can be trusted"
            );
            Refusal::new("stamps that keep to the machine's clock", text)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::scripted::Manual;
    use super::super::{CALIBRATION_SPAN_NS, Calibrated};
    use super::*;

    const SECOND_NS: u64 = 1_000_000_000;

    fn calibrated(time: &Manual) -> Calibrated<&Manual, &Manual> {
        let calibrated = Calibrated::over(CALIBRATION_SPAN_NS, time, time, |ns| {
            time.pass(ns, ns / 10 * 26);
        });
        assert_eq!(calibrated.source(), "tsc");
        calibrated
    }

    #[test]
    fn a_rate_that_is_off_is_found_in_either_direction() {
        for (ticks_a_second, ppm, offset_ns) in [
            (2_600_000_000, 0.0, 0),
            (2_600_026_000, 10.0, 10_000),
            (2_599_974_000, -10.0, -10_000),
            (2_601_300_000, 500.0, 500_000),
        ] {
            let time = Manual::at(5, 7);
            let calibrated = calibrated(&time);
            time.pass(SECOND_NS, ticks_a_second);
            let drift = calibrated.drift().expect("an undisturbed moment");
            assert_eq!(drift.span_ns, SECOND_NS);
            assert!((drift.offset_ns - offset_ns).abs() <= 1, "{drift:?}");
            assert!(
                drift.error_ns.abs_diff(offset_ns.unsigned_abs()) <= 1,
                "{drift:?}"
            );
            let found = drift.error_ppm.expect("a second is long enough");
            assert!((found - ppm).abs() < 0.01, "{drift:?}");
        }
    }

    #[test]
    fn the_error_has_room_for_what_a_reading_leaves_open() {
        let time = Manual::at(5, 7);
        let calibrated = calibrated(&time);
        time.pass(SECOND_NS, 2_600_000_000);
        time.look_ticks.set(260);
        let drift = calibrated.drift().expect("an undisturbed moment");
        // 260 ticks are 100 ns, and the clock was read anywhere in them.
        let read_ns = drift.error_ns - drift.offset_ns.unsigned_abs();
        assert_eq!(read_ns, 50, "{drift:?}");
    }

    #[test]
    fn a_short_run_tells_no_rate() {
        let time = Manual::at(5, 7);
        let calibrated = calibrated(&time);
        time.pass(DRIFT_SPAN_NS_MIN - 1, DRIFT_SPAN_NS_MIN / 10 * 26);
        let drift = calibrated.drift().expect("an undisturbed moment");
        assert_eq!(drift.error_ppm, None);
    }

    #[test]
    fn a_counter_that_was_set_back_shows() {
        let time = Manual::at(5, 7);
        let calibrated = calibrated(&time);
        time.pass(SECOND_NS, 0);
        let drift = calibrated.drift().expect("an undisturbed moment");
        assert!((drift.offset_ns + SECOND_NS as i64).abs() <= 1, "{drift:?}");
        assert!(drift.error_ns >= SECOND_NS);
        let jump = drift.jump().expect("further than any clock is slewed");
        assert!(jump.to_string().contains("one of them jumped"), "{jump}");
    }

    #[test]
    fn a_jump_in_either_direction_is_told_from_a_slew() {
        for (ticks, jumped) in [
            (2_600_000_000, false),
            (2_601_300_000, false),
            (2_598_700_000, false),
            (2_602_000_000, true),
            (2_598_000_000, true),
        ] {
            let time = Manual::at(5, 7);
            let calibrated = calibrated(&time);
            time.pass(SECOND_NS, ticks);
            let drift = calibrated.drift().expect("an undisturbed moment");
            assert_eq!(drift.jump().is_some(), jumped, "{ticks}: {drift:?}");
        }
        // A run too short for a rate.
        let time = Manual::at(5, 7);
        let calibrated = calibrated(&time);
        time.pass(1_000, 26_000);
        assert!(calibrated.drift().expect("undisturbed").jump().is_some());
        assert_eq!(Drift::NONE.jump(), None);
    }

    #[test]
    fn without_an_undisturbed_moment_nothing_is_known() {
        let time = Manual::at(5, 7);
        let calibrated = calibrated(&time);
        time.look_ticks.set(10_000);
        assert_eq!(calibrated.drift(), None);
    }
}
