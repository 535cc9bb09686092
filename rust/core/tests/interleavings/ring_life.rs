//! The event ring's ends come and go: one producer after another, and a ring that outlives its producer.

use super::event_ring::{event, reader, ring};
use super::exploration::model;
use tickpath_core::bus::{EventRing, Producer, Reader};
use tickpath_core::sync::{Arc, thread};

/// Every event from the first on, each once, up to the head; how many.
fn read_all(ring: &Arc<EventRing>) -> u64 {
    let mut reader = reader(ring);
    let mut seen = 0;
    while let Some(payload) = reader.poll().expect("the ring holds everything") {
        assert_eq!(payload, event(seen), "torn or stale");
        seen += 1;
    }
    assert_eq!(seen, ring.head());
    seen
}

#[test]
fn a_ring_that_lost_its_producer_goes_on_where_it_was() {
    model(
        |outcomes| {
            let (mut producer, ring) = ring(2);
            let theirs = Arc::clone(&ring);
            let outcomes = outcomes.clone();
            let peer = thread::spawn(move || {
                let Some(mut next) = Producer::claim(&theirs) else {
                    outcomes.met(false);
                    return;
                };
                assert_eq!(next.publish(event(1)), 1, "behind what the last one wrote");
                outcomes.met(true);
            });
            producer.publish(event(0));
            drop(producer);
            peer.join().expect("its asserts hold");
            assert!(read_all(&ring) > 0);
        },
        &[true, false],
    );
}

/// Publishes one event if the ring has no other producer at that moment.
fn publish_if_free(ring: &Arc<EventRing>) -> bool {
    let producer = Producer::claim(ring);
    let is_mine = producer.is_some();
    if let Some(mut producer) = producer {
        let next = producer.next_seq();
        assert_eq!(producer.publish(event(next)), next);
    }
    is_mine
}

#[test]
fn of_two_that_want_to_publish_one_does_at_a_time_and_goes_on_from_the_other() {
    model(
        |outcomes| {
            let (mut producer, ring) = ring(3);
            producer.publish(event(0));
            drop(producer);
            let rival = thread::spawn({
                let ring = Arc::clone(&ring);
                move || publish_if_free(&ring)
            });
            let mine = publish_if_free(&ring);
            let theirs = rival.join().expect("its asserts hold");
            assert!(mine || theirs, "the ring was free");
            assert_eq!(read_all(&ring), 1 + u64::from(mine) + u64::from(theirs));
            outcomes.met((mine, theirs));
        },
        &[(true, true), (true, false), (false, true)],
    );
}

/// Loom also sees whether the slots were freed, once, and after the last look at them.
#[test]
fn a_ring_lives_as_long_as_its_last_reader() {
    model(
        |outcomes| {
            let (mut producer, ring) = ring(1);
            let mut last = reader(&ring);
            let reading = thread::spawn({
                let outcomes = outcomes.clone();
                move || {
                    let met = match last.poll() {
                        Ok(Some(payload)) => {
                            assert_eq!(payload, event(0));
                            1
                        }
                        Ok(None) => 0,
                        Err(overrun) => overrun.head,
                    };
                    outcomes.met(met);
                }
            });
            producer.publish_many((0..2).map(event));
            drop(producer);
            drop(ring);
            reading.join().expect("its asserts hold");
        },
        &[0, 1, 2],
    );
}
