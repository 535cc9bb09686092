//! The clock of the engine's threads: one calibration before the run, copied to every one of them.
//!
//! [`EngineClock::calibrate`] reads the processor's counter beside the monotonic clock at both ends of a
//! span, and from then on a stamp is one look at the counter and one multiplication: no clock is read
//! again, nothing is re-anchored, nothing is written. All threads convert with the same three numbers, so
//! their stamps can be compared as the counter itself can. What the stamps lose against the clock since
//! is measured after the run ([`Calibrated::drift`]) and reported, not corrected.
//!
//! Where the counter is not to be trusted the clock itself gives the stamps, and
//! [`Calibrated::fallback`] says why. Which one it is, is decided once: a thread's code is generic over
//! [`Clock`], and whoever starts it matches on [`EngineClock`].
//!
//! - **Threads**: any number, each with its copy.
//! - **Blocking**: calibration sleeps for its span (up to three times, if it is disturbed); a stamp never
//!   blocks, and makes no system call.
//! - **Allocation**: none, but for the reason of a fallback.

use std::time::Duration;

use crate::os::{Refusal, clock_source};

use super::tsc::{Distrust, ProcessorTicks, Reading, Ticks};
use super::{Clock, Drift, MonotonicClock, cost_ns};

/// How long a calibration takes unless something else is asked for, in nanoseconds.
///
/// A reading is good to some 10 ns, so the rate is good to about 0.2 ppm.
pub const CALIBRATION_SPAN_NS: u64 = 50_000_000;
/// A shorter one would say nothing.
pub const CALIBRATION_SPAN_NS_MIN: u64 = 1_000_000;
/// How much earlier than its place in the program a stamp may be taken, in nanoseconds.
///
/// The counter may be read while a load before it is still under way, never before that load began: a load
/// that misses every cache and the page walker's too. Seen between two cores: 2 of 400,000 stamps
/// were early, by 50 ns at the most. A stamp that is stored in what is handed over is always from before it.
pub const EARLY_NS_MAX: u64 = 1_000;
/// Disturbed calibrations are tried again.
const ATTEMPTS: usize = 3;
/// Binary digits of a rate behind the point.
const RATE_DIGITS: u32 = 56;
/// Rates outside this range (a tick of 10 ns to 0.1 ns) are no processor's.
const RATE_Q56: core::ops::RangeInclusive<u64> = (1 << RATE_DIGITS) / 10..=(1 << RATE_DIGITS) * 10;

/// Stamps from the counter, by a conversion that never changes.
#[derive(Debug, Clone, Copy)]
pub struct CounterClock<T = ProcessorTicks> {
    ticks0: u64,
    ns0: u64,
    /// Nanoseconds a tick, times 2⁵⁶.
    rate_q56: u64,
    counter: T,
}

impl<T: Ticks> CounterClock<T> {
    /// The clock that says `first.ns` at `first.ticks` and `last.ns` at `last.ticks`; nothing if that is no
    /// processor's rate.
    fn through(first: Reading, last: Reading, counter: T) -> Option<Self> {
        let ticks = last.ticks.checked_sub(first.ticks).filter(|&t| t > 0)?;
        let ns = last.ns.checked_sub(first.ns)?;
        let rate = (u128::from(ns) << RATE_DIGITS) / u128::from(ticks);
        let rate_q56 = u64::try_from(rate).ok().filter(|r| RATE_Q56.contains(r))?;
        Some(Self {
            ticks0: first.ticks,
            ns0: first.ns,
            rate_q56,
            counter,
        })
    }

    /// The stamp of a count. No overflow in five hundred years: the product has 128 bits, and a
    /// count from before `ticks0` cannot be, which lies a calibration back.
    #[inline]
    pub(super) fn ns_at(&self, ticks: u64) -> u64 {
        let passed = u128::from(ticks.wrapping_sub(self.ticks0));
        let passed_ns = passed.wrapping_mul(u128::from(self.rate_q56)) >> RATE_DIGITS;
        self.ns0.wrapping_add(passed_ns as u64)
    }

