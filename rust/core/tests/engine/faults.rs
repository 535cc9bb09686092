//! Each fault of the feed and of a stage, by turns of hand: its exact effect, and its counters.

use tickpath_core::bus::{EventReader, EventRing, Producer, Reader, Start};
use tickpath_core::engine::{
    ConsumerStage, Faults, Faulty, FaultyReader, FeedCounts, FeedStage, FeedTurn, NoService,
    OverrunPolicy, Planned, ReadingStage, Slowed, StageRecorder, StampsEach, Timetable, Turn,
    Unplanned,
};
use tickpath_core::ingest::Event;
use tickpath_core::state::StateCode::Ready;
use tickpath_core::sync::Arc;

use crate::common::{ManualClock, Moves, Source, evenly, gate, intake};

const GAP_NS: u64 = 100;

/// A feed with faults, of events 100 ns apart that begin at 0, and what came of it.
pub(crate) struct Bench<T> {
    pub(crate) faults: Arc<Faults>,
    pub(crate) feed: FeedStage<Source, Producer, T, Faulty>,
    reader: EventReader,
}

pub(crate) fn bench_of<T: Timetable>(
    events: u64,
    timetable: T,
    hold_at: Option<usize>,
) -> Bench<T> {
    let source = evenly(events, GAP_NS);
    let (producer, ring) = EventRing::try_new(1 << 12).expect("memory");
    let faults = Arc::new(Faults::new(["executor".to_owned(), "log".to_owned()]));
    let feed = FeedStage::new(source, events as usize, producer, timetable, hold_at);
    let mut feed = feed.with_faults(Faulty::new(Arc::clone(&faults)));
    feed.begin(0);
    Bench {
        faults,
        feed,
        reader: ring.reader(Start::Oldest).expect("oldest"),
    }
}

fn bench(events: u64) -> Bench<Planned> {
    bench_held(events, None)
}

pub(crate) fn bench_held(events: u64, hold_at: Option<usize>) -> Bench<Planned> {
    let plan = Arc::new(crate::live::recorded(&evenly(events, GAP_NS)));
    bench_of(events, Planned::new(plan).expect("it has offsets"), hold_at)
}

/// (number in the source, intended, published) of an event that arrived.
pub(crate) type Seen = (u64, u64, u64);

impl<T: Timetable> Bench<T> {
    /// Turns at `now_ns` until nothing is due; what arrived.
    fn at(&mut self, now_ns: u64) -> Vec<Seen> {
        while matches!(
            self.feed.turn(now_ns, 3),
            FeedTurn::Published(_) | FeedTurn::Withheld(_)
        ) {}
        self.arrived()
    }

    pub(crate) fn arrived(&mut self) -> Vec<Seen> {
        let mut seen = Vec::new();
        while let Some(payload) = self.reader.poll().expect("no overrun") {
            let event: Event = bytemuck::cast(payload);
            seen.push((event.order_id, event.intended_ns, event.ts_ns));
        }
        seen
    }

    /// The numbers of what arrived until `now_ns`, turn by turn at each due time.
    fn until(&mut self, now_ns: u64) -> Vec<u64> {
        let times = (0..=now_ns).step_by(GAP_NS as usize);
        let seen = times.flat_map(|now_ns| self.at(now_ns));
        seen.map(|(number, ..)| number).collect()
    }

    fn counts(&self) -> FeedCounts {
        let counts = self.feed.counts();
        assert!(counts.is_balanced(), "{counts:?}");
        counts
    }

    /// (published, withheld, gaps, repeats, reordered)
    fn books(&self) -> [u64; 5] {
        let counts = self.counts();
        [
            counts.published,
            counts.withheld,
            counts.gaps,
            counts.repeats,
            counts.reordered,
        ]
    }
}

