//! How far ahead a producer and a reader ask for the lines of their next slots.

/// Slots ahead: far enough for a line to cross between two cores, about as many as a core can wait for.
const DISTANCE: usize = 16;

/// Below this many slots the two sides are never far enough apart: each would take away the lines that the
/// other is about to use.
const CAPACITY_MIN: usize = 512;

/// The distance for a ring of `capacity` slots; 0 asks for the slot at hand, which costs and does nothing.
pub(super) const fn distance(capacity: usize) -> usize {
    if capacity < CAPACITY_MIN { 0 } else { DISTANCE }
}

/// A slot and the one some way ahead of it, both going round a ring of `capacity` slots.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The slot at hand.
    pub(super) slot: usize,
    /// The slot to ask for.
    pub(super) ahead: usize,
}

impl Place {
    /// The place at `slot`.
    pub(super) const fn at(slot: usize, capacity: usize) -> Self {
        let ahead = slot + distance(capacity);
        Self {
            slot,
            ahead: if ahead >= capacity {
                ahead - capacity
            } else {
                ahead
            },
        }
    }

    /// One slot further.
    #[inline(always)]
    pub(super) const fn step(&mut self, capacity: usize) {
        self.slot += 1;
        if self.slot == capacity {
            self.slot = 0;
        }
        self.ahead += 1;
        if self.ahead == capacity {
            self.ahead = 0;
        }
    }
}
