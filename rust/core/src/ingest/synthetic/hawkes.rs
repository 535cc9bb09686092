//! Self-exciting arrivals: a Hawkes process whose kernel is a sum of exponentials.
//!
//! The intensity is `μ + Σₖ λₖ(t)`; each event adds `branchingₖ · rateₖ` to λₖ, which decays with
//! `rateₖ`. Simulated exactly, without thinning and without a time step, in O(1) per event and
//! kernel: between events the components are independent inhomogeneous Poisson processes, the
//! first arrival of each has a closed form, and the earliest one is the next event. After A.
//! Dassios and H. Zhao, "Exact simulation of Hawkes process with exponentially decaying
//! intensity", Electronic Communications in Probability 18 (2013), no. 62, applied to every
//! exponential of the sum; the process is A. G. Hawkes, Biometrika 58 (1971), 83–90.

use rand_xoshiro::Xoshiro256PlusPlus;

use crate::variates::exponential;

use super::arrivals::{Arrivals, StampClock};

/// One exponential of the kernel.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Kernel {
    /// Mean number of events that one event causes through this kernel.
    pub branching: f64,
    /// Decay per second of the recording, at the recording's own rate.
    pub decay_per_s: f64,
}

/// Events in the recording the default is fitted to.
pub const RECORDING_EVENTS: u64 = 118_497;
/// Span of that recording in seconds: one trading day of 6.5 hours.
pub const RECORDING_SPAN_S: u64 = 23_400;

/// The default kernel, fitted to the NASDAQ messages of AAPL on 2012-06-21 (LOBSTER sample file).
///
/// The variance-to-mean ratios of its counts equal the recording's in windows of 0.1, 1, 10, 100
/// and 1,000 ms. A stationary process cannot also be the day's slow swings (the ratio keeps
/// growing to 153 at one minute), and one that tried would differ wildly from seed to seed:
/// the ratio levels off at 27 instead (docs/concepts/ingest-synthetic.md).
pub const FITTED: [Kernel; 3] = [
    Kernel {
        branching: 0.358,
        decay_per_s: 15_209.0,
    },
    Kernel {
        branching: 0.2773,
        decay_per_s: 299.3,
    },
    Kernel {
        branching: 0.1722,
        decay_per_s: 7.341,
    },
];

/// Events simulated and thrown away first: the excitation forgets its start within a few events
/// (its slowest mode relaxes in under a second of the recording), so this many are plenty.
const BURN_IN_EVENTS: usize = 1_024;

/// A running Hawkes process of `K` kernels.
#[derive(Debug)]
pub(super) struct Hawkes<const K: usize> {
    kernels: [Kernel; K],
    /// λₖ just after the latest event, per second of the recording.
    excitation_hz: [f64; K],
    baseline_hz: f64,
    /// Nanoseconds of the stream per second of the recording.
    ns_per_recorded_s: f64,
    clock: StampClock,
    started: bool,
    rng: Xoshiro256PlusPlus,
}

impl<const K: usize> Hawkes<K> {
    /// A stationary process of mean rate `rate_hz`, just after an event.
    pub(super) fn new(kernels: [Kernel; K], rate_hz: f64, rng: Xoshiro256PlusPlus) -> Self {
        let recorded_hz = RECORDING_EVENTS as f64 / RECORDING_SPAN_S as f64;
        let branching: f64 = kernels
            .iter()
            .fold(0.0, |sum, kernel| sum + kernel.branching);
        let mut process = Self {
            kernels,
            excitation_hz: kernels.map(|kernel| kernel.branching * recorded_hz),
            baseline_hz: recorded_hz * (1.0 - branching),
            ns_per_recorded_s: 1e9 * (recorded_hz / rate_hz),
            clock: StampClock::default(),
            started: false,
            rng,
        };
        for _ in 0..BURN_IN_EVENTS {
            process.next_gap_s();
        }
        process
    }

    /// Simulates up to the next event; the gap in seconds of the recording.
    fn next_gap_s(&mut self) -> f64 {
        let mut gap_s = exponential(&mut self.rng) / self.baseline_hz;
        for (kernel, excitation_hz) in self.kernels.iter().zip(&self.excitation_hz) {
            // This component alone: its expected number of arrivals in s seconds is
            // (λ / β)(1 − e^(−βs)), and its first arrival is where that reaches a standard
            // exponential variate; beyond λ / β it never does.
            let spent = exponential(&mut self.rng) * kernel.decay_per_s / excitation_hz;
            if spent < 1.0 {
                let first_s = -libm::log(1.0 - spent) / kernel.decay_per_s;
                if first_s < gap_s {
                    gap_s = first_s;
                }
            }
        }
        for (kernel, excitation_hz) in self.kernels.iter().zip(&mut self.excitation_hz) {
            *excitation_hz = *excitation_hz * libm::exp(-kernel.decay_per_s * gap_s)
                + kernel.branching * kernel.decay_per_s;
        }
        gap_s
    }
}

impl<const K: usize> Arrivals for Hawkes<K> {
    fn next_ns(&mut self) -> Option<u64> {
        if !self.started {
            self.started = true;
            return Some(0);
        }
        let gap_ns = self.next_gap_s() * self.ns_per_recorded_s;
        self.clock.advance(gap_ns)
    }
}