#[test]
fn with_nothing_wrong_a_feed_with_faults_is_like_any_other() {
    let mut bench = bench(4);
    assert_eq!(bench.at(0), [(0, 0, 0)]);
    assert_eq!(bench.feed.turn(50, 8), FeedTurn::NotDue { until_ns: 100 });
    assert_eq!(bench.at(250), [(1, 100, 250), (2, 200, 250)]);
    assert_eq!(bench.books(), [3, 0, 0, 0, 0]);
    assert_eq!(bench.counts().newest_ns, Some(250));
    assert_eq!(bench.counts().unpublished(), 1);
    assert_eq!(bench.at(300), [(3, 300, 300)]);
    assert_eq!(bench.feed.turn(900, 8), FeedTurn::Done);
}

#[test]
fn in_an_outage_what_is_due_is_lost_at_the_source_and_then_missed() {
    let mut bench = bench(8);
    bench.at(100);
    bench.faults.feed_outage(true);
    assert_eq!(bench.feed.turn(450, 2), FeedTurn::Withheld(2));
    assert_eq!(bench.feed.turn(450, 2), FeedTurn::Withheld(1));
    assert_eq!(bench.feed.turn(450, 2), FeedTurn::NotDue { until_ns: 500 });
    // A receiver cannot know yet; it only sees that nothing comes.
    assert_eq!(bench.books(), [2, 3, 0, 0, 0]);
    assert_eq!(bench.counts().newest_ns, Some(100));
    bench.faults.feed_outage(false);
    assert_eq!(bench.at(500), [(5, 500, 500)]);
    assert_eq!(bench.books(), [3, 3, 3, 0, 0]);
}

#[test]
fn after_a_freeze_everything_that_became_due_arrives_at_once_and_late() {
    let mut bench = bench(6);
    bench.at(0);
    bench.faults.feed_freeze(true);
    assert_eq!(bench.feed.turn(50, 8), FeedTurn::Frozen);
    assert_eq!(bench.feed.turn(350, 8), FeedTurn::Frozen);
    assert_eq!(bench.books(), [1, 0, 0, 0, 0]);
    bench.faults.feed_freeze(false);
    let late = [(1, 100, 360), (2, 200, 360), (3, 300, 360)];
    assert_eq!(bench.at(360), late);
    assert_eq!(bench.books(), [4, 0, 0, 0, 0]);
    // A feed that is done cannot be frozen, nor one that is held.
    bench.at(500);
    bench.faults.feed_freeze(true);
    assert_eq!(bench.feed.turn(900, 8), FeedTurn::Done);
    let mut held = bench_held(6, Some(0));
    held.faults.feed_freeze(true);
    assert_eq!(held.feed.turn(900, 8), FeedTurn::Held);
}

#[test]
fn a_gap_is_of_so_many_events_and_a_new_one_begins_anew() {
    let mut bench = bench(10);
    bench.at(0);
    bench.faults.feed_gap(3);
    assert_eq!(bench.until(400), [4]);
    assert_eq!(bench.books(), [2, 3, 3, 0, 0]);
    // Asked for twice at once it is one; asked for again it is another.
    bench.faults.feed_gap(2);
    bench.faults.feed_gap(2);
    assert_eq!(bench.until(700), [7]);
    assert_eq!(bench.books(), [3, 5, 5, 0, 0]);
    bench.faults.feed_gap(2);
    bench.at(800);
    bench.faults.feed_gap(0);
    assert_eq!(bench.until(900), [9]);
    assert_eq!(bench.books(), [4, 6, 6, 0, 0]);
}

