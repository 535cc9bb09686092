//! The switchboard of a run's faults, asked from several threads while the stages look.

use std::cell::Cell;

use super::exploration::{model, model_within};
use super::run::{Counting, PREEMPTIONS_MAX, Run, executor, ring};
use tickpath_core::engine::{
    Faults, Faulty, FaultyReader, FeedStage, FeedTurn, NoAcks, ReadingStage, Unplanned,
};
use tickpath_core::ingest::Event;
use tickpath_core::sync::{Arc, thread};

fn faults() -> Arc<Faults> {
    Arc::new(Faults::new(["executor".to_owned()]))
}

/// Two ask for a gap of one event while the feed has its first turn. It sees each request at most once, and the last
/// one in any case: a second look at the same word is no news.
#[test]
fn a_request_is_seen_once_and_the_last_one_counts() {
    model(
        |outcomes| {
            let faults = faults();
            let (producer, _ring) = ring(3);
            let feed = FeedStage::new([Event::default(); 3], 3, producer, Unplanned, None);
            let mut feed = feed.with_faults(Faulty::new(Arc::clone(&faults)));
            let first_turn = thread::spawn(move || (feed.turn(1, 1), feed));
            let other = Arc::clone(&faults);
            let asking = thread::spawn(move || other.feed_gap(1));
            faults.feed_gap(1);
            asking.join().expect("no panic");
            let (first, mut feed) = first_turn.join().expect("no panic");
            let second = feed.turn(2, 1);
            assert_eq!(feed.turn(3, 1), FeedTurn::Published(1), "seen once");
            let withheld = feed.counts().withheld;
            assert!(withheld > 0, "the last request was never seen");
            outcomes.met([first, second].map(|turn| turn == FeedTurn::Withheld(1)));
        },
        &[[false, true], [true, false], [true, true]],
    );
}

/// One asks again after the feed has looked, while another asks at any moment: what is asked after a look is news.
#[test]
fn a_request_is_not_lost_to_one_that_comes_with_it() {
    model(
        |outcomes| {
            let faults = faults();
            let (producer, _ring) = ring(3);
            let feed = FeedStage::new([Event::default(); 3], 3, producer, Unplanned, None);
            let mut feed = feed.with_faults(Faulty::new(Arc::clone(&faults)));
            let other = Arc::clone(&faults);
            let asking = thread::spawn(move || other.feed_gap(1));
            faults.feed_gap(1);
            outcomes.met(feed.turn(1, 1) == FeedTurn::Withheld(1));
            faults.feed_gap(1);
            asking.join().expect("no panic");
            assert_eq!(feed.turn(2, 1), FeedTurn::Withheld(1), "asked after a look");
        },
        &[true],
    );
}

#[test]
fn a_stop_ends_a_feed_that_is_frozen() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let (run, faults) = (Run::ready(0), faults());
            let (producer, _ring) = ring(1);
            faults.feed_freeze(true);
            let feeding = thread::spawn({
                let (run, faults) = (run.clone(), Faulty::new(faults));
                move || run.feed_with(1, producer, &Counting(Cell::new(0)), faults)
            });
            run.control.stop();
            outcomes.met(feeding.join().expect("no panic"));
            assert!(run.control.is_feed_done());
        },
        &[0],
    );
}

#[test]
fn a_stop_ends_a_stage_that_is_stalled_and_what_it_left_is_counted() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let (run, faults) = (Run::ready(0), faults());
            let (mut producer, ring) = ring(1);
            producer.publish([0; 7]);
            run.control.set_feed_done();
            faults.stage_stall("executor", true).expect("known");
            let mut stage = FaultyReader::new(executor(&ring, NoAcks), Arc::clone(&faults), 0);
            let executing = thread::spawn({
                let run = run.clone();
                move || {
                    run.read(&mut stage, 0);
                    stage
                }
            });
            faults.stage_stall("executor", false).expect("known");
            run.control.stop();
            let ledger = executing.join().expect("no panic").ledger();
            assert_eq!(ledger.executed + ledger.unread, 1, "{ledger:?}");
            outcomes.met(ledger.unread);
        },
        &[0, 1],
    );
}
