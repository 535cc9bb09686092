//! Loom models of what an engine's threads share, each driving the stages with the loops that a run drives
//! them with: the fence, the epoch table, the ack ring, the consumer graph, the end of a feed and a stop.
//! `make loom` runs them on the engine as it is and with planted bugs 10 to 12, which they must find.
#![cfg(loom)]

mod exploration;

use std::cell::Cell;
use std::sync::{Arc as PlainArc, Mutex};

use exploration::{model, model_within};
use tickpath_core::bus::{EventReader, EventRing, Producer, Readable, Reader, Start};
use tickpath_core::engine::{
    Acks, ConsumerStage, Control, Drive, ExecutorStage, FeedStage, Intake, Ledger, LoopNotes,
    NoAcks, NoService, OverrunPolicy, ReadingStage, Recorder, StampedAck, Stamps, StampsEach,
    Unplanned, Upstreams, Wait, drive_feed, drive_reader,
};
use tickpath_core::ingest::Event;
use tickpath_core::metrics::EpochTable;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::{Arc, thread};
use tickpath_core::time::Clock;

const INIT: GateWord = GateWord::new(0, StateCode::Init);
const WARMUP: GateWord = GateWord::new(1, StateCode::Warmup);
const READY: GateWord = GateWord::new(2, StateCode::Ready);
const DEGRADED: GateWord = GateWord::new(3, StateCode::Degraded);

/// Whole loops have so many steps that the orders with a second preemption would take hours.
const PREEMPTIONS_MAX: usize = 1;

/// A clock of one thread: each look is one later.
struct Counting(Cell<u64>);

impl Clock for Counting {
    fn now_ns(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

/// What no model asks for.
struct Unrecorded;

impl Recorder for Unrecorded {
    fn enter(&mut self, _state: StateCode) {}
    fn record(&mut self, _stamps: Stamps) {}
    fn record_shared(&mut self, _stamps: Stamps, _times: u64) {}
}

/// Every ack, for the end of the model.
#[derive(Clone, Default)]
struct Kept(PlainArc<Mutex<Vec<StampedAck>>>);

impl Acks for Kept {
    fn publish(&mut self, ack: StampedAck) {
        self.0.lock().expect("not poisoned").push(ack);
    }
}

/// What all threads of a run have.
#[derive(Clone)]
struct Run {
    gate: Arc<Gate>,
    control: Arc<Control>,
}

impl Run {
    /// A run of an executor and `consumers` others, in INIT.
    fn at_init(consumers: usize) -> Self {
        Self {
            gate: Arc::new(Gate::new()),
            control: Arc::new(Control::new(consumers, 0)),
        }
    }

    /// The same, READY at epoch 2.
    fn ready(consumers: usize) -> Self {
        let run = Self::at_init(consumers);
        for (from, to) in [(INIT, WARMUP), (WARMUP, READY)] {
            assert!(run.gate.compare_exchange(from, to));
        }
        run
    }

    fn drive<'a, C>(&'a self, clock: &'a C) -> Drive<'a, C> {
        Drive {
            gate: &self.gate,
            clock,
            wait: Wait::Yield,
            control: &self.control,
        }
    }

    /// The whole life of a reading stage, whose books have this index.
    fn read<E: ReadingStage>(&self, stage: &mut E, index: usize) {
        let clock = Counting(Cell::new(0));
        let ended = drive_reader(
            stage,
            self.drive(&clock),
            self.control.stage(index),
            &mut LoopNotes::new(Wait::Yield),
        );
        assert!(ended.is_none(), "no policy of these models ends a stage");
    }

    /// The whole life of a feed of one event, stamped by `clock`; how many it published.
    fn feed(&self, producer: Producer, clock: &impl Clock) -> u64 {
        let mut feed = FeedStage::new([Event::default()], 1, producer, Unplanned, None);
        drive_feed(
            &mut feed,
            self.drive(clock),
            1,
            &mut LoopNotes::new(Wait::Yield),
        );
        feed.published()
    }
}

fn ring(capacity: usize) -> (Producer, Arc<EventRing>) {
    EventRing::try_new(capacity).expect("memory for a few slots")
}

fn reader(ring: &Arc<EventRing>) -> EventReader {
    EventReader::new(Arc::clone(ring), Start::Oldest).expect("the oldest exists")
}

fn executor<A: Acks>(
    ring: &Arc<EventRing>,
    acks: A,
) -> StampsEach<ExecutorStage<EventReader, NoService, A, Unrecorded>> {
    let intake = Intake::new(reader(ring), Upstreams::default(), OverrunPolicy::Oldest);
    StampsEach(ExecutorStage::new(intake, NoService, acks, Unrecorded, 4))
}

/// Every ack is in the row of its epoch, nothing else is, and only READY executed.
fn check_table(table: &EpochTable, acks: &[StampedAck]) {
    assert_eq!(table.overflow(), 0);
    let of = |epoch: u64, executed: u8| {
        let same = |kept: &&StampedAck| (kept.ack.epoch, kept.ack.executed) == (epoch, executed);
        acks.iter().filter(same).count() as u64
    };
    for row in table.rows() {
        assert_eq!(row.executed, of(row.epoch, 1), "{row:?}: {acks:?}");
        assert_eq!(row.gated, of(row.epoch, 0), "{row:?}: {acks:?}");
        assert!(row.executed == 0 || row.epoch == READY.epoch(), "{row:?}");
    }
    let counted: u64 = table
        .rows()
        .iter()
        .map(|row| row.executed + row.gated)
        .sum();
    assert_eq!(counted, acks.len() as u64);
}

#[test]
fn behind_the_fence_nothing_of_an_older_epoch_is_in_flight() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let run = Run::ready(0);
            let (mut producer, ring) = ring(2);
            producer.publish([0; 7]);
            run.control.set_feed_done();
            let acks = Kept::default();
            let mut stage = executor(&ring, acks.clone());
            let executing = thread::spawn({
                let run = run.clone();
                move || {
                    run.read(&mut stage, 0);
                    stage
                }
            });
            assert!(run.gate.compare_exchange(READY, DEGRADED));
            let fenced = run.control.has_seen(DEGRADED.epoch());
            let behind = run.control.stage(0).progress().get();
            let stage = executing.join().expect("its asserts hold");
            let total = stage.ledger().executed;
            assert!(
                !fenced || behind >= total,
                "{total} executed, {behind} behind the fence"
            );
            let (_, table) = stage.0.into_records();
            check_table(&table, &acks.0.lock().expect("not poisoned"));
            outcomes.met((fenced, total));
        },
        &[(false, 0), (false, 1), (true, 0), (true, 1)],
    );
}

