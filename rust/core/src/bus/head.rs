//! Where the head of an event ring is, found from the stamps of its slots.
//!
//! A word that says it would be stored once per event into a line that every reader wants: that costs more
//! than the event. The stamps know it already. Of the slots in the order of their sequences, those before the head
//! have got their event and the next one has not; a search finds the edge.
//!
//! - **Exact**: the bounds that a search gives held at one moment during the call. Stamps only grow. So when
//!   one look finds that event *n* − 1 is there, and another, sooner or later, that event *n* is not, the head was
//!   exactly *n* between the two. A slot that was lapped meanwhile says by itself where the head was when it
//!   was written, and that was during the call.
//! - **Never behind** what the calling thread has read: a thread that saw one stamp sees every one before it.
//! - **Cost**: one division and one load for each of about log₂(capacity) slots, and no store. A reader
//!   searches from its own place, in steps that double: a few loads when it is close to the head.
//! - **Waiting**: none. However fast the producer is, each look halves what is left, or ends the search.

use super::slot::Stamp;
use super::{Bounds, EventRing};

impl EventRing {
    /// The next sequence to be published; every sequence below it is, or was, readable.
    pub fn head(&self) -> u64 {
        self.bounds().head
    }

    /// What is retained now: a snapshot of one moment during the call.
    ///
    /// Never behind what the calling thread has already read.
    pub fn bounds(&self) -> Bounds {
        self.search(0, self.capacity() as u64)
    }

    /// The same, for a caller who knows that the head is at `known` or later, and probably near it.
    pub(super) fn bounds_from(&self, known: u64) -> Bounds {
        self.search(known, 1)
    }

    /// Whether `seq` was published: a single look at its slot.
    pub(super) fn has_published(&self, seq: u64) -> bool {
        self.stamp_of(seq).has_passed(seq)
    }

    /// Looks from `known`, which the head has reached, in steps of `stride` slots that double until one goes
    /// too far, and then halves.
    fn search(&self, known: u64, mut stride: u64) -> Bounds {
        let capacity = self.capacity() as u64;
        let first = self.stamp_of(known);
        // The head is, or was at the moment of that look, within `low..=high`: a slot that still holds its event
        // was not yet given the one a lap later.
        let (mut low, mut high) = if first.has_passed(known) {
            (first.head(), first.head() + capacity)
        } else {
            (known, known)
        };
        while low < high {
            let probe = low + stride.min((high - low) / 2);
            let stamp = self.stamp_of(probe);
            if !stamp.has_passed(probe) {
                high = probe;
                continue;
            }
            low = stamp.head();
            stride = stride.saturating_mul(2);
            // Beyond `high` the slot was lapped since the first look, and `low` was the head then.
        }
        Bounds::of(low, capacity)
    }

    fn stamp_of(&self, seq: u64) -> Stamp {
        self.slots()[self.slot_of(seq)].stamp()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn the_head_is_found_from_wherever_one_begins_to_look() {
        for capacity in 1..=9 {
            let (mut producer, ring) = EventRing::try_new(capacity).expect("memory");
            let capacity = capacity as u64;
            for head in 0..3 * capacity {
                let bounds = Bounds::of(head, capacity);
                assert_eq!((ring.head(), ring.bounds()), (head, bounds));
                for known in 0..=head {
                    assert_eq!(ring.bounds_from(known), bounds, "from {known}");
                }
                for seq in 0..head + 3 {
                    assert_eq!(ring.has_published(seq), seq < head, "{seq}");
                }
                producer.publish([head; 7]);
            }
        }
    }
}
