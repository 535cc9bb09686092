//! Virtual time: small schedules that can be worked out by hand, to the nanosecond.

use tickpath_core::bus::{EventRing, Reader, Start};
use tickpath_core::engine::{
    AcksDigest, Advance, Horizon, OverrunMoment, OverrunPolicy, Pace, Plan, ReaderSettings,
    RunRecord, ServiceTime, Settings, Stage, StampedAck, Stamping, VirtualEngine,
};
use tickpath_core::state::StateCode::{self, Degraded, Ready, Warmup};
use tickpath_core::state::{Gate, GateWord};
use tickpath_core::sync::Arc;

use crate::common::{Source, reader, stamped, transition};

/// A run in virtual time, with the gate to its side.
pub(crate) struct Virtual {
    pub(crate) engine: VirtualEngine,
    pub(crate) gate: Arc<Gate>,
}

/// The executor with a constant service time, and room for acks.
pub(crate) fn serving(service_ns: u64) -> Settings {
    let service = match service_ns {
        0 => ServiceTime::None,
        ns => ServiceTime::Constant(ns),
    };
    Settings {
        executor: ReaderSettings {
            service,
            ..Settings::default().executor
        },
        ack_slots: Some(1_024),
        epoch_rows: 64,
        ..Settings::default()
    }
}

/// A plain consumer of a constant service time.
fn working(name: &str, service_ns: u64, policy: OverrunPolicy, after: &[&str]) -> ReaderSettings {
    ReaderSettings {
        service: ServiceTime::Constant(service_ns),
        ..reader(name, policy, after)
    }
}

impl Virtual {
    /// Events published at these moments into `capacity` slots, with the gate in INIT.
    pub(crate) fn new(moments_ns: &[u64], capacity: usize, settings: Settings) -> Self {
        let source = stamped(moments_ns);
        let plan = crate::live::recorded(&source);
        let (producer, _) = EventRing::try_new(capacity).expect("memory");
        let gate = Arc::new(Gate::new());
        let engine = VirtualEngine::start(source, plan, producer, Arc::clone(&gate), settings)
            .expect("good settings");
        Self { engine, gate }
    }

    pub(crate) fn ready(moments_ns: &[u64], capacity: usize, settings: Settings) -> Self {
        let made = Self::new(moments_ns, capacity, settings);
        let before = made.gate.read();
        assert!(made.gate.compare_exchange(before, GateWord::new(2, Ready)));
        made
    }

    pub(crate) fn until(&mut self, until_ns: u64) -> Advance {
        self.engine.advance(Horizon {
            until_ns,
            ..Horizon::END
        })
    }

    pub(crate) fn to(&self, state: StateCode) {
        transition(&self.gate, state);
    }

    pub(crate) fn books(&self) -> (u64, u64, u64) {
        let seen = self.engine.snapshot();
        let executor = seen.executor();
        (
            seen.feed.published,
            executor.ledger.executed,
            executor.cursor,
        )
    }

    /// (decision, completion) of the acks so far.
    pub(crate) fn stamps(&self) -> Vec<(u64, u64)> {
        let ring = self.engine.ack_ring().expect("it was asked for");
        let mut acks = ring.reader(Start::Oldest).expect("oldest exists");
        let mut stamps = Vec::new();
        while let Ok(Some(payload)) = acks.poll() {
            let ack = StampedAck::from_payload(payload).ack;
            stamps.push((ack.decision_ts, ack.completion_ts));
        }
        stamps
    }

    pub(crate) fn end(mut self) -> (RunRecord, AcksDigest) {
        assert_eq!(self.engine.advance(Horizon::END), Advance::Over);
        let (record, digest, producer) = self.engine.finish().expect("it is over");
        assert!(record.is_balanced(), "{record:?}");
        assert_eq!(producer.next_seq(), record.executor().ledger.published);
        (record, digest)
    }
}

