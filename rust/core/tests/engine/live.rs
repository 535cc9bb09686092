//! The engine on threads. Nothing here waits for a time: a run is over when its threads say so.

use std::time::Duration;

use tickpath_core::bus::EventRing;
use tickpath_core::engine::{
    EngineError, LiveEngine, OverrunPolicy, Pace, Phase, Plan, RunRecord, Settings, Stage, Stamping,
};
use tickpath_core::state::Gate;
use tickpath_core::state::StateCode::{Ready, Warmup};
use tickpath_core::sync::{Arc, AtomicU64, Ordering};
use tickpath_core::time::{Clock, MonotonicClock};

use crate::common::{Source, evenly, gate, reader, settings, transition};

const EXECUTOR_THREAD: &str = "tickpath-executor";

/// The wait is only a limit on a hang; the tests pass at once.
const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) fn fast(source: &Source) -> Plan {
    Plan::of(source.as_ref(), None, Pace::Max).expect("a good pace")
}

pub(crate) fn recorded(source: &Source) -> Plan {
    let pace = Pace::Recorded {
        speed: 1.0,
        max_gap_ns: u64::MAX,
    };
    Plan::of(source.as_ref(), None, pace).expect("a good pace")
}

pub(crate) fn start<C: Clock + Clone + Send + 'static>(
    source: Source,
    plan: Plan,
    capacity: usize,
    gate: Arc<Gate>,
    settings: Settings,
    clock: C,
) -> LiveEngine {
    let (producer, _) = EventRing::try_new(capacity).expect("memory");
    let engine = if settings.faults.is_some() {
        LiveEngine::start_with_faults(source, plan, producer, gate, settings, clock)
    } else {
        LiveEngine::start(source, plan, producer, gate, settings, clock)
    };
    engine.expect("starts")
}

pub(crate) fn end(engine: LiveEngine) -> RunRecord {
    assert!(
        engine.wait(PATIENCE),
        "the run hangs: {:?}",
        engine.snapshot()
    );
    let (record, producer) = engine.finish().expect("no stage panicked");
    assert_eq!(
        producer.next_seq(),
        record.first_seq + record.executor().ledger.published
    );
    record
}

#[test]
fn a_run_publishes_everything_and_its_ledger_balances() {
    let source = evenly(20_000, 100);
    let plan = recorded(&source);
    let engine = start(
        source,
        plan,
        32_768,
        gate(Ready),
        settings(),
        MonotonicClock,
    );
    let record = end(engine);
    assert!(!record.stopped && record.wall_ns > Some(0));
    assert_eq!(record.executor().ledger.published, 20_000);
    assert_eq!(record.executor().ledger.executed, 20_000);
    assert!(record.executor().ledger.is_balanced());
    for figures in record
        .executor()
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
        if std::thread::current().name() == Some(EXECUTOR_THREAD)
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
    let engine = start(source, plan, 7, gate(Ready), settings(), clock);
    let record = end(engine);
    assert_eq!(record.executor().ledger.published, 200_000);
    assert!(
        record.executor().ledger.lost > 0,
        "{:?}",
        record.executor().ledger
    );
    assert!(
        record.executor().ledger.is_balanced(),
        "{:?}",
        record.executor().ledger
    );
    assert_eq!(
        record.executor().latency_overall()[Stage::IntendedToPublished as usize].count(),
        0
    );
}

#[test]
fn stopping_in_mid_run_accounts_for_everything() {
    // A plan of an hour: only the stop ends it, while the feed waits for the second event.
    let source = evenly(2, 3_600_000_000_000);
    let plan = recorded(&source);
    let engine = start(source, plan, 8, gate(Ready), settings(), MonotonicClock);
    while engine.snapshot().executor().ledger.executed == 0 {
        std::thread::yield_now();
    }
    assert_eq!(engine.snapshot().phase, Phase::Running);
    engine.stop();
    let record = end(engine);
    assert!(record.stopped && record.executor().ledger.is_balanced());
    assert_eq!(
        (
            record.executor().ledger.published,
            record.executor().ledger.executed
        ),
        (1, 1)
    );
}

