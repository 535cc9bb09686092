//! What goes through every contender: 64 bytes, a stamp and 56 bytes of content that can be checked.
//!
//! A ring whose slot keeps a stamp of its own carries the [`Payload`]; one whose slot is the item alone
//! carries a [`Line`]. Either way one event is one cache line, if the ring leaves it at that.

use tickpath_core::bus::Payload;

/// What makes the words of one payload differ. The first is 0: word 0 is the sequence.
const SALT: Payload = [
    0,
    0x9e37_79b9_7f4a_7c15,
    0xbf58_476d_1ce4_e5b9,
    0x94d0_49bb_1331_11eb,
    0xd6e8_feb8_6659_fd93,
    0xa076_1d64_78bd_642f,
    0xe703_7ed1_a0b4_28db,
];

const SALT_SUM: u64 = {
    let (mut sum, mut word) = (0_u64, 0);
    while word < SALT.len() {
        sum = sum.wrapping_add(SALT[word]);
        word += 1;
    }
    sum
};

/// The content of event `seq`.
#[inline(always)]
pub(crate) fn payload(seq: u64) -> Payload {
    SALT.map(|salt| seq.wrapping_add(salt))
}

/// An event with its stamp, for slots that keep none.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub(crate) struct Line {
    stamp: u64,
    payload: Payload,
}

const _: () = assert!(size_of::<Line>() == 64);

impl Line {
    /// Event `seq`.
    #[inline(always)]
    pub(crate) fn of(seq: u64) -> Self {
        Self {
            stamp: seq,
            payload: payload(seq),
        }
    }
}

/// A reader's books: every event is checked, and what is missing is counted by the gap it leaves.
#[derive(Debug, Default)]
pub(crate) struct Check {
    /// The sequence that comes next.
    pub(crate) expected: u64,
    /// Sequences that were skipped.
    pub(crate) lost: u64,
    /// Events with wrong content, or older than one already seen.
    pub(crate) wrong: u64,
}

impl Check {
    /// Checks one event. The sum tells any mixture of two events.
    #[inline(always)]
    pub(crate) fn take(&mut self, payload: &Payload) {
        let seq = payload[0];
        let sum = payload.iter().fold(0_u64, |sum, &w| sum.wrapping_add(w));
        let right = sum
            == seq
                .wrapping_mul(payload.len() as u64)
                .wrapping_add(SALT_SUM);
        self.wrong += u64::from(!right || seq < self.expected);
        self.lost = self.lost.wrapping_add(seq.wrapping_sub(self.expected));
        self.expected = seq.wrapping_add(1);
    }

    /// Checks one event and its stamp.
    #[inline(always)]
    pub(crate) fn take_line(&mut self, line: &Line) {
        self.wrong += u64::from(line.stamp != line.payload[0]);
        self.take(&line.payload);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_events_in_order_are_right() {
        let mut check = Check::default();
        (0..100).for_each(|seq| check.take_line(&Line::of(seq)));
        assert_eq!((check.expected, check.lost, check.wrong), (100, 0, 0));
    }

    #[test]
    fn a_gap_is_counted_and_a_step_back_is_wrong() {
        let mut check = Check::default();
        [0, 4, 5].iter().for_each(|&seq| check.take(&payload(seq)));
        assert_eq!((check.expected, check.lost, check.wrong), (6, 3, 0));
        check.take(&payload(5));
        assert_eq!(check.wrong, 1);
    }

    #[test]
    fn any_mixture_of_two_events_is_wrong() {
        for mixture in 1..127_u32 {
            let (old, new) = (payload(7), payload(7 + 1_024));
            let torn = core::array::from_fn(|word| {
                if mixture >> word & 1 == 1 {
                    new[word]
                } else {
                    old[word]
                }
            });
            let mut check = Check::default();
            check.take(&torn);
            assert_eq!(check.wrong, 1, "mixture {mixture:b}");
        }
    }

    #[test]
    fn a_stamp_that_is_not_the_events_is_wrong() {
        let mut check = Check::default();
        check.take_line(&Line {
            stamp: 1,
            payload: payload(0),
        });
        assert_eq!(check.wrong, 1);
    }
}
