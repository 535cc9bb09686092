//! How long an event is worked on: nothing, a constant, or drawn from a distribution.
//!
//! A stage is generic over it, so that one without service time has no code for any. A draw allocates
//! nothing and is the same on every machine for the same seed.

use core::fmt;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use crate::variates::{below, exponential, normal};

use super::Load;

/// Longest service of one event, in nanoseconds: a minute. A draw beyond it is cut to it.
pub const SERVICE_NS_MAX: u64 = 60_000_000_000;

/// The service times of a stage, as they are asked for.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum ServiceTime {
    /// Nothing beyond the stage's own work.
    #[default]
    None,
    /// The same for every event, in nanoseconds.
    Constant(u64),
    /// Memoryless, with this mean in nanoseconds.
    Exponential {
        /// The mean, in nanoseconds.
        mean_ns: f64,
    },
    /// Lognormal: `median_ns · exp(sigma · z)`, `z` standard normal.
    Lognormal {
        /// The median, in nanoseconds.
        median_ns: f64,
        /// The standard deviation of the logarithm.
        sigma: f64,
    },
    /// One of these samples, each as likely as any other, in nanoseconds.
    Empirical(Box<[u64]>),
}

/// Service times that make no sense.
#[derive(Debug, Clone, PartialEq)]
pub struct ServiceError(String);

impl fmt::Display for ServiceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for ServiceError {}

impl ServiceTime {
    /// Whether a stage has any.
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }

    /// Checks the parameters.
    ///
    /// # Errors
    /// Returns an error for a number that is negative, not finite or longer than a minute, and for an
    /// empirical distribution without samples.
    pub fn validate(&self) -> Result<(), ServiceError> {
        let span = |name: &str, ns: f64| {
            if ns.is_finite() && ns >= 0.0 && ns <= SERVICE_NS_MAX as f64 {
                return Ok(());
            }
            Err(ServiceError(format!(
                "{name} must lie between 0 and {SERVICE_NS_MAX} ns (a minute): got {ns}"
            )))
        };
        match self {
            Self::None => Ok(()),
            Self::Constant(ns) => span("a constant service time", *ns as f64),
            Self::Exponential { mean_ns } => span("the mean of a service time", *mean_ns),
            Self::Lognormal { median_ns, sigma } => {
                span("the median of a service time", *median_ns)?;
                if sigma.is_finite() && (0.0..=10.0).contains(sigma) {
                    return Ok(());
                }
                Err(ServiceError(format!(
                    "sigma of a lognormal service time must lie between 0 and 10: got {sigma}"
                )))
            }
            Self::Empirical(samples) if samples.is_empty() => Err(ServiceError(
                "an empirical service time needs at least one sample: got none".to_owned(),
            )),
            Self::Empirical(samples) => samples
                .iter()
                .try_for_each(|&ns| span("a sample of a service time", ns as f64)),
        }
    }
}

/// What a stage draws its service times from.
pub trait Service {
    /// Whether there is any: what is not is compiled away.
    const IS_TIMED: bool;

    /// How long the event takes that the stage expects at `cursor`, in nanoseconds.
    fn draw_ns(&mut self, cursor: u64) -> u64;
}

/// No service time.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoService;

impl Service for NoService {
    const IS_TIMED: bool = false;

    #[inline(always)]
    fn draw_ns(&mut self, _cursor: u64) -> u64 {
        0
    }
}

/// Service times drawn one by one, reproducible by their seed; longer under load, if that is asked for.
#[derive(Debug, Clone)]
pub struct Sampled {
    time: ServiceTime,
    rng: Xoshiro256PlusPlus,
    load: Option<Load>,
}

impl Sampled {
    /// Draws from `time` beginning at `seed`.
    pub fn new(time: ServiceTime, seed: u64) -> Self {
        Self {
            time,
            rng: Xoshiro256PlusPlus::seed_from_u64(seed),
            load: None,
        }
    }

