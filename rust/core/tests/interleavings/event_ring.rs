//! The event ring under a reader, or two, or a search for its head.
//!
//! Every event checks itself: word 0 is its sequence, word 1 a function of it. Every model ends with
//! conservation, seen + lost == sent, and with progress: an outcome that matters was reached in
//! some execution, so that a ring which never hands out anything cannot pass.

use super::exploration::model;
use tickpath_core::bus::{
    Bounds, EventReader, EventRing, Overrun, Payload, Producer, Readable, Reader, Start,
};
use tickpath_core::sync::{Arc, thread};

/// What a reader met while the producer was at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Met {
    Event,
    CaughtUp,
    Overrun,
}

type Outcomes = super::exploration::Outcomes<Met>;

pub(super) fn event(seq: u64) -> Payload {
    [seq, !seq, 0, 0, 0, 0, 0]
}

pub(super) fn ring(capacity: usize) -> (Producer, Arc<EventRing>) {
    EventRing::try_new(capacity).expect("memory for a few slots")
}

pub(super) fn reader(ring: &Arc<EventRing>) -> EventReader {
    EventReader::new(Arc::clone(ring), Start::Oldest).expect("the oldest exists")
}

fn check_overrun(overrun: Overrun, expected: u64, capacity: u64) {
    assert_eq!(overrun.requested, expected);
    assert!(
        overrun.oldest > overrun.requested,
        "nothing lost: {overrun:?}"
    );
    assert_eq!(overrun.head - overrun.oldest, capacity, "{overrun:?}");
}

/// A reader and what it has seen so far.
struct Checked {
    reader: EventReader,
    outcomes: Outcomes,
    seen: u64,
}

impl Checked {
    fn new(ring: &Arc<EventRing>, outcomes: &Outcomes) -> Self {
        Self {
            reader: reader(ring),
            outcomes: outcomes.clone(),
            seen: 0,
        }
    }

    fn met(&self, met: Met) {
        self.outcomes.met(met);
    }

    /// One poll: an event is whole and the expected one; an overrun is exact and recovered from.
    fn poll(&mut self) -> Met {
        let expected = self.reader.next_seq();
        let capacity = self.reader.ring().capacity() as u64;
        match self.reader.poll() {
            Ok(Some(payload)) => {
                assert_eq!(payload, event(expected), "torn or stale");
                self.seen += 1;
                Met::Event
            }
            Ok(None) => Met::CaughtUp,
            Err(overrun) => {
                check_overrun(overrun, expected, capacity);
                let skipped = self.reader.reset_to_oldest();
                assert!(skipped >= overrun.lost(), "recovered behind the snapshot");
                Met::Overrun
            }
        }
    }

    /// `polls` polls while the producer may be at work.
    fn race(&mut self, polls: usize) {
        for _ in 0..polls {
            let met = self.poll();
            self.met(met);
        }
    }

    /// Reads what is left when the producer is done, and balances the books.
    fn drain(mut self, sent: u64) {
        let capacity = self.reader.ring().capacity() as u64;
        // One poll per event, one for an overrun, one for "caught up": more is no progress.
        let mut polls = 0;
        while self.poll() != Met::CaughtUp {
            polls += 1;
            assert!(polls <= capacity + 1, "no progress");
        }
        assert_eq!(self.reader.next_seq(), sent);
        assert_eq!(self.seen + self.reader.lost(), sent, "seen + lost == sent");
        assert!(self.reader.shed() <= self.reader.lost());
    }
}

/// One producer sends `sent` events, each reader polls `polls` times meanwhile.
fn broadcast(capacity: usize, sent: u64, polls: &[usize], outcomes: &Outcomes) {
    let (mut producer, ring) = ring(capacity);
    let readers: Vec<_> = polls
        .iter()
        .map(|&polls| {
            let mut checked = Checked::new(&ring, outcomes);
            thread::spawn(move || {
                checked.race(polls);
                checked
            })
        })
        .collect();
    for seq in 0..sent {
        assert_eq!(producer.publish(event(seq)), seq);
    }
    for reader in readers {
        reader
            .join()
            .expect("the reader's asserts hold")
            .drain(sent);
    }
    assert_eq!(ring.head(), sent);
}

#[test]
fn one_slot_is_never_torn() {
    model(
        |outcomes| broadcast(1, 3, &[2], outcomes),
        &[Met::Event, Met::CaughtUp, Met::Overrun],
    );
}

