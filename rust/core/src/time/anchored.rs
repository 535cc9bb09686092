//! Stamps from the processor's counter, tied to the monotonic clock again and again.
//!
//! Reading the counter costs about 10 ns, the clock 25. [`AnchoredClock`] reads the clock once, and
//! the counter for the next [`WINDOW_NS`]; then it reads the clock anew. So its stamps are on the
//! clock's timeline, and their error is that of one reading and of the counter's rate over one window:
//! under [`ERROR_NS_MAX`], whatever the process's age, a slewed clock included. Errors do not add up
//! from window to window: a window that ended ahead of the clock is made up for in the next one, by a
//! slower pace, for stamps never go back. Only where the counter itself jumps (a virtual machine that
//! is moved, a suspended laptop) is the error larger: up to the rest of that window, and then the rate is
//! measured afresh.
//!
//! It is the clock of the object tier, whose executors live as long as the process; an engine's run has
//! an end, and its threads share one calibration ([`super::EngineClock`]).
//!
//! - **Threads**: one at a time (it keeps its anchor in cells).
//! - **Fallback**: by itself, to the clock alone, where the counter is not to be trusted or an anchor could
//!   not be taken undisturbed.

use core::cell::Cell;

use super::tsc::{ProcessorTicks, Reading, Ticks};
use super::{Clock, MonotonicClock};

/// How long one reading of the clock is good for, in nanoseconds.
pub const WINDOW_NS: u64 = 20_000;
/// The largest error of a stamp against the clock, in nanoseconds, for a counter of 1 GHz or more that
/// does not jump.
///
/// An anchor is refused if reading it took more than 512 ticks, and the clock was read within
/// half of that (256 ns) of the tick it is tied to. Both ends of a rate's measurement are such anchors, at
/// least [`RATE_BASE_NS_MIN`] apart: 0.5 ‰, which is 10 ns in a window; a clock slewed by 500 ppm, the most
/// that NTP does, while the rate is an average of before and after: 10 ns more.
pub const ERROR_NS_MAX: u64 = 500;
/// The shortest span the rate is measured over, in nanoseconds.
const RATE_BASE_NS_MIN: u64 = 1_000_000;
/// The longest one: a clock that is slewed changes its rate.
const RATE_BASE_NS_MAX: u64 = 1_000_000_000;
/// While the rate is unknown a read takes 10 ns at the very least: so many are more than its measurement takes.
const SETTLING_READS_MAX: u64 = RATE_BASE_NS_MIN / 10;
/// Rates outside this range (ticks of 10 ns to 0.1 ns) are no processor's.
const RATE_Q32: core::ops::RangeInclusive<u64> = (1 << 32) / 10..=(1 << 32) * 10;
/// A rate that differs from the last by more than one part in so many is no better measurement of it:
/// the counter jumped in between. (Noise and slew come to 1.5 ‰ at the most.)
const RATE_PARTS: u64 = 512;

/// One reading of both, and what follows from it.
#[derive(Debug, Clone, Copy, Default)]
struct Anchor {
    ticks: u64,
    ns: u64,
    /// For how many ticks this anchor is good; 0 while the rate is unknown.
    window_ticks: u64,
    /// Nanoseconds a tick in this window, times 2³²: the rate, or less to fall back to the clock.
    pace_q32: u64,
    /// Nanoseconds a tick, times 2³², as measured; 0 while unknown.
    rate_q32: u64,
    /// Where the measurement of the rate began.
    base_ticks: u64,
    base_ns: u64,
}

impl Anchor {
    #[inline]
    const fn ns_after(&self, ticks: u64) -> u64 {
        // A window is some 10⁵ ticks and a rate at most 10 × 2³²: the product stays below 2⁵³.
        self.ns + ((ticks * self.pace_q32) >> 32)
    }
}

/// A clock that reads the counter, and the real clock once per window.
#[derive(Debug)]
pub struct AnchoredClock<C = MonotonicClock, T = ProcessorTicks> {
    clock: C,
    counter: T,
    anchor: Cell<Anchor>,
}

impl AnchoredClock {
    /// The machine's clock, read through the processor's counter where that can be trusted.
    pub fn new() -> Self {
        Self::with(MonotonicClock, ProcessorTicks::new())
    }
}

impl Default for AnchoredClock {
    fn default() -> Self {
        Self::new()
    }
}

impl<C: Clock, T: Ticks> AnchoredClock<C, T> {
    /// `clock`, read through `counter`.
    pub fn with(clock: C, counter: T) -> Self {
        Self {
            clock,
            counter,
            anchor: Cell::new(Anchor::default()),
        }
    }