#[test]
fn events_queue_behind_the_one_that_is_worked_on() {
    let mut run = Virtual::ready(&[0, 100, 150, 1_000], 8, serving(120));
    assert_eq!(run.engine.advance(Horizon::END), Advance::Over);
    assert_eq!(run.engine.now_ns(), 1_120);
    let expected = [(0, 120), (120, 240), (240, 360), (1_000, 1_120)];
    assert_eq!(run.stamps(), expected);
    let (record, _) = run.end();
    assert_eq!((record.begin_ns, record.end_ns), (Some(0), 1_120));
    assert_eq!((record.wall_ns, record.feed_ns), (Some(1_120), Some(1_000)));
    assert!(!record.stopped);
    let of = |stage| {
        let histogram = record.executor().latency_of(stage);
        (histogram.min_ns(), histogram.max_ns(), histogram.count())
    };
    assert_eq!(of(Stage::IntendedToPublished), (Some(0), Some(0), 4));
    assert_eq!(of(Stage::PublishedToPolled), (Some(0), Some(90), 4));
    assert_eq!(of(Stage::PolledToCompleted), (Some(120), Some(120), 4));
    assert_eq!(of(Stage::PublishedToCompleted), (Some(120), Some(210), 4));
    assert_eq!(record.floor.figures.count, 0);
    assert_eq!((record.clock_cost_ns, record.refused.len()), (0, 0));
}

#[test]
fn without_service_time_an_event_is_done_when_it_is_published() {
    let mut run = Virtual::ready(&[0, 0, 7, 7, 9], 8, serving(0));
    assert_eq!(run.until(7), Advance::Reached);
    assert_eq!((run.books(), run.engine.now_ns()), ((4, 4, 4), 7));
    assert_eq!(run.until(u64::MAX), Advance::Over);
    assert_eq!(run.stamps(), [(0, 0), (0, 0), (7, 7), (7, 7), (9, 9)]);
}

#[test]
fn the_control_side_sees_what_was_completed_by_its_moment() {
    let mut run = Virtual::ready(&[0, 100, 150], 8, serving(120));
    for (until_ns, books, acks) in [
        (0, (1, 0, 0), 0),
        (119, (2, 0, 0), 0),
        (120, (2, 1, 1), 1),
        (239, (3, 1, 1), 1),
        (240, (3, 2, 2), 2),
    ] {
        assert_eq!(run.until(until_ns), Advance::Reached);
        assert_eq!(run.books(), books, "at {until_ns}");
        assert_eq!(run.stamps().len(), acks, "at {until_ns}");
        assert_eq!(run.engine.now_ns(), until_ns);
    }
    // Time does not go back.
    assert_eq!(run.until(10), Advance::Reached);
    assert_eq!(run.engine.now_ns(), 240);
}

#[test]
fn a_new_word_is_seen_at_once_by_who_is_idle_and_by_a_busy_stage_when_it_is_done() {
    let mut run = Virtual::new(&[0, 100, 110, 400], 8, serving(50));
    run.to(Warmup);
    run.until(60);
    run.to(Ready);
    assert!(!run.engine.control().has_seen(2));
    run.until(60);
    assert!(run.engine.control().has_seen(2), "it was idle");
    run.until(120);
    run.to(Degraded);
    run.until(149);
    assert!(!run.engine.control().has_seen(3), "it is busy until 150");
    assert!(run.engine.advance_until_seen(3, u64::MAX));
    assert_eq!(run.engine.now_ns(), 150);
    let (record, _) = run.end();
    let rows = record.epochs.rows().iter();
    let rows: Vec<_> = rows
        .map(|row| (row.epoch, row.first_seq, row.executed, row.gated))
        .collect();
    // The event that was decided under READY is executed, and nothing after the fence.
    assert_eq!(rows, [(1, 0, 0, 1), (2, 1, 1, 0), (3, 2, 0, 2)]);
    assert_eq!(record.executor().ledger.gated, [0, 1, 0, 2]);
}

#[test]
fn a_fence_that_nobody_passes_ends_at_its_moment() {
    let mut run = Virtual::ready(&[0], 8, serving(500));
    run.until(0);
    run.to(Degraded);
    assert!(!run.engine.advance_until_seen(3, 499));
    assert_eq!(run.engine.now_ns(), 499);
    assert!(run.engine.advance_until_seen(3, 500));
    assert!(run.engine.advance_until_seen(3, 0), "it was passed already");
    // A run that is over has nothing in flight.
    assert!(run.engine.advance_until_seen(99, u64::MAX));
}

#[test]
fn in_init_nothing_is_read_and_only_a_stop_ends_it() {
    let mut run = Virtual::new(&[0, 10, 20], 2, serving(5));
    assert_eq!(run.engine.advance(Horizon::END), Advance::Quiet);
    assert_eq!((run.books(), run.engine.now_ns()), ((3, 0, 0), 20));
    assert_eq!(run.until(1_000), Advance::Reached);
    run.engine.control().stop();
    assert_eq!(run.until(2_000), Advance::Over);
    assert_eq!(run.engine.now_ns(), 1_000);
    let (record, digest) = run.end();
    assert!(record.stopped);
    let ledger = record.executor().ledger;
    assert_eq!((ledger.lost, ledger.unread), (1, 2));
    // Of nothing at all.
    assert!(digest.hex(&[]).starts_with("e3b0c44298fc1c14"));
}

