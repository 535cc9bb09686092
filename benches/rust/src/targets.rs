//! What is promised of our ring, in one place: the table of the issue that asked for it.
//!
//! A target that cannot be judged, because a contender failed, is missed: nothing is promised unseen. A rate that is
//! more than the floor hands over in the same run is *beyond the floor*: it is not met, and no ring of such lines
//! could be expected to.

use serde::Serialize;

use crate::measured::{Figure, Measured, Row, Spread, ratio};
use crate::plan::{Case, FLOOR, ODD_SLOTS, OURS, SLOTS, TRIP_SLOTS};

/// At 1,024 slots, nothing lost: how many times every peer's rate ours is, at least.
const NOTHING_LOST: [(&str, f64); 9] = [
    ("rtrb, chunks", 5.0),
    ("rtrb, item by item", 5.0),
    ("disruptor, poller", 5.0),
    ("disruptor, managed", 5.0),
    ("tokio broadcast", 20.0),
    ("photon-ring", 2.0),
    ("hft-channel", 2.0),
    ("crossbeam ArrayQueue", 2.0),
    ("crossbeam channel", 2.0),
];
/// At more slots: no peer is ahead by more than 5 %.
const STREAMING: f64 = 1.0 / 1.05;
/// At 65,536 slots: this part of what handing lines over would do.
const OF_FLOOR: f64 = 0.85;
/// A writer that never waits: times our own rate when nothing is lost, times photon-ring's.
const NEVER_WAITING: f64 = 1.3;
const NEVER_WAITING_PHOTON: f64 = 8.0;
/// And it loses less than this, per cent.
pub(crate) const LOST_PERCENT: f64 = 2.0;
/// Two readers: times the peers' rates.
const TWO_READERS: [(&str, f64); 3] = [
    ("disruptor, poller", 3.0),
    ("disruptor, managed", 3.0),
    ("hft-channel", 2.0),
];
/// Round trips: times the ping-pong's, at most.
const OF_PING_PONG: [(Figure, &str, f64); 2] =
    [(Figure::P50, "p50", 1.15), (Figure::P99, "p99", 1.25)];
/// Round trips: no peer is ahead by more than 2 %.
const OF_PEERS: f64 = 1.02;
/// Capacities that are no power of two: within 10 %.
const ODD: f64 = 0.1;

/// The bound of a target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Bound {
    /// No less.
    AtLeast(f64),
    /// No more.
    AtMost(f64),
    /// Less.
    Below(f64),
}

/// A target, what was measured, and whether it is met.
#[derive(Debug, Serialize)]
pub(crate) struct Target {
    pub(crate) what: String,
    pub(crate) bound: Bound,
    pub(crate) measured: Option<Spread>,
    pub(crate) met: bool,
    /// What would have been needed and what the floor did, in million events a second, if it needs more than that.
    pub(crate) beyond_floor: Option<Beyond>,
}

/// A rate that is more than cache lines are handed over at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Beyond {
    /// The rate that the target comes to in this run.
    pub(crate) needed_million_per_s: f64,
    /// The floor's.
    pub(crate) floor_million_per_s: f64,
}

impl Target {
    fn new(what: String, bound: Bound, measured: Option<Spread>) -> Self {
        let met = measured.is_some_and(|measured| match bound {
            Bound::AtLeast(least) => measured.median >= least,
            Bound::AtMost(most) => measured.median <= most,
            Bound::Below(limit) => measured.median < limit,
        });
        Self {
            what,
            bound,
            measured,
            met,
            beyond_floor: None,
        }
    }

    /// The same, for a rate that is to be `least` times `other`: whether it lies beyond the `floor`.
    fn below(mut self, least: f64, other: Option<&Row>, floor: Option<&Row>) -> Self {
        let rate = |row: &Row| row.spread(Figure::Rate).map(|rate| rate.median);
        if let (Some(other), Some(floor_million_per_s)) =
            (other.and_then(rate), floor.and_then(rate))
        {
            let needed_million_per_s = least * other;
            self.beyond_floor = (!self.met && needed_million_per_s > floor_million_per_s)
                .then_some(Beyond {
                    needed_million_per_s,
                    floor_million_per_s,
                });
        }
        self
    }

    /// Whether it counts against us: not met, and within reach.
    pub(crate) const fn is_missed(&self) -> bool {
        !self.met && self.beyond_floor.is_none()
    }
}

/// Judges a run.
pub(crate) fn judge(measured: &Measured) -> Vec<Target> {
    let mut targets = Vec::new();
    small_ring(measured, &mut targets);
    large_rings(measured, &mut targets);
    for case in [Case::RoundTripBare, Case::RoundTripPaused] {
        round_trips(measured, case, &mut targets);
    }
    odd_capacities(measured, &mut targets);
    targets
}

