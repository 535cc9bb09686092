//! Between its first and its last event a stage allocates nothing; shown by counting, and shown to
//! be seen by planting an allocation.

use allocation_counter::measure;
use tickpath_core::bus::{EventReader, EventRing, Start};
use tickpath_core::engine::{
    Control, ExecutorStage, FeedStage, Pace, Plan, Wait, drive_executor, drive_feed,
};
use tickpath_core::ingest::Event;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::{Arc, thread};
use tickpath_core::time::{Clock, MonotonicClock};

const EVENTS: usize = 50_000;

/// The machine's clock, with an allocation in every look.
#[derive(Debug, Clone)]
struct Planted;

impl Clock for Planted {
    fn now_ns(&self) -> u64 {
        std::hint::black_box(Box::new(MonotonicClock.now_ns()));
        MonotonicClock.now_ns()
    }
}

/// Allocations of feed and executor in a run with an overrun ring and several epochs.
fn allocations<F, E>(feed_clock: F, executor_clock: E) -> (u64, u64)
where
    F: Clock + Send + 'static,
    E: Clock + Send + 'static,
{
    let source = vec![Event::default(); EVENTS];
    let rate_hz = 2e7;
    let plan = Plan::of(&source, None, Pace::Constant { rate_hz }).expect("a good pace");
    let (producer, ring) = EventRing::try_new(64).expect("memory");
    let reader = EventReader::new(ring, Start::Oldest).expect("oldest exists");
    let mut feed = FeedStage::new(source, Arc::new(plan), producer, None);
    let mut executor = ExecutorStage::new(reader, true, 16);
    let control = Arc::new(Control::default());
    let gate = Gate::new();
    let warmup = GateWord::new(1, StateCode::Warmup);
    assert!(gate.compare_exchange(gate.read(), warmup));

    let feeding = thread::spawn({
        let control = Arc::clone(&control);
        move || measure(|| drive_feed(&mut feed, &feed_clock, Wait::Yield, &control)).count_total
    });
    let executing = thread::spawn(move || {
        let counted = measure(|| {
            drive_executor(&mut executor, &gate, &executor_clock, Wait::Yield, &control);
        });
        let mut ledger = executor.ledger();
        ledger.published = EVENTS as u64;
        assert!(ledger.is_balanced(), "{ledger:?}");
        counted.count_total
    });
    let feed = feeding.join().expect("no panic");
    (feed, executing.join().expect("no panic"))
}

#[test]
fn a_run_allocates_nothing() {
    assert_eq!(allocations(MonotonicClock, MonotonicClock), (0, 0));
}

#[test]
fn a_planted_allocation_is_seen_in_either_stage() {
    let (feed, executor) = allocations(Planted, Planted);
    assert!(feed >= EVENTS as u64, "{feed}");
    assert!(executor > 0, "{executor}");
}
