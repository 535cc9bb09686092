//! Pauses of the machine with the moment they happened at, noted by a loop that looks at the clock.

/// A stretch of time in which nothing ran.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Pause {
    /// The last reading of the clock before it.
    pub start_ns: u64,
    /// To the first reading after it.
    pub length_ns: u64,
}

impl Pause {
    /// The first reading after it.
    pub const fn end_ns(self) -> u64 {
        self.start_ns.saturating_add(self.length_ns)
    }
}

/// Pauses that a stage's loop noted between two idle looks at the clock.
///
/// One owner. [`Self::note`] is O(1) and allocates nothing. Room for a fixed number of pauses; what
/// finds none is counted in [`Self::forgotten`].
///
/// Only a gap with no work in it is the machine's: a loop that did something calls [`Self::busy`]
/// before it looks at the clock again.
#[derive(Debug, Clone)]
pub struct PauseLog {
    threshold_ns: u64,
    /// The last idle look; `u64::MAX` if there was work since.
    last_ns: u64,
    pauses: Vec<Pause>,
    capacity: usize,
    forgotten: u64,
}

impl PauseLog {
    /// A log for `capacity` gaps longer than `threshold_ns`; its memory is written, so that noting
    /// meets no page fault.
    pub fn new(capacity: usize, threshold_ns: u64) -> Self {
        Self {
            threshold_ns,
            last_ns: u64::MAX,
            pauses: touched(capacity),
            capacity,
            forgotten: 0,
        }
    }

    /// The loop has nothing to do, and it is `now_ns`.
    #[inline]
    pub fn note(&mut self, now_ns: u64) {
        if now_ns.saturating_sub(self.last_ns) > self.threshold_ns {
            self.keep(now_ns);
        }
        self.last_ns = now_ns;
    }

    /// The loop did something: the time until its next look is its own.
    #[inline]
    pub const fn busy(&mut self) {
        self.last_ns = u64::MAX;
    }

    #[cold]
    fn keep(&mut self, now_ns: u64) {
        if self.pauses.len() == self.capacity {
            self.forgotten += 1;
            return;
        }
        self.pauses.push(Pause {
            start_ns: self.last_ns,
            length_ns: now_ns - self.last_ns,
        });
    }

    /// The pauses noted, in order.
    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// Pauses that found no room.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

/// An empty vector whose memory has been written.
pub(super) fn touched(capacity: usize) -> Vec<Pause> {
    // Zeroes could be promised by the operating system without a page behind them.
    let written = Pause {
        start_ns: u64::MAX,
        length_ns: u64::MAX,
    };
    let mut pauses = vec![written; capacity];
    pauses.clear();
    pauses
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_between_two_idle_looks_is_noted_with_its_start() {
        let mut log = PauseLog::new(4, 100);
        for now_ns in [50, 150, 251, 300, 5_000, 5_100] {
            log.note(now_ns);
        }
        let pause = |start_ns, length_ns| Pause {
            start_ns,
            length_ns,
        };
        assert_eq!(log.pauses(), [pause(150, 101), pause(300, 4_700)]);
        assert_eq!(log.pauses()[1].end_ns(), 5_000);
    }

    #[test]
    fn the_time_of_work_is_not_the_machines() {
        let mut log = PauseLog::new(4, 100);
        log.note(50);
        log.busy();
        log.note(9_000);
        assert_eq!(log.pauses(), []);
        log.note(9_200);
        assert_eq!(log.pauses().len(), 1);
    }

    #[test]
    fn what_finds_no_room_is_counted() {
        let mut log = PauseLog::new(1, 1);
        (0..4).for_each(|turn| log.note(turn * 10));
        assert_eq!((log.pauses().len(), log.forgotten()), (1, 2));
    }

    #[test]
    fn the_room_for_pauses_is_there_before_the_first() {
        let pauses = touched(7);
        assert_eq!((pauses.len(), pauses.capacity()), (0, 7));
    }
}