    /// Reads the clock, and if nothing came between takes a new anchor.
    #[cold]
    fn read_clock(&self) -> u64 {
        if self.counter.trust().is_err() {
            return self.clock.now_ns();
        }
        let reading = Reading::take(&self.clock, &self.counter);
        let clock_ns = reading.ns;
        let old = self.anchor.get();
        let mut new = Anchor {
            ticks: reading.ticks,
            // Never behind a stamp that the old anchor may have given.
            ns: clock_ns.max(old.ns_after(old.window_ticks)),
            window_ticks: 0,
            ..old
        };
        if reading.is_steady() {
            new.measure(clock_ns);
            new.open_window(new.ns - clock_ns);
        }
        self.anchor.set(new);
        new.ns
    }
}

impl Anchor {
    /// Measures the rate if the base is long enough.
    fn measure(&mut self, clock_ns: u64) {
        let (ticks, ns) = (
            self.ticks.wrapping_sub(self.base_ticks),
            clock_ns.saturating_sub(self.base_ns),
        );
        if self.base_ns == 0 || self.ticks <= self.base_ticks {
            // A first reading, or a counter that was set back.
            self.begin_again(clock_ns);
        } else if ns >= RATE_BASE_NS_MIN {
            let rate = u64::try_from((u128::from(ns) << 32) / u128::from(ticks)).unwrap_or(0);
            let known = self.rate_q32;
            let jumped = known != 0 && rate.abs_diff(known) > known / RATE_PARTS;
            if jumped || !RATE_Q32.contains(&rate) {
                self.begin_again(clock_ns);
                return;
            }
            self.rate_q32 = rate;
            if ns >= RATE_BASE_NS_MAX {
                (self.base_ticks, self.base_ns) = (self.ticks, clock_ns);
            }
        }
    }

    /// Forgets the rate, and measures from here.
    const fn begin_again(&mut self, clock_ns: u64) {
        (self.base_ticks, self.base_ns, self.rate_q32) = (self.ticks, clock_ns, 0);
    }

    /// Opens the window, if the rate is known and this anchor is not too far `ahead_ns` of the clock; at
    /// the window's end it is ahead no more.
    fn open_window(&mut self, ahead_ns: u64) {
        if self.rate_q32 != 0 && ahead_ns <= WINDOW_NS / 2 {
            self.window_ticks = (WINDOW_NS << 32) / self.rate_q32;
            self.pace_q32 = self.rate_q32 * (WINDOW_NS - ahead_ns) / WINDOW_NS;
        }
    }
}

impl<C: Clock, T: Ticks> Clock for AnchoredClock<C, T> {
    #[inline]
    fn now_ns(&self) -> u64 {
        let anchor = self.anchor.get();
        let passed = self.counter.ticks().wrapping_sub(anchor.ticks);
        if passed < anchor.window_ticks {
            anchor.ns_after(passed)
        } else {
            self.read_clock()
        }
    }

    /// Reads on until the rate is known, which takes [`RATE_BASE_NS_MIN`]; where it never will be, that
    /// often is enough.
    fn settle(&self) {
        for _ in 0..SETTLING_READS_MAX {
            if self.counter.trust().is_err() || self.anchor.get().rate_q32 != 0 {
                return;
            }
            self.now_ns();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::scripted::Manual;
    use super::super::tsc::Distrust;
    use super::*;

    fn steady() -> Manual {
        Manual::at(5_000_000, 77)
    }

    #[test]
    fn follows_the_clock_within_its_bound_at_any_rate() {
        for ticks_per_us in [1_000, 2_600, 5_123] {
            let time = steady();
            let clock = AnchoredClock::with(&time, &time);
            for step in 0..200_000_u64 {
                let ns = 1_000 * (1 + step % 40);
                time.pass(ns, ns / 1_000 * ticks_per_us);
                assert!(clock.now_ns().abs_diff(time.ns.get()) <= 1, "step {step}");
            }
        }
    }

    #[test]
    fn reads_the_clock_only_once_per_window() {
        let time = steady();
        let clock = AnchoredClock::with(&time, &time);
        clock.now_ns();
        time.pass(2_000_000, 4_000_000);
        let anchored = clock.now_ns();
        // The clock jumps; within the window only the counter is looked at.
        time.ns.set(time.ns.get() + 1_000_000);
        time.ticks.set(time.ticks.get() + 200);
        assert_eq!(clock.now_ns(), anchored + 100);
    }

    #[test]
    fn it_costs_what_it_costs_once_its_rate_is_known() {
        // A look at the counter takes 10 ns, one at the clock 60: by itself the measurement would be over before
        // the rate is known.
        let time = steady();
        let clock = AnchoredClock::with(Dear(&time), Cheap(&time));
        assert_eq!(super::super::cost_ns(&clock), 10);
        // A counter that is not to be trusted is not waited for.
        let odd = Manual {
            trust: Err(Distrust::NotInvariant),
            ..steady()
        };
        let before_ns = odd.ns.get();
        AnchoredClock::with(Dear(&odd), Cheap(&odd)).settle();
        assert_eq!(odd.ns.get(), before_ns);
    }

    /// A clock that takes time to read.
    struct Dear<'a>(&'a Manual);

    impl Clock for Dear<'_> {
        fn now_ns(&self) -> u64 {
            self.0.pass(30, 30);
            let now_ns = self.0.ns.get();
            self.0.pass(30, 30);
            now_ns
        }
    }

