//! A producer that never waits and two readers on real threads. Every event checks itself, and at the
//! end the books balance: seen + lost == sent. Bounded by the number of events, not by a clock.

use tickpath_core::bus::{Bounds, EventReader, EventRing, Payload, Readable, Reader, Start};
use tickpath_core::sync::{Arc, AtomicBool, Ordering, spin_loop, thread};

/// Words 0 to 5 are drawn from the sequence, word 6 is their sum: a mixture of two events shows.
fn event(seq: u64) -> Payload {
    let mut words: Payload =
        core::array::from_fn(|word| (seq + word as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    words[0] = seq;
    words[6] = words[..6].iter().fold(0, |sum, word| sum ^ word);
    words
}

fn check(payload: &Payload, expected: u64) {
    assert_eq!(payload[0], expected, "another event than the one expected");
    let sum = payload[..6].iter().fold(0, |sum, word| sum ^ word);
    assert_eq!(payload[6], sum, "torn: event {expected}");
}

/// What one reader made of the whole stream.
struct Account {
    seen: u64,
    lost: u64,
    overruns: u64,
}

/// Reads one at a time and in batches in turn until event `sent − 1` is behind it.
fn follow<const CLAIMS: bool>(mut reader: EventReader<CLAIMS>, sent: u64) -> Account {
    let capacity = reader.ring().capacity() as u64;
    let (mut seen, mut overruns) = (0, 0);
    let mut batch = [[0; 7]; 64];
    while reader.next_seq() < sent {
        let first = reader.next_seq();
        let read = if seen % 3 == 0 {
            reader.poll().map(|polled| {
                batch[0] = polled.unwrap_or(batch[0]);
                usize::from(polled.is_some())
            })
        } else {
            reader.read_into(&mut batch)
        };
        match read {
            Ok(0) => {
                spin_loop();
                thread::yield_now();
            }
            Ok(count) => {
                for (payload, seq) in batch[..count].iter().zip(first..) {
                    check(payload, seq);
                }
                seen += count as u64;
            }
            Err(overrun) => {
                assert_eq!(overrun.requested, first);
                assert!(overrun.lost() >= 1, "{overrun:?}");
                assert_eq!(overrun.head - overrun.oldest, capacity, "{overrun:?}");
                assert!(reader.reset_to_oldest() >= overrun.lost());
                overruns += 1;
            }
        }
    }
    assert_eq!(reader.next_seq(), sent);
    Account {
        seen,
        lost: reader.lost(),
        overruns,
    }
}

/// Publishes `sent` events into `capacity` slots under two readers and balances both accounts.
fn torture(capacity: usize, sent: u64) -> [Account; 2] {
    let (mut producer, ring) = EventRing::try_new(capacity).expect("memory for the slots");
    let reader = || ring.reader(Start::Oldest).expect("the oldest exists");
    let (plain, claiming) = (reader(), reader().claiming());
    let readers = [
        thread::spawn(move || follow(plain, sent)),
        thread::spawn(move || follow(claiming, sent)),
    ];
    let writer = thread::spawn(move || {
        // A batch, then a breath: on two cores three threads that never yield would take turns of a
        // whole time slice, and no read would ever meet a write.
        for first in (0..sent).step_by(50) {
            producer.publish_many((first..sent.min(first + 50)).map(event));
            if first % 400 == 0 {
                thread::yield_now();
            }
        }
    });
    writer.join().expect("the producer publishes");
    let accounts = readers.map(|reader| reader.join().expect("the reader's asserts hold"));
    assert_eq!(
        ring.head(),
        sent,
        "a stamp that the producer stored is gone"
    );
    for account in &accounts {
        assert_eq!(account.seen + account.lost, sent, "seen + lost == sent");
    }
    accounts
}

#[test]
fn small_rings_overrun_and_never_tear() {
    for (capacity, sent) in [(1, 300_000), (3, 300_000), (7, 300_000)] {
        let accounts = torture(capacity, sent);
        let overruns: u64 = accounts.iter().map(|account| account.overruns).sum();
        assert!(
            overruns > 0,
            "no overrun in {capacity} slots: nothing was tested"
        );
    }
}

#[test]
fn a_large_ring_delivers_to_both_readers() {
    let accounts = torture(1000, 500_000);
    for account in &accounts {
        assert!(account.seen >= 500, "the last half ring is always readable");
    }
}

#[test]
fn a_ring_that_holds_everything_loses_nothing() {
    for account in torture(20_000, 20_000) {
        assert_eq!((account.seen, account.overruns), (20_000, 0));
    }
}

#[test]
fn what_a_reader_does_is_never_seen_by_the_producer() {
    let (mut producer, ring) = EventRing::try_new(4).expect("memory for four slots");
    let idle = EventReader::new(Arc::clone(&ring), Start::Oldest).expect("the oldest exists");
    assert_eq!(producer.publish_many((0..1000).map(event)), 0);
    assert_eq!((idle.available(), producer.next_seq()), (1000, 1000));
}

/// Reads one event again and again until it is gone, then another: each is copied while it is overwritten, where
/// a copy without its re-check tears. Ends when that happened often enough or the producer has given up.
fn read_until_gone(ring: &Arc<EventRing>, given_up: &AtomicBool) -> (u64, u64) {
    let (mut intact, mut gone, mut draw) = (0, 0, 1_u64);
    let mut known = ring.bounds();
    let mut seq = known.oldest;
    while (intact < 100_000 || gone < 20_000) && !given_up.load(Ordering::Relaxed) {
        match ring.read(seq) {
            Ok(Some(payload)) => {
                check(&payload, seq);
                intact += 1;
            }
            Ok(None) => assert!(seq >= known.head, "{seq} was published: {known:?}"),
            Err(overrun) => {
                assert!(overrun.lost() >= 1, "{overrun:?}");
                draw = draw.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                known = Bounds {
                    oldest: overrun.oldest,
                    head: overrun.head,
                };
                seq = known.oldest + (draw >> 56);
                gone += 1;
            }
        }
    }
    (intact, gone)
}

#[test]
fn a_read_at_the_brink_is_whole_or_refused() {
    // A busy machine may let readers and producer take turns for long; the producer goes on until both
    // readers have met it, and this bound only ends a test that would never end.
    const SENT_MAX: u64 = 2_000_000_000;
    const BATCH: u64 = 1_000;
    let (mut producer, ring) = EventRing::try_new(256).expect("memory for the slots");
    let given_up = Arc::new(AtomicBool::new(false));
    let readers = [0, 1].map(|_| {
        let (ring, given_up) = (Arc::clone(&ring), Arc::clone(&given_up));
        thread::spawn(move || read_until_gone(&ring, &given_up))
    });
    for first in (0..SENT_MAX).step_by(BATCH as usize) {
        if readers.iter().all(thread::JoinHandle::is_finished) {
            break;
        }
        producer.publish_many((first..first + BATCH).map(event));
    }
    given_up.store(true, Ordering::Relaxed);
    for reader in readers {
        let (intact, gone) = reader.join().expect("the reader's asserts hold");
        assert!(
            intact > 0 && gone > 0,
            "{intact} intact, {gone} gone: nothing was tested"
        );
    }
}
