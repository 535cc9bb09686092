//! Between its first and its last event a stage allocates nothing, nor do counters and an object ring; shown by counting, and shown to
//! be seen by planting an allocation.

use allocation_counter::measure;
use tickpath_core::bus::{Cursor, EventReader, EventRing, ObjectRing, Start};
use tickpath_core::engine::{
    Control, Drive, ExecutorStage, FeedStage, Intake, LoopNotes, OverrunPolicy, Pace, Plan,
    Planned, Sampled, ServiceTime, StageRecorder, StampsEach, Upstreams, Wait, drive_feed,
    drive_reader,
};
use tickpath_core::ingest::Event;
use tickpath_core::metrics::Counters;
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
    let timetable = Planned::new(Arc::new(plan)).expect("it has offsets");
    let mut feed = FeedStage::new(source, EVENTS, producer, timetable, None);
    let (acks, _ack_ring) = EventRing::try_new(128).expect("memory");
    let intake = Intake::new(reader, Upstreams::default(), OverrunPolicy::Oldest);
    let recorder = StageRecorder::<true>::by_state();
    let service = Sampled::new(ServiceTime::Exponential { mean_ns: 50.0 }, 1);
    let mut executor = StampsEach(ExecutorStage::new(intake, service, acks, recorder, 16));
    let control = Arc::new(Control::new(0, 0));
    let gate = Arc::new(Gate::new());
    let warmup = GateWord::new(1, StateCode::Warmup);
    assert!(gate.compare_exchange(gate.read(), warmup));

    let feeding = thread::spawn({
        let (control, gate) = (Arc::clone(&control), Arc::clone(&gate));
        move || {
            let drive = Drive {
                gate: &gate,
                clock: &feed_clock,
                wait: Wait::Yield,
                control: &control,
            };
            let mut notes = LoopNotes::new(drive.wait);
            measure(|| drive_feed(&mut feed, drive, 1, &mut notes)).count_total
        }
    });
    let executing = thread::spawn(move || {
        let drive = Drive {
            gate: &gate,
            clock: &executor_clock,
            wait: Wait::Yield,
            control: &control,
        };
        let mut notes = LoopNotes::new(drive.wait);
        let counted = measure(|| {
            assert_eq!(
                drive_reader(&mut executor, drive, control.stage(0), &mut notes),
                None
            );
        });
        let mut ledger = executor.0.ledger();
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
fn counting_a_latency_allocates_nothing() {
    for histogram in [false, true] {
        let mut counters = Counters::new(histogram);
        let counted = measure(|| {
            for bits in 0..64 {
                (0..100).for_each(|n| counters.observe((1 << bits) | n));
            }
            counters.observe(u64::MAX);
        });
        assert_eq!(counted.count_total, 0, "histogram: {histogram}");
        assert_eq!(counters.summary().count, 6_401);
    }
}

#[test]
fn an_object_ring_allocates_nothing_once_it_is_made() {
    let mut ring = ObjectRing::try_new(7).expect("memory");
    let mut cursor = Cursor::new(0);
    let counted = measure(|| {
        for item in 0..10_000_u64 {
            ring.publish(item);
            if item % 5 != 0 && cursor.poll(&ring).is_err() {
                let bounds = ring.bounds();
                cursor.recover_to(bounds.oldest, bounds);
            }
        }
    });
    assert_eq!(counted.count_total, 0);
    assert!(cursor.lost() > 0);
}

#[test]
fn a_planted_allocation_is_seen_in_either_stage() {
    let (feed, executor) = allocations(Planted, Planted);
    assert!(feed >= EVENTS as u64, "{feed}");
    assert!(executor > 0, "{executor}");
}