    /// A counter that takes less.
    struct Cheap<'a>(&'a Manual);

    impl Ticks for Cheap<'_> {
        fn trust(&self) -> Result<(), Distrust> {
            self.0.trust
        }

        fn ticks(&self) -> u64 {
            self.0.pass(10, 10);
            self.0.ticks.get()
        }
    }

    #[test]
    fn a_slewed_clock_is_followed_in_either_direction() {
        // 500 ppm, which is the most that NTP does, in the middle of a measurement of the rate.
        for slewed_ns in [10_005, 9_995] {
            let time = steady();
            let clock = AnchoredClock::with(&time, &time);
            let mut last = 0;
            for step in 0..400_000_u64 {
                let slew = step % 100_000 > 55_000;
                time.pass(if slew { slewed_ns } else { 10_000 }, 26_000);
                let now = clock.now_ns();
                assert!(now >= last, "step {step}: {now} after {last}");
                last = now;
                let error = now.abs_diff(time.ns.get());
                assert!(error <= 20, "{slewed_ns}, step {step}: {error} ns");
            }
        }
    }

    #[test]
    fn the_error_of_a_disturbed_base_does_not_add_up() {
        for late_ns in [0, 200] {
            let time = steady();
            let clock = AnchoredClock::with(&time, &time);
            // The base reads the clock early or late; whatever follows is exact.
            time.ns.set(time.ns.get() + late_ns);
            clock.now_ns();
            time.ns.set(time.ns.get() + 200 - late_ns);
            for step in 0..300_000_u64 {
                time.pass(3_000, 7_800);
                let error = clock.now_ns().abs_diff(time.ns.get());
                assert!(error <= 10, "step {step}: {error} ns");
            }
        }
    }

    #[test]
    fn a_counter_that_jumps_is_measured_afresh_after_one_window() {
        for jump_ticks in [30_000_u64, 1_000_000_000, 2_600_000_000, 20_000_000_000] {
            let time = steady();
            let clock = AnchoredClock::with(&time, &time);
            for step in 0..600_000_u64 {
                time.pass(1_000, 2_600);
                if step == 300_000 {
                    time.pass(0, jump_ticks);
                }
                let error = clock.now_ns().abs_diff(time.ns.get());
                let settling = (300_000..=300_000 + 2 * WINDOW_NS / 1_000).contains(&step);
                let bound = if settling { WINDOW_NS } else { ERROR_NS_MAX };
                assert!(error <= bound, "{jump_ticks}, step {step}: {error} ns");
            }
        }
    }

    #[test]
    fn never_goes_back_whatever_the_counter_does() {
        let time = steady();
        let clock = AnchoredClock::with(&time, &time);
        let mut last = 0;
        for step in 0..100_000_u64 {
            time.pass(700, 1_820 + step % 7);
            if step % 9_000 == 8_999 {
                time.ticks.set(step);
            }
            let now = clock.now_ns();
            assert!(now >= last, "step {step}: {now} after {last}");
            last = now;
        }
    }

    #[test]
    fn a_counter_that_is_not_steady_is_left_alone() {
        let time = Manual {
            trust: Err(Distrust::NotInvariant),
            ..steady()
        };
        let clock = AnchoredClock::with(&time, &time);
        for _ in 0..1_000 {
            time.pass(10_000, 1);
            assert_eq!(clock.now_ns(), time.ns.get());
        }
    }

    #[test]
    fn the_machine_s_own_stays_with_the_machine_s_clock() {
        let clock = AnchoredClock::new();
        for round in 0..300_000 {
            let before = MonotonicClock.now_ns();
            let stamp = clock.now_ns();
            let after = MonotonicClock.now_ns();
            let outside = before
                .saturating_sub(stamp)
                .max(stamp.saturating_sub(after));
            assert!(
                outside <= ERROR_NS_MAX,
                "round {round}: {outside} ns outside"
            );
        }
    }
}
