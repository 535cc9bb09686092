//! The books of a feed with faults balance, whatever goes wrong and whenever.

use proptest::prelude::*;
use tickpath_core::engine::{Control, FeedTurn, Timetable, Unplanned};

use crate::faults::{Bench, bench_held, bench_of};

/// A move of a random schedule.
#[derive(Debug, Clone)]
enum Move {
    Outage(bool),
    Freeze(bool),
    Stale(bool),
    Gap(u64),
    Burst(u64),
    Duplicate(u64),
    Reorder(u64),
    Release(Option<usize>),
    Pass(u64),
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    let a_move = prop_oneof![
        any::<bool>().prop_map(Move::Outage),
        any::<bool>().prop_map(Move::Freeze),
        any::<bool>().prop_map(Move::Stale),
        (0..20_u64).prop_map(Move::Gap),
        (0..20_u64).prop_map(Move::Burst),
        (0..4_u64).prop_map(Move::Duplicate),
        (0..4_u64).prop_map(Move::Reorder),
        proptest::option::of(0..220_usize).prop_map(Move::Release),
        (0..900_u64).prop_map(Move::Pass),
        (0..900_u64).prop_map(Move::Pass),
        (0..900_u64).prop_map(Move::Pass),
    ];
    proptest::collection::vec(a_move, 0..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn whatever_goes_wrong_every_event_is_accounted_for_once(
        moves in moves(),
        hold_at in proptest::option::of(0..220_usize),
        limit in 1..9_usize,
        is_planned in any::<bool>(),
    ) {
        if is_planned {
            check(bench_held(200, hold_at), moves, limit)?;
        } else {
            check(bench_of(200, Unplanned, hold_at), moves, limit)?;
        }
    }
}

fn check<T: Timetable>(
    mut bench: Bench<T>,
    moves: Vec<Move>,
    limit: usize,
) -> Result<(), TestCaseError> {
    let (mut now_ns, control) = (0, Control::new(0, 0));
    let (mut numbers, mut intended) = (Vec::new(), Vec::new());
    for asked in moves {
        match asked {
            Move::Outage(on) => bench.faults.feed_outage(on),
            Move::Freeze(on) => bench.faults.feed_freeze(on),
            Move::Stale(on) => bench.faults.feed_stale(on),
            Move::Gap(events) => bench.faults.feed_gap(events),
            Move::Burst(events) => bench.faults.feed_burst(events),
            Move::Duplicate(every) => bench.faults.feed_duplicate(every),
            Move::Reorder(every) => bench.faults.feed_reorder(every),
            Move::Release(hold_at) => bench.feed.release(now_ns, hold_at),
            Move::Pass(ns) => now_ns += ns,
        }
        for _ in 0..4 {
            let turn = bench.feed.turn(now_ns, limit);
            bench.feed.tell(&control, None);
            let counts = bench.feed.counts();
            let told = control.snapshot().feed;
            prop_assert!(counts.is_balanced(), "{counts:?} after {turn:?}");
            prop_assert_eq!(
                (told.published, told.withheld),
                (counts.published, counts.withheld)
            );
            if let FeedTurn::Withheld(0) | FeedTurn::Published(0) = turn {
                prop_assert!(false, "{turn:?}");
            }
            let seen = bench.arrived();
            numbers.extend(seen.iter().map(|seen| seen.0));
            intended.extend(seen.iter().map(|seen| (seen.1, seen.2)));
        }
    }
    let counts = bench.feed.counts();
    prop_assert_eq!(numbers.len() as u64, counts.published);
    // Nothing is published before it is due, and what is counted is what arrived.
    prop_assert!(
        intended
            .iter()
            .all(|(intended_ns, ts_ns)| intended_ns <= ts_ns)
    );
    let mut distinct = numbers.clone();
    distinct.sort_unstable();
    distinct.dedup();
    prop_assert_eq!(counts.repeats, (numbers.len() - distinct.len()) as u64);
    let highest = distinct.last().map_or(0, |&number| number + 1);
    let missing = highest - distinct.len() as u64;
    prop_assert_eq!(counts.gaps, missing + counts.reordered);
    prop_assert_eq!(
        counts.planned + counts.repeats,
        counts.published + counts.withheld + counts.unpublished()
    );
    Ok(())
}
