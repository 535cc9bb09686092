//! When events are meant to be published.

use proptest::prelude::*;
use tickpath_core::engine::{Pace, Plan, PlanError};

use crate::common::{evenly, stamped};

const MS: u64 = 1_000_000;
const HOUR: u64 = 3_600_000_000_000;

fn recorded(stamps: &[u64], speed: f64, max_gap_ns: u64) -> Plan {
    let pace = Pace::Recorded { speed, max_gap_ns };
    Plan::of(stamped(stamps).as_ref(), None, pace).expect("a good pace")
}

fn offsets(plan: &Plan) -> &[u64] {
    plan.offsets_ns().expect("a plan")
}

#[test]
fn the_recorded_pace_starts_at_the_first_stamp() {
    let plan = recorded(&[5_000, 5_000, 5_700, 9_000], 1.0, HOUR);
    assert_eq!(offsets(&plan), [0, 0, 700, 4_000]);
    assert_eq!((plan.gaps_capped(), plan.left_out_ns()), (0, 0));
}

#[test]
fn speed_divides_the_whole_elapsed_time_so_that_rounding_does_not_add_up() {
    // Each gap alone would be cut to 0.
    let plan = recorded(&[0, 7, 14, 21, 28], 10.0, HOUR);
    assert_eq!(offsets(&plan), [0, 0, 1, 2, 2]);
}

#[test]
fn an_idle_gap_is_capped_after_compression_and_the_rest_follows_at_once() {
    let night = 22 * HOUR;
    let stamps = [0, MS, MS + night, 2 * MS + night];
    let plan = recorded(&stamps, 10.0, 1_000 * MS);
    assert_eq!(
        offsets(&plan),
        [0, MS / 10, MS / 10 + 1_000 * MS, 2 * MS / 10 + 1_000 * MS]
    );
    assert_eq!(plan.gaps_capped(), 1);
    assert_eq!(plan.left_out_ns(), night / 10 - 1_000 * MS);
}

#[test]
fn a_gap_of_exactly_the_cap_is_left_alone() {
    let plan = recorded(&[0, MS], 1.0, MS);
    assert_eq!((offsets(&plan), plan.gaps_capped()), (&[0, MS][..], 0));
    assert_eq!(recorded(&[0, MS + 1], 1.0, MS).gaps_capped(), 1);
}

#[test]
fn a_step_back_is_due_at_once_and_counts_no_time_twice() {
    let plan = recorded(&[100, 200, 150, 210], 1.0, HOUR);
    assert_eq!(offsets(&plan), [0, 100, 100, 110]);
}

#[test]
fn a_constant_rate_ignores_the_stamps() {
    let source = stamped(&[9, 9, 1_000]);
    let plan = Plan::of(source.as_ref(), None, Pace::Constant { rate_hz: 3.0 }).expect("good");
    assert_eq!(offsets(&plan), [0, 333_333_333, 666_666_666]);
}

#[test]
fn at_full_speed_there_is_no_plan() {
    let plan = Plan::of(evenly(5, 10).as_ref(), Some(3), Pace::Max).expect("good");
    assert_eq!((plan.len(), plan.offsets_ns()), (3, None));
}

#[test]
fn a_limit_beyond_the_source_is_the_whole_source() {
    let source = evenly(5, 10);
    for (limit, expected) in [(Some(0), 0), (Some(4), 4), (Some(6), 5), (None, 5)] {
        let plan = Plan::of(source.as_ref(), limit, Pace::Max).expect("good");
        assert_eq!((plan.len(), plan.is_empty()), (expected, expected == 0));
    }
}

#[test]
fn a_pace_that_makes_no_sense_is_refused() {
    let of = |pace| Plan::of(evenly(2, 1).as_ref(), None, pace);
    for speed in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        let pace = Pace::Recorded {
            speed,
            max_gap_ns: 1,
        };
        assert!(matches!(of(pace), Err(PlanError::Speed(_))), "{speed}");
    }
    for rate_hz in [0.0, -1.0, f64::NAN, 1e9 + 1.0] {
        let refused = of(Pace::Constant { rate_hz });
        assert!(matches!(refused, Err(PlanError::Rate(_))), "{rate_hz}");
    }
    // What was given, and what was expected.
    let said = |pace| of(pace).expect_err("it makes no sense").to_string();
    let pace = Pace::Recorded {
        speed: -1.5,
        max_gap_ns: 1,
    };
    assert_eq!(
        said(pace),
        "a speed must be a positive number: got -1.5, try 1"
    );
    assert_eq!(
        said(Pace::Constant { rate_hz: 2e9 }),
        "a rate must lie above 0 and at most 1e9 events per second: got 2000000000"
    );
}

proptest! {
    #[test]
    fn no_plan_runs_backwards_or_idles_longer_than_the_cap(
        stamps in prop::collection::vec(0..u64::MAX / 2, 1..50),
        speed in 0.001..1e6f64,
        max_gap_ns in 1..HOUR,
    ) {
        let plan = recorded(&stamps, speed, max_gap_ns);
        let offsets = offsets(&plan);
        prop_assert_eq!(offsets[0], 0);
        for pair in offsets.windows(2) {
            prop_assert!(pair[0] <= pair[1]);
            // A double holds 53 bits: one part in 2^52 of the time so far, and one of rounding.
            let slack = 2 + (pair[1] >> 50);
            prop_assert!(pair[1] - pair[0] <= max_gap_ns + slack);
        }
    }
}