    /// The same, slower under `load`.
    #[must_use]
    pub fn under(self, load: Load) -> Self {
        Self {
            load: Some(load),
            ..self
        }
    }

    #[inline]
    fn drawn_ns(&mut self) -> u64 {
        let rng = &mut self.rng;
        let ns = match &self.time {
            ServiceTime::None => 0.0,
            ServiceTime::Constant(ns) => return *ns,
            ServiceTime::Exponential { mean_ns } => mean_ns * exponential(rng),
            ServiceTime::Lognormal { median_ns, sigma } => {
                median_ns * libm::exp(sigma * normal(rng))
            }
            ServiceTime::Empirical(samples) => return samples[below(rng, samples.len())],
        };
        // A float beyond the range of an integer converts to its end.
        (ns as u64).min(SERVICE_NS_MAX)
    }
}

impl Service for Sampled {
    const IS_TIMED: bool = true;

    #[inline]
    fn draw_ns(&mut self, cursor: u64) -> u64 {
        let drawn_ns = self.drawn_ns();
        match &self.load {
            None => drawn_ns,
            Some(load) => load.longer_ns(drawn_ns, cursor),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draws(time: ServiceTime, seed: u64) -> Vec<u64> {
        let mut service = Sampled::new(time, seed);
        (0..10_000).map(|_| service.draw_ns(0)).collect()
    }

    fn median(mut draws: Vec<u64>) -> u64 {
        draws.sort_unstable();
        draws[draws.len() / 2]
    }

    #[test]
    fn the_same_seed_draws_the_same_and_another_does_not() {
        let time = ServiceTime::Lognormal {
            median_ns: 1_000.0,
            sigma: 0.5,
        };
        assert_eq!(draws(time.clone(), 7), draws(time.clone(), 7));
        assert_ne!(draws(time.clone(), 7), draws(time, 8));
    }

    #[test]
    fn each_distribution_has_the_figure_it_is_named_by() {
        assert!(
            draws(ServiceTime::Constant(40), 1)
                .iter()
                .all(|&ns| ns == 40)
        );
        let exponential = draws(ServiceTime::Exponential { mean_ns: 1_000.0 }, 1);
        let mean = exponential.iter().sum::<u64>() / exponential.len() as u64;
        assert!((950..1_050).contains(&mean), "{mean}");
        let lognormal = ServiceTime::Lognormal {
            median_ns: 1_000.0,
            sigma: 1.0,
        };
        let middle = median(draws(lognormal, 1));
        assert!((950..1_050).contains(&middle), "{middle}");
        let drawn = draws(ServiceTime::Empirical([5, 9].into()), 1);
        let nines = drawn.iter().filter(|&&ns| ns == 9).count();
        assert!(drawn.iter().all(|ns| [5, 9].contains(ns)));
        assert!((4_800..5_200).contains(&nines), "{nines}");
    }

    #[test]
    fn a_draw_is_never_longer_than_a_minute() {
        let wild = ServiceTime::Lognormal {
            median_ns: SERVICE_NS_MAX as f64,
            sigma: 10.0,
        };
        assert_eq!(draws(wild, 3).into_iter().max(), Some(SERVICE_NS_MAX));
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let wrong = [
            ServiceTime::Constant(u64::MAX),
            ServiceTime::Exponential { mean_ns: -1.0 },
            ServiceTime::Exponential { mean_ns: f64::NAN },
            ServiceTime::Lognormal {
                median_ns: 1.0,
                sigma: 11.0,
            },
            ServiceTime::Empirical([].into()),
            ServiceTime::Empirical([u64::MAX].into()),
        ];
        for time in wrong {
            let error = time.validate().expect_err("makes no sense").to_string();
            assert!(
                error.contains("must lie") || error.contains("at least one"),
                "{error}"
            );
        }
        assert_eq!(ServiceTime::None.validate(), Ok(()));
        assert_eq!(ServiceTime::Constant(SERVICE_NS_MAX).validate(), Ok(()));
    }
}
