//! The live engine itself under shuttle: its threads meet, run and part in random orders of their steps, while it is
//! let go on, looked at, stopped, dropped or finished at any moment, the first included.
//!
//! A run takes some milliseconds, most of them for its histograms: fewer orders than of the stages alone
//! (`engine.rs`), which are the same.

use std::time::Duration;

use crate::checked::{Looks, event};
use crate::schedules::{chance, explore_within, one_of};
use shuttle::rand::{Rng, thread_rng};
use tickpath_core::bus::{EventReader, EventRing, Producer, Reader, Start};
use tickpath_core::engine::{
    CoreChoice, LiveEngine, OverrunPolicy, Pace, Phase, Plan, ReaderSettings, RunRecord, Settings,
    Stamping, ThreadSettings, Wait,
};
use tickpath_core::ingest::Event;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::{Arc, thread};

/// Orders that each scheduler draws.
const RUNS: usize = 200;
const EVENTS: u64 = 5;
/// No time passes: a wait ends with the run.
const SOME_TIME: Duration = Duration::from_millis(1);

/// On no core of its own: shuttle's threads are all the same one.
fn reader(name: &str, policy: OverrunPolicy, after: &[&str]) -> ReaderSettings {
    ReaderSettings {
        after: after.iter().map(|&name| name.to_owned()).collect(),
        policy,
        thread: thread_settings(),
        ..ReaderSettings::named(name)
    }
}

fn thread_settings() -> ThreadSettings {
    ThreadSettings {
        core: CoreChoice::Unpinned,
        wait: Some(Wait::Yield),
        ..ThreadSettings::default()
    }
}

fn any_settings() -> Settings {
    let with_faults = chance(3);
    let settings = Settings {
        feed: thread_settings(),
        executor: reader("executor", one_of(&OverrunPolicy::ALL), &[]),
        consumers: (0..thread_rng().gen_range(0..2))
            .map(|_| reader("log", one_of(&OverrunPolicy::ALL), &["executor"]))
            .collect(),
        stamping: one_of(&[Stamping::PerEvent, Stamping::PerBatch]),
        ack_slots: chance(2).then_some(2),
        floor_window_ns: 0,
        hold_at: chance(4).then_some(2),
        epoch_rows: 8,
        ..Settings::default()
    };
    if with_faults {
        let stamping = Stamping::PerEvent;
        Settings {
            stamping,
            ..settings
        }
        .with_faults()
    } else {
        settings
    }
}

fn start(gate: &Arc<Gate>, ring: Producer, settings: Settings) -> LiveEngine {
    let source: Vec<Event> = (0..EVENTS).map(event).collect();
    let plan = Plan::of(&source, None, Pace::Max).expect("a good pace");
    let (gate, clock) = (Arc::clone(gate), Looks::default());
    let engine = if settings.faults.is_some() {
        LiveEngine::start_with_faults(source, plan, ring, gate, settings, clock)
    } else {
        LiveEngine::start(source, plan, ring, gate, settings, clock)
    };
    engine.expect("it starts")
}

/// One transition further, up to READY.
fn move_on(gate: &Gate) {
    let word = gate.read();
    let next = match word.state() {
        StateCode::Init => StateCode::Warmup,
        StateCode::Warmup | StateCode::Degraded => StateCode::Ready,
        StateCode::Ready => StateCode::Degraded,
    };
    assert!(gate.compare_exchange(word, GateWord::new(word.epoch() + 1, next)));
}

fn check(record: &RunRecord, producer: &Producer) {
    let published = record.executor().ledger.published;
    assert_eq!(producer.next_seq(), record.first_seq + published);
    assert!(published <= EVENTS && record.feed.is_balanced());
    for reader in &record.readers {
        assert!(reader.ledger.is_balanced(), "{:?}", reader.ledger);
        if !record.stopped && reader.ended_by.is_none() {
            assert_eq!(reader.ledger.unread, 0, "{:?}", reader.ledger);
        }
    }
    let rows = record.epochs.rows();
    let executed: u64 = rows.iter().map(|row| row.executed).sum();
    assert_eq!(record.executor().ledger.executed, executed);
    // WARMUP, READY, DEGRADED, READY …: every even epoch is READY.
    assert!(
        rows.iter()
            .all(|row| row.executed == 0 || row.epoch % 2 == 0)
    );
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Met {
    Dropped,
    Stopped,
    CameToItsEnd,
}

fn any_run() -> Met {
    let gate = Arc::new(Gate::new());
    let (producer, ring) = EventRing::try_new(one_of(&[1, 4, 8])).expect("a few slots");
    let engine = start(&gate, producer, any_settings());
    for _ in 0..thread_rng().gen_range(0..6) {
        match thread_rng().gen_range(0..8) {
            0..=2 => move_on(&gate),
            3 => engine.release(None),
            4 => assert!(engine.snapshot().feed.published <= EVENTS),
            5 => engine.stop_intake(),
            _ => thread::yield_now(),
        }
    }
    if chance(4) {
        drop(engine);
        // Nobody writes to the ring any more: the next run can have it.
        assert!(
            Producer::claim(&ring).is_some(),
            "a thread of it is still there"
        );
        return Met::Dropped;
    }
    let is_stopped = chance(3) || gate.read().is_init();
    if is_stopped {
        engine.stop();
    }
    engine.release(None);
    assert!(engine.wait(SOME_TIME), "it ended");
    let acks = engine.ack_ring().cloned();
    let snapshot = engine.snapshot();
    let (record, producer) = engine.finish().expect("no stage panicked");
    assert!(snapshot.feed.done && snapshot.phase != Phase::Finished);
    check(&record, &producer);
    if let Some(acks) = acks {
        let decided = record.executor().ledger.executed + record.executor().ledger.gated_total();
        assert_eq!(acks.head(), decided, "every decision is acknowledged once");
    }
    if is_stopped {
        Met::Stopped
    } else {
        Met::CameToItsEnd
    }
}

#[test]
fn a_live_engine_ends_whenever_it_is_asked_to_and_its_books_balance() {
    explore_within(
        RUNS,
        |outcomes| outcomes.met(any_run()),
        &[Met::Dropped, Met::Stopped, Met::CameToItsEnd],
    );
}

#[test]
fn runs_follow_each_other_on_one_ring() {
    explore_within(
        RUNS / 4,
        |outcomes| {
            let (mut producer, ring) = EventRing::try_new(4).expect("a few slots");
            let mut reader = EventReader::new(ring, Start::Oldest).expect("the oldest exists");
            let mut published = 0;
            for _ in 0..2 {
                let gate = Arc::new(Gate::new());
                move_on(&gate);
                let engine = start(&gate, producer, any_settings());
                move_on(&gate);
                engine.release(None);
                let record;
                (record, producer) = engine.finish().expect("no stage panicked");
                assert_eq!(record.first_seq, published, "behind what was there");
                check(&record, &producer);
                published += record.executor().ledger.published;
            }
            let mut seen = 0;
            loop {
                match reader.poll() {
                    Ok(Some(_)) => seen += 1,
                    Ok(None) => break,
                    Err(_) => assert!(reader.reset_to_oldest() > 0),
                }
            }
            assert_eq!(seen + reader.lost(), published, "seen + lost == sent");
            outcomes.met(());
        },
        &[()],
    );
}