#[test]
fn the_ack_ring_has_every_ack_or_says_that_it_is_gone() {
    model(
        |outcomes| {
            let run = Run::ready(0);
            let (mut producer, ring) = ring(2);
            producer.publish_many([[0; 7]; 2]);
            run.control.set_feed_done();
            let (acks, ack_ring) = self::ring(1);
            let mut recorder = reader(&ack_ring);
            let executing = thread::spawn({
                let run = run.clone();
                move || run.read(&mut executor(&ring, acks), 0)
            });
            let mut seen = 0;
            let mut poll = |recorder: &mut EventReader| {
                let expected = recorder.next_seq();
                match recorder.poll() {
                    Ok(Some(payload)) => {
                        // Two looks at the clock for each ack, the first for the decision.
                        let ack = StampedAck::from_payload(payload).ack;
                        assert_eq!((ack.seq, ack.decision_ts), (expected, 2 * expected + 1));
                        seen += 1;
                    }
                    Ok(None) => return false,
                    Err(_) => assert!(recorder.reset_to_oldest() > 0),
                }
                true
            };
            poll(&mut recorder);
            executing.join().expect("its asserts hold");
            while poll(&mut recorder) {}
            assert_eq!(seen + recorder.lost(), 2, "seen + lost == acknowledged");
            outcomes.met(seen);
        },
        &[1, 2],
    );
}

/// Looks, for each event it is told of, whether the ack is there.
struct Downstream(Arc<EventRing>, u64);

impl Recorder for Downstream {
    fn enter(&mut self, _state: StateCode) {}
    fn record(&mut self, _stamps: Stamps) {
        let ack = self.0.read(self.1).expect("nothing is overwritten");
        assert!(ack.is_some(), "event {} before its upstream", self.1);
        self.1 += 1;
    }
    fn record_shared(&mut self, _stamps: Stamps, _times: u64) {}
}

