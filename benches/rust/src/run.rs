//! The run: first each contender finds its best way, then all take turns, round by round.
//!
//! A virtual machine's cores move: next to each other a line goes to and fro in a quarter of the time it
//! takes between distant ones. So after every turn two lines are handed to and fro; a round in which that
//! changed does not count, nor does one on a machine unlike that on which the best ways were found: they
//! are found anew if it stays that way.

use hdrhistogram::Histogram;
use tickpath_core::engine::Wait;
use tickpath_core::time::EngineClock;

use crate::floor;
use crate::flow::Flow;
use crate::measured::{Measured, Row};
use crate::plan::{Act, Case, Entry, TRIP_SLOTS, Variant, groups};
use crate::quantile::quantile_ns;
use crate::round_trip::Trip;
use crate::tune::Tuned;

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

/// Round trips of a look at the machine.
const PROBE_TRIPS: u64 = 10_000;
/// For every round that counts so many may be begun: those in which the machine changed do not count.
const ATTEMPTS: usize = 2;
/// So often the best ways are found, at the most.
const TUNINGS: usize = 3;

/// A contender in its turn: what it is measured with, and what it has shown so far.
pub(crate) struct Runner {
    pub(crate) entry: Entry,
    pub(crate) variant: Variant,
    /// Events in a turn.
    pub(crate) events: u64,
    pub(crate) row: Row,
}

/// One turn's figures.
pub(crate) enum Turn {
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
            rows.extend(self.group(&group, &mut say)?);
        }
        Ok(Measured { rows })
    }

    /// Measures a group.
    fn group(&self, group: &[Entry], say: &mut impl FnMut(&str)) -> Result<Vec<Row>, String> {
        let title = group.first().map_or(String::new(), |first| {
            format!("{}, {} slots", first.case.title(), first.slots)
        });
        say(&format!("{title}: finding each contender's best way"));
        let mut tuned = self.tune_all(group)?;
        let mut tunings = 1;
        let mut rounds: Vec<Round> = Vec::new();
        for attempt in 1..=self.budget.rounds * ATTEMPTS {
            let hop_ns = self.hop_ns()?;
            // What was best between near cores need not be between distant ones.
            if !is_alike(hop_ns, tuned.hop_ns)
                && rounds.len() < self.budget.rounds / 2
                && tunings < TUNINGS
            {
                say(&format!(
                    "{title}: the machine changed; finding the best ways anew"
                ));
                tuned = self.tune_all(group)?;
                tunings += 1;
                rounds.clear();
                continue;
            }
            let round = self.round(&mut tuned, attempt)?;
            let fate = if round.is_some() {
                ""
            } else {
                ", in vain: the machine changed"
            };
            rounds.extend(round);
            let (done, all) = (rounds.len(), self.budget.rounds);
            say(&format!("{title}: {done} of {all} rounds{fate}"));
            if done >= all {
                break;
            }
        }
        Ok(tuned
            .runners
            .into_iter()
            .enumerate()
            .map(|(place, runner)| self.row(runner.row, place, &rounds))
            .collect())
    }

    /// Enters all rounds into the row at `place`.
    fn row(&self, mut row: Row, place: usize, rounds: &[Round]) -> Row {
        if rounds.is_empty() {
            row.failure
                .get_or_insert_with(|| "the machine never held still".to_owned());
        }
        for Round { hop_ns, turns } in rounds {
            let Some(turn) = &turns[place] else { continue };
            if let Err(why) = enter(&mut row, turn, *hop_ns, self.step_ns) {
                row.failure.get_or_insert(why);
            }
        }
        row
    }

    /// Every contender's turn, or nothing if the machine is not, or not all the time, what it was tuned for.
    fn round(&self, tuned: &mut Tuned, attempt: usize) -> Result<Option<Round>, String> {
        let Tuned { runners, hop_ns } = tuned;
        let hop_ns = *hop_ns;
        let count = runners.len();
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
    pub(crate) fn hop_ns(&self) -> Result<u64, String> {
        let trips =
            floor::ping_pong(&self.trip(TRIP_SLOTS, PROBE_TRIPS, Wait::Spin { pauses: 0 }))?;
        Ok(trips.value_at_quantile(0.5))
    }

    /// One turn of a variant.
    ///
    /// # Errors
    /// Returns an error if the contender gets stuck or something arrives wrong.
    pub(crate) fn once(
        &self,
        entry: &Entry,
        variant: Variant,
        events: u64,
    ) -> Result<Turn, String> {
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

/// Whether the machine was the same: within a fifth.
pub(crate) fn is_alike(hop_ns: u64, other_ns: u64) -> bool {
    hop_ns.abs_diff(other_ns) * 5 <= hop_ns.min(other_ns)
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
    fn near_cores_are_unlike_distant_ones_and_noise_is_neither() {
        assert!(is_alike(100, 120) && is_alike(461, 441));
        assert!(!is_alike(110, 451) && !is_alike(451, 110));
    }
}
