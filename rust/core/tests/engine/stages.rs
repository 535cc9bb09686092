//! The stages driven by hand under a clock moved by hand: no thread, no time, exact figures. What a
//! virtual-time driver will do.

use tickpath_core::bus::{EventReader, Reader, Start};
use tickpath_core::engine::{
    ConsumerStage, ExecutorStage, FeedStage, FeedTurn, NoAcks, NoService, OverrunPolicy, Planned,
    Sampled, ServiceTime, Stage, StageRecorder, StampedAck, Turn, Unplanned,
};
use tickpath_core::state::StateCode::{Degraded, Init, Ready, Warmup};
use tickpath_core::sync::Arc;

use crate::common::{
    Executor, ManualClock, Moves, Source, evenly, executor, gate_at, intake, ring, turn, word,
};

fn planned(source: &Source) -> Planned {
    Planned::new(Arc::new(crate::live::recorded(source))).expect("it has offsets")
}

type Feed<T> = FeedStage<Source, tickpath_core::bus::Producer, T>;

/// A feed of `events` events at once, into a ring of `capacity` slots; all of it is published.
pub(crate) fn published(events: u64, capacity: usize) -> EventReader {
    let source = evenly(events, 0);
    let (producer, reader) = ring(capacity);
    let mut feed = FeedStage::new(source, events as usize, producer, Unplanned, None);
    while feed.turn(1, 16) != FeedTurn::Done {}
    assert_eq!(feed.published(), events);
    reader
}

#[test]
fn an_event_is_published_when_it_is_due_and_says_how_late_it_was() {
    let source = evenly(3, 100);
    let (producer, reader) = ring(8);
    let mut feed: Feed<Planned> =
        FeedStage::new(source.clone(), 3, producer, planned(&source), None);
    let mut executor: Executor<true> = executor(reader, 4);
    feed.begin(50_000);
    assert_eq!(feed.turn(50_000, 8), FeedTurn::Published(1));
    assert_eq!(feed.turn(50_099, 8), FeedTurn::NotDue { until_ns: 50_100 });
    assert_eq!(feed.turn(50_130, 8), FeedTurn::Published(1));
    assert_eq!(feed.turn(50_200, 8), FeedTurn::Published(1));
    assert_eq!(feed.turn(60_000, 8), FeedTurn::Done);
    assert_eq!(feed.published(), 3);

    let clock = ManualClock::at(50_400, 5);
    assert_eq!(
        turn(&mut executor, word(2, Ready), &clock, 8),
        Turn::Processed(3)
    );
    assert_eq!(turn(&mut executor, word(2, Ready), &clock, 8), Turn::Idle);
    assert_eq!(executor.ledger().executed, 3);
    let of = |stage: Stage| executor.recorder().latency()[Ready as usize][stage as usize].figures();
    let extremes = |stage| (of(stage).min_ns, of(stage).max_ns);
    assert_eq!(extremes(Stage::IntendedToPublished), (Some(0), Some(30)));
    assert_eq!(extremes(Stage::PublishedToPolled), (Some(220), Some(400)));
    assert_eq!(extremes(Stage::PolledToCompleted), (Some(5), Some(5)));
    assert_eq!(
        extremes(Stage::PublishedToCompleted),
        (Some(225), Some(405))
    );
    assert_eq!(extremes(Stage::IntendedToCompleted), (Some(225), Some(405)));
}

#[test]
fn what_is_due_together_may_share_a_stamp_up_to_the_limit() {
    let source = evenly(5, 10);
    let (producer, mut reader) = ring(8);
    let mut feed: Feed<Planned> =
        FeedStage::new(source.clone(), 5, producer, planned(&source), None);
    feed.begin(0);
    assert_eq!(feed.turn(25, 2), FeedTurn::Published(2));
    assert_eq!(feed.turn(25, 2), FeedTurn::Published(1));
    assert_eq!(feed.turn(25, 2), FeedTurn::NotDue { until_ns: 30 });
    let mut stamps = Vec::new();
    while let Ok(Some([published_ns, intended_ns, ..])) = reader.poll() {
        stamps.push((published_ns, intended_ns));
    }
    assert_eq!(stamps, [(25, 0), (25, 10), (25, 20)]);
}

#[test]
fn without_a_plan_lateness_is_unknown_and_the_source_is_left_alone() {
    let source = evenly(2, 100);
    let (producer, reader) = ring(8);
    let mut feed = FeedStage::new(source.clone(), 2, producer, Unplanned, None);
    let mut executor: Executor<false> = executor(reader, 4);
    feed.begin(7);
    assert_eq!(feed.turn(7, 1), FeedTurn::Published(1));
    assert_eq!(feed.turn(7, 1), FeedTurn::Published(1));
    let clock = ManualClock::at(10, 0);
    turn(&mut executor, word(1, Warmup), &clock, 1);
    let count =
        |stage: Stage| executor.recorder().latency()[Warmup as usize][stage as usize].count();
    assert_eq!(count(Stage::IntendedToPublished), 0);
    assert_eq!(count(Stage::IntendedToCompleted), 0);
    assert_eq!(count(Stage::PublishedToPolled), 1);
    assert_eq!(source.0[0].ts_ns, 1_000);
}