#[test]
fn in_init_a_run_ends_by_stop_and_its_events_are_unread_or_lost() {
    let source = evenly(10, 0);
    let plan = fast(&source);
    let gate = Arc::new(Gate::new());
    let engine = start(source, plan, 4, gate, settings(), MonotonicClock);
    while engine.snapshot().executor().ledger.published < 10 {
        std::thread::yield_now();
    }
    engine.stop();
    let record = end(engine);
    assert!(record.stopped && record.executor().ledger.is_balanced());
    assert_eq!(
        (
            record.executor().ledger.lost,
            record.executor().ledger.unread
        ),
        (6, 4)
    );
    assert!(record.epochs.rows().is_empty());
}

#[test]
fn a_held_feed_waits_for_its_release_and_the_gate_splits_the_books_exactly() {
    let source = evenly(1_000, 10);
    let plan = recorded(&source);
    let gate = gate(Warmup);
    let mut held = settings();
    held.hold_at = Some(100);
    let engine = start(source, plan, 2_048, Arc::clone(&gate), held, MonotonicClock);
    while !engine.snapshot().feed.held || engine.snapshot().executor().backlog > 0 {
        std::thread::yield_now();
    }
    transition(&gate, Ready);
    while !engine.control().has_seen(2) {
        std::thread::yield_now();
    }
    engine.release(None);
    let record = end(engine);
    assert_eq!(record.executor().ledger.gated, [0, 100, 0, 0]);
    assert_eq!(record.executor().ledger.executed, 900);
    let rows = record.epochs.rows();
    assert_eq!((rows[0].last_seq, rows[1].first_seq), (99, 100));
}

#[test]
fn live_snapshots_are_of_one_moment() {
    let source = evenly(300_000, 0);
    let plan = fast(&source);
    let engine = start(source, plan, 64, gate(Ready), settings(), MonotonicClock);
    while !engine.wait(Duration::ZERO) {
        let snapshot = engine.snapshot();
        let seen = snapshot.executor();
        let ledger = seen.ledger;
        let processed = ledger.executed + ledger.gated_total() + ledger.lost + ledger.shed;
        assert_eq!(processed, seen.cursor - ledger.unread, "{seen:?}");
        assert!(ledger.published >= processed + ledger.unread);
    }
    assert!(end(engine).is_balanced());
}

#[derive(Debug, Clone)]
#[cfg_attr(
    any(not(target_os = "linux"), elsewhere),
    expect(dead_code, reason = "its test is left out there")
)]
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

