//! Plain consumers beside the executor: their graph, their policies, and what a run makes of them.

use tickpath_core::engine::{
    ConsumerStage, Intake, NoService, OverrunPolicy, Progress, ServiceTime, Stage, StageRecorder,
    Turn, Upstreams,
};
use tickpath_core::state::StateCode::{Init, Ready};
use tickpath_core::sync::Arc;
use tickpath_core::time::MonotonicClock;

use crate::common::{ManualClock, Moves, Source, evenly, gate, gate_at, reader, settings, word};
use crate::live::{end, fast, recorded, start};
use crate::stages::published;

#[test]
fn a_graph_of_consumers_accounts_for_every_event_in_each() {
    // risk before the executor, log behind both, and one that nobody waits for.
    let source = evenly(200_000, 0);
    let plan = fast(&source);
    let mut asked = settings();
    asked.executor.after = vec!["risk".to_owned()];
    asked.consumers = vec![
        reader("risk", OverrunPolicy::Oldest, &[]),
        reader("log", OverrunPolicy::Head, &["executor", "risk"]),
        reader("free", OverrunPolicy::Oldest, &[]),
    ];
    let engine = start(source, plan, 64, gate(Ready), asked, MonotonicClock);
    let record = end(engine);
    assert!(record.is_balanced() && !record.stopped);
    let names: Vec<_> = record
        .readers
        .iter()
        .map(|reader| reader.name.as_str())
        .collect();
    assert_eq!(names, ["executor", "risk", "log", "free"]);
    for reader in &record.readers {
        assert_eq!(reader.ledger.published, 200_000);
        assert_eq!(reader.ledger.unread, 0, "{}", reader.name);
    }
}

#[test]
fn a_consumer_never_reads_what_its_upstream_has_not_come_to() {
    // The upstream works on an event for longer than the whole rest takes: only a downstream that waits for it
    // still has something to do when it is done.
    let source = evenly(50, 0);
    let plan = fast(&source);
    let mut asked = settings();
    asked.consumers = vec![
        reader("slow", OverrunPolicy::Raise, &[]),
        reader("behind", OverrunPolicy::Raise, &["slow"]),
    ];
    asked.consumers[0].service = ServiceTime::Constant(200_000);
    let engine = start(source, plan, 64, gate(Ready), asked, MonotonicClock);
    let record = end(engine);
    assert!(record.is_balanced());
    let whole = |index: usize| {
        record.readers[index].latency_overall()[Stage::PublishedToPolled as usize].figures()
    };
    // The last event waits 49 services of the upstream, and behind it one more.
    assert!(whole(2).max_ns >= Some(50 * 200_000), "{:?}", whole(2));
    assert!(whole(2).min_ns >= Some(200_000), "{:?}", whole(2));
}

#[test]
fn a_consumer_that_is_dropped_is_nobody_s_business() {
    let source = evenly(200_000, 0);
    let plan = fast(&source);
    let mut asked = settings();
    asked.consumers = vec![
        reader("slow", OverrunPolicy::Detach, &[]),
        reader("behind", OverrunPolicy::Oldest, &["slow"]),
    ];
    asked.consumers[0].service = ServiceTime::Constant(2_000_000);
    let engine = start(source, plan, 32, gate(Ready), asked, MonotonicClock);
    let record = end(engine);
    let [_, slow, behind] = &record.readers[..] else {
        panic!("three readers");
    };
    let overrun = slow.ended_by.expect("it was overrun");
    assert_eq!(overrun.requested, slow.ledger.read);
    assert!(
        slow.ledger.lost > 0 && slow.ledger.unread > 0,
        "{:?}",
        slow.ledger
    );
    assert_eq!(slow.ledger.unread, 32);
    assert!(behind.ended_by.is_none() && behind.ledger.unread == 0);
    assert!(record.is_balanced() && !record.stopped);
}

#[test]
fn an_overrun_that_is_to_raise_ends_the_run_and_its_books_balance() {
    // A plan of an hour: only the overrun ends it.
    let source = stamped_burst();
    let plan = recorded(&source);
    let mut asked = settings();
    asked.consumers = vec![reader("strict", OverrunPolicy::Raise, &[])];
    asked.consumers[0].service = ServiceTime::Constant(1_000_000);
    let engine = start(source, plan, 8, gate(Ready), asked, MonotonicClock);
    let record = end(engine);
    assert!(record.stopped && record.is_balanced());
    assert!(record.readers[1].ended_by.is_some());
}

/// 100 events at once, and the last an hour later.
fn stamped_burst() -> Source {
    let mut stamps = vec![0; 100];
    stamps.push(3_600_000_000_000);
    crate::common::stamped(&stamps)
}

#[test]
fn a_consumer_reads_no_further_than_the_slowest_of_its_upstreams() {
    let reader = published(20, 32);
    let upstreams = [Arc::new(Progress::new(0)), Arc::new(Progress::new(0))];
    let behind = Upstreams::new(upstreams.each_ref().map(Arc::clone));
    let intake = Intake::new(reader, behind, OverrunPolicy::Oldest);
    let mut consumer = ConsumerStage::new(intake, NoService, StageRecorder::<false>::overall());
    let clock = ManualClock::default();
    let gate = gate_at(word(0, Init));
    let mut turn = || consumer.turn(&gate, &clock, &Moves(&clock), 16);
    assert_eq!(turn(), Turn::Behind);
    upstreams[0].set(9);
    assert_eq!(turn(), Turn::Behind);
    upstreams[1].set(4);
    assert_eq!(turn(), Turn::Processed(4));
    assert_eq!(turn(), Turn::Behind);
    // One that reads no further holds nobody back.
    upstreams[1].release();
    assert_eq!(turn(), Turn::Processed(5));
    upstreams[0].release();
    assert_eq!(turn(), Turn::Processed(11));
    assert_eq!(turn(), Turn::Idle);
}