#[test]
fn in_init_nothing_is_read() {
    let mut executor: Executor<false> = executor(published(3, 8), 4);
    let clock = ManualClock::default();
    assert_eq!(
        turn(&mut executor, word(0, Init), &clock, 8),
        Turn::NotReady
    );
    assert_eq!(
        executor.turn_shared(&gate_at(word(0, Init)), &clock),
        Turn::NotReady
    );
    assert_eq!(executor.cursor(), 0);
    executor.drain_unread();
    let mut ledger = executor.ledger();
    ledger.published = 3;
    assert_eq!((ledger.unread, ledger.is_balanced()), (3, true));
}

#[test]
fn a_new_word_is_noted_before_anything_is_decided_under_it() {
    let mut executor: Executor<false> = executor(published(3, 8), 4);
    let clock = ManualClock::default();
    let gate = gate_at(word(1, Warmup));
    assert_eq!(
        executor.turn(&gate, &clock, &Moves(&clock), 2),
        Turn::NewEpoch
    );
    assert_eq!((executor.epoch(), executor.cursor()), (1, 0));
    assert_eq!(
        executor.turn(&gate, &clock, &Moves(&clock), 2),
        Turn::Processed(2)
    );
    assert!(gate.compare_exchange(word(1, Warmup), word(2, Ready)));
    assert_eq!(
        executor.turn(&gate, &clock, &Moves(&clock), 2),
        Turn::NewEpoch
    );
    assert_eq!((executor.epoch(), executor.cursor()), (2, 2));
}

#[test]
fn every_policy_makes_of_an_overrun_what_it_says() {
    // 20 events into 8 slots: 12 were overwritten, and of the 8 that remain a reset skips some.
    let expected = [
        (OverrunPolicy::Oldest, Turn::Recovered(16), (12, 4)),
        (OverrunPolicy::Head, Turn::Recovered(20), (12, 8)),
    ];
    for (policy, recovered, missed) in expected {
        let recorder = StageRecorder::<false>::by_state();
        let intake = intake(published(20, 8), policy);
        let mut executor = ExecutorStage::new(intake, NoService, NoAcks, recorder, 4);
        let clock = ManualClock::default();
        assert_eq!(turn(&mut executor, word(2, Ready), &clock, 16), recovered);
        turn(&mut executor, word(2, Ready), &clock, 16);
        let mut ledger = executor.ledger();
        ledger.published = 20;
        assert_eq!((ledger.lost, ledger.shed), missed, "{policy:?}");
        assert!(ledger.is_balanced(), "{ledger:?}");
    }
    for policy in [OverrunPolicy::Raise, OverrunPolicy::Detach] {
        let intake = intake(published(20, 8), policy);
        let mut consumer = ConsumerStage::new(intake, NoService, StageRecorder::<false>::overall());
        let clock = ManualClock::default();
        let gate = gate_at(word(0, Init));
        for _ in 0..2 {
            let turn = consumer.turn(&gate, &clock, &Moves(&clock), 4);
            assert!(
                matches!(turn, Turn::Ended(overrun) if overrun.lost() == 12),
                "{turn:?}"
            );
        }
        consumer.drain_unread();
        let ledger = consumer.ledger();
        assert_eq!(
            (ledger.read, ledger.lost, ledger.shed, ledger.unread),
            (0, 12, 0, 8)
        );
    }
}

#[test]
fn an_overrun_in_mid_batch_is_met_by_the_next_turn() {
    let source = evenly(20, 0);
    let (producer, reader) = ring(8);
    let mut feed = FeedStage::new(source, 20, producer, Unplanned, None);
    let mut executor: Executor<false> = executor(reader, 4);
    let clock = ManualClock::default();
    feed.turn(1, 4);
    assert_eq!(
        turn(&mut executor, word(1, Warmup), &clock, 1),
        Turn::Processed(1)
    );
    while feed.turn(1, 16) != FeedTurn::Done {}
    // 1 was processed, 11 were overwritten, 4 of the 8 that remain are skipped.
    assert_eq!(
        turn(&mut executor, word(2, Ready), &clock, 16),
        Turn::Recovered(15)
    );
    assert_eq!(
        turn(&mut executor, word(2, Ready), &clock, 16),
        Turn::Processed(4)
    );
    let mut ledger = executor.ledger();
    ledger.published = 20;
    assert_eq!((ledger.lost, ledger.shed), (11, 4));
    assert_eq!((ledger.executed, ledger.gated), (4, [0, 1, 0, 0]));
    assert!(ledger.is_balanced());
}

#[test]
fn the_remainder_is_read_to_the_last_event_that_is_there() {
    let mut executor: Executor<false> = executor(published(20, 8), 4);
    executor.drain_unread();
    let ledger = executor.ledger();
    assert_eq!((ledger.lost, ledger.shed, ledger.unread), (12, 0, 8));
}

