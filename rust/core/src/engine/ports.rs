//! What the stages need of a ring: written to by one, read with recovery by the other.

use crate::bus::{EventReader, Payload, Producer, Reader, Start};
use crate::sync::Arc;

/// The writing end of a ring.
pub trait Publish {
    /// Publishes one event. Never blocks, never fails.
    fn publish(&mut self, payload: Payload);
}

/// A reader that can go on after an overrun, and keeps the books of what it missed.
pub trait Recover: Reader {
    /// Skips to the oldest event that can be read, and says how many were lost by it.
    fn recover_to_oldest(&mut self) -> u64;

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
    #[inline]
    fn publish(&mut self, payload: Payload) {
        Self::publish(self, payload);
    }
}

impl Recover for EventReader {
    fn recover_to_oldest(&mut self) -> u64 {
        self.reset_to_oldest()
    }

    fn restart_at_oldest(&mut self) -> u64 {
        let expected = self.next_seq();
        // The oldest retained event is never beyond the head, which is all that is refused.
        if let Ok(fresh) = Self::new(Arc::clone(self.ring()), Start::Oldest) {
            *self = fresh;
        }
        self.next_seq() - expected
    }

    fn lost(&self) -> u64 {
        Self::lost(self)
    }

    fn shed(&self) -> u64 {
        Self::shed(self)
    }
}