#[test]
fn a_stop_lets_the_event_under_way_be_finished_and_leaves_the_rest() {
    let mut run = Virtual::ready(&[0, 10, 20, 500], 8, serving(100));
    run.until(130);
    run.engine.control().stop();
    assert_eq!(run.until(130), Advance::Reached);
    assert_eq!(run.until(1_000), Advance::Over);
    assert_eq!((run.books(), run.engine.now_ns()), ((3, 2, 3), 200));
    let (record, _) = run.end();
    assert!(record.stopped);
    assert_eq!((record.end_ns, record.feed_ns), (200, Some(130)));
    assert_eq!(record.executor().ledger.unread, 1);
}

#[test]
fn a_downstream_reads_an_event_when_its_upstream_has_completed_it() {
    let mut settings = serving(100);
    settings.consumers = vec![
        working("log", 30, OverrunPolicy::Oldest, &["executor", "risk"]),
        working("risk", 10, OverrunPolicy::Oldest, &[]),
    ];
    settings.executor.after = vec!["risk".to_owned()];
    let mut run = Virtual::ready(&[0, 5, 200], 8, settings);
    run.until(210);
    let cursors = |run: &Virtual| {
        let stages = run.engine.snapshot().stages;
        stages.iter().map(|stage| stage.cursor).collect::<Vec<_>>()
    };
    // risk: 0–10, 10–20, 200–210; executor: 10–110, 110–210, 210–310; log: 110–140, 210–240.
    assert_eq!(cursors(&run), [2, 1, 3]);
    run.until(240);
    assert_eq!(cursors(&run), [2, 2, 3]);
    let (record, _) = run.end();
    assert_eq!(record.end_ns, 310);
    let log = &record.readers[1];
    let whole = log.latency_of(Stage::PublishedToCompleted);
    assert_eq!((whole.min_ns(), whole.max_ns()), (Some(140), Some(235)));
    let read: Vec<_> = (record.readers.iter())
        .map(|reader| (reader.ledger.executed, reader.ledger.read))
        .collect();
    assert_eq!(read, [(3, 0), (0, 3), (0, 3)]);
}

#[test]
fn each_overrun_policy_goes_on_where_it_says() {
    // Ten events at once every 10 ns up to 90, four slots, 35 ns each: event 0 from 0 to 35, when 0 to 3 are
    // there; event 1 to 70, when 4 to 7 are. Event 2 is gone then.
    let moments: Vec<u64> = (0..10).map(|n| n * 10).collect();
    let outcome = |policy| {
        let mut settings = serving(35);
        settings.executor.policy = policy;
        let run = Virtual::ready(&moments, 4, settings);
        let record = run.end().0;
        let reader = &record.readers[0];
        let ledger = reader.ledger;
        let moments = reader.overruns.moments().to_vec();
        let counts = [ledger.executed, ledger.lost, ledger.shed, ledger.unread];
        (counts, moments, record.end_ns, record.stopped)
    };
    let at_70 = |skipped| vec![OverrunMoment { at_ns: 70, skipped }];
    // From 2 to 6, half a ring behind the head at 8: 2 and 3 were lost, 4 and 5 shed; 6, 7, 8, 9 follow.
    let oldest = outcome(OverrunPolicy::Oldest);
    assert_eq!(oldest, ([6, 2, 2, 0], at_70(4), 210, false));
    // To the next event, which is published at 80: the feed was first with event 7 at 70.
    let head = outcome(OverrunPolicy::Head);
    assert_eq!(head, ([4, 2, 4, 0], at_70(6), 150, false));
    // Nobody reads any further; the feed goes on to its end, or is ended.
    let detach = outcome(OverrunPolicy::Detach);
    assert_eq!(detach, ([2, 4, 0, 4], at_70(2), 70, false));
    let raise = outcome(OverrunPolicy::Raise);
    assert_eq!(raise, ([2, 2, 0, 4], at_70(2), 70, true));
}

