//! Stamps for round trips: the processor's counter where it can be trusted, for it costs least.

use tickpath_core::time::tsc::{ProcessorTicks, Ticks as _};
use tickpath_core::time::{Clock, MonotonicClock, cost_ns};

/// How long the counter is compared with the clock.
const CALIBRATION_NS: u64 = 50_000_000;

/// Stamps behind the measurement of a step.
const STEPS: u32 = 10_000;

/// A counter and its rate.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Stopwatch {
    ticks: ProcessorTicks,
    /// Nanoseconds a tick, times 2³²; `None`: the clock is read instead.
    rate_q32: Option<u64>,
}

impl Stopwatch {
    /// Calibrates the counter.
    pub(crate) fn new() -> Self {
        let ticks = ProcessorTicks::new();
        if !ticks.is_steady() {
            return Self {
                ticks,
                rate_q32: None,
            };
        }
        let both = || (MonotonicClock.now_ns(), ticks.ticks());
        let (from_ns, from) = both();
        let (mut to_ns, mut to) = both();
        while to_ns - from_ns < CALIBRATION_NS {
            (to_ns, to) = both();
        }
        let rate = (u128::from(to_ns - from_ns) << 32) / u128::from((to - from).max(1));
        Self {
            ticks,
            rate_q32: u64::try_from(rate).ok(),
        }
    }

    /// A stamp, in a unit of its own.
    #[inline(always)]
    pub(crate) fn stamp(&self) -> u64 {
        match self.rate_q32 {
            Some(_) => self.ticks.ticks(),
            None => MonotonicClock.now_ns(),
        }
    }

    /// Nanoseconds between two stamps, rounded.
    #[inline(always)]
    pub(crate) fn between_ns(&self, from: u64, to: u64) -> u64 {
        let span = to.saturating_sub(from);
        match self.rate_q32 {
            Some(rate) => ((u128::from(span) * u128::from(rate) + (1 << 31)) >> 32) as u64,
            None => span,
        }
    }

    /// What is read, for the report.
    pub(crate) fn source(&self) -> &'static str {
        if self.rate_q32.is_some() {
            "tsc"
        } else {
            "clock_gettime"
        }
    }

    /// The smallest step the stamps move in, in nanoseconds: some counters move by many ticks at once.
    pub(crate) fn step_ns(&self) -> u64 {
        let mut step = u64::MAX;
        let mut before = self.stamp();
        for _ in 0..STEPS {
            let now = self.stamp();
            match self.between_ns(before, now) {
                0 => {}
                ns => step = step.min(ns),
            }
            before = now;
        }
        step
    }

    /// What a stamp costs, in nanoseconds.
    pub(crate) fn cost_ns(&self) -> u64 {
        cost_ns(self)
    }
}

impl Clock for Stopwatch {
    fn now_ns(&self) -> u64 {
        self.between_ns(0, self.stamp())
    }
}
