//! The native tier's ring: 56-byte events, one producer, any number of readers on any threads.

use core::fmt;

use crossbeam_utils::CachePadded;

use super::slot::{MAX_EVENTS, Payload, Slot, SlotRead, Stamp};
use super::{Bounds, Overrun, Producer, Readable};
#[cfg(not(loom))]
use super::{EventReader, Start, StartError};
use crate::sync::{Arc, AtomicU64, Ordering};

/// A fixed number of 64-byte slots, each a sequence lock of its own (`slot.rs` has the protocol).
///
/// - **Threads**: one [`Producer`]; reads from any number of threads, here or through an
///   [`EventReader`], which is the fast way.
/// - **Blocking**: never, on either side. A publication is ten stores and looks at no reader.
/// - **Allocation**: the slots, once, in [`Self::try_new`].
/// - **Full**: the oldest event is overwritten; who misses it learns how many it missed. While the
///   slot of `head − capacity` is being overwritten, the oldest readable event is one later, so a
///   ring under way retains `capacity` or `capacity − 1` events and a quiescent one `capacity`.
/// - **Limit**: [`MAX_EVENTS`] events in the life of a ring.
pub struct EventRing {
    slots: Box<[Slot]>,
    /// The next sequence to be published. Readers on the hot path look at stamps instead: a line
    /// that changes with every event costs each hop as much as the event itself.
    head: CachePadded<AtomicU64>,
}

impl fmt::Debug for EventRing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventRing")
            .field("capacity", &self.capacity())
            .field("bounds", &self.bounds())
            .finish_non_exhaustive()
    }
}

impl EventRing {
    /// A ring of exactly `capacity` slots and its only producer, or `None` if there is not the
    /// memory for it. Every slot is written once, so that no page is touched first in a run.
    ///
    /// # Panics
    /// Panics if `capacity` is 0; callers check their input first.
    pub fn try_new(capacity: usize) -> Option<(Producer, Arc<Self>)> {
        assert!(capacity > 0, "a ring needs at least one slot");
        let mut slots = Vec::new();
        slots.try_reserve_exact(capacity).ok()?;
        slots.resize_with(capacity, Slot::new);
        let ring = Arc::new(Self {
            slots: slots.into_boxed_slice(),
            head: CachePadded::new(AtomicU64::new(0)),
        });
        Some((Producer::of(Arc::clone(&ring)), ring))
    }

    /// The number of slots.
    #[inline]
    pub const fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// The next sequence to be published; every sequence below it is, or was, readable.
    #[inline]
    pub fn head(&self) -> u64 {
        self.bounds().head
    }

    /// What is retained now: a snapshot of one moment during the call.
    ///
    /// Never behind what the calling thread has already read.
    pub fn bounds(&self) -> Bounds {
        // SYNC POINT head: pairs with the store in `set_head`; whoever sees a head can read the
        // events below it.
        let head = self.head.load(Ordering::Acquire);
        // The slot of `head` tells what the head cannot: that the next event is on its way in, and
        // its predecessor there gone, or that it has arrived.
        let next = self.slots[self.slot_of(head)].stamp();
        if next.reached(head) {
            next.proves(self.slots.len() as u64)
        } else {
            Bounds::of(head, self.slots.len() as u64)
        }
    }

    /// A reader of this ring that begins at `start`. Each has its own place; none knows the others.
    ///
    /// # Errors
    /// Returns an error if the start lies beyond the head.
    // Loom's `Arc` cannot be a method's receiver; its models call `EventReader::new`.
    #[cfg(not(loom))]
    pub fn reader(self: &Arc<Self>, start: Start) -> Result<EventReader, StartError> {
        EventReader::new(Arc::clone(self), start)
    }

    /// Where `seq` lives.
    #[inline]
    pub(super) const fn slot_of(&self, seq: u64) -> usize {
        (seq % self.slots.len() as u64) as usize
    }

    /// Writes event `seq` into the slot that is its own and moves the head past it.
    #[inline(always)]
    pub(super) fn write(&self, slot: usize, seq: u64, payload: &Payload) {
        self.slots[slot].write(seq, payload);
        // SYNC POINT head: pairs with the load in `bounds`.
        self.head.store(seq + 1, Ordering::Release);
    }

    /// Reads event `seq` from the slot that is its own.
    #[inline(always)]
    pub(super) fn read_slot(&self, slot: usize, seq: u64) -> Result<Option<Payload>, Overrun> {
        match self.slots[slot].read(seq) {
            SlotRead::Intact(payload) => Ok(Some(payload)),
            SlotRead::NotYet => Ok(None),
            SlotRead::Overwritten(stamp) => Err(self.overrun(seq, stamp)),
        }
    }

    /// The snapshot of a reader that wanted `seq` and found `stamp` in its place.
    #[cold]
    fn overrun(&self, seq: u64, stamp: Stamp) -> Overrun {
        // The bounds may have been read before the re-check saw that stamp, or be older than it for
        // want of an acquire: what the stamp proves holds in any case.
        let proved = stamp.proves(self.slots.len() as u64);
        let known = latest(proved, self.bounds());
        // Bug 3 of the loom model: the last event that is gone still counts as readable.
        let off_by_one = u64::from(cfg!(feature = "planted-bug-3"));
        Overrun {
            requested: seq,
            oldest: known.oldest - off_by_one,
            head: known.head,
        }
    }
}

/// What holds when both were true at some moment: bounds only move forward.
pub(super) fn latest(a: Bounds, b: Bounds) -> Bounds {
    Bounds {
        oldest: a.oldest.max(b.oldest),
        head: a.head.max(b.head),
    }
}

impl Readable for EventRing {
    type Item = Payload;

    fn bounds(&self) -> Bounds {
        self.bounds()
    }

    fn read(&self, seq: u64) -> Result<Option<Payload>, Overrun> {
        if seq >= MAX_EVENTS {
            return Ok(None);
        }
        self.read_slot(self.slot_of(seq), seq)
    }
}