#[test]
fn two_slots_lose_nothing_unsaid() {
    model(
        |outcomes| broadcast(2, 4, &[2], outcomes),
        &[Met::Event, Met::CaughtUp, Met::Overrun],
    );
}

#[test]
fn two_readers_do_not_disturb_each_other() {
    model(
        |outcomes| broadcast(1, 3, &[1, 1], outcomes),
        &[Met::Event, Met::CaughtUp, Met::Overrun],
    );
}

#[test]
fn a_ring_of_three_goes_round_its_four_slots() {
    model(
        |outcomes| broadcast(3, 5, &[1], outcomes),
        &[Met::Event, Met::CaughtUp, Met::Overrun],
    );
}

#[test]
#[ignore = "deep: make loom-deep"]
fn deep_three_readers_and_longer_races() {
    model(
        |outcomes| broadcast(1, 2, &[1, 1, 1], outcomes),
        &[Met::Event, Met::CaughtUp],
    );
    for (capacity, sent, polls) in [(1, 4, 3), (2, 5, 2), (3, 6, 2)] {
        model(
            move |outcomes| broadcast(capacity, sent, &[polls], outcomes),
            &[Met::Event, Met::CaughtUp, Met::Overrun],
        );
    }
}

/// A batch looks at the slot before each event, which is another one for each.
#[test]
fn a_batch_is_whole_to_its_last_event() {
    model(
        |outcomes: &Outcomes| {
            let (mut producer, ring) = ring(2);
            producer.publish_many((0..2).map(event));
            let mut reader = reader(&ring);
            let outcomes = outcomes.clone();
            let peer = thread::spawn(move || {
                let mut seen = 0;
                let read = reader.read_with(2, |payload| {
                    assert_eq!(payload, event(seen), "torn or stale");
                    seen += 1;
                });
                match read {
                    Ok(read) => assert_eq!((read as u64, reader.next_seq()), (seen, seen)),
                    Err(overrun) => check_overrun(overrun, 0, 2),
                }
                outcomes.met([Met::Overrun, Met::CaughtUp, Met::Event][seen as usize]);
            });
            producer.publish_many((2..5).map(event));
            peer.join().expect("its asserts hold");
        },
        // Nothing, the first, both.
        &[Met::Overrun, Met::CaughtUp, Met::Event],
    );
}

#[test]
fn what_lies_below_a_head_is_readable_or_overrun() {
    model(
        |outcomes| {
            let (mut producer, ring) = ring(1);
            let mut checked = Checked::new(&ring, outcomes);
            let theirs = Arc::clone(&ring);
            let peer = thread::spawn(move || {
                let head = theirs.head();
                if head > 0 {
                    let met = checked.poll();
                    assert_ne!(met, Met::CaughtUp, "the head is {head}");
                    checked.met(met);
                    // The reader's own progress is never ahead of the head it sees.
                    assert!(theirs.head() >= checked.reader.next_seq());
                }
                checked
            });
            producer.publish_many((0..2).map(event));
            peer.join().expect("the reader's asserts hold").drain(2);
        },
        &[Met::Event, Met::Overrun],
    );
}

/// What one search of the stamps found, checked on its own: a ring retains its capacity, and nothing below the
/// head is still to come. Whether the event below the head was readable is what the search met.
fn check_bounds(ring: &EventRing, bounds: Bounds) -> Met {
    let capacity = ring.capacity() as u64;
    assert_eq!(bounds.oldest, bounds.head.saturating_sub(capacity));
    if bounds.oldest + 1 < bounds.head {
        let oldest = ring.read(bounds.oldest);
        assert_ne!(oldest, Ok(None), "retained and still to come: {bounds:?}");
    }
    match bounds.head.checked_sub(1).map(|last| ring.read(last)) {
        Some(Ok(None)) => panic!("below the head and still to come: {bounds:?}"),
        Some(Ok(Some(payload))) => {
            assert_eq!(payload, event(bounds.head - 1), "torn or stale");
            Met::Event
        }
        Some(Err(_)) => Met::Overrun,
        None => Met::CaughtUp,
    }
}