/// Our rate over another's, both best of their case.
fn rate_ratio(
    measured: &Measured,
    (case, slots): (Case, usize),
    (other_case, other_slots, other): (Case, usize, &str),
) -> Option<Spread> {
    let ours = measured.best(case, slots, OURS)?;
    let other = measured.best(other_case, other_slots, other)?;
    ratio(ours.rounds(Figure::Rate), other.rounds(Figure::Rate))
}

fn small_ring(measured: &Measured, targets: &mut Vec<Target>) {
    let slots = SLOTS[0];
    let floor = measured.best(Case::NothingLost, slots, FLOOR);
    let mut promise = |case: Case, other_case: Case, other: &str, least: f64| {
        let target = Target::new(
            format!(
                "{}, {slots} slots: rate over {}",
                case.title(),
                named(case, other_case, other)
            ),
            Bound::AtLeast(least),
            rate_ratio(measured, (case, slots), (other_case, slots, other)),
        );
        let other = measured.best(other_case, slots, other);
        targets.push(target.below(least, other, floor));
    };
    for (peer, least) in NOTHING_LOST {
        promise(Case::NothingLost, Case::NothingLost, peer, least);
    }
    promise(Case::NeverWaiting, Case::NothingLost, OURS, NEVER_WAITING);
    promise(
        Case::NeverWaiting,
        Case::NeverWaiting,
        "photon-ring",
        NEVER_WAITING_PHOTON,
    );
    for (peer, least) in TWO_READERS {
        promise(Case::TwoReaders, Case::TwoReaders, peer, least);
    }
    let lost = measured.best(Case::NeverWaiting, slots, OURS);
    targets.push(Target::new(
        format!(
            "{}, {slots} slots: per cent lost",
            Case::NeverWaiting.title()
        ),
        Bound::Below(LOST_PERCENT),
        lost.and_then(|row| row.spread(Figure::LostPercent)),
    ));
}

fn named(case: Case, other_case: Case, other: &str) -> String {
    if case == other_case {
        other.to_owned()
    } else {
        format!("{other}, nothing lost")
    }
}

