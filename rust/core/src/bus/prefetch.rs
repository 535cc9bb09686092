//! How far ahead a producer and a reader ask for the lines of their next slots.

/// Slots ahead: far enough for a line to cross between two cores, about as many as a core can wait for.
const DISTANCE: usize = 16;

/// Up to this many slots the two sides are never far enough apart: each would take away the lines that the
/// other is about to use.
const SLOTS_TOO_FEW: usize = 512;

/// The distance for a ring of so many slots; 0 asks for the slot at hand, which costs and does nothing.
pub(super) const fn distance(slots: usize) -> usize {
    if slots <= SLOTS_TOO_FEW { 0 } else { DISTANCE }
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
    /// The place at `slot` of a ring from `first` to `end`.
    pub(super) const fn at(slot: usize, first: usize, end: usize) -> Self {
        let slots = end - first;
        Self {
            before: Self::before(slot, first, end),
            slot,
            ahead: first + (slot - first + distance(slots)) % slots,
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
    fn small_rings_ask_for_nothing_ahead() {
        assert_eq!([1, 512, 513, 1 << 20].map(distance), [0, 0, 16, 16]);
    }

    #[test]
    fn a_place_goes_round_the_slots_with_the_one_before_and_the_one_ahead() {
        for (slots, ahead) in [(1, 0), (3, 0), (512, 0), (513, 16), (600, 16)] {
            let (first, end) = (7, 7 + slots);
            let mut place = Place::at(first, first, end);
            for turn in 0..2 * slots + 1 {
                let round = |offset: usize| first + offset % slots;
                let expected = (round(turn + slots - 1), round(turn), round(turn + ahead));
                let fresh = Place::at(place.slot, first, end);
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