#[test]
fn each_epoch_has_its_row_and_each_state_its_latency() {
    let mut executor: Executor<false> = executor(published(6, 8), 3);
    let clock = ManualClock::default();
    let words = [
        word(1, Warmup),
        word(2, Ready),
        word(2, Ready),
        word(3, Degraded),
        word(4, Ready),
        word(4, Ready),
    ];
    for word in words {
        assert_eq!(turn(&mut executor, word, &clock, 1), Turn::Processed(1));
    }
    let row = |row: &tickpath_core::metrics::EpochRow| {
        (
            row.epoch,
            row.first_seq,
            row.last_seq,
            row.executed,
            row.gated,
        )
    };
    let rows: Vec<_> = executor.epochs().rows().iter().map(row).collect();
    assert_eq!(rows, [(1, 0, 0, 0, 1), (2, 1, 2, 2, 0), (3, 3, 3, 0, 1)]);
    assert_eq!(executor.epochs().overflow(), 2);
    let ledger = executor.ledger();
    assert_eq!((ledger.executed, ledger.gated), (4, [0, 1, 0, 1]));
    let counts = |state: usize| {
        executor.recorder().latency()[state][Stage::PolledToCompleted as usize].count()
    };
    assert_eq!((0..4).map(counts).collect::<Vec<_>>(), [0, 1, 4, 1]);
}

#[test]
fn a_held_feed_goes_on_where_it_was_held_and_is_not_late_for_it() {
    let source = evenly(3, 100);
    let (producer, mut reader) = ring(8);
    let mut feed = FeedStage::new(source.clone(), 3, producer, planned(&source), Some(1));
    feed.begin(0);
    assert_eq!(feed.turn(0, 8), FeedTurn::Published(1));
    assert_eq!(feed.turn(1_000_000, 8), FeedTurn::Held);
    feed.release(1_000_000, None);
    assert_eq!(feed.turn(1_000_000, 8), FeedTurn::Published(1));
    assert_eq!(
        feed.turn(1_000_000, 8),
        FeedTurn::NotDue {
            until_ns: 1_000_100
        }
    );
    let mut intended = || reader.poll().expect("no overrun").expect("published")[1];
    assert_eq!(intended(), 0);
    assert_eq!(intended(), 1_000_000);
}

#[test]
fn service_time_lies_between_the_stamps_and_moves_the_stage_s_clock() {
    let recorder = StageRecorder::<false>::by_state();
    let service = Sampled::new(ServiceTime::Constant(700), 1);
    let intake = intake(published(3, 8), OverrunPolicy::Oldest);
    let mut executor = ExecutorStage::new(intake, service, NoAcks, recorder, 4);
    let clock = ManualClock::at(1_000, 0);
    assert_eq!(
        turn(&mut executor, word(1, Ready), &clock, 8),
        Turn::Processed(3)
    );
    assert_eq!(clock.now_ns.get(), 1_000 + 3 * 700);
    let work = &executor.recorder().latency()[Ready as usize][Stage::PolledToCompleted as usize];
    assert_eq!(
        (work.figures().min_ns, work.figures().max_ns),
        (Some(700), Some(700))
    );
}

#[test]
fn acks_are_in_the_ring_with_the_stamps_of_their_events() {
    let source = evenly(2, 30);
    let (producer, reader) = ring(8);
    let mut feed = FeedStage::new(source.clone(), 2, producer, planned(&source), None);
    feed.begin(100);
    feed.turn(150, 2);
    let (acks, mut ack_reader) = ring(8);
    let intake = intake(reader, OverrunPolicy::Oldest);
    let recorder = StageRecorder::<true>::by_state();
    let mut executor = ExecutorStage::new(intake, NoService, acks, recorder, 4);
    let clock = ManualClock::at(200, 1);
    turn(&mut executor, word(3, Warmup), &clock, 1);
    turn(&mut executor, word(4, Ready), &clock, 1);
    let mut next = || {
        let payload = ack_reader.poll().expect("no overrun").expect("published");
        let StampedAck {
            ack,
            published_ns,
            intended_ns,
        } = StampedAck::from_payload(payload);
        (
            ack.seq,
            ack.epoch,
            ack.executed,
            ack.decision_ts,
            ack.completion_ts,
            published_ns,
            intended_ns,
        )
    };
    assert_eq!(next(), (0, 3, 0, 200, 201, 150, 100));
    assert_eq!(next(), (1, 4, 1, 202, 203, 150, 130));
}

#[test]
fn a_reader_of_a_used_ring_begins_where_it_is_told() {
    let reader = published(10, 32);
    let ring = Arc::clone(reader.ring());
    let later = EventReader::new(ring, Start::Sequence(7)).expect("published");
    let mut executor: Executor<false> = executor(later, 4);
    let clock = ManualClock::default();
    assert_eq!(
        turn(&mut executor, word(1, Ready), &clock, 16),
        Turn::Processed(3)
    );
    assert_eq!(
        (executor.cursor(), executor.epochs().rows()[0].first_seq),
        (10, 7)
    );
}
