//! What was measured, and what may be said about it: medians of rounds, and ratios within a round.

use hdrhistogram::Histogram;
use serde::Serialize;

use crate::plan::{Case, OURS};

/// A median, and the lowest and highest round.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// Of some rounds; `None` of none.
    pub(crate) fn of(rounds: &[f64]) -> Option<Self> {
        let mut sorted = rounds.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = if sorted.len().is_multiple_of(2) {
            f64::midpoint(sorted[middle - 1], sorted[middle])
        } else {
            sorted[middle]
        };
        Some(Self { median, low, high })
    }
}

/// Which figure of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Figure {
    /// Million events a second that were received.
    Rate,
    /// Events lost, per cent.
    LostPercent,
    /// Median of the round trips, ns.
    P50,
    /// Their 99th percentile, ns.
    P99,
}

/// A contender in a case, round by round.
#[derive(Debug)]
pub(crate) struct Row {
    pub(crate) case: Case,
    pub(crate) slots: usize,
    pub(crate) contender: &'static str,
    pub(crate) strategy: String,
    /// The ping-pong's p50 at the beginning of each round.
    pub(crate) hops_ns: Vec<f64>,
    /// Rate, or p50.
    pub(crate) first: Vec<f64>,
    /// Per cent lost, or p99.
    pub(crate) second: Vec<f64>,
    /// Events, or round trips, in all rounds.
    pub(crate) samples: u64,
    /// The round trips of all rounds.
    pub(crate) latencies: Option<Histogram<u64>>,
    /// Why it was given up.
    pub(crate) failure: Option<String>,
}

impl Row {
    /// Whether it is made of round trips.
    pub(crate) const fn is_trip(&self) -> bool {
        matches!(self.case, Case::RoundTripBare | Case::RoundTripPaused)
    }

    /// The rounds of a figure; none where the row has no such figure, or failed.
    pub(crate) fn rounds(&self, figure: Figure) -> &[f64] {
        match figure {
            _ if self.failure.is_some() => &[],
            Figure::Rate if !self.is_trip() => &self.first,
            Figure::LostPercent if !self.is_trip() => &self.second,
            Figure::P50 if self.is_trip() => &self.first,
            Figure::P99 if self.is_trip() => &self.second,
            _ => &[],
        }
    }

    /// A figure and its spread.
    pub(crate) fn spread(&self, figure: Figure) -> Option<Spread> {
        Spread::of(self.rounds(figure))
    }
}

/// `over / under`, round by round.
pub(crate) fn ratio(over: &[f64], under: &[f64]) -> Option<Spread> {
    let ratios: Vec<_> = over.iter().zip(under).map(|(o, u)| o / u).collect();
    Spread::of(&ratios)
}

/// All rows, in the order of the plan.
#[derive(Debug)]
pub(crate) struct Measured {
    pub(crate) rows: Vec<Row>,
}

impl Measured {
    /// The rows of a contender in a case: several where it was measured in several ways.
    pub(crate) fn rows_of(
        &self,
        case: Case,
        slots: usize,
        contender: &str,
    ) -> impl Iterator<Item = &Row> {
        self.rows
            .iter()
            .filter(move |row| row.case == case && row.slots == slots && row.contender == contender)
    }

    /// The best of them.
    pub(crate) fn best(&self, case: Case, slots: usize, contender: &str) -> Option<&Row> {
        let better = |row: &&Row| {
            let median = row.spread(Figure::Rate).map(|rate| -rate.median);
            median.or(row.spread(Figure::P50).map(|p50| p50.median))
        };
        self.rows_of(case, slots, contender)
            .filter(|row| better(row).is_some())
            .min_by(|a, b| {
                better(a)
                    .unwrap_or(f64::MAX)
                    .total_cmp(&better(b).unwrap_or(f64::MAX))
            })
    }

    /// How many times better we are than `row`, in its case and with its number of slots.
    pub(crate) fn lead(&self, row: &Row, compared_slots: usize) -> Option<Spread> {
        let ours = self.best(row.case, compared_slots, OURS)?;
        if row.is_trip() {
            ratio(row.rounds(Figure::P50), ours.rounds(Figure::P50))
        } else {
            ratio(ours.rounds(Figure::Rate), row.rounds(Figure::Rate))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_spread_is_the_middle_and_the_ends() {
        let spread = |rounds: &[f64]| Spread::of(rounds).map(|s| (s.median, s.low, s.high));
        assert_eq!(spread(&[3.0, 1.0, 2.0]), Some((2.0, 1.0, 3.0)));
        assert_eq!(spread(&[4.0, 1.0]), Some((2.5, 1.0, 4.0)));
        assert_eq!(spread(&[]), None);
    }

    #[test]
    fn a_ratio_is_of_one_round_and_never_of_two_medians() {
        // The machine was twice as slow in round two, for both.
        let ratio = ratio(&[10.0, 5.0, 10.0], &[5.0, 2.5, 5.0]);
        assert_eq!(ratio.map(|r| (r.low, r.high)), Some((2.0, 2.0)));
    }
}
