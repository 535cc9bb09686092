//! The newest events of a ring, copied out at one moment: what a flight recorder takes.
//!
//! Read from the newest back. A producer that goes on meanwhile overwrites the oldest first, so that what it
//! takes away is the far end: what was copied is whole and without a gap, and what is missing is known exactly.
//!
//! Threads: any, beside the producer and every reader; it changes no memory that others see, and nothing is
//! asked of the producer. Blocking: never. Allocation: none.

use super::{EventRing, Payload, Readable};

/// What was copied of a ring's newest events, `[head − read, head)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tail {
    /// The ring's head when it was looked at: the sequence after the newest event.
    pub head: u64,
    /// Events that were copied, each whole.
    pub read: u64,
    /// Events that were asked for and there at that moment, and overwritten before they were copied.
    pub overwritten: u64,
}

impl Tail {
    /// The sequence of the oldest event that was copied; the head if none was.
    pub const fn first_seq(&self) -> u64 {
        self.head - self.read
    }
}

impl EventRing {
    /// Hands the newest events, at most `limit`, to `visit`, the newest first.
    ///
    /// What is published meanwhile is not among them.
    pub fn tail_with(&self, limit: usize, mut visit: impl FnMut(Payload)) -> Tail {
        let bounds = self.bounds();
        let asked = (bounds.head - bounds.oldest).min(limit as u64);
        let mut read = 0;
        while read < asked {
            // Each was published: one that is not there is gone, and so is everything before it.
            let Ok(Some(payload)) = self.read(bounds.head - 1 - read) else {
                break;
            };
            visit(payload);
            read += 1;
        }
        Tail {
            head: bounds.head,
            read,
            overwritten: asked - read,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::bus::Producer;
    use crate::sync::{Arc, thread};

    /// A ring of `capacity` slots into which `sent` events were published, each its own sequence seven times.
    fn sent(capacity: usize, sent: u64) -> (Producer, Arc<EventRing>) {
        let (mut producer, ring) = EventRing::try_new(capacity).expect("memory for the slots");
        producer.publish_many((0..sent).map(|seq| [seq; 7]));
        (producer, ring)
    }

    fn tail(ring: &EventRing, limit: usize) -> (Vec<u64>, Tail) {
        let mut seen = Vec::new();
        let tail = ring.tail_with(limit, |payload| {
            assert_eq!(payload, [payload[0]; 7]);
            seen.push(payload[0]);
        });
        (seen, tail)
    }

    #[test]
    fn it_is_the_newest_events_from_the_newest_back() {
        for capacity in [1, 2, 5, 8] {
            for head in 0..3 * capacity as u64 {
                let (_producer, ring) = sent(capacity, head);
                for limit in [0, 1, 2, capacity, usize::MAX] {
                    let read = head.min(capacity as u64).min(limit as u64);
                    let (seen, tail) = tail(&ring, limit);
                    assert!(seen.into_iter().eq((head - read..head).rev()));
                    let expected = Tail {
                        head,
                        read,
                        overwritten: 0,
                    };
                    assert_eq!(tail, expected, "{limit} of {capacity}");
                    assert_eq!(tail.first_seq(), head - read);
                }
            }
        }
    }

    #[test]
    fn what_is_overwritten_while_it_is_read_is_the_oldest_and_is_counted() {
        let (mut producer, ring) = sent(8, 20);
        let mut seen = Vec::new();
        let tail = ring.tail_with(6, |[seq, ..]| {
            seen.push(seq);
            if seq == 18 {
                // From 12 to 16 are gone, of which 14 to 16 were asked for.
                producer.publish_many((20..25).map(|seq| [seq; 7]));
            }
        });
        let expected = Tail {
            head: 20,
            read: 3,
            overwritten: 3,
        };
        assert_eq!((seen, tail), (vec![19, 18, 17], expected));
    }

    #[test]
    fn beside_a_producer_at_full_speed_every_copy_is_whole_and_nothing_is_missing_unsaid() {
        let (mut producer, ring) = sent(64, 64);
        let writer = thread::spawn(move || {
            for seq in 64..200_000 {
                producer.publish([seq; 7]);
            }
        });
        let mut tails = 0_u64;
        while !writer.is_finished() || tails == 0 {
            let (seen, tail) = tail(&ring, 48);
            assert!(seen.into_iter().eq((tail.first_seq()..tail.head).rev()));
            assert_eq!(tail.read + tail.overwritten, 48);
            tails += 1;
        }
        writer.join().expect("the writer ends");
        assert_eq!(tail(&ring, 1).0, [199_999]);
    }
}
