//! The stages stepped by hand under a clock moved by hand: no thread, no time, exact figures.

use tickpath_core::engine::{ExecutorStage, ExecutorStep, FeedStage, FeedStep, Pace, Plan, Stage};
use tickpath_core::state::StateCode::{Degraded, Init, Ready, Warmup};
use tickpath_core::sync::Arc;

use crate::common::{ManualClock, Source, evenly, ring, word};

fn plan(source: &Source, pace: Pace) -> Arc<Plan> {
    Arc::new(Plan::of(source.as_ref(), None, pace).expect("a good pace"))
}

const AS_RECORDED: Pace = Pace::Recorded {
    speed: 1.0,
    max_gap_ns: u64::MAX,
};

#[test]
fn an_event_is_published_when_it_is_due_and_says_how_late_it_was() {
    let source = evenly(3, 100);
    let (producer, reader) = ring(8);
    let mut feed = FeedStage::new(source.clone(), plan(&source, AS_RECORDED), producer, None);
    let mut executor = ExecutorStage::new(reader, true, 4);
    feed.begin(50_000);
    assert_eq!(feed.step(50_000), FeedStep::Published);
    assert_eq!(feed.step(50_099), FeedStep::NotDue { until_ns: 50_100 });
    assert_eq!(feed.step(50_130), FeedStep::Published);
    assert_eq!(feed.step(50_200), FeedStep::Published);
    assert_eq!(feed.step(60_000), FeedStep::Done);
    assert_eq!(feed.published(), 3);

    let clock = ManualClock::at(50_400, 5);
    for seq in 0..3 {
        let step = executor.step(word(2, Ready), &clock);
        assert!(
            matches!(step, ExecutorStep::Processed(ack) if ack.seq == seq && ack.executed == 1)
        );
    }
    assert_eq!(executor.step(word(2, Ready), &clock), ExecutorStep::Idle);
    let of = |stage: Stage| executor.latency()[Ready as usize][stage as usize].figures();
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
fn without_a_plan_lateness_is_unknown_and_the_source_is_left_alone() {
    let source = evenly(2, 100);
    let (producer, reader) = ring(8);
    let mut feed = FeedStage::new(source.clone(), plan(&source, Pace::Max), producer, None);
    let mut executor = ExecutorStage::new(reader, false, 4);
    feed.begin(7);
    assert_eq!(feed.step(7), FeedStep::Published);
    assert_eq!(feed.step(7), FeedStep::Published);
    let clock = ManualClock::at(10, 0);
    executor.step(word(1, Warmup), &clock);
    let count = |stage: Stage| executor.latency()[Warmup as usize][stage as usize].count();
    assert_eq!(count(Stage::IntendedToPublished), 0);
    assert_eq!(count(Stage::IntendedToCompleted), 0);
    assert_eq!(count(Stage::PublishedToPolled), 1);
    assert_eq!(source.0[0].ts_ns, 1_000);
}

#[test]
fn in_init_nothing_is_read() {
    let source = evenly(3, 0);
    let (producer, reader) = ring(8);
    let mut feed = FeedStage::new(source.clone(), plan(&source, Pace::Max), producer, None);
    let mut executor = ExecutorStage::new(reader, false, 4);
    while feed.step(1) != FeedStep::Done {}
    let clock = ManualClock::default();
    assert_eq!(executor.step(word(0, Init), &clock), ExecutorStep::NotReady);
    assert_eq!(executor.cursor(), 0);
    executor.drain_unread();
    let mut ledger = executor.ledger();
    ledger.published = feed.published();
    assert_eq!((ledger.unread, ledger.is_balanced()), (3, true));
}

#[test]
fn an_overrun_is_recovered_and_its_loss_exact() {
    let source = evenly(20, 0);
    let (producer, reader) = ring(8);
    let mut feed = FeedStage::new(source.clone(), plan(&source, Pace::Max), producer, None);
    let mut executor = ExecutorStage::new(reader, false, 4);
    let clock = ManualClock::default();
    (0..4).for_each(|_| _ = feed.step(1));
    executor.step(word(1, Warmup), &clock);
    while feed.step(1) != FeedStep::Done {}
    // 1 was processed, 11 were overwritten, 4 of the 8 that remain are skipped.
    assert_eq!(
        executor.step(word(2, Ready), &clock),
        ExecutorStep::Recovered(15)
    );
    for seq in 16..20 {
        let step = executor.step(word(2, Ready), &clock);
        assert!(
            matches!(step, ExecutorStep::Processed(ack) if ack.seq == seq),
            "{step:?}"
        );
    }
    let mut ledger = executor.ledger();
    ledger.published = feed.published();
    assert_eq!((ledger.lost, ledger.shed), (11, 4));
    assert_eq!((ledger.executed, ledger.gated), (4, [0, 1, 0, 0]));
    assert!(ledger.is_balanced());
}

#[test]
fn the_remainder_is_read_to_the_last_event_that_is_there() {
    let source = evenly(20, 0);
    let (producer, reader) = ring(8);
    let mut feed = FeedStage::new(source.clone(), plan(&source, Pace::Max), producer, None);
    let mut executor = ExecutorStage::new(reader, false, 4);
    while feed.step(1) != FeedStep::Done {}
    executor.drain_unread();
    let ledger = executor.ledger();
    assert_eq!((ledger.lost, ledger.shed, ledger.unread), (12, 0, 8));
}

#[test]
fn each_epoch_has_its_row_and_each_state_its_latency() {
    let source = evenly(6, 0);
    let (producer, reader) = ring(8);
    let mut feed = FeedStage::new(source.clone(), plan(&source, Pace::Max), producer, None);
    let mut executor = ExecutorStage::new(reader, false, 3);
    while feed.step(1) != FeedStep::Done {}
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
        executor.step(word, &clock);
    }
    let rows: Vec<_> = executor
        .epochs()
        .rows()
        .iter()
        .map(|row| {
            (
                row.epoch,
                row.first_seq,
                row.last_seq,
                row.executed,
                row.gated,
            )
        })
        .collect();
    assert_eq!(rows, [(1, 0, 0, 0, 1), (2, 1, 2, 2, 0), (3, 3, 3, 0, 1)]);
    assert_eq!(executor.epochs().overflow(), 2);
    let ledger = executor.ledger();
    assert_eq!((ledger.executed, ledger.gated), (4, [0, 1, 0, 1]));
    let counts =
        |state: usize| executor.latency()[state][Stage::PolledToCompleted as usize].count();
    assert_eq!((0..4).map(counts).collect::<Vec<_>>(), [0, 1, 4, 1]);
}

#[test]
fn a_held_feed_goes_on_where_it_was_held_and_is_not_late_for_it() {
    let source = evenly(3, 100);
    let (producer, mut reader) = ring(8);
    let mut feed = FeedStage::new(
        source.clone(),
        plan(&source, AS_RECORDED),
        producer,
        Some(1),
    );
    feed.begin(0);
    assert_eq!(feed.step(0), FeedStep::Published);
    assert_eq!(feed.step(1_000_000), FeedStep::Held);
    feed.release(1_000_000);
    assert_eq!(feed.step(1_000_000), FeedStep::Published);
    assert_eq!(
        feed.step(1_000_000),
        FeedStep::NotDue {
            until_ns: 1_000_100
        }
    );
    let intended = |reader: &mut tickpath_core::bus::EventReader| {
        tickpath_core::bus::Reader::poll(reader)
            .expect("no overrun")
            .expect("published")[1]
    };
    assert_eq!(intended(&mut reader), 0);
    assert_eq!(intended(&mut reader), 1_000_000);
}