#[test]
fn a_burst_is_due_now_and_leaves_a_lull_behind() {
    let mut bench = bench(8);
    bench.at(0);
    bench.faults.feed_burst(3);
    // The second of them is late already, which is no doing of the burst.
    assert_eq!(bench.at(150), [(1, 100, 150), (2, 150, 150), (3, 150, 150)]);
    assert_eq!(bench.feed.turn(399, 8), FeedTurn::NotDue { until_ns: 400 });
    assert_eq!(bench.at(400), [(4, 400, 400)]);
    // What cannot be published at once is due when the feed saw the burst, and is late.
    bench.faults.feed_burst(2);
    assert_eq!(bench.feed.turn(410, 1), FeedTurn::Published(1));
    assert_eq!(bench.feed.turn(430, 1), FeedTurn::Published(1));
    assert_eq!(bench.arrived(), [(5, 410, 410), (6, 410, 430)]);
    // Taken back, and more than there are.
    bench.faults.feed_burst(9);
    bench.faults.feed_burst(0);
    assert_eq!(bench.at(440), []);
    bench.faults.feed_burst(9);
    assert_eq!(bench.at(450), [(7, 450, 450)]);
    assert_eq!(bench.feed.turn(450, 8), FeedTurn::Done);
    assert_eq!(bench.books(), [8, 0, 0, 0, 0]);
}

#[test]
fn a_burst_ends_at_a_hold() {
    let mut bench = bench_held(8, Some(2));
    bench.faults.feed_burst(5);
    assert_eq!(bench.at(10).len(), 2);
    assert_eq!(bench.feed.turn(10, 8), FeedTurn::Held);
    bench.feed.release(1_000, Some(4));
    // What is left of it is due when it was asked for.
    assert_eq!(bench.at(1_000), [(2, 10, 1_000), (3, 10, 1_000)]);
    assert_eq!(bench.feed.turn(1_000, 8), FeedTurn::Held);
}

#[test]
fn every_n_th_event_comes_twice() {
    let mut bench = bench(7);
    bench.faults.feed_duplicate(3);
    assert_eq!(bench.until(600), [0, 1, 2, 2, 3, 4, 5, 5, 6]);
    assert_eq!(bench.books(), [9, 0, 0, 2, 0]);
    assert_eq!(bench.counts().newest_ns, Some(600));
}

#[test]
fn every_n_th_event_changes_place_with_its_successor() {
    let mut bench = bench(8);
    bench.faults.feed_reorder(3);
    assert_eq!(bench.until(200), [0, 1]);
    // On its way: neither published nor withheld.
    assert_eq!((bench.books()[0], bench.counts().due), (2, 3));
    assert_eq!(bench.at(300), [(3, 300, 300), (2, 200, 300)]);
    assert_eq!(bench.until(700), [4, 6, 5, 7]);
    assert_eq!(bench.books(), [8, 0, 2, 0, 2]);
    let mut all = bench_of(5, Unplanned, None);
    all.faults.feed_reorder(1);
    // The last has no successor.
    let numbers: Vec<u64> = all.at(1).into_iter().map(|(number, ..)| number).collect();
    assert_eq!(numbers, [1, 0, 3, 2, 4]);
}

#[test]
fn nothing_is_on_its_way_where_the_feed_is_held_or_done() {
    let mut bench = bench_held(4, Some(2));
    bench.faults.feed_reorder(2);
    assert_eq!(bench.until(1_000), [0, 1]);
    assert_eq!(bench.feed.turn(1_000, 8), FeedTurn::Held);
    assert_eq!(bench.counts().due, bench.books()[0]);
}

#[test]
fn a_stale_feed_repeats_its_last_event_at_each_due_time() {
    let mut bench = bench(7);
    bench.faults.feed_stale(true);
    // Nothing was there to be repeated.
    assert_eq!(bench.at(0), []);
    bench.faults.feed_stale(false);
    assert_eq!(bench.at(100), [(1, 100, 100)]);
    bench.faults.feed_stale(true);
    assert_eq!(bench.at(200), [(1, 200, 200)]);
    assert_eq!(bench.at(410), [(1, 300, 410), (1, 400, 410)]);
    // Connected, and yet nothing new.
    assert_eq!(bench.counts().newest_ns, Some(100));
    assert_eq!(bench.books(), [4, 4, 1, 3, 0]);
    bench.faults.feed_stale(false);
    assert_eq!(bench.until(600), [5, 6]);
    assert_eq!(bench.books(), [6, 4, 4, 3, 0]);
}