#[test]
fn a_consumer_reads_an_event_after_its_upstream_did_and_sees_what_that_did() {
    model(
        |outcomes| {
            let run = Run::ready(1);
            let (mut producer, ring) = ring(1);
            producer.publish([0; 7]);
            run.control.set_feed_done();
            let (acks, ack_ring) = self::ring(1);
            let upstreams = Upstreams::new([Arc::clone(run.control.stage(0).progress())]);
            let intake = Intake::new(reader(&ring), upstreams, OverrunPolicy::Oldest);
            let recorder = Downstream(ack_ring, 0);
            let mut consumer = StampsEach(ConsumerStage::new(intake, NoService, recorder));
            let executing = thread::spawn({
                let run = run.clone();
                move || run.read(&mut executor(&ring, acks), 0)
            });
            run.read(&mut consumer, 1);
            executing.join().expect("its asserts hold");
            let ledger = consumer.ledger();
            assert_eq!((ledger.read, ledger.unread, ledger.lost), (1, 0, 0));
            outcomes.met(());
        },
        &[()],
    );
}

/// A run of one event, with or without a stop at any moment: both stages end, and the books balance.
fn run_to_its_end(is_stopped: bool) -> (u64, u64) {
    let run = Run::ready(0);
    let (producer, ring) = ring(1);
    let mut stage = executor(&ring, NoAcks);
    let feeding = thread::spawn({
        let run = run.clone();
        move || run.feed(producer, &Counting(Cell::new(0)))
    });
    let stopping = is_stopped.then(|| {
        let control = Arc::clone(&run.control);
        thread::spawn(move || control.stop())
    });
    run.read(&mut stage, 0);
    let published = feeding.join().expect("no panic");
    if let Some(stopping) = stopping {
        stopping.join().expect("no panic");
    }
    let ledger = Ledger {
        published,
        ..stage.ledger()
    };
    assert!(ledger.is_balanced(), "{ledger:?}");
    (published, ledger.executed)
}

#[test]
fn a_feed_that_is_done_has_left_every_event_in_the_ring() {
    model(|outcomes| outcomes.met(run_to_its_end(false)), &[(1, 1)]);
}

#[test]
fn a_stop_ends_both_stages_and_the_books_balance() {
    model(
        |outcomes| outcomes.met(run_to_its_end(true)),
        &[(0, 0), (1, 0), (1, 1)],
    );
}

#[test]
fn a_stopped_intake_ends_the_feed_and_the_executor_empties_the_ring() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let run = Run::ready(0);
            let (producer, ring) = ring(1);
            let mut stage = executor(&ring, NoAcks);
            let feeding = thread::spawn({
                let run = run.clone();
                move || run.feed(producer, &Counting(Cell::new(0)))
            });
            run.control.stop_intake();
            run.read(&mut stage, 0);
            let published = feeding.join().expect("no panic");
            // Nothing is unread: the stages were not stopped.
            assert_eq!(stage.ledger().executed, published);
            outcomes.met(published);
        },
        &[0, 1],
    );
}

#[test]
fn whoever_sees_a_feed_held_sees_what_it_has_published() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let run = Run::ready(0);
            let (producer, _ring) = ring(2);
            run.control.release(Some(1));
            let feeding = thread::spawn({
                let run = run.clone();
                move || {
                    let hold_at = run.control.hold_at();
                    let events = [Event::default(); 2];
                    let mut feed = FeedStage::new(events, 2, producer, Unplanned, hold_at);
                    let mut notes = LoopNotes::new(Wait::Yield);
                    let clock = Counting(Cell::new(0));
                    assert!(!drive_feed(&mut feed, run.drive(&clock), 1, &mut notes));
                    feed.published()
                }
            });
            let held = run.control.is_held();
            if held {
                assert_eq!(run.control.snapshot().feed.published, 1);
            }
            run.control.release(None);
            assert!(!run.control.is_held(), "it was just released");
            assert_eq!(feeding.join().expect("no panic"), 2);
            outcomes.met(held);
        },
        &[false, true],
    );
}