// Where no stage has a core, a feed that goes at full speed may leave the executor too few events to break at.
#[cfg(all(target_os = "linux", not(elsewhere)))]
#[test]
fn a_panic_in_a_stage_is_an_error_of_the_run() {
    for thread in ["tickpath-feed", EXECUTOR_THREAD] {
        let source = evenly(1_000_000, 0);
        let plan = fast(&source);
        let clock = Breaks {
            thread,
            reads: Arc::default(),
        };
        let engine = start(source, plan, 64, gate(Ready), settings(), clock);
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
    let engine = start(source, plan, 8, gate(Ready), settings(), MonotonicClock);
    drop(engine);
    assert!(
        watched.upgrade().is_none(),
        "a thread still holds the source"
    );
}

#[test]
fn an_empty_source_is_a_run_of_nothing() {
    let source = evenly(0, 0);
    let plan = fast(&source);
    let engine = start(source, plan, 1, gate(Ready), settings(), MonotonicClock);
    let record = end(engine);
    assert_eq!(record.executor().ledger.published, 0);
    assert!(record.executor().ledger.is_balanced() && !record.stopped);
}

#[test]
fn an_ack_ring_that_does_not_fit_is_an_error_and_one_without_slots_makes_no_sense() {
    for slots in [0, 1 << 57] {
        let source = evenly(1, 0);
        let plan = fast(&source);
        let (producer, _) = EventRing::try_new(1).expect("memory");
        let asked = Settings {
            ack_slots: Some(slots),
            ..settings()
        };
        let refused = LiveEngine::start(source, plan, producer, gate(Ready), asked, MonotonicClock);
        let error = refused.expect_err("refused");
        let expected = match slots {
            0 => matches!(error, EngineError::Settings(_)),
            _ => error == EngineError::OutOfMemory(slots),
        };
        assert!(expected, "{error}");
    }
}

#[test]
fn acks_are_there_for_whoever_looks() {
    let source = evenly(10_000, 0);
    let plan = fast(&source);
    let asked = Settings {
        ack_slots: Some(16_384),
        ..settings()
    };
    let engine = start(source, plan, 16_384, gate(Ready), asked, MonotonicClock);
    let ring = Arc::clone(engine.ack_ring().expect("asked for"));
    let record = end(engine);
    assert_eq!(record.executor().ledger.executed, 10_000);
    let mut acks = ring
        .reader(tickpath_core::bus::Start::Oldest)
        .expect("oldest");
    for seq in 0..10_000 {
        let payload = tickpath_core::bus::Reader::poll(&mut acks)
            .expect("fits")
            .expect("published");
        let ack = tickpath_core::engine::StampedAck::from_payload(payload).ack;
        assert_eq!((ack.seq, ack.executed), (seq, 1));
    }
}

#[test]
fn held_back_by_its_readers_a_feed_loses_nothing() {
    for (stamping, claim_lines) in [
        (Stamping::PerEvent, false),
        (Stamping::PerBatch, false),
        (Stamping::PerEvent, true),
        (Stamping::PerBatch, true),
    ] {
        let source = evenly(300_000, 0);
        let plan = fast(&source);
        let mut asked = settings();
        asked.hold_back = true;
        asked.stamping = stamping;
        asked.executor.claim_lines = claim_lines;
        asked.consumers = vec![reader("other", OverrunPolicy::Raise, &[])];
        let engine = start(source, plan, 256, gate(Ready), asked, MonotonicClock);
        let record = end(engine);
        assert_eq!(record.executor().ledger.executed, 300_000);
        assert_eq!(record.readers[1].ledger.read, 300_000);
        let counts = record
            .executor()
            .latency_overall()
            .map(|histogram| histogram.count());
        let each = if stamping == Stamping::PerEvent {
            300_000
        } else {
            0
        };
        assert_eq!(counts, [0, each, each, 300_000, 0]);
    }
}

#[test]
fn a_used_ring_goes_on_where_it_was() {
    let (mut producer, _ring) = EventRing::try_new(512).expect("memory");
    producer.publish_many((0..100).map(|_| [0; 7]));
    let source = evenly(300, 0);
    let plan = fast(&source);
    let engine = LiveEngine::start(
        source,
        plan,
        producer,
        gate(Ready),
        settings(),
        MonotonicClock,
    );
    let record = end(engine.expect("starts"));
    assert_eq!(record.first_seq, 100);
    assert_eq!(record.executor().ledger.executed, 300);
    assert_eq!(record.epochs.rows()[0].first_seq, 100);
    assert!(record.is_balanced());
}

#[test]
fn settings_that_make_no_sense_start_nothing() {
    let source = evenly(1, 0);
    let plan = fast(&source);
    let (producer, _) = EventRing::try_new(1).expect("memory");
    let mut asked = settings();
    asked.consumers = vec![reader("a", OverrunPolicy::Oldest, &["b"])];
    let refused = LiveEngine::start(source, plan, producer, gate(Ready), asked, MonotonicClock);
    assert!(matches!(refused.err(), Some(EngineError::Settings(_))));
}