/// Searches a ring that holds `before` events while the producer adds `during` more.
fn search_while_publishing(capacity: usize, before: u64, during: u64, outcomes: &Outcomes) {
    let (mut producer, ring) = ring(capacity);
    producer.publish_many((0..before).map(event));
    let reader = reader(&ring);
    let outcomes = outcomes.clone();
    let peer = thread::spawn(move || {
        let ring = reader.ring();
        let first = ring.bounds();
        outcomes.met(check_bounds(ring, first));
        // From the reader's place, and after what was found before: never behind it.
        let later = reader.next_seq() + reader.available();
        assert!(first.head <= later, "{first:?}, then {later}");
        assert!((before..=before + during).contains(&first.head));
        assert!(later <= before + during);
    });
    producer.publish_many((before..before + during).map(event));
    peer.join().expect("the bounds hold");
    assert_eq!(ring.head(), before + during);
}

#[test]
fn the_search_ends_where_the_head_was() {
    let must_meet = &[Met::Event];
    model(
        |outcomes| search_while_publishing(2, 2, 2, outcomes),
        must_meet,
    );
    model(
        |outcomes| search_while_publishing(3, 2, 2, outcomes),
        must_meet,
    );
}

#[test]
fn a_ring_that_is_lapped_during_the_search_says_so() {
    let must_meet = &[Met::Event, Met::Overrun];
    model(
        |outcomes| search_while_publishing(1, 1, 4, outcomes),
        must_meet,
    );
}

#[test]
fn what_is_asked_after_an_overrun_is_not_behind_it() {
    model(
        |outcomes: &Outcomes| {
            let (mut producer, ring) = ring(3);
            producer.publish_many((0..3).map(event));
            let theirs = Arc::clone(&ring);
            let outcomes = outcomes.clone();
            let peer = thread::spawn(move || match theirs.read(2) {
                Ok(read) => {
                    assert_eq!(read, Some(event(2)), "torn or stale");
                    outcomes.met(Met::Event);
                }
                Err(overrun) => {
                    check_overrun(overrun, 2, 3);
                    assert!(theirs.head() >= overrun.head, "{overrun:?}");
                    outcomes.met(Met::Overrun);
                }
            });
            producer.publish_many((3..6).map(event));
            peer.join().expect("the bounds hold");
        },
        &[Met::Event, Met::Overrun],
    );
}

#[test]
fn a_reader_begun_under_way_finds_what_lies_below_the_head() {
    model(
        |outcomes: &Outcomes| {
            let (mut producer, ring) = ring(2);
            let theirs = Arc::clone(&ring);
            let outcomes = outcomes.clone();
            let peer = thread::spawn(move || {
                let head = theirs.head();
                let newest = head.saturating_sub(1);
                let start = Start::Sequence(newest);
                let mut reader = EventReader::new(theirs, start).expect("not beyond the head");
                let met = match reader.poll() {
                    Ok(Some(payload)) => {
                        assert_eq!(payload, event(newest), "torn or stale");
                        Met::Event
                    }
                    Ok(None) => Met::CaughtUp,
                    Err(_) => Met::Overrun,
                };
                assert!(head == 0 || met != Met::CaughtUp, "the head is {head}");
                outcomes.met(met);
            });
            producer.publish_many((0..3).map(event));
            peer.join().expect("its asserts hold");
        },
        &[Met::Event, Met::CaughtUp],
    );
}

/// Not asked here is the head at the end: loom does not know that nothing comes between what an exchange read
/// and what it stored ("RMW atomicity" in its list of what it keeps to), and lets a stamp that was exchanged for
/// itself outlive the one stored after it. Shuttle asks that, and the stress test.
#[test]
fn a_reader_that_takes_lines_over_reads_what_the_other_would() {
    model(
        |outcomes: &Outcomes| {
            let (mut producer, ring) = ring(1);
            let mut claiming = reader(&ring).claiming();
            let outcomes = outcomes.clone();
            let peer = thread::spawn(move || {
                for _ in 0..2 {
                    let expected = claiming.next_seq();
                    let met = match claiming.poll() {
                        Ok(Some(payload)) => {
                            assert_eq!(payload, event(expected), "torn or stale");
                            Met::Event
                        }
                        Ok(None) => Met::CaughtUp,
                        Err(overrun) => {
                            check_overrun(overrun, expected, 1);
                            claiming.reset_to_oldest();
                            Met::Overrun
                        }
                    };
                    outcomes.met(met);
                }
            });
            producer.publish_many((0..3).map(event));
            peer.join().expect("its asserts hold");
        },
        &[Met::Event, Met::CaughtUp, Met::Overrun],
    );
}
