//! The engine on threads. Nothing here waits for a time: a run is over when its threads say so.

use std::time::Duration;

use tickpath_core::engine::{EngineError, LiveEngine, Pace, Phase, Plan, RunRecord, Stage};
use tickpath_core::state::Gate;
use tickpath_core::state::StateCode::{Ready, Warmup};
use tickpath_core::sync::{Arc, AtomicU64, Ordering};
use tickpath_core::time::{Clock, MonotonicClock};

use crate::common::{Source, evenly, gate, settings, transition};

/// The wait is only a limit on a hang; the tests pass at once.
const PATIENCE: Duration = Duration::from_secs(20);

fn fast(source: &Source) -> Plan {
    Plan::of(source.as_ref(), None, Pace::Max).expect("a good pace")
}

fn recorded(source: &Source) -> Plan {
    let pace = Pace::Recorded {
        speed: 1.0,
        max_gap_ns: u64::MAX,
    };
    Plan::of(source.as_ref(), None, pace).expect("a good pace")
}

fn end(engine: LiveEngine) -> RunRecord {
    assert!(
        engine.wait(PATIENCE),
        "the run hangs: {:?}",
        engine.snapshot()
    );
    engine.finish().expect("no stage panicked")
}

#[test]
fn a_run_publishes_everything_and_its_ledger_balances() {
    let source = evenly(20_000, 100);
    let plan = recorded(&source);
    let engine = LiveEngine::start(source, plan, gate(Ready), settings(32_768), MonotonicClock);
    let record = end(engine.expect("starts"));
    assert!(!record.stopped && record.wall_ns > Some(0));
    assert_eq!(record.ledger.published, 20_000);
    assert_eq!(record.ledger.executed, 20_000);
    assert!(record.ledger.is_balanced());
    for figures in record
        .latency_overall()
        .map(|histogram| histogram.figures())
    {
        assert_eq!(figures.count, 20_000);
    }
    assert_eq!(record.epochs.rows().len(), 1);
    assert!(record.floor.watched_ns > 0 && record.floor.figures.count == 20_000);
}

/// Every hundredth stamp takes the executor's time until the feed has lapped it.
#[derive(Debug, Clone)]
struct SlowExecutor(Arc<AtomicU64>);

impl Clock for SlowExecutor {
    fn now_ns(&self) -> u64 {
        if std::thread::current().name() == Some("tickpath-exec")
            && self.0.fetch_add(1, Ordering::Relaxed) % 100 == 99
        {
            (0..200).for_each(|_| std::thread::yield_now());
        }
        MonotonicClock.now_ns()
    }
}

#[test]
fn a_slow_executor_on_a_tiny_ring_loses_events_and_counts_every_one() {
    let source = evenly(200_000, 0);
    let plan = fast(&source);
    let clock = SlowExecutor(Arc::default());
    let engine = LiveEngine::start(source, plan, gate(Ready), settings(7), clock);
    let record = end(engine.expect("starts"));
    assert_eq!(record.ledger.published, 200_000);
    assert!(record.ledger.lost > 0, "{:?}", record.ledger);
    assert!(record.ledger.is_balanced(), "{:?}", record.ledger);
    assert_eq!(
        record.latency_overall()[Stage::IntendedToPublished as usize].count(),
        0
    );
}

#[test]
fn stopping_in_mid_run_accounts_for_everything() {
    // A plan of an hour: only the stop ends it, while the feed waits for the second event.
    let source = evenly(2, 3_600_000_000_000);
    let plan = recorded(&source);
    let engine =
        LiveEngine::start(source, plan, gate(Ready), settings(8), MonotonicClock).expect("starts");
    while engine.snapshot().ledger.executed == 0 {
        std::thread::yield_now();
    }
    assert_eq!(engine.snapshot().phase, Phase::Running);
    engine.stop();
    let record = end(engine);
    assert!(record.stopped && record.ledger.is_balanced());
    assert_eq!((record.ledger.published, record.ledger.executed), (1, 1));
}

