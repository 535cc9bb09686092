//! A hold that the control side moves, an intake that it stops, and a clock that it steps; on threads.

use tickpath_core::engine::{Faults, FeedTurn, LiveEngine, Planned, Rebased, Settings};
use tickpath_core::state::StateCode::Ready;
use tickpath_core::sync::Arc;
use tickpath_core::time::MonotonicClock;

use crate::common::{Source, evenly, gate, reader, ring, settings};
use crate::live::{end, fast, recorded, start};

const HOUR_NS: u64 = 3_600_000_000_000;

/// Waits without a clock, for what a run is bound to come to.
fn until(engine: &LiveEngine, is_so: impl Fn(&LiveEngine) -> bool) {
    while !is_so(engine) {
        std::thread::yield_now();
    }
}

fn published(engine: &LiveEngine) -> u64 {
    engine.snapshot().feed.published
}

fn feed_of(
    source: &Source,
    hold_at: Option<usize>,
) -> tickpath_core::engine::FeedStage<Source, tickpath_core::bus::Producer, Planned> {
    let plan = Planned::new(Arc::new(recorded(source))).expect("it has offsets");
    let (producer, _) = ring(16);
    let events = source.0.len();
    tickpath_core::engine::FeedStage::new(source.clone(), events, producer, plan, hold_at)
}

#[test]
fn each_release_shifts_the_plan_and_goes_up_to_the_next_hold() {
    let source = evenly(6, 100);
    let mut feed = feed_of(&source, Some(1));
    feed.begin(0);
    assert_eq!(feed.turn(0, 8), FeedTurn::Published(1));
    // A hold that is not ahead holds on.
    feed.release(1_000, Some(1));
    assert_eq!(feed.turn(1_000, 8), FeedTurn::Held);
    feed.release(1_000, Some(3));
    assert_eq!(feed.turn(1_150, 8), FeedTurn::Published(2));
    assert_eq!(feed.turn(1_150, 8), FeedTurn::Held);
    feed.release(1_160, None);
    assert_eq!(feed.turn(1_160, 8), FeedTurn::Published(1));
    assert_eq!(feed.turn(1_160, 8), FeedTurn::NotDue { until_ns: 1_260 });
    let shift = |index, shift_ns| Rebased { index, shift_ns };
    // 900 late for what was due at 100; 40 early for what was then due at 1,200.
    assert_eq!(feed.shifts().shifts(), [shift(1, 900), shift(3, -40)]);
    assert_eq!(feed.shifts().forgotten(), 0);
}

#[test]
fn a_hold_that_is_moved_before_the_feed_comes_to_it_shifts_nothing() {
    let source = evenly(4, 100);
    let mut feed = feed_of(&source, Some(2));
    feed.begin(0);
    feed.hold(None);
    assert_eq!(feed.turn(350, 8), FeedTurn::Published(4));
    assert_eq!(feed.turn(350, 8), FeedTurn::Done);
    assert_eq!(feed.shifts().shifts(), []);
}

#[test]
fn more_shifts_than_there_is_room_for_are_counted() {
    let source = evenly(300, 1);
    let mut feed = feed_of(&source, Some(0));
    feed.begin(0);
    for index in 0..300 {
        assert_eq!(feed.turn(u64::MAX / 2, 8), FeedTurn::Held);
        feed.release(index as u64, Some(index + 1));
        feed.turn(u64::MAX / 2, 8);
    }
    assert_eq!(feed.shifts().shifts().len(), 256);
    assert_eq!(feed.shifts().forgotten(), 44);
}

#[test]
fn a_run_is_held_at_one_index_after_the_other() {
    let source = evenly(30, 10);
    let mut asked = settings();
    asked.hold_at = Some(10);
    let plan = recorded(&source);
    let engine = start(source, plan, 64, gate(Ready), asked, MonotonicClock);
    for (count, next) in [(10, Some(20)), (20, None)] {
        until(&engine, |engine| engine.snapshot().feed.held);
        assert_eq!(published(&engine), count);
        engine.release(next);
    }
    let record = end(engine);
    assert_eq!(record.executor().ledger.executed, 30);
    assert!(!record.stopped && !record.intake_stopped && record.is_balanced());
}

#[test]
fn what_a_released_feed_was_held_before_is_due_at_once() {
    let source = evenly(2, HOUR_NS);
    let mut asked = settings();
    asked.hold_at = Some(1);
    let plan = recorded(&source);
    let engine = start(source, plan, 64, gate(Ready), asked, MonotonicClock);
    until(&engine, |engine| engine.snapshot().feed.held);
    engine.release(None);
    assert_eq!(end(engine).executor().ledger.executed, 2);
}

#[test]
fn a_stopped_intake_leaves_the_rest_unpublished_and_the_ring_is_emptied() {
    let source = evenly(10, HOUR_NS);
    let plan = recorded(&source);
    let engine = start(source, plan, 8, gate(Ready), settings(), MonotonicClock);
    until(&engine, |engine| published(engine) == 1);
    let begin_ns = engine.snapshot().begin_ns;
    engine.stop_intake();
    engine.stop_intake();
    let record = end(engine);
    assert!(record.intake_stopped && !record.stopped && record.is_balanced());
    assert_eq!((record.feed.published, record.feed.unpublished()), (1, 9));
    assert_eq!(record.executor().ledger.executed, 1);
    assert!(begin_ns.is_some() && begin_ns == record.begin_ns);
}

