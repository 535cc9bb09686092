//! Whole engines under shuttle: the stages and their loops on threads whose steps are put in random orders, with a
//! control side that moves the gate, holds, injects, looks and stops while they run. `make shuttle` runs them
//! on the engine as it is and with planted bugs, which they must find.
//!
//! In every order: the books balance, nothing is decided outside READY or behind a fence, no sequence comes twice or is
//! skipped uncounted, and the run ends.

use crate::outcomes::Outcomes;
use crate::run::{End, Run, Scenario, name_of};
use crate::schedules::{chance, explore, one_of};
use shuttle::rand::{Rng, thread_rng};
use tickpath_core::engine::OverrunPolicy;
use tickpath_core::state::StateCode::{self, Degraded, Ready, Warmup};
use tickpath_core::sync::thread;

/// Up to two consumers beside the executor, each before or after some others.
fn any_scenario(faults: bool) -> Scenario {
    let stages = thread_rng().gen_range(1..=3);
    let is_executor_last = chance(3);
    let after = (0..stages).map(|stage| {
        let others = 0..stages;
        let comes_after = move |other: usize| {
            if is_executor_last {
                other > stage
            } else {
                other < stage
            }
        };
        others
            .filter(|&other| comes_after(other) && chance(2))
            .collect()
    });
    let events = thread_rng().gen_range(0..=8);
    Scenario {
        capacity: one_of(&[1, 2, 3, 8]),
        events,
        first_seq: one_of(&[0, 0, 3]),
        policies: (0..stages).map(|_| one_of(&OverrunPolicy::ALL)).collect(),
        after: after.collect(),
        hold_at: chance(3).then(|| thread_rng().gen_range(0..=events)),
        shared_stamps: !faults && chance(3),
        faults,
        ack_slots: chance(2).then(|| one_of(&[1, 2, 8])),
        held_back: chance(4),
        planned: chance(2),
        service_ns: one_of(&[0, 0, 4]),
    }
}

/// One thing that a control side may do at any moment.
fn act(run: &mut Run) {
    match thread_rng().gen_range(0..10) {
        0..=2 => {
            let state = next_state(run);
            run.move_to(state);
        }
        3 => {
            let state = next_state(run);
            run.fence(run.move_to(state));
        }
        4 | 5 => run.look(),
        6 => {
            let ahead = thread_rng().gen_range(0..=run.scenario.events);
            run.control.release(chance(2).then_some(ahead));
        }
        _ if run.scenario.faults => inject(run),
        _ => thread::yield_now(),
    }
}

/// The lifecycle's six transitions.
fn next_state(run: &Run) -> StateCode {
    match run.certain.state().1 {
        StateCode::Init => Warmup,
        Warmup => one_of(&[Ready, Degraded]),
        Ready => Degraded,
        Degraded => one_of(&[Warmup, Ready]),
    }
}

fn inject(run: &Run) {
    let (faults, count) = (&run.faults, thread_rng().gen_range(0..4));
    let stage = name_of(thread_rng().gen_range(0..run.scenario.policies.len()));
    match thread_rng().gen_range(0..9) {
        0 => faults.feed_outage(chance(2)),
        1 => faults.feed_freeze(chance(2)),
        2 => faults.feed_gap(count),
        3 => faults.feed_burst(count),
        4 => faults.feed_duplicate(count),
        5 => faults.feed_reorder(count),
        6 => faults.feed_stale(chance(2)),
        7 => faults.stage_stall(&stage, chance(2)).expect("a stage"),
        _ => faults.stage_skip_to_head(&stage).expect("a stage"),
    }
}

/// Takes back what would keep the run from its end, and waits for it; a run in INIT only ends by a stop.
fn let_end(run: Run) -> End {
    run.faults.feed_freeze(false);
    for stage in 0..run.scenario.policies.len() {
        run.faults
            .stage_stall(&name_of(stage), false)
            .expect("a stage");
    }
    match thread_rng().gen_range(0..4) {
        0 => run.control.stop(),
        1 => run.control.stop_intake(),
        _ => run.control.release(None),
    }
    if run.certain.state().1 == StateCode::Init {
        run.control.stop();
    }
    run.end()
}

/// What became of some event, or of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Met {
    Executed,
    Gated,
    Read,
    Lost,
    Shed,
    Unread,
    Recorded,
    EndedByOverrun,
    Stopped,
    CameToItsEnd,
}

const ALL: [Met; 10] = [
    Met::Executed,
    Met::Gated,
    Met::Read,
    Met::Lost,
    Met::Shed,
    Met::Unread,
    Met::Recorded,
    Met::EndedByOverrun,
    Met::Stopped,
    Met::CameToItsEnd,
];

fn any_run(faults: bool, outcomes: &Outcomes<Met>) {
    let mut run = Run::start(any_scenario(faults));
    for _ in 0..thread_rng().gen_range(0..8) {
        act(&mut run);
    }
    let end = let_end(run);
    for reader in &end.readers {
        let ledger = reader.ledger;
        let is_met = [
            ledger.executed > 0,
            ledger.gated_total() > 0,
            ledger.read > 0,
            ledger.lost > 0,
            ledger.shed > 0,
            ledger.unread > 0,
            end.recorded > 0,
            reader.ended.is_some(),
            end.is_stopped,
            !end.is_stopped,
        ];
        for (met, _) in ALL.into_iter().zip(is_met).filter(|(_, is_met)| *is_met) {
            outcomes.met(met);
        }
    }
}

#[test]
fn any_engine_keeps_its_promises_in_any_order() {
    explore(|outcomes| any_run(false, outcomes), &ALL);
}

#[test]
fn any_engine_with_any_faults_keeps_its_promises_in_any_order() {
    explore(|outcomes| any_run(true, outcomes), &ALL);
}