    /// So many ticks in nanoseconds, rounded up.
    pub(super) fn span_ns(&self, ticks: u64) -> u64 {
        let ns_q56 = u128::from(ticks) * u128::from(self.rate_q56);
        u64::try_from(ns_q56.div_ceil(1 << RATE_DIGITS)).unwrap_or(u64::MAX)
    }

    /// The counter behind the stamps.
    pub(super) const fn counter(&self) -> &T {
        &self.counter
    }
}

impl<T: Ticks> Clock for CounterClock<T> {
    #[inline]
    fn now_ns(&self) -> u64 {
        self.ns_at(self.counter.ticks())
    }
}

/// The clock an engine runs by: match on it once, and give each thread a copy of what is inside.
#[derive(Debug, Clone, Copy)]
pub enum EngineClock<C = MonotonicClock, T = ProcessorTicks> {
    /// Stamps from the processor's counter.
    Counter(CounterClock<T>),
    /// Stamps from the machine's clock.
    Monotonic(C),
}

/// For the control side; a stage's thread is given the clock inside, which has no case to tell.
impl<C: Clock, T: Ticks> Clock for EngineClock<C, T> {
    fn now_ns(&self) -> u64 {
        match self {
            Self::Counter(clock) => clock.now_ns(),
            Self::Monotonic(clock) => clock.now_ns(),
        }
    }
}

/// A clock, and what is known of it before the run.
#[derive(Debug, Clone)]
pub struct Calibrated<C = MonotonicClock, T = ProcessorTicks> {
    /// The clock to run by.
    pub clock: EngineClock<C, T>,
    /// Why the stamps are not the counter's; nothing if they are, or if nobody asked for them.
    pub fallback: Option<Refusal>,
    /// What a stamp costs on the calibrating thread, in nanoseconds.
    pub cost_ns: u64,
    reference: C,
    /// The calibration's last reading; nothing without a counter.
    since: Option<Reading>,
}

impl EngineClock {
    /// Calibrates the processor's counter against the monotonic clock over `span_ns` (at least
    /// [`CALIBRATION_SPAN_NS_MIN`]), or says why it is the clock itself.
    pub fn calibrate(span_ns: u64) -> Calibrated {
        Calibrated::over(span_ns, MonotonicClock, ProcessorTicks::new(), |ns| {
            std::thread::sleep(Duration::from_nanos(ns));
        })
    }

    /// The monotonic clock, because it was asked for.
    pub fn monotonic() -> Calibrated {
        Calibrated::without_counter(MonotonicClock, None)
    }
}

impl<C: Clock + Clone, T: Ticks + Clone> Calibrated<C, T> {
    /// Calibrates `counter` against `reference`; `wait` lets so many nanoseconds pass.
    pub fn over(span_ns: u64, reference: C, counter: T, wait: impl Fn(u64)) -> Self {
        let half_ns = span_ns.max(CALIBRATION_SPAN_NS_MIN) / 2;
        match calibrate(half_ns, &reference, &counter, wait) {
            Ok((clock, last)) => Self {
                cost_ns: cost_ns(&clock),
                clock: EngineClock::Counter(clock),
                fallback: None,
                reference,
                since: Some(last),
            },
            Err(reason) => Self::without_counter(
                reference,
                Some(Refusal::new(
                    "stamps from the processor's counter",
                    format!("{reason}; the machine's clock gives them"),
                )),
            ),
        }
    }

    fn without_counter(reference: C, fallback: Option<Refusal>) -> Self {
        Self {
            cost_ns: cost_ns(&reference),
            clock: EngineClock::Monotonic(reference.clone()),
            fallback,
            reference,
            since: None,
        }
    }