#[test]
fn a_stop_after_a_stop_of_the_intake_ends_the_stages_too() {
    // In INIT the executor would never empty the ring.
    let source = evenly(10, HOUR_NS);
    let plan = recorded(&source);
    let init = Arc::new(tickpath_core::state::Gate::new());
    let engine = start(source, plan, 8, init, settings(), MonotonicClock);
    until(&engine, |engine| published(engine) == 1);
    engine.stop_intake();
    until(&engine, |engine| engine.snapshot().feed.done);
    engine.stop();
    engine.stop_intake();
    let record = end(engine);
    assert!(record.intake_stopped && record.stopped && record.is_balanced());
    assert_eq!(record.executor().ledger.unread, 1);
}

#[test]
fn the_intake_of_a_feed_that_is_done_was_not_stopped() {
    let source = evenly(10, 0);
    let plan = fast(&source);
    let engine = start(source, plan, 64, gate(Ready), settings(), MonotonicClock);
    until(&engine, |engine| engine.snapshot().feed.done);
    engine.stop_intake();
    let record = end(engine);
    assert!(!record.intake_stopped && !record.stopped);
}

/// Settings with faults, and an executor that counts what is above a minute.
fn faulty() -> (Settings, Arc<Faults>) {
    let mut asked = settings();
    asked.consumers = vec![reader("log", Default::default(), &[])];
    asked.executor.latency_limit_ns = Some(60_000_000_000);
    let asked = asked.with_faults();
    let faults = Arc::clone(asked.faults.as_ref().expect("just made"));
    (asked, faults)
}

#[test]
fn a_stalled_stage_does_not_end_with_the_feed_and_is_let_go_by_a_stop() {
    for is_let_go in [true, false] {
        let (asked, faults) = faulty();
        faults.stage_stall("log", true).expect("known");
        let source = evenly(20, 0);
        let plan = fast(&source);
        let engine = start(source, plan, 64, gate(Ready), asked, MonotonicClock);
        until(&engine, |engine| {
            engine.snapshot().feed.done && engine.snapshot().stages[0].cursor == 20
        });
        assert_eq!(engine.snapshot().stages[1].cursor, 0);
        if is_let_go {
            faults.stage_stall("log", false).expect("known");
        } else {
            engine.stop();
        }
        let record = end(engine);
        assert_eq!(record.stopped, !is_let_go);
        assert!(record.is_balanced());
        let log = &record.readers[1].ledger;
        assert_eq!(
            (log.read, log.unread),
            if is_let_go { (20, 0) } else { (0, 20) }
        );
    }
}

#[test]
fn a_stepped_clock_is_the_stages_own_and_the_feed_s_plan_is_none_the_wiser() {
    let (asked, faults) = faulty();
    let source = evenly(40, 1_000);
    let plan = recorded(&source);
    let mut held = asked;
    held.hold_at = Some(20);
    let engine = start(source, plan, 64, gate(Ready), held, MonotonicClock);
    until(&engine, |engine| engine.snapshot().stages[0].cursor == 20);
    assert_eq!(engine.snapshot().stages[0].over_limit, Some(0));
    // Two minutes ahead: every latency is above the limit of one.
    faults.clock_step(120_000_000_000);
    engine.release(Some(30));
    until(&engine, |engine| engine.snapshot().stages[0].cursor == 30);
    assert_eq!(engine.snapshot().stages[0].over_limit, Some(10));
    // As far back: every latency is none at all.
    faults.clock_step(-120_000_000_000);
    engine.release(None);
    let record = end(engine);
    assert_eq!(record.executor().over_limit, Some(10));
    assert_eq!(record.readers[1].over_limit, None);
    // What the run took is told by the true clock.
    assert!(
        record.wall_ns < Some(60_000_000_000),
        "{:?}",
        record.wall_ns
    );
    assert!(record.is_balanced() && record.executor().ledger.executed == 40);
}

#[test]
fn faults_exclude_what_they_would_make_senseless() {
    let (asked, faults) = faulty();
    assert_eq!(faults.names(), ["executor", "log"]);
    let mut batch = asked.clone();
    batch.stamping = tickpath_core::engine::Stamping::PerBatch;
    let mut claiming = asked.clone();
    claiming.executor.claim_lines = true;
    let mut limited = settings();
    limited.executor.claim_lines = true;
    limited.executor.latency_limit_ns = Some(1);
    let error = limited.graph().expect_err("full speed").to_string();
    assert!(error.contains("latency limit"), "{error}");
    let mut others = asked.clone();
    others.consumers[0].name = "logger".to_owned();
    for (wrong, expected) in [
        (batch, "batch"),
        (claiming, "lines"),
        (others, "other stages"),
    ] {
        let error = wrong.graph().expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
    assert!(asked.graph().is_ok());
    let mut loaded = settings();
    for (factor, expected) in [
        (-1.0, "between"),
        (f64::NAN, "between"),
        (2.0, "there is none"),
    ] {
        loaded.executor.load_factor = factor;
        let error = loaded.graph().expect_err(expected).to_string();
        assert!(error.contains(expected), "{error}");
    }
}
