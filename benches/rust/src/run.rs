//! The run: first each contender finds its best way, then all take turns, round by round.
//!
//! A virtual machine's cores move: next to each other a line goes to and fro in a quarter of the time it
//! takes between distant ones. So after every turn two lines are handed to and fro; a round in which that
//! changed does not count, and of the others only those count that were alike.

use hdrhistogram::Histogram;
use tickpath_core::engine::Wait;
use tickpath_core::time::EngineClock;

use crate::floor;
use crate::flow::Flow;
use crate::measured::{Measured, Row, Spread};
use crate::plan::{Act, Case, Entry, ODD_SLOTS, TRIP_SLOTS, Variant, groups};
use crate::quantile::quantile_ns;
use crate::round_trip::{Trip, latencies};
use crate::targets::LOST_PERCENT;

/// How long things are measured.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Budget {
    /// Rounds in which every contender has its turn.
    pub(crate) rounds: usize,
    /// Length of a turn one way, in milliseconds.
    pub(crate) flow_ms: u64,
    /// Round trips in a turn.
    pub(crate) trips: u64,
    /// Length of a try, of three for each variant, in milliseconds.
    pub(crate) try_ms: u64,
    /// After this, in seconds, the whole run counts as stuck.
    pub(crate) whole_s: u64,
}

impl Budget {
    /// About a minute.
    pub(crate) const FULL: Self = Self {
        rounds: 9,
        flow_ms: 40,
        trips: 40_000,
        try_ms: 5,
        whole_s: 175,
    };
    /// Some seconds: for a look, not for a claim.
    pub(crate) const QUICK: Self = Self {
        rounds: 7,
        flow_ms: 8,
        trips: 5_000,
        try_ms: 1,
        whole_s: 30,
    };
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
/// Round trips of a look at the machine.
const PROBE_TRIPS: u64 = 200;
/// For every round that counts so many may be begun: those in which the machine changed do not count.
const ATTEMPTS: usize = 2;

/// A contender in its turn: what it is measured with, and what it has shown so far.
struct Runner {
    entry: Entry,
    variant: Variant,
    /// Events in a turn.
    events: u64,
    row: Row,
}

impl Runner {
    /// Whether `odd` is the same contender in the same case, with a capacity that is no power of two.
    fn is_even_of(&self, odd: &Entry) -> bool {
        let same = self.entry.case == odd.case && self.entry.contender == odd.contender;
        same && ODD_SLOTS.contains(&(odd.slots, self.entry.slots))
            && matches!(odd.act, Act::Flow(_))
    }
}

/// One turn's figures.
enum Turn {
    Flow {
        rate: f64,
        lost_percent: f64,
        events: u64,
    },
    Trip(Histogram<u64>),
}

/// Where and how it is run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bench {
    pub(crate) cores: [usize; 2],
    pub(crate) clock: EngineClock,
    /// What its stamps move in.
    pub(crate) step_ns: u64,
    pub(crate) budget: Budget,
}

/// One round: what the machine was like, and each contender's turn, unless it had failed.
struct Round {
    hop_ns: u64,
    turns: Vec<Option<Turn>>,
}

impl Bench {
    /// Measures everything; `say` is told how far it is.
    ///
    /// # Errors
    /// Returns an error if not even two lines can be handed to and fro.
    pub(crate) fn run(&self, mut say: impl FnMut(&str)) -> Result<Measured, String> {
        let mut rows = Vec::new();
        for group in groups() {
            let title = group.first().map_or(String::new(), |first| {
                format!("{}, {} slots", first.case.title(), first.slots)
            });
            say(&format!(
                "{title}, and what goes with it: finding each contender's best way"
            ));
            let mut runners: Vec<Runner> = Vec::new();
            for mut entry in group {
                // An odd capacity is measured in the way of the even one it is compared with.
                if let Some(even) = runners.iter().find(|runner| runner.is_even_of(&entry)) {
                    entry.variants = vec![even.variant];
                }
                runners.push(self.tune(entry));
            }
            let mut rounds: Vec<Round> = Vec::new();
            for attempt in 1..=self.budget.rounds * ATTEMPTS {
                let round = self.round(&mut runners, attempt)?;
                let fate = if round.is_some() {
                    ""
                } else {
                    ", in vain: the machine changed"
                };
                rounds.extend(round);
                let alike = alike(&rounds);
                say(&format!(
                    "{title}: {} of {} rounds{fate}",
                    alike.len(),
                    self.budget.rounds
                ));
                if alike.len() >= self.budget.rounds {
                    break;
                }
            }
            let alike = alike(&rounds);
            for (place, mut runner) in runners.into_iter().enumerate() {
                for &round in &alike {
                    let Round { hop_ns, turns } = &rounds[round];
                    if let Some(Err(why)) = turns[place]
                        .as_ref()
                        .map(|turn| enter(&mut runner.row, turn, *hop_ns, self.step_ns))
                    {
                        runner.row.failure.get_or_insert(why);
                    }
                }
                rows.push(runner.row);
            }
        }
        Ok(Measured { rows })
    }

