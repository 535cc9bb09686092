//! How far ahead a producer and a reader ask for the lines of their next slots.
//!
//! Measured on two cores of an Intel Xeon (Sapphire Rapids), 64-byte events, rates in million a second:
//!
//! - **Reader**: with 65,536 slots the lines come from the shared cache, and 16 lines ahead passed 195, 32 passed
//!   275 and 64 passed 310. With 1,024 they are still in the producer's own cache; 64 passed 160 there, 16 passed 167.
//! - **Producer**: what it asks for too soon, it takes away from a reader that is not done with it. With 1,024
//!   slots and a producer that never waits 16 ahead lost 3 to 92 % of the events, 4 ahead 1 %, at the same rate.
//!   With 8,192 slots 16 ahead passed 302, 4 to 8 ahead 290.
//! - **A single event** comes sooner if its reader has asked for the line before the producer does, so the reader's
//!   distance is the longer one: 222 ns there and back instead of 240.

/// Up to this many slots the two sides are never far enough apart: each would take away the lines that the
/// other is about to use.
const SLOTS_TOO_FEW: usize = 512;

/// The distance of one side for a ring of so many slots: a share of the ring, within bounds; 0 asks for the slot at
/// hand, which costs and does nothing.
fn distance(slots: usize, share: usize, least: usize, most: usize) -> usize {
    if slots <= SLOTS_TOO_FEW {
        0
    } else {
        (slots / share).clamp(least, most)
    }
}

/// How far ahead a reader of a ring of so many slots asks.
pub(super) fn reading_distance(slots: usize) -> usize {
    distance(slots, 64, 16, 64)
}

/// How far ahead the producer of a ring of so many slots asks.
pub(super) fn writing_distance(slots: usize) -> usize {
    distance(slots, 256, 4, 16)
}

/// A slot, the one before it and the one some way ahead, all going round the slots from `first` to `end`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    /// The slot before.
    pub(super) before: usize,
    /// The slot at hand.
    pub(super) slot: usize,
    /// The slot to ask for.
    pub(super) ahead: usize,
}

impl Place {
    /// The place at `slot` of a ring from `first` to `end`, which asks `distance` slots ahead, fewer than there are.
    #[inline]
    pub(super) const fn at(slot: usize, first: usize, end: usize, distance: usize) -> Self {
        // No division: a reader comes here after each stretch of slots.
        let ahead = slot + distance;
        Self {
            before: Self::before(slot, first, end),
            slot,
            ahead: if ahead < end {
                ahead
            } else {
                ahead - (end - first)
            },
        }
    }

    /// The slot before `slot`.
    pub(super) const fn before(slot: usize, first: usize, end: usize) -> usize {
        if slot == first { end - 1 } else { slot - 1 }
    }

    /// One slot further.
    #[inline(always)]
    pub(super) const fn step(&mut self, first: usize, end: usize) {
        self.before = self.slot;
        self.slot += 1;
        if self.slot == end {
            self.slot = first;
        }
        self.ahead += 1;
        if self.ahead == end {
            self.ahead = first;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_side_asks_for_a_share_of_the_ring_within_bounds_and_small_rings_for_nothing_ahead() {
        let slots = [1, 512, 513, 1_025, 2_048, 4_096, 8_193, 1 << 20];
        let reading = slots.map(reading_distance);
        assert_eq!(reading, [0, 0, 16, 16, 32, 64, 64, 64]);
        assert_eq!(slots.map(writing_distance), [0, 0, 4, 4, 8, 16, 16, 16]);
    }

    #[test]
    fn a_place_goes_round_the_slots_with_the_one_before_and_the_one_ahead() {
        for (slots, ahead) in [(1, 0), (3, 0), (512, 0), (513, 4), (513, 16), (600, 64)] {
            let (first, end) = (7, 7 + slots);
            let mut place = Place::at(first, first, end, ahead);
            for turn in 0..2 * slots + 1 {
                let round = |offset: usize| first + offset % slots;
                let expected = (round(turn + slots - 1), round(turn), round(turn + ahead));
                let fresh = Place::at(place.slot, first, end, ahead);
                for Place {
                    before,
                    slot,
                    ahead,
                } in [place, fresh]
                {
                    assert_eq!((before, slot, ahead), expected, "{slots} slots, {turn}");
                }
                place.step(first, end);
            }
        }
    }
}
