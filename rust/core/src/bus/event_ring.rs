//! The native tier's ring: 56-byte events, one producer, any number of readers on any threads.

use core::fmt;

use super::slot::{MAX_EVENTS, Payload, Slot, SlotRead, Stamp};
use super::{Bounds, Overrun, Producer, Readable};
#[cfg(not(loom))]
use super::{EventReader, Start, StartError};
#[cfg(not(loom))]
use crate::os::{MemoryRange, MemoryState, MemoryWishes, prepare_memory};
use crate::sync::{Arc, AtomicBool, Ordering};

/// A fixed number of 64-byte slots, and one to spare (`slot.rs` has the protocol).
///
/// - **Threads**: one [`Producer`]; reads from any number of threads, here or through an
///   [`EventReader`], which is the fast way.
/// - **Blocking**: never, on either side. A publication is eight stores into one cache line and looks at
///   no reader. No word says where the head is: `head.rs` finds it from the stamps.
/// - **Allocation**: the slots, once, in [`Self::try_new`].
/// - **Full**: the oldest event is given up; who misses it learns how many it missed. At any moment a
///   ring retains exactly `[max(0, head − capacity), head)`.
/// - **Limit**: [`MAX_EVENTS`] events in the life of a ring.
pub struct EventRing {
    /// One more than the capacity: the next event is written there while every retained one stays.
    slots: Box<[Slot]>,
    /// Whether a producer exists.
    is_claimed: AtomicBool,
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
        let with_spare = capacity.checked_add(1)?;
        slots.try_reserve_exact(with_spare).ok()?;
        slots.resize_with(with_spare, Slot::new);
        let ring = Arc::new(Self {
            slots: slots.into_boxed_slice(),
            is_claimed: AtomicBool::new(false),
        });
        let producer = Producer::claim(&ring)?;
        Some((producer, ring))
    }

    /// By a producer that is about to be: whether there is no other.
    pub(super) fn try_claim(&self) -> bool {
        // SYNC POINT claim: pairs with the store in `release_claim`; the next producer sees what the last
        // one wrote.
        !self.is_claimed.swap(true, Ordering::Acquire)
    }

    /// By a producer that is no more.
    pub(super) fn release_claim(&self) {
        // SYNC POINT claim: pairs with the exchange in `try_claim`.
        self.is_claimed.store(false, Ordering::Release);
    }

    /// The number of slots: how many events it retains.
    #[inline]
    pub const fn capacity(&self) -> usize {
        self.slots.len() - 1
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

    /// Asks the machine for what is wished of the slots' memory, before a run. Blocks as long as the
    /// machine takes for it.
    #[cfg(not(loom))]
    pub fn prepare_memory(&self, wishes: MemoryWishes) -> MemoryState {
        prepare_memory(MemoryRange::of(&self.slots), wishes)
    }

    /// Where `seq` lives.
    #[inline]
    pub(super) const fn slot_of(&self, seq: u64) -> usize {
        (seq % self.slots.len() as u64) as usize
    }

    /// The slots, for those who know their place in them.
    #[inline(always)]
    pub(super) const fn slots(&self) -> &[Slot] {
        &self.slots
    }

    /// Reads event `seq` from its slot, the one after `before`.
    #[inline(always)]
    pub(super) fn read_slot<const CLAIMS: bool>(
        &self,
        slot: usize,
        before: usize,
        seq: u64,
    ) -> Result<Option<Payload>, Overrun> {
        self.read_at::<CLAIMS>(&self.slots[slot], &self.slots[before], seq)
    }

    /// The same, for those who have the slots at hand.
    #[inline(always)]
    pub(super) fn read_at<const CLAIMS: bool>(
        &self,
        slot: &Slot,
        before: &Slot,
        seq: u64,
    ) -> Result<Option<Payload>, Overrun> {
        let last = seq.wrapping_add(self.capacity() as u64);
        match slot.read::<CLAIMS>(seq, before, last) {
            SlotRead::Intact(payload) => Ok(Some(payload)),
            SlotRead::NotYet => Ok(None),
            SlotRead::Overwritten(stamp) => Err(self.overrun(seq, stamp)),
        }
    }

    /// The snapshot of a reader that wanted `seq` and found `stamp` in its place, or before it.
    #[cold]
    fn overrun(&self, seq: u64, stamp: Stamp) -> Overrun {
        // The search begins with the slot of that very stamp, and with an acquire: whatever the caller asks
        // next is not behind this snapshot.
        let known = self.bounds_from(stamp.head() - 1);
        // Bug 3 of the loom model: the last event that is gone still counts as readable.
        let off_by_one = u64::from(cfg!(feature = "planted-bug-3"));
        Overrun {
            requested: seq,
            oldest: known.oldest - off_by_one,
            head: known.head,
        }
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
        let slot = self.slot_of(seq);
        let before = slot.checked_sub(1).unwrap_or(self.capacity());
        self.read_slot::<false>(slot, before, seq)
    }
}
