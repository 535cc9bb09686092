//! The writing end of an event ring.

use super::EventRing;
use super::prefetch::{Place, writing_distance};
use super::slot::Payload;
use crate::sync::Arc;

/// The only writer of an [`EventRing`]: it cannot be cloned, and publishing needs it mutably.
///
/// It may move between threads. It never waits, allocates or looks at a reader.
#[derive(Debug)]
pub struct Producer {
    ring: Arc<EventRing>,
    /// The next sequence to be published.
    next: u64,
    /// The slot of `next`, kept so that publishing needs no division.
    place: Place,
}

impl Producer {
    /// The producer of `ring`, which goes on at its head; `None` while there is another one.
    ///
    /// A producer that is dropped, with a thread that ended by a bug as well, leaves its ring to the next.
    pub fn claim(ring: &Arc<EventRing>) -> Option<Self> {
        if !ring.try_claim() {
            return None;
        }
        let next = ring.head();
        Some(Self {
            place: ring.place_of(next, writing_distance(ring.slot_count())),
            ring: Arc::clone(ring),
            next,
        })
    }

    /// The ring this writes to.
    pub const fn ring(&self) -> &Arc<EventRing> {
        &self.ring
    }

    /// The next sequence to be published.
    #[inline]
    pub const fn next_seq(&self) -> u64 {
        self.next
    }

    /// Publishes one event and returns its sequence.
    #[inline(always)]
    pub fn publish(&mut self, payload: Payload) -> u64 {
        let seq = self.next;
        let slots = self.ring.slots();
        slots[self.place.ahead].expect_write();
        let slot = &slots[self.place.slot];
        // Our own words first: the stores of an event then leave the core in one go.
        self.next += 1;
        self.place.step(self.ring.first_slot(), slots.len());
        slot.write(seq, &payload);
        seq
    }

    /// Publishes events in order and returns the sequence of the first, or of the next event to
    /// come if there is none. Readers see each as soon as it is written.
    #[inline]
    pub fn publish_many(&mut self, payloads: impl IntoIterator<Item = Payload>) -> u64 {
        let first = self.next;
        for payload in payloads {
            self.publish(payload);
        }
        first
    }
}

impl Drop for Producer {
    fn drop(&mut self) {
        self.ring.release_claim();
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::bus::{Readable, Start};

    #[test]
    fn a_ring_has_one_producer_and_the_next_goes_on_where_it_ended() {
        for sent in 0..9 {
            let (mut first, ring) = EventRing::try_new(3).expect("memory for three slots");
            assert!(Producer::claim(&ring).is_none());
            assert_eq!(first.publish_many((0..sent).map(|seq| [seq; 7])), 0);
            assert!(Producer::claim(first.ring()).is_none());
            drop(first);
            let mut second = Producer::claim(&ring).expect("nobody else writes");
            assert!(Producer::claim(&ring).is_none());
            assert_eq!((second.next_seq(), second.publish([sent; 7])), (sent, sent));
            for seq in sent.saturating_sub(2)..=sent {
                assert_eq!(ring.read(seq), Ok(Some([seq; 7])));
            }
        }
    }

    #[test]
    fn a_batch_says_its_first_sequence_and_an_empty_one_the_next() {
        let (mut producer, ring) = EventRing::try_new(8).expect("memory for eight slots");
        let mut reader = ring.reader(Start::Oldest).expect("the oldest exists");
        assert_eq!(producer.publish_many([]), 0);
        assert_eq!(producer.publish_many([[1; 7], [2; 7]]), 0);
        assert_eq!(producer.publish_many([[3; 7]]), 2);
        assert_eq!((producer.publish_many([]), producer.next_seq()), (3, 3));
        let mut seen = Vec::new();
        let read = reader.read_with(8, |[word, ..]| seen.push(word));
        assert_eq!((read, seen), (Ok(3), vec![1, 2, 3]));
    }
}
