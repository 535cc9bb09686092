//! What the stages need of a ring: written to by one, read with recovery by the others.

use crate::bus::{EventReader, Overrun, Payload, Producer, Reader};

/// The writing end of a ring.
pub trait Publish {
    /// Publishes one event. Never fails.
    fn publish(&mut self, payload: Payload);
}

/// A reader that can go on after an overrun, and keeps the books of what it missed.
pub trait Recover: Reader {
    /// Fills `out` from its start and returns how many events it got.
    ///
    /// # Errors
    /// Returns an error if the very next event is gone.
    fn read_batch(&mut self, out: &mut [Payload]) -> Result<usize, Overrun>;

    /// Whether at least `count` events are unread, readable or lost.
    fn has_unread(&self, count: u64) -> bool;

    /// Slots of the ring: more events than that are never there at once.
    fn capacity(&self) -> usize;

    /// Skips to the oldest event that can be read, and says how many were lost by it.
    fn recover_to_oldest(&mut self) -> u64;

    /// Skips to the next event to be published, and says how many events that skipped.
    fn recover_to_head(&mut self) -> u64;

    /// Begins anew at the very oldest event, with empty books, and says how many events the place
    /// moved by. For a ring nobody writes to any more, where landing half a ring behind the head
    /// would skip what can be read at leisure.
    fn restart_at_oldest(&mut self) -> u64;

    /// Sequences this reader expected and will never read.
    fn lost(&self) -> u64;

    /// The part of [`Self::lost`] that was still readable when it was skipped.
    fn shed(&self) -> u64;
}

impl Publish for Producer {
    #[inline(always)]
    fn publish(&mut self, payload: Payload) {
        Self::publish(self, payload);
    }
}

impl<const CLAIMS: bool> Recover for EventReader<CLAIMS> {
    #[inline(always)]
    fn read_batch(&mut self, out: &mut [Payload]) -> Result<usize, Overrun> {
        self.read_into(out)
    }

    #[inline(always)]
    fn has_unread(&self, count: u64) -> bool {
        Self::has_unread(self, count)
    }

    fn capacity(&self) -> usize {
        self.ring().capacity()
    }

    fn recover_to_oldest(&mut self) -> u64 {
        self.reset_to_oldest()
    }

    fn recover_to_head(&mut self) -> u64 {
        self.reset_to_head()
    }

    fn restart_at_oldest(&mut self) -> u64 {
        Self::restart_at_oldest(self)
    }

    fn lost(&self) -> u64 {
        Self::lost(self)
    }

    fn shed(&self) -> u64 {
        Self::shed(self)
    }
}
