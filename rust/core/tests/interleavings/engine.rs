//! What the stages of a run share, each driven by the loop that a run drives it with: the fence, the epoch table, the
//! ack ring, the consumer graph, the end of a feed and a stop.

use std::cell::Cell;

use super::exploration::{model, model_exactly_within, model_within};
use super::run::{
    Counting, DEGRADED, Kept, PREEMPTIONS_MAX, READY, Run, Unrecorded, executor, reader, ring,
};
use tickpath_core::bus::{EventReader, EventRing, Readable, Reader};
use tickpath_core::engine::{
    ConsumerStage, HeldBack, Intake, Ledger, NoAcks, NoService, OverrunPolicy, ReadingStage,
    Recorder, StampShared, StampedAck, Stamps, StampsEach, Upstreams,
};
use tickpath_core::metrics::EpochTable;
use tickpath_core::state::StateCode;
use tickpath_core::sync::{Arc, thread};

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

/// A loop beside a reader of its books: the orders with a second preemption would take hours.
const PREEMPTIONS_AT_THE_FENCE: usize = 1;

/// The executor of a run that leaves READY while one event of `events` waits, as `stage_of` makes it. What the stage
/// has come to and was executed, for whoever is behind the fence.
fn fence<E: ReadingStage + 'static>(
    events: u64,
    stage_of: fn(&Arc<EventRing>, Kept) -> E,
    into_table: fn(E) -> EpochTable,
    must_meet: &[(bool, u64)],
) {
    model_exactly_within(
        PREEMPTIONS_AT_THE_FENCE,
        move |outcomes| {
            let run = Run::ready(0);
            let (mut producer, ring) = ring(2);
            producer.publish_many((0..events).map(|_| [0; 7]));
            run.control.set_feed_done();
            let acks = Kept::default();
            let mut stage = stage_of(&ring, acks.clone());
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
            let executed = stage.ledger().executed;
            assert!(
                !fenced || behind >= executed,
                "{executed} executed, {behind} behind the fence"
            );
            check_table(&into_table(stage), &acks.0.lock().expect("not poisoned"));
            outcomes.met((fenced, executed));
        },
        must_meet,
    );
}

#[test]
fn behind_the_fence_nothing_of_an_older_epoch_is_in_flight() {
    fence(
        1,
        executor,
        |stage| stage.0.into_records().1,
        &[(false, 0), (false, 1), (true, 0), (true, 1)],
    );
}

/// The gate is read for each event of a batch: the word may change in the midst of one.
#[test]
fn behind_the_fence_nothing_of_a_batch_is_in_flight() {
    fence(
        2,
        |ring, acks| StampShared(executor(ring, acks).0),
        |stage| stage.0.into_records().1,
        &[
            (false, 0),
            (false, 1),
            (false, 2),
            (true, 0),
            (true, 1),
            (true, 2),
        ],
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
            let (acks, ack_ring) = super::run::ring(1);
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
            let (acks, ack_ring) = super::run::ring(1);
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

/// What a stage lost is behind it: whoever reads after it need not wait for another event, which may be long in coming.
#[test]
fn a_stage_that_lost_events_says_so_before_the_next_one_comes() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let run = Run::ready(0);
            let (mut producer, ring) = ring(1);
            let intake = Intake::new(reader(&ring), Upstreams::default(), OverrunPolicy::Head);
            let mut stage = StampsEach(ConsumerStage::new(intake, NoService, Unrecorded));
            producer.publish_many([[0; 7]; 2]);
            let reading = thread::spawn({
                let run = run.clone();
                move || run.read(&mut stage, 0)
            });
            while run.control.stage(0).progress().get() < 2 {
                thread::yield_now();
            }
            run.control.set_feed_done();
            reading.join().expect("its asserts hold");
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
        move || run.feed(1, producer, &Counting(Cell::new(0)))
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
                move || run.feed(1, producer, &Counting(Cell::new(0)))
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
fn a_feed_that_is_held_back_loses_nothing() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let run = Run::ready(0);
            let (producer, ring) = ring(1);
            let mut stage = executor(&ring, NoAcks);
            let readers = Upstreams::new([Arc::clone(run.control.stage(0).progress())]);
            let feeding = thread::spawn({
                let run = run.clone();
                let ring = HeldBack::new(producer, readers, Arc::clone(&run.control));
                move || run.feed(3, ring, &Counting(Cell::new(0)))
            });
            run.read(&mut stage, 0);
            assert_eq!(feeding.join().expect("no panic"), 3);
            let ledger = stage.ledger();
            assert_eq!((ledger.executed, ledger.lost), (3, 0));
            outcomes.met(());
        },
        &[()],
    );
}
