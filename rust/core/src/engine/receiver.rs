//! The feed as its receiver sees it: from the transport's sequence numbers alone.
//!
//! The transport numbers its events like the source, from 0. A receiver knows nothing of why one is missing;
//! it sees a number that is too high, one that it has had before, or one that fills a gap it saw.

/// Sequences below the newest that a receiver remembers one by one; what is older has been, as far as it knows.
pub const RECEIVER_WINDOW: u64 = 64;

/// What arrived, by number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Receiver {
    /// The next sequence it expects.
    expected: u64,
    /// Which of the last [`RECEIVER_WINDOW`] it has had: bit `n` is the one `n + 1` below `expected`.
    had: u64,
    newest_ns: Option<u64>,
    gaps: u64,
    repeats: u64,
    reordered: u64,
}

impl Receiver {
    /// The event with this sequence arrives.
    #[inline]
    pub fn receive(&mut self, seq: u64, now_ns: u64) {
        if seq >= self.expected {
            let missed = seq - self.expected;
            self.gaps += missed;
            let shift = u32::try_from(missed + 1).unwrap_or(u32::MAX);
            self.had = self.had.checked_shl(shift).unwrap_or(0) | 1;
            self.expected = seq + 1;
            self.newest_ns = Some(now_ns);
            return;
        }
        let age = self.expected - seq - 1;
        let bit = if age < RECEIVER_WINDOW { 1 << age } else { 0 };
        if bit == 0 || self.had & bit != 0 {
            self.repeats += 1;
        } else {
            self.had |= bit;
            self.reordered += 1;
            self.newest_ns = Some(now_ns);
        }
    }

    /// When the last event came that it had not had before.
    pub const fn newest_ns(&self) -> Option<u64> {
        self.newest_ns
    }

    /// Sequences that were missing when a higher one came; one that came later is among them still.
    pub const fn gaps(&self) -> u64 {
        self.gaps
    }

    /// Events it has had before.
    pub const fn repeats(&self) -> u64 {
        self.repeats
    }

    /// Events that came late, and filled a gap.
    pub const fn reordered(&self) -> u64 {
        self.reordered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (gaps, repeats, reordered) after these have arrived at 0, 1, 2, ..., and when the last new one did.
    fn seen(seqs: &[u64]) -> ((u64, u64, u64), Option<u64>) {
        let mut receiver = Receiver::default();
        for (at_ns, &seq) in seqs.iter().enumerate() {
            receiver.receive(seq, at_ns as u64);
        }
        let counts = (receiver.gaps(), receiver.repeats(), receiver.reordered());
        (counts, receiver.newest_ns())
    }

    #[test]
    fn it_tells_a_gap_a_repeat_and_a_late_event_apart() {
        assert_eq!(seen(&[]), ((0, 0, 0), None));
        assert_eq!(seen(&[0, 1, 2]), ((0, 0, 0), Some(2)));
        assert_eq!(seen(&[0, 1, 1, 1]), ((0, 2, 0), Some(1)));
        assert_eq!(seen(&[0, 4, 5]), ((3, 0, 0), Some(2)));
        // A gap before the very first, too.
        assert_eq!(seen(&[2]), ((2, 0, 0), Some(0)));
        assert_eq!(seen(&[1, 0, 3, 2]), ((2, 0, 2), Some(3)));
        // Late, and late again.
        assert_eq!(seen(&[1, 0, 0]), ((1, 1, 1), Some(1)));
    }

    #[test]
    fn what_is_older_than_its_window_it_takes_for_a_repeat() {
        let window = RECEIVER_WINDOW;
        assert_eq!(seen(&[window, 1]).0, (window, 0, 1));
        assert_eq!(seen(&[window, 0]).0, (window, 1, 0));
        // A gap wider than the window leaves nothing of what was before it.
        assert_eq!(seen(&[0, 200, 0, 199]).0, (199, 1, 1));
        assert_eq!(seen(&[u64::MAX - 1, 3]).0, (u64::MAX - 1, 1, 0));
    }
}
