//! The native tier's ring: 56-byte events, one producer, any number of readers on any threads.

use core::fmt;

use super::prefetch::Place;
use super::slot::{MAX_EVENTS, Payload, Slot, SlotRead, Stamp};
use super::{Bounds, Overrun, Producer, Readable};
#[cfg(not(loom))]
use super::{EventReader, Start, StartError};
#[cfg(not(loom))]
use crate::os::{MemoryRange, MemoryState, MemoryWishes, Refusal, prepare_memory, unlock_memory};
use crate::planted;
use crate::sync::{Arc, AtomicBool, Ordering};

/// A fixed number of 64-byte slots, and one to spare (`slot.rs` has the protocol).
///
/// - **Threads**: one [`Producer`]; reads from any number of threads, here or through an
///   [`EventReader`], which is the fast way.
/// - **Blocking**: never, on either side. A publication is eight stores into one cache line and looks at
///   no reader. No word says where the head is: `head.rs` finds it from the stamps.
/// - **Allocation**: the slots, once, in [`Self::try_new`]. Those of a ring that has room for a huge page
///   begin where one can begin, so that all of them but the spare one can lie on huge pages.
/// - **Full**: the oldest event is given up; who misses it learns how many it missed. At any moment a
///   ring retains exactly `[max(0, head − capacity), head)`.
/// - **Limit**: [`MAX_EVENTS`] events in the life of a ring.
pub struct EventRing {
    /// First what is left unused so that the ring begins on a huge page's boundary, then the ring's own: one
    /// more than the capacity, for the next event is written there while every retained one stays.
    slots: Vec<Slot>,
    /// The first of the ring's own.
    first: usize,
    /// How many events it retains.
    capacity: usize,
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
        let slack = slack_slots(with_spare);
        slots
            .try_reserve_exact(with_spare.checked_add(slack)?)
            .ok()?;
        // Within what was reserved nothing moves any more.
        let first = if slack > 0 {
            unaligned_slots(&slots)
        } else {
            0
        };
        slots.resize_with(first + with_spare, Slot::new);
        let ring = Arc::new(Self {
            slots,
            first,
            capacity,
            is_claimed: AtomicBool::new(false),
        });
        let producer = Producer::claim(&ring)?;
        Some((producer, ring))
    }

    /// By a producer that is about to be: whether there is no other.
    pub(super) fn try_claim(&self) -> bool {
        if planted::bug(34) {
            let is_free = !self.is_claimed.load(Ordering::Relaxed);
            self.is_claimed.store(true, Ordering::Relaxed);
            return is_free;
        }
        // SYNC POINT claim: pairs with the store in `release_claim`; the next producer sees what the last
        // one wrote.
        let order = planted::order(15, Ordering::Acquire);
        !self.is_claimed.swap(true, order)
    }

    /// By a producer that is no more.
    pub(super) fn release_claim(&self) {
        // SYNC POINT claim: pairs with the exchange in `try_claim`.
        let order = planted::order(16, Ordering::Release);
        self.is_claimed.store(false, order);
    }

    /// The number of slots: how many events it retains.
    #[inline]
    pub const fn capacity(&self) -> usize {
        self.capacity
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
        prepare_memory(self.memory(), wishes)
    }

    /// Lets locked memory of the slots go, after a run: freeing it need not.
    ///
    /// # Errors
    /// Returns a refusal if the machine does not let it.
    #[cfg(not(loom))]
    pub fn unlock_memory(&self) -> Result<(), Refusal> {
        unlock_memory(self.memory())
    }

    #[cfg(not(loom))]
    fn memory(&self) -> MemoryRange<'_> {
        MemoryRange::of(&self.slots[self.first..])
    }

    /// Where `seq` lives.
    #[inline]
    pub(super) const fn slot_of(&self, seq: u64) -> usize {
        self.first + (seq % (self.capacity as u64 + 1)) as usize
    }

    /// The slots, for those who know their place in them; the ring's own end with the last.
    #[inline(always)]
    pub(super) const fn slots(&self) -> &[Slot] {
        self.slots.as_slice()
    }

    /// The place of `seq`, for an end that goes on from there without a division and asks `distance` ahead.
    pub(super) const fn place_of(&self, seq: u64, distance: usize) -> Place {
        Place::at(self.slot_of(seq), self.first, self.slots.len(), distance)
    }

    /// How many slots it really has: one more than the capacity.
    pub(super) const fn slot_count(&self) -> usize {
        self.slots.len() - self.first
    }

    /// The first slot of the ring's own.
    #[inline(always)]
    pub(super) const fn first_slot(&self) -> usize {
        self.first
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
        // Bug 3: the last event that is gone still counts as readable.
        let off_by_one = u64::from(planted::bug(3));
        Overrun {
            requested: seq,
            oldest: known.oldest.wrapping_sub(off_by_one),
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
        let before = Place::before(slot, self.first, self.slots.len());
        self.read_slot::<false>(slot, before, seq)
    }
}