    /// Every contender's turn, or nothing if the machine changed on the way.
    fn round(&self, runners: &mut [Runner], attempt: usize) -> Result<Option<Round>, String> {
        let count = runners.len();
        let hop_ns = self.hop_ns()?;
        let mut turns: Vec<_> = runners.iter().map(|_| None).collect();
        // Another one begins each time, and all the others follow in a circle.
        let begin = attempt * count / self.budget.rounds;
        for turn in 0..count {
            let place = (begin + turn) % count;
            turns[place] = self.turn(&mut runners[place]);
            if !is_alike(self.hop_ns()?, hop_ns) {
                return Ok(None);
            }
        }
        Ok(Some(Round { hop_ns, turns }))
    }

    /// What a line takes to the other core and back now: a virtual machine's cores move.
    fn hop_ns(&self) -> Result<u64, String> {
        let trips =
            floor::ping_pong(&self.trip(TRIP_SLOTS, PROBE_TRIPS, Wait::Spin { pauses: 0 }))?;
        Ok(trips.value_at_quantile(0.5))
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

    fn once(&self, entry: &Entry, variant: Variant, events: u64) -> Result<Turn, String> {
        match entry.act {
            Act::Flow(run) => {
                let passed = run(&Flow {
                    slots: entry.slots,
                    readers: if entry.case == Case::TwoReaders { 2 } else { 1 },
                    events,
                    lossy: entry.case == Case::NeverWaiting,
                    batch: variant.batch,
                    hand: variant.hand,
                    wait: variant.wait,
                    placement: variant.placement,
                    cores: self.cores,
                })?;
                let all = passed.received + passed.lost;
                Ok(Turn::Flow {
                    rate: passed.received as f64 * 1e3 / passed.took_ns as f64,
                    lost_percent: passed.lost as f64 * 100.0 / all as f64,
                    events: all,
                })
            }
            Act::Trip(run) => run(&self.trip(entry.slots, events, variant.wait)).map(Turn::Trip),
        }
    }

    fn trip(&self, slots: usize, trips: u64, wait: Wait) -> Trip {
        Trip {
            slots,
            trips,
            wait,
            cores: self.cores,
            clock: self.clock,
        }
    }

    /// One turn of `runner`, if it has not failed.
    fn turn(&self, runner: &mut Runner) -> Option<Turn> {
        if runner.row.failure.is_some() {
            return None;
        }
        match self.once(&runner.entry, runner.variant, runner.events) {
            Ok(turn) => Some(turn),
            Err(why) => {
                runner.row.failure = Some(why);
                None
            }
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
            Act::Flow(_) => events(entry, self.rate_per_ms, bench.budget.try_ms),
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

/// Whether the machine was the same: within a fifth.
fn is_alike(hop_ns: u64, other_ns: u64) -> bool {
    hop_ns.abs_diff(other_ns) * 5 <= hop_ns.min(other_ns)
}

/// The most rounds in which the machine was the same, by their places.
fn alike(rounds: &[Round]) -> Vec<usize> {
    let like = |round: &Round| {
        let places = 0..rounds.len();
        places
            .filter(|&other| is_alike(rounds[other].hop_ns, round.hop_ns))
            .collect::<Vec<_>>()
    };
    rounds
        .iter()
        .map(like)
        .max_by_key(Vec::len)
        .unwrap_or_default()
}

/// Enters a turn into a row.
fn enter(row: &mut Row, turn: &Turn, hop_ns: u64, step_ns: u64) -> Result<(), String> {
    row.hops_ns.push(hop_ns as f64);
    match turn {
        Turn::Flow {
            rate,
            lost_percent,
            events,
        } => {
            row.first.push(*rate);
            row.second.push(*lost_percent);
            row.samples += events;
        }
        Turn::Trip(trips) => {
            let at = |quantile| {
                quantile_ns(trips, quantile, step_ns)
                    .ok_or_else(|| format!("too few samples for a percentile: {}", trips.len()))
            };
            row.first.push(at(0.5)?);
            row.second.push(at(0.99)?);
            row.samples += trips.len();
            if let Some(all) = &mut row.latencies {
                all.add(trips).map_err(|e| e.to_string())?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_rounds_of_the_same_machine_stand_together() {
        let round = |hop_ns| Round {
            hop_ns,
            turns: Vec::new(),
        };
        let rounds = [460, 110, 470, 115, 465].map(round);
        assert_eq!(alike(&rounds), [0, 2, 4]);
        assert!(alike(&[]).is_empty());
    }
}