#[test]
fn in_init_a_run_ends_by_stop_and_its_events_are_unread_or_lost() {
    let source = evenly(10, 0);
    let plan = fast(&source);
    let gate = Arc::new(Gate::new());
    let engine =
        LiveEngine::start(source, plan, gate, settings(4), MonotonicClock).expect("starts");
    while engine.snapshot().ledger.published < 10 {
        std::thread::yield_now();
    }
    engine.stop();
    let record = end(engine);
    assert!(record.stopped && record.ledger.is_balanced());
    assert_eq!((record.ledger.lost, record.ledger.unread), (6, 4));
    assert!(record.epochs.rows().is_empty());
}

#[test]
fn a_held_feed_waits_for_its_release_and_the_gate_splits_the_books_exactly() {
    let source = evenly(1_000, 10);
    let plan = recorded(&source);
    let gate = gate(Warmup);
    let mut held = settings(2_048);
    held.hold_at = Some(100);
    let engine =
        LiveEngine::start(source, plan, Arc::clone(&gate), held, MonotonicClock).expect("starts");
    while !engine.snapshot().held || engine.snapshot().backlog() > 0 {
        std::thread::yield_now();
    }
    transition(&gate, Ready);
    while engine.snapshot().epoch_seen < 2 {
        std::thread::yield_now();
    }
    engine.release();
    let record = end(engine);
    assert_eq!(record.ledger.gated, [0, 100, 0, 0]);
    assert_eq!(record.ledger.executed, 900);
    let rows = record.epochs.rows();
    assert_eq!((rows[0].last_seq, rows[1].first_seq), (99, 100));
}

#[test]
fn live_snapshots_are_of_one_moment() {
    let source = evenly(300_000, 0);
    let plan = fast(&source);
    let engine =
        LiveEngine::start(source, plan, gate(Ready), settings(64), MonotonicClock).expect("starts");
    while !engine.wait(Duration::ZERO) {
        let seen = engine.snapshot();
        let ledger = seen.ledger;
        let processed = ledger.executed + ledger.gated_total() + ledger.lost + ledger.shed;
        assert_eq!(processed, seen.cursor - ledger.unread, "{seen:?}");
        assert!(ledger.published >= processed + ledger.unread);
    }
    assert!(end(engine).ledger.is_balanced());
}

#[derive(Debug, Clone)]
struct Breaks {
    thread: &'static str,
    reads: Arc<AtomicU64>,
}

impl Clock for Breaks {
    fn now_ns(&self) -> u64 {
        let here = std::thread::current().name() == Some(self.thread);
        assert!(
            !here || self.reads.fetch_add(1, Ordering::Relaxed) < 20_000,
            "planted"
        );
        MonotonicClock.now_ns()
    }
}

#[test]
fn a_panic_in_a_stage_is_an_error_of_the_run() {
    for thread in ["tickpath-feed", "tickpath-exec"] {
        let source = evenly(1_000_000, 0);
        let plan = fast(&source);
        let clock = Breaks {
            thread,
            reads: Arc::default(),
        };
        let engine = LiveEngine::start(source, plan, gate(Ready), settings(64), clock);
        let engine = engine.expect("starts");
        assert!(engine.wait(PATIENCE), "the other stage hangs");
        let error = engine.finish().expect_err("a stage panicked");
        assert!(
            matches!(&error, EngineError::Panicked { message, .. } if message == "planted"),
            "{error}"
        );
    }
}

#[test]
fn dropping_a_running_engine_ends_its_threads() {
    let source = evenly(2, 3_600_000_000_000);
    let watched = Arc::downgrade(&source.0);
    let plan = recorded(&source);
    let engine = LiveEngine::start(source, plan, gate(Ready), settings(8), MonotonicClock);
    drop(engine.expect("starts"));
    assert!(
        watched.upgrade().is_none(),
        "a thread still holds the source"
    );
}

#[test]
fn an_empty_source_is_a_run_of_nothing() {
    let source = evenly(0, 0);
    let plan = fast(&source);
    let engine = LiveEngine::start(source, plan, gate(Ready), settings(1), MonotonicClock);
    let record = end(engine.expect("starts"));
    assert_eq!(record.ledger.published, 0);
    assert!(record.ledger.is_balanced() && !record.stopped);
}

#[test]
fn a_ring_that_does_not_fit_is_an_error() {
    let source = evenly(1, 0);
    let plan = fast(&source);
    let refused = LiveEngine::start(source, plan, gate(Ready), settings(1 << 57), MonotonicClock);
    assert_eq!(refused.err(), Some(EngineError::OutOfMemory(1 << 57)));
}