#[test]
fn a_stage_that_ends_the_run_ends_it_in_that_moment_for_those_who_wait_too() {
    // The feed is over, and the executor in INIT: nobody will do anything by itself.
    let settings = Settings {
        consumers: vec![working("strict", 25, OverrunPolicy::Raise, &[])],
        ..serving(5)
    };
    let mut run = Virtual::new(&[0, 10, 20], 1, settings);
    assert_eq!(run.engine.advance(Horizon::END), Advance::Over);
    let (record, _) = run.end();
    assert_eq!((record.end_ns, record.is_balanced()), (25, true));
}

#[test]
fn a_held_feed_goes_on_at_the_moment_of_its_release() {
    let settings = Settings {
        hold_at: Some(2),
        ..serving(10)
    };
    let mut run = Virtual::ready(&[0, 100, 150, 300], 8, settings);
    assert_eq!(run.engine.advance(Horizon::END), Advance::Quiet);
    assert!(run.engine.snapshot().feed.held);
    assert_eq!((run.books(), run.engine.now_ns()), ((2, 2, 2), 110));
    run.until(1_000);
    run.engine.control().release(Some(3));
    assert_eq!(run.engine.advance(Horizon::END), Advance::Quiet);
    assert!(run.engine.snapshot().feed.held, "before the next one");
    assert_eq!((run.books(), run.engine.now_ns()), ((3, 3, 3), 1_010));
    run.engine.control().release(None);
    run.until(1_200);
    assert_eq!(run.engine.advance(Horizon::END), Advance::Over);
    let expected = [(0, 10), (100, 110), (1_000, 1_010), (1_010, 1_020)];
    assert_eq!(run.stamps(), expected);
    let (record, _) = run.end();
    let late = record.executor().latency_of(Stage::IntendedToPublished);
    assert_eq!(late.max_ns(), Some(0), "the hold is nobody's lateness");
}

#[test]
fn a_horizon_of_events_stops_before_anybody_has_read_the_last_of_them() {
    let mut run = Virtual::ready(&[0, 50, 50, 50, 90], 8, serving(5));
    for (events, books, now_ns) in [(1, (1, 0, 0), 0), (3, (3, 1, 1), 50), (3, (3, 1, 1), 50)] {
        let to = Horizon {
            until_published: events,
            ..Horizon::END
        };
        assert_eq!(run.engine.advance(to), Advance::Reached);
        assert_eq!((run.books(), run.engine.now_ns()), (books, now_ns));
    }
    run.until(50);
    assert_eq!(run.books(), (4, 1, 1));
    assert_eq!(run.end().0.end_ns, 95);
}

#[test]
fn moments_can_be_counted_out() {
    let mut run = Virtual::ready(&[0, 50, 60], 8, serving(5));
    let one = Horizon {
        moments: 1,
        ..Horizon::END
    };
    let mut moments = Vec::new();
    while run.engine.advance(one) == Advance::Paused {
        moments.push(run.engine.now_ns());
    }
    assert_eq!(moments.first(), Some(&5));
    assert!(moments.is_sorted() && moments.len() <= 6, "{moments:?}");
    assert_eq!(run.engine.now_ns(), 65);
}

type Change = fn(&mut Settings);

#[test]
fn what_needs_real_time_is_refused_with_the_way_out() {
    let refused = |plan: Plan, source: Source, settings: Settings| {
        let (producer, _) = EventRing::try_new(8).expect("memory");
        let gate = Arc::new(Gate::new());
        let error = VirtualEngine::start(source, plan, producer, gate, settings);
        error.expect_err("makes no sense").to_string()
    };
    let source = stamped(&[0, 10]);
    let max = Plan::of(source.as_ref(), None, Pace::Max).expect("a good pace");
    let text = refused(max, source.clone(), serving(1));
    assert!(text.contains("give a pace"), "{text}");
    let wrong: [(&str, Change); 4] = [
        ("one per event", |settings| {
            settings.stamping = Stamping::PerBatch;
            settings.executor.service = ServiceTime::None;
        }),
        ("hold_back off", |settings| settings.hold_back = true),
        ("at least 1 slot", |settings| settings.ack_slots = Some(0)),
        ("no such stage", |settings| {
            settings.executor.after = vec!["nobody".to_owned()];
        }),
    ];
    for (words, change) in wrong {
        let mut settings = serving(1);
        change(&mut settings);
        let text = refused(crate::live::recorded(&source), source.clone(), settings);
        assert!(text.contains(words), "{text}");
    }
    let early = Virtual::ready(&[0, 10], 8, serving(1));
    assert!(early.engine.finish().is_err(), "it is not over");
}