    /// Where the stamps come from: `"tsc"` or `"clock_gettime"`.
    pub const fn source(&self) -> &'static str {
        match self.clock {
            EngineClock::Counter(_) => "tsc",
            EngineClock::Monotonic(_) => "clock_gettime",
        }
    }

    /// How far the stamps are from the clock by now; unknown if the machine gave no undisturbed moment to
    /// look.
    pub fn drift(&self) -> Option<Drift> {
        match (&self.clock, self.since) {
            (EngineClock::Counter(clock), Some(since)) => {
                Drift::measure(clock, &self.reference, since)
            }
            _ => Some(Drift::NONE),
        }
    }
}

/// The clock through the first and the last of three readings, if the middle one lies on the line.
fn calibrate<C: Clock, T: Ticks + Clone>(
    half_ns: u64,
    reference: &C,
    counter: &T,
    wait: impl Fn(u64),
) -> Result<(CounterClock<T>, Reading), String> {
    counter.trust().map_err(|distrust| match distrust {
        Distrust::NotInvariant => distrust.to_string(),
        Distrust::NotTheKernels => {
            let other = clock_source().unwrap_or_else(|| "something it does not tell".to_owned());
            format!("{distrust} but by {other}")
        }
    })?;
    let mut reason = "";
    for _ in 0..ATTEMPTS {
        let read = || Reading::quickest(reference, counter);
        let first = read();
        wait(half_ns);
        let middle = read();
        wait(half_ns);
        let (Some(first), Some(middle), Some(last)) = (first, middle, read()) else {
            reason = "every reading of it was disturbed";
            continue;
        };
        let Some(clock) = CounterClock::through(first, last, counter.clone()) else {
            reason = "its rate is no processor's";
            continue;
        };
        let blur_ns = clock.span_ns(first.took_ticks + middle.took_ticks + last.took_ticks) + 1;
        if clock.ns_at(middle.ticks).abs_diff(middle.ns) <= blur_ns {
            return Ok((clock, last));
        }
        reason = "its rate changed while it was measured";
    }
    Err(reason.to_owned())
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::super::scripted::Manual;
    use super::*;

    const HOUR_NS: u64 = 3_600_000_000_000;

    /// Calibrates while `ticks_per_us` pass.
    fn calibrated(time: &Manual, ticks_per_us: u64) -> Calibrated<&Manual, &Manual> {
        Calibrated::over(CALIBRATION_SPAN_NS, time, time, |ns| {
            time.pass(ns, ns / 1_000 * ticks_per_us);
        })
    }

    fn reason(calibrated: &Calibrated<&Manual, &Manual>) -> String {
        assert_eq!(calibrated.source(), "clock_gettime");
        let refusal = calibrated.fallback.as_ref().expect("a reason");
        refusal.to_string()
    }

    #[test]
    fn stamps_are_the_clock_s_for_hours_at_any_rate() {
        for ticks_per_us in [400, 1_000, 2_596, 5_123] {
            let time = Manual::at(7 * HOUR_NS, u64::MAX / 8);
            let calibrated = calibrated(&time, ticks_per_us);
            assert_eq!(calibrated.source(), "tsc");
            for passed in [
                0,
                1_000,
                1_000_000_000,
                HOUR_NS,
                1_000 * HOUR_NS,
                90 * 8_766 * HOUR_NS,
            ] {
                time.pass(passed, passed / 1_000 * ticks_per_us);
                let error = calibrated.clock.now_ns().abs_diff(time.ns.get());
                assert!(
                    error <= 1 + passed / HOUR_NS / 1_000,
                    "{ticks_per_us}, {passed}: {error} ns"
                );
            }
        }
    }

    #[test]
    fn stamps_never_go_back_and_every_copy_gives_the_same() {
        let time = Manual::at(1_000, 5);
        let calibrated = calibrated(&time, 2_600);
        let EngineClock::Counter(clock) = calibrated.clock else {
            panic!("{calibrated:?}");
        };
        let copy = clock;
        let mut last = 0;
        for step in 0..100_000_u64 {
            time.pass(0, step % 97);
            let now = clock.now_ns();
            assert!(now >= last && copy.now_ns() == now && calibrated.clock.now_ns() == now);
            last = now;
        }
    }

    #[test]
    fn a_stamp_costs_what_the_counter_costs() {
        let time = Manual::at(1_000, 5);
        time.look_ticks.set(26);
        assert_eq!(calibrated(&time, 2_600).cost_ns, 10);
    }

    #[test]
    fn a_counter_that_is_not_trusted_is_not_asked() {
        for (distrust, word) in [
            (Distrust::NotInvariant, "no counter of constant rate"),
            (
                Distrust::NotTheKernels,
                "the kernel does not keep its time by",
            ),
        ] {
            let time = Manual {
                trust: Err(distrust),
                ..Manual::at(1_000, 5)
            };
            let calibrated = calibrated(&time, 2_600);
            assert!(reason(&calibrated).contains(word));
            assert_eq!(time.ticks.get(), 5);
            assert_eq!(calibrated.drift(), Some(Drift::NONE));
            time.pass(123, 0);
            assert_eq!(calibrated.clock.now_ns(), time.ns.get());
        }
    }

    #[test]
    fn disturbed_readings_fall_back_and_say_so() {
        let time = Manual::at(1_000, 5);
        time.look_ticks.set(1_000);
        assert!(reason(&calibrated(&time, 2_600)).contains("disturbed"));
    }

    #[test]
    fn a_rate_that_is_no_processor_s_falls_back_and_says_so() {
        for ticks_per_us in [0, 24, 20_000] {
            let time = Manual::at(1_000, 5);
            let reason = reason(&calibrated(&time, ticks_per_us));
            assert!(
                reason.contains("rate is no processor's"),
                "{ticks_per_us}: {reason}"
            );
        }
    }

    #[test]
    fn a_rate_that_changes_meanwhile_is_measured_again_and_then_given_up() {
        // The first `bad` waits have 2,600 and 2,700 ticks a microsecond in turn.
        for (bad, source) in [(2, "tsc"), (4, "tsc"), (6, "clock_gettime")] {
            let (time, waits) = (Manual::at(1_000, 5), Cell::new(0));
            let calibrated = Calibrated::over(CALIBRATION_SPAN_NS, &time, &time, |ns| {
                waits.set(waits.get() + 1);
                let faster = waits.get() <= bad && waits.get() % 2 == 1;
                time.pass(ns, ns / 1_000 * if faster { 2_700 } else { 2_600 });
            });
            assert_eq!(calibrated.source(), source, "{bad}");
            if bad == 6 {
                assert!(reason(&calibrated).contains("rate changed"));
            }
        }
    }

    #[test]
    fn a_counter_that_jumps_meanwhile_is_seen() {
        let time = Manual::at(1_000, 5);
        let calibrated = Calibrated::over(CALIBRATION_SPAN_NS, &time, &time, |ns| {
            time.pass(ns, ns / 1_000 * 2_600);
            // Not by much, and as if set back.
            time.ticks.set(time.ticks.get() / 2);
        });
        assert_eq!(calibrated.source(), "clock_gettime");
    }

    #[test]
    fn the_span_is_what_was_asked_and_no_shorter_than_means_something() {
        for (asked, waited) in [
            (0, CALIBRATION_SPAN_NS_MIN),
            (CALIBRATION_SPAN_NS, CALIBRATION_SPAN_NS),
        ] {
            let (time, total) = (Manual::at(1_000, 5), Cell::new(0));
            Calibrated::over(asked, &time, &time, |ns| {
                total.set(total.get() + ns);
                time.pass(ns, ns / 1_000 * 2_600);
            });
            assert_eq!(total.get(), waited);
        }
    }

    #[test]
    fn the_monotonic_clock_can_be_asked_for() {
        let calibrated = EngineClock::monotonic();
        assert_eq!(
            (calibrated.source(), calibrated.fallback.clone()),
            ("clock_gettime", None)
        );
        assert_eq!(calibrated.drift(), Some(Drift::NONE));
    }
}