#[test]
fn an_event_on_its_way_shares_the_fate_of_its_successor_but_not_a_gap_that_came_after_it() {
    let begun = |fault: fn(&Faults)| {
        let mut bench = bench(5);
        bench.faults.feed_reorder(2);
        bench.until(100);
        fault(&bench.faults);
        let seen = bench.until(200);
        (seen, bench.books())
    };
    assert_eq!(begun(|f| f.feed_outage(true)), (vec![], [1, 2, 0, 0, 0]));
    assert_eq!(begun(|f| f.feed_stale(true)), (vec![0], [2, 2, 0, 1, 0]));
    assert_eq!(begun(|f| f.feed_gap(1)), (vec![1], [2, 1, 0, 0, 0]));
    assert_eq!(begun(|_| ()), (vec![2, 1], [3, 0, 1, 0, 1]));
}

/// A consumer with faults over `events` events that are all there.
fn reading(faults: &Arc<Faults>, events: u64, capacity: usize) -> impl ReadingStage + use<> {
    let reader = crate::stages::published(events, capacity);
    let service = Slowed::new(NoService, Arc::clone(faults), 1);
    let recorder = StageRecorder::<false>::overall();
    let stage = ConsumerStage::new(intake(reader, OverrunPolicy::Oldest), service, recorder);
    FaultyReader::new(StampsEach(stage), Arc::clone(faults), 1)
}

#[test]
fn a_stalled_stage_takes_no_turn_and_a_slow_one_takes_its_time() {
    let faults = Arc::new(Faults::new(["executor".to_owned(), "log".to_owned()]));
    let mut stage = reading(&faults, 5, 8);
    let (gate, clock) = (gate(Ready), ManualClock::at(1_000, 0));
    let mut turn = || {
        let turn = stage.turn(&gate, &clock, &Moves(&clock));
        (turn, stage.cursor(), clock.now_ns.get())
    };
    faults.stage_stall("log", true).expect("known");
    assert_eq!(turn(), (Turn::Stalled, 0, 1_000));
    faults.stage_stall("executor", true).expect("known");
    faults.stage_stall("log", false).expect("known");
    assert_eq!(turn(), (Turn::NewEpoch, 0, 1_000));
    assert_eq!(turn(), (Turn::Processed(1), 1, 1_000));
    faults.stage_slow("log", 1.0, 700).expect("known");
    assert_eq!(turn(), (Turn::Processed(1), 2, 1_700));
    faults.stage_slow("log", 1.0, 0).expect("known");
    assert_eq!(turn(), (Turn::Processed(1), 3, 1_700));
    assert!(faults.stage_stall("nobody", true).is_err());
}

#[test]
fn a_skip_to_the_head_sheds_what_could_be_read_and_loses_what_could_not() {
    let faults = Arc::new(Faults::new(["executor".to_owned(), "log".to_owned()]));
    let (gate, clock) = (gate(Ready), ManualClock::at(1_000, 0));
    for (events, lost, shed) in [(5, 0, 5), (20, 12, 8)] {
        let mut stage = reading(&faults, events, 8);
        // Asked for twice it is one skip.
        faults.stage_skip_to_head("log").expect("known");
        faults.stage_skip_to_head("log").expect("known");
        let skipped = stage.turn(&gate, &clock, &Moves(&clock));
        assert_eq!(skipped, Turn::Skipped(events));
        assert_eq!((stage.ledger().lost, stage.ledger().shed), (lost, shed));
        assert_eq!(stage.turn(&gate, &clock, &Moves(&clock)), Turn::NewEpoch);
        assert_eq!(stage.turn(&gate, &clock, &Moves(&clock)), Turn::Idle);
    }
    assert!(faults.stage_skip_to_head("nobody").is_err());
}
