//! The object tier's ring: values of any type, one thread at a time.

use super::{Bounds, NotPublished, Overrun, ReadError, Readable};

/// A fixed number of slots that hold values of any type.
///
/// - **Threads**: one at a time; the owner sees to that (the bindings by the interpreter's lock).
/// - **Allocation**: the slots, once, in [`Self::try_new`].
/// - **Full**: the oldest value is handed back to the caller, who drops it when the ring's own state
///   is settled, so that a destructor may publish again.
/// - **Complexity**: every operation is O(1).
#[derive(Debug)]
pub struct ObjectRing<T> {
    slots: Box<[Option<T>]>,
    /// The next sequence to be published.
    head: u64,
    /// `head % slots.len()`, kept so that publishing needs no division.
    head_slot: usize,
}

/// What a publication did.
#[derive(Debug)]
pub struct Published<T> {
    /// The sequence of the new value.
    pub seq: u64,
    /// The value it pushed out. Drop it only after every borrow of the ring has ended.
    pub evicted: Option<T>,
}

impl<T> ObjectRing<T> {
    /// A ring of exactly `capacity` slots, or `None` if there is not the memory for it.
    ///
    /// # Panics
    /// Panics if `capacity` is 0; callers check their input first.
    pub fn try_new(capacity: usize) -> Option<Self> {
        assert!(capacity > 0, "a ring needs at least one slot");
        let mut slots = Vec::new();
        slots.try_reserve_exact(capacity).ok()?;
        slots.resize_with(capacity, || None);
        Some(Self {
            slots: slots.into_boxed_slice(),
            head: 0,
            head_slot: 0,
        })
    }

    /// The number of slots.
    #[inline]
    pub const fn capacity(&self) -> usize {
        self.slots.len()
    }

    /// The next sequence to be published.
    #[inline]
    pub const fn head(&self) -> u64 {
        self.head
    }

    /// Publishes `item` and hands back what it pushed out.
    #[inline]
    pub fn publish(&mut self, item: T) -> Published<T> {
        let seq = self.head;
        let evicted = self.slots[self.head_slot].replace(item);
        self.head += 1;
        self.head_slot += 1;
        if self.head_slot == self.slots.len() {
            self.head_slot = 0;
        }
        Published { seq, evicted }
    }

    /// The value at `seq`.
    ///
    /// # Errors
    /// Returns an error if `seq` was overwritten or is not published yet.
    #[inline]
    pub fn get(&self, seq: u64) -> Result<&T, ReadError> {
        match self.read(seq) {
            Ok(Some(item)) => Ok(item),
            Ok(None) => Err(ReadError::NotPublished(NotPublished {
                requested: seq,
                head: self.head,
            })),
            Err(overrun) => Err(ReadError::Overrun(overrun)),
        }
    }

    /// What is retained now.
    #[inline]
    pub const fn bounds(&self) -> Bounds {
        Bounds::of(self.head, self.slots.len() as u64)
    }

    /// Every value held, in slot order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.slots.iter().flatten()
    }

    /// Takes every value out, in slot order; the sequences stay as they are.
    ///
    /// For a garbage collector that breaks cycles, and for an owner that ends: nobody reads any more.
    pub fn drain(&mut self) -> impl Iterator<Item = T> + '_ {
        self.slots.iter_mut().filter_map(Option::take)
    }

    /// The value at `seq`: `Ok(None)` if it is not published yet.
    ///
    /// # Errors
    /// Returns an error if `seq` was overwritten.
    #[inline]
    pub fn read(&self, seq: u64) -> Result<Option<&T>, Overrun> {
        let behind = self.head.saturating_sub(seq);
        if behind > self.slots.len() as u64 {
            return Err(Overrun::at(seq, self.bounds()));
        }
        // The distance to the head is at most the capacity, so one conditional add replaces a
        // division; distance 0 (caught up) is a filled slot of another sequence.
        let behind_slots = behind as usize;
        if behind_slots == 0 {
            return Ok(None);
        }
        let slot = if behind_slots <= self.head_slot {
            self.head_slot - behind_slots
        } else {
            self.head_slot + self.slots.len() - behind_slots
        };
        Ok(self.slots.get(slot).and_then(Option::as_ref))
    }
}

impl<T: Clone> Readable for ObjectRing<T> {
    type Item = T;

    #[inline]
    fn bounds(&self) -> Bounds {
        self.bounds()
    }

    #[inline]
    fn read(&self, seq: u64) -> Result<Option<T>, Overrun> {
        Ok(self.read(seq)?.cloned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_every_head_a_ring_retains_its_last_values_and_nothing_else() {
        for capacity in 1..=5_u64 {
            let mut ring = ObjectRing::try_new(capacity as usize).expect("memory for a few slots");
            assert_eq!(ring.capacity() as u64, capacity);
            for head in 0..=3 * capacity {
                let bounds = Bounds::of(head, capacity);
                assert_eq!((ring.head(), ring.bounds()), (head, bounds));
                assert_eq!(Readable::bounds(&ring), bounds);
                for seq in 0..head + 3 {
                    check_read(&ring, bounds, seq);
                }
                let mut held: Vec<u64> = ring.iter().copied().collect();
                held.sort_unstable();
                assert!(
                    held.into_iter()
                        .eq((bounds.oldest..head).map(|seq| 10 * seq))
                );
                let published = ring.publish(10 * head);
                let evicted = head.checked_sub(capacity).map(|seq| 10 * seq);
                assert_eq!((published.seq, published.evicted), (head, evicted));
            }
        }
    }

    fn check_read(ring: &ObjectRing<u64>, bounds: Bounds, seq: u64) {
        let head = bounds.head;
        let (requested, value) = (seq, 10 * seq);
        if seq < bounds.oldest {
            let overrun = Overrun::at(seq, bounds);
            assert_eq!(ring.read(seq), Err(overrun));
            assert_eq!(Readable::read(ring, seq), Err(overrun));
            assert_eq!(ring.get(seq), Err(ReadError::Overrun(overrun)));
        } else if seq < head {
            assert_eq!(ring.read(seq), Ok(Some(&value)));
            assert_eq!(Readable::read(ring, seq), Ok(Some(value)));
            assert_eq!(ring.get(seq), Ok(&value));
        } else {
            let none = NotPublished { requested, head };
            assert_eq!(ring.read(seq), Ok(None));
            assert_eq!(Readable::read(ring, seq), Ok(None));
            assert_eq!(ring.get(seq), Err(ReadError::NotPublished(none)));
        }
    }

    #[test]
    fn a_drained_ring_keeps_its_sequences_and_holds_nothing() {
        let mut ring = ObjectRing::try_new(3).expect("memory for three slots");
        (0..5).for_each(|seq| drop(ring.publish(seq)));
        assert_eq!(ring.drain().collect::<Vec<_>>(), [3, 4, 2]);
        assert_eq!((ring.iter().count(), ring.head()), (0, 5));
        assert_eq!(ring.read(4), Ok(None));
    }

    #[test]
    fn an_impossible_capacity_is_refused() {
        assert!(ObjectRing::<u64>::try_new(usize::MAX).is_none());
    }
}