/// The peer that comes closest, or is furthest ahead: the first of them that failed, for then it is unknown.
fn closest(
    peers: impl Iterator<Item = &'static str>,
    against: impl Fn(&str) -> Option<Spread>,
    better: impl Fn(&Spread, &Spread) -> bool,
) -> (&'static str, Option<Spread>) {
    let mut found: Option<(&'static str, Spread)> = None;
    for peer in peers {
        let Some(ratio) = against(peer) else {
            return (peer, None);
        };
        if found.as_ref().is_none_or(|(_, most)| better(&ratio, most)) {
            found = Some((peer, ratio));
        }
    }
    found.map_or(("no peer", None), |(peer, ratio)| (peer, Some(ratio)))
}

fn large_rings(measured: &Measured, targets: &mut Vec<Target>) {
    let case = Case::NothingLost;
    for &slots in &SLOTS[1..] {
        let (peer, ratio) = closest(
            NOTHING_LOST.iter().map(|peer| peer.0),
            |peer| rate_ratio(measured, (case, slots), (case, slots, peer)),
            |one, other| one.median < other.median,
        );
        targets.push(Target::new(
            format!(
                "{}, {slots} slots: rate over the fastest peer's, {peer}",
                case.title()
            ),
            Bound::AtLeast(STREAMING),
            ratio,
        ));
    }
    let slots = SLOTS[2];
    targets.push(Target::new(
        format!("{}, {slots} slots: rate over the floor's", case.title()),
        Bound::AtLeast(OF_FLOOR),
        rate_ratio(measured, (case, slots), (case, slots, FLOOR)),
    ));
}

fn round_trips(measured: &Measured, case: Case, targets: &mut Vec<Target>) {
    let ours = measured.best(case, TRIP_SLOTS, OURS);
    let how = ours.map_or("", |ours| &ours.strategy);
    let over = |figure, row: Option<&Row>| {
        let (ours, row) = ours.zip(row)?;
        ratio(ours.rounds(figure), row.rounds(figure))
    };
    // The ping-pong with the same use of PAUSE, not its own best one.
    let floor = measured
        .rows_of(case, TRIP_SLOTS, FLOOR)
        .find(|floor| floor.strategy == how);
    let mut promise = |name: &str, other: String, most: f64, ratio: Option<Spread>| {
        let what = format!("{} ({how}): {name} over {other}", case.title());
        targets.push(Target::new(what, Bound::AtMost(most), ratio));
    };
    for (figure, name, most) in OF_PING_PONG {
        promise(
            name,
            "the ping-pong's".to_owned(),
            most,
            over(figure, floor),
        );
        // Chunks of one are no chunks: they make no round trips.
        let peers = NOTHING_LOST.iter().map(|peer| peer.0);
        let (peer, ratio) = closest(
            peers.filter(|&peer| peer != "rtrb, chunks"),
            |peer| over(figure, measured.best(case, TRIP_SLOTS, peer)),
            |one, other| one.median > other.median,
        );
        promise(name, format!("the soonest peer's, {peer}"), OF_PEERS, ratio);
    }
}

fn odd_capacities(measured: &Measured, targets: &mut Vec<Target>) {
    for case in [Case::NothingLost, Case::NeverWaiting, Case::TwoReaders] {
        for (odd, even) in ODD_SLOTS {
            if measured.best(case, even, OURS).is_some() {
                targets.push(Target::new(
                    format!("{}: rate at {odd} slots over {even}", case.title()),
                    Bound::AtLeast(1.0 - ODD),
                    rate_ratio(measured, (case, odd), (case, even, OURS)),
                ));
            }
        }
    }
    let (odd, even) = ODD_SLOTS[0];
    for case in [Case::RoundTripBare, Case::RoundTripPaused] {
        let pair = measured
            .best(case, odd, OURS)
            .zip(measured.best(case, even, OURS));
        for (figure, name) in [(Figure::P50, "p50"), (Figure::P99, "p99")] {
            targets.push(Target::new(
                format!("{}: {name} at {odd} slots over {even}", case.title()),
                Bound::AtMost(1.0 + ODD),
                pair.and_then(|(odd, even)| ratio(odd.rounds(figure), even.rounds(figure))),
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(contender: &'static str, slots: usize, rates: [f64; 2]) -> Row {
        Row {
            case: Case::NothingLost,
            slots,
            contender,
            strategy: String::new(),
            hops_ns: Vec::new(),
            first: rates.to_vec(),
            second: vec![0.0; 2],
            samples: 2,
            latencies: None,
            failure: None,
        }
    }

    fn found(measured: &Measured, what: &str) -> (Option<f64>, bool) {
        let targets = judge(measured);
        let target = targets
            .iter()
            .find(|target| target.what.contains(what))
            .expect("a target");
        (target.measured.map(|spread| spread.median), target.met)
    }

    #[test]
    fn a_target_is_met_at_its_bound_and_missed_below() {
        let peer = |rate| Measured {
            rows: vec![
                row(OURS, 1_024, [100.0, 50.0]),
                row("photon-ring", 1_024, [rate, rate / 2.0]),
            ],
        };
        assert_eq!(
            found(&peer(50.0), "rate over photon-ring"),
            (Some(2.0), true)
        );
        assert!(!found(&peer(50.1), "rate over photon-ring").1);
    }

    #[test]
    fn a_rate_that_the_floor_does_not_reach_is_beyond_it_and_not_missed() {
        for (floor, is_missed) in [(99.0, false), (100.0, true)] {
            let measured = Measured {
                rows: vec![
                    row(OURS, 1_024, [90.0, 90.0]),
                    row("photon-ring", 1_024, [50.0, 50.0]),
                    row("hft-channel", 1_024, [20.0, 20.0]),
                    row(FLOOR, 1_024, [floor, floor]),
                ],
            };
            let of = |peer: &str| {
                let targets = judge(&measured);
                let over = |target: &Target| target.what.ends_with(&format!("rate over {peer}"));
                targets.into_iter().find(over).expect("a target")
            };
            let (far, met) = (of("photon-ring"), of("hft-channel"));
            assert_eq!((far.met, far.is_missed()), (false, is_missed));
            let beyond = (!is_missed).then_some(Beyond {
                needed_million_per_s: 100.0,
                floor_million_per_s: floor,
            });
            assert_eq!(far.beyond_floor, beyond);
            assert_eq!((met.met, met.beyond_floor), (true, None));
            assert!(of("tokio broadcast").is_missed(), "unknown");
        }
    }

    #[test]
    fn a_peer_that_failed_makes_a_target_unknown_and_missed() {
        let mut measured = Measured {
            rows: vec![
                row(OURS, 1_024, [9.0, 9.0]),
                row("photon-ring", 1_024, [1.0, 1.0]),
            ],
        };
        measured.rows[1].failure = Some("stuck".to_owned());
        assert_eq!(found(&measured, "rate over photon-ring"), (None, false));
    }

    #[test]
    fn the_fastest_peer_decides() {
        let mut rows = vec![row(OURS, 8_192, [100.0, 100.0])];
        rows.extend(NOTHING_LOST.map(|(peer, _)| row(peer, 8_192, [10.0, 10.0])));
        rows[4] = row(rows[4].contender, 8_192, [200.0, 200.0]);
        let name = rows[4].contender;
        let measured = Measured { rows };
        assert_eq!(
            found(
                &measured,
                &format!("8192 slots: rate over the fastest peer's, {name}")
            ),
            (Some(0.5), false)
        );
    }
}
