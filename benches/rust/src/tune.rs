//! Each contender's best way: of waiting, of batching, of placing its threads. All ways of a contender take
//! turns, and the best by median is measured.

use crate::measured::{Row, Spread};
use crate::plan::{Act, Case, Entry, ODD_SLOTS, Variant};
use crate::round_trip::latencies;
use crate::run::{Bench, Runner, Turn, is_alike};
use crate::targets::LOST_PERCENT;

/// A group in its best ways, and what the machine was like when they were found.
pub(crate) struct Tuned {
    pub(crate) runners: Vec<Runner>,
    pub(crate) hop_ns: u64,
}

/// A round trip in a try is taken to last this long at the most.
const TRY_TRIPS_PER_MS: u64 = 1_000;
/// Tries of each variant; the median counts.
const TRIES: usize = 3;
/// What is assumed of a contender nothing is known of: events in a millisecond.
const GUESS_PER_MS: u64 = 2_000;
/// Added to the score of a way that loses little: more than any rate.
const LITTLE: f64 = 1e6;
/// A ring is gone round at least so many times in a turn.
const LAPS_MIN: u64 = 3;
/// A machine that changed while ways were tried is asked again, so often at the most.
const ATTEMPTS: usize = 3;

impl Runner {
    /// Whether `odd` is the same contender in the same case, with a capacity that is no power of two.
    fn is_even_of(&self, odd: &Entry) -> bool {
        let same = self.entry.case == odd.case && self.entry.contender == odd.contender;
        same && ODD_SLOTS.contains(&(odd.slots, self.entry.slots))
            && matches!(odd.act, Act::Flow(_))
    }
}

impl Bench {
    /// Finds the best ways of a group.
    ///
    /// # Errors
    /// Returns an error if not even two lines can be handed to and fro.
    pub(crate) fn tune_all(&self, group: &[Entry]) -> Result<Tuned, String> {
        let mut attempt = 1;
        loop {
            let hop_ns = self.hop_ns()?;
            let mut runners: Vec<Runner> = Vec::new();
            for entry in group {
                let mut entry = entry.clone();
                // An odd capacity is measured in the way of the even one it is compared with.
                if let Some(even) = runners.iter().find(|runner| runner.is_even_of(&entry)) {
                    entry.variants = vec![even.variant];
                }
                runners.push(self.tune(entry));
            }
            if attempt == ATTEMPTS || is_alike(self.hop_ns()?, hop_ns) {
                return Ok(Tuned { runners, hop_ns });
            }
            attempt += 1;
        }
    }

    /// Finds the best variant of `entry`.
    fn tune(&self, entry: Entry) -> Runner {
        let mut tries: Vec<_> = entry.variants.iter().map(|_| Tries::default()).collect();
        // Variants take turns too.
        let round_trip = matches!(entry.act, Act::Trip(_));
        for _ in 0..if round_trip && entry.variants.len() == 1 {
            0
        } else {
            TRIES
        } {
            for (variant, tries) in entry.variants.iter().zip(&mut tries) {
                tries.next(self, &entry, *variant);
            }
        }
        let scored = tries
            .iter()
            .enumerate()
            .filter(|(_, tries)| tries.failure.is_none());
        let best = scored.max_by(|a, b| a.1.score().total_cmp(&b.1.score()));
        // A way that fails is no way; only if none is left the contender has failed.
        let failure = tries.first().and_then(|tries| tries.failure.clone());
        let (place, failure) = best.map_or((0, failure), |(place, _)| (place, None));
        let variant = entry.variants[place];
        let events = match entry.act {
            Act::Flow(_) => events(&entry, tries[place].rate_per_ms, self.budget.flow_ms),
            Act::Trip(_) => self.budget.trips,
        };
        let row = Row {
            case: entry.case,
            slots: entry.slots,
            contender: entry.contender,
            strategy: entry.strategy(&variant),
            hops_ns: Vec::new(),
            first: Vec::new(),
            second: Vec::new(),
            samples: 0,
            latencies: matches!(entry.act, Act::Trip(_)).then(latencies),
            failure,
        };
        Runner {
            entry,
            variant,
            events,
            row,
        }
    }
}

/// What trying a variant out has shown.
struct Tries {
    scores: Vec<f64>,
    rate_per_ms: u64,
    failure: Option<String>,
}

impl Default for Tries {
    fn default() -> Self {
        Self {
            scores: Vec::new(),
            rate_per_ms: GUESS_PER_MS,
            failure: None,
        }
    }
}

impl Tries {
    /// One more try.
    fn next(&mut self, bench: &Bench, entry: &Entry, variant: Variant) {
        if self.failure.is_some() {
            return;
        }
        let events = match entry.act {
            Act::Flow(_) => {
                // Losses come in bursts: a short try may not see one.
                let times = if entry.case == Case::NeverWaiting {
                    4
                } else {
                    1
                };
                events(entry, self.rate_per_ms, bench.budget.try_ms * times)
            }
            Act::Trip(_) => TRY_TRIPS_PER_MS * bench.budget.try_ms,
        };
        match bench.once(entry, variant, events) {
            Ok(Turn::Flow {
                rate, lost_percent, ..
            }) => {
                // Million a second are thousands a millisecond.
                self.rate_per_ms = (rate * 1e3) as u64;
                // Any way that loses little is better than one that loses much.
                let little = if lost_percent < LOST_PERCENT {
                    LITTLE
                } else {
                    0.0
                };
                self.scores
                    .push(rate * (1.0 - lost_percent / 100.0) + little);
            }
            Ok(Turn::Trip(latencies)) => {
                self.scores.push(-(latencies.value_at_quantile(0.5) as f64));
            }
            Err(why) => self.failure = Some(why),
        }
    }

    /// More is better.
    fn score(&self) -> f64 {
        Spread::of(&self.scores).map_or(f64::MIN, |scores| scores.median)
    }
}

/// How many events last `ms`; a ring is gone round a few times in any case.
fn events(entry: &Entry, rate_per_ms: u64, ms: u64) -> u64 {
    (rate_per_ms * ms).max(entry.slots as u64 * LAPS_MIN)
}