/// A huge page of the usual size, in slots.
const HUGE_PAGE_SLOTS: usize = (2 << 20) / size_of::<Slot>();

/// How many slots more than `slots` are reserved, so that they can begin on a huge page's boundary: none where
/// they have no room for one.
const fn slack_slots(slots: usize) -> usize {
    if cfg!(loom) || slots < HUGE_PAGE_SLOTS {
        0
    } else {
        HUGE_PAGE_SLOTS - 1
    }
}

/// How many slots of what is reserved lie before the first boundary of a huge page.
fn unaligned_slots(reserved: &[Slot]) -> usize {
    let address = reserved.as_ptr().addr();
    let boundary = address.next_multiple_of(HUGE_PAGE_SLOTS * size_of::<Slot>());
    (boundary - address) / size_of::<Slot>()
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_ring_says_how_large_it_is_and_what_it_retains() {
        let (mut producer, ring) = EventRing::try_new(3).expect("memory for three slots");
        producer.publish_many((0..5).map(|seq| [seq; 7]));
        assert_eq!(Readable::bounds(&*ring), Bounds::of(5, 3));
        assert_eq!((ring.capacity(), ring.slot_count()), (3, 4));
        assert_eq!(
            format!("{ring:?}"),
            "EventRing { capacity: 3, bounds: Bounds { oldest: 2, head: 5 }, .. }"
        );
    }

    #[test]
    fn at_every_head_a_ring_retains_its_last_events_and_nothing_else() {
        for capacity in 1..=5 {
            let (mut producer, ring) = EventRing::try_new(capacity).expect("memory");
            for head in 0..=3 * capacity as u64 {
                let bounds = Bounds::of(head, capacity as u64);
                for seq in 0..head + 3 {
                    let expected = if seq < bounds.oldest {
                        Err(Overrun::at(seq, bounds))
                    } else {
                        Ok((seq < head).then_some([seq; 7]))
                    };
                    assert_eq!(ring.read(seq), expected, "{seq} in {bounds:?}");
                }
                producer.publish([head; 7]);
            }
        }
    }

    #[test]
    fn a_ring_with_room_for_a_huge_page_begins_where_one_can_begin() {
        assert_eq!(HUGE_PAGE_SLOTS, 32_768);
        for capacity in [
            HUGE_PAGE_SLOTS - 1,
            HUGE_PAGE_SLOTS,
            3 * HUGE_PAGE_SLOTS + 7,
        ] {
            let (_producer, ring) = EventRing::try_new(capacity).expect("memory");
            let own = &ring.slots[ring.first..];
            assert_eq!((own.len(), ring.capacity()), (capacity + 1, capacity));
            assert!(own.as_ptr().addr().is_multiple_of(2 << 20), "{capacity}");
            let reserved = own.len() + HUGE_PAGE_SLOTS - 1;
            assert_eq!(ring.slots.capacity(), reserved, "{capacity}");
        }
    }

    #[test]
    fn a_small_ring_takes_no_more_memory_than_its_slots() {
        for capacity in [1, 1_024, HUGE_PAGE_SLOTS - 2] {
            let (_producer, ring) = EventRing::try_new(capacity).expect("memory");
            assert_eq!((ring.first, ring.slots.len()), (0, capacity + 1));
            assert_eq!(ring.slots.capacity(), capacity + 1);
        }
    }

    #[test]
    fn an_aligned_ring_wraps_where_it_should() {
        let (mut producer, ring) = EventRing::try_new(HUGE_PAGE_SLOTS).expect("memory");
        assert_eq!(ring.slot_count(), HUGE_PAGE_SLOTS + 1);
        let mut reader = ring.reader(Start::Oldest).expect("oldest exists");
        for seq in 0..3 * HUGE_PAGE_SLOTS as u64 {
            producer.publish([seq; 7]);
            let polled = crate::bus::Reader::poll(&mut reader);
            assert_eq!(polled, Ok(Some([seq; 7])));
            assert_eq!(ring.read(seq), Ok(Some([seq; 7])));
        }
        let mut reader = ring.reader(Start::Oldest).expect("oldest exists");
        let mut seen = Vec::with_capacity(HUGE_PAGE_SLOTS);
        let read = reader.read_with(usize::MAX, |[seq, ..]| seen.push(seq));
        assert_eq!(read, Ok(HUGE_PAGE_SLOTS));
        assert!(seen.into_iter().eq(2 * HUGE_PAGE_SLOTS as u64..ring.head()));
        assert_eq!(ring.head(), 3 * HUGE_PAGE_SLOTS as u64);
    }

    #[test]
    fn huge_pages_are_no_matter_of_a_ring_that_did_not_ask_for_them() {
        let (_producer, ring) = EventRing::try_new(1_024).expect("memory");
        let state = ring.prepare_memory(MemoryWishes::default());
        assert!(state.refused.is_empty(), "{state:?}");
    }

    #[cfg(all(target_os = "linux", not(elsewhere)))]
    #[test]
    fn all_of_a_ring_but_its_spare_slot_can_lie_on_huge_pages() {
        let (_producer, ring) = EventRing::try_new(2 * HUGE_PAGE_SLOTS).expect("memory");
        let wishes = MemoryWishes {
            huge_pages: true,
            ..MemoryWishes::default()
        };
        let state = ring.prepare_memory(wishes);
        if state.refused.is_empty() {
            // The spare one may lie in a mapping that has some of its own, by who had the memory before.
            assert!(state.huge_bytes >= Some(4 << 20), "{state:?}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_was_locked_for_a_run_is_let_go_after_it() {
        let (_producer, ring) = EventRing::try_new(256).expect("memory");
        let middle = core::ptr::from_ref(&ring.slots[128]).addr();
        let wishes = MemoryWishes {
            lock: true,
            ..MemoryWishes::default()
        };
        // Where so little may not be locked there is nothing to see.
        if ring.prepare_memory(wishes).locked {
            assert_ne!(locked_kilobytes_around(middle), 0);
            ring.unlock_memory()
                .expect("what is locked can be unlocked");
            assert_eq!(locked_kilobytes_around(middle), 0);
        }
    }

    /// What the kernel says is locked of the mapping that `address` lies in.
    #[cfg(target_os = "linux")]
    fn locked_kilobytes_around(address: usize) -> u64 {
        let smaps = std::fs::read_to_string("/proc/self/smaps").expect("linux has it");
        let number = |text| usize::from_str_radix(text, 16).ok();
        let mut lines = smaps.lines().skip_while(|line| {
            let range = line
                .split(' ')
                .next()
                .and_then(|range| range.split_once('-'));
            let range = range.and_then(|(start, end)| Some(number(start)?..number(end)?));
            !range.is_some_and(|range| range.contains(&address))
        });
        let locked = lines.find_map(|line| line.strip_prefix("Locked:"));
        let kilobytes = locked.and_then(|text| text.trim().strip_suffix(" kB"));
        kilobytes
            .expect("each mapping says it")
            .parse()
            .expect("a number")
    }
}
