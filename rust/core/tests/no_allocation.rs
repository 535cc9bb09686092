//! Between its first and its last event a stage allocates nothing, nor do counters and an object ring; shown by counting, and shown to
//! be seen by planting an allocation.

use allocation_counter::measure;
use tickpath_core::bus::{Cursor, EventReader, EventRing, ObjectRing, Start};
use tickpath_core::engine::{
    ConsumerStage, Control, Drive, ExecutorStage, FeedStage, Intake, LoopNotes, NoService,
    OverrunPolicy, Pace, Plan, Planned, ReadingStage, Sampled, ServiceTime, StageRecorder,
    StampShared, StampsEach, Upstreams, Wait, drive_feed, drive_reader,
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

/// Allocations of a feed and of the stage that `reading` makes of its reader, in a run with an overrun ring
/// and a transition under way.
fn allocations<F, E, S>(
    feed_clock: F,
    stage_clock: E,
    reading: impl FnOnce(Intake<EventReader>) -> S,
) -> (u64, u64)
where
    F: Clock + Send + 'static,
    E: Clock + Send + 'static,
    S: ReadingStage + Send + 'static,
{
    let source = vec![Event::default(); EVENTS];
    let rate_hz = 2e7;
    let plan = Plan::of(&source, None, Pace::Constant { rate_hz }).expect("a good pace");
    let (producer, ring) = EventRing::try_new(64).expect("memory");
    let reader = EventReader::new(ring, Start::Oldest).expect("oldest exists");
    let timetable = Planned::new(Arc::new(plan)).expect("it has offsets");
    let mut feed = FeedStage::new(source, EVENTS, producer, timetable, None);
    let intake = Intake::new(reader, Upstreams::default(), OverrunPolicy::Oldest);
    let mut stage = reading(intake);
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
            measure(|| assert!(!drive_feed(&mut feed, drive, 1, &mut notes))).count_total
        }
    });
    let moved = (Arc::clone(&control), Arc::clone(&gate));
    let executing = thread::spawn(move || {
        let (control, gate) = moved;
        let drive = Drive {
            gate: &gate,
            clock: &stage_clock,
            wait: Wait::Yield,
            control: &control,
        };
        let mut notes = LoopNotes::new(drive.wait);
        let counted = measure(|| {
            assert_eq!(
                drive_reader(&mut stage, drive, control.stage(0), &mut notes),
                None
            );
        });
        let mut ledger = stage.ledger();
        ledger.published = EVENTS as u64;
        assert!(ledger.is_balanced(), "{ledger:?}");
        counted.count_total
    });
    // Counted is what the stages' threads allocate, not what this one does.
    while control.snapshot().feed.published < EVENTS as u64 / 2 {
        thread::yield_now();
    }
    assert!(gate.compare_exchange(warmup, GateWord::new(2, StateCode::Ready)));
    let feed = feeding.join().expect("no panic");
    (feed, executing.join().expect("no panic"))
}

/// An executor with everything: service times drawn, acks written.
fn executor(intake: Intake<EventReader>) -> impl ReadingStage + Send + 'static {
    let (acks, _) = EventRing::try_new(128).expect("memory");
    let service = Sampled::new(ServiceTime::Exponential { mean_ns: 50.0 }, 1);
    let recorder = StageRecorder::<true>::by_state();
    StampsEach(ExecutorStage::new(intake, service, acks, recorder, 16))
}

#[test]
fn a_run_allocates_nothing() {
    assert_eq!(
        allocations(MonotonicClock, MonotonicClock, executor),
        (0, 0)
    );
}

#[test]
fn nor_does_one_with_a_stamp_for_a_batch() {
    let shared = |intake| {
        let (acks, _) = EventRing::try_new(128).expect("memory");
        let recorder = StageRecorder::<true>::by_state();
        StampShared(ExecutorStage::new(intake, NoService, acks, recorder, 16))
    };
    assert_eq!(allocations(MonotonicClock, MonotonicClock, shared), (0, 0));
}

#[test]
fn nor_does_a_plain_consumer() {
    let consumer = |intake| {
        let service = Sampled::new(ServiceTime::Constant(50), 1);
        StampsEach(ConsumerStage::new(
            intake,
            service,
            StageRecorder::<true>::overall(),
        ))
    };
    assert_eq!(
        allocations(MonotonicClock, MonotonicClock, consumer),
        (0, 0)
    );
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
    let (feed, executor) = allocations(Planted, Planted, executor);
    assert!(feed >= EVENTS as u64, "{feed}");
    assert!(executor > 0, "{executor}");
}
