//! Sequence arithmetic: what a ring retains, and what it says about the rest.

use core::fmt;

/// What a ring retains at one moment: the sequences `[oldest, head)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// The oldest sequence that can still be read.
    pub oldest: u64,
    /// The next sequence to be published.
    pub head: u64,
}

impl Bounds {
    /// The bounds of a quiescent ring of `capacity` slots: `[max(0, head − capacity), head)`.
    #[inline]
    pub const fn of(head: u64, capacity: u64) -> Self {
        Self {
            oldest: head.saturating_sub(capacity),
            head,
        }
    }

    /// Where a reader of these bounds goes on that was overrun, if the oldest events are what it wants: half a ring
    /// of `capacity` slots behind the head, for at the oldest itself the producer would overrun it again at once.
    pub fn recovery(self, capacity: u64) -> u64 {
        self.head
            .saturating_sub(capacity.div_ceil(2))
            .max(self.oldest)
    }
}

/// `requested` was overwritten before it was read: a snapshot of the ring at that moment.
///
/// The cursor stays where it is; every further read says the same until it recovers explicitly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overrun {
    /// The sequence that was asked for.
    pub requested: u64,
    /// The oldest sequence that could be read at that moment.
    pub oldest: u64,
    /// The next sequence to be published at that moment.
    pub head: u64,
}

impl Overrun {
    /// The overrun of a reader that asked for `requested` in a ring with these bounds.
    #[inline]
    pub const fn at(requested: u64, bounds: Bounds) -> Self {
        Self {
            requested,
            oldest: bounds.oldest,
            head: bounds.head,
        }
    }

    /// How many sequences from `requested` on are gone: `oldest − requested`.
    #[inline]
    pub const fn lost(self) -> u64 {
        self.oldest - self.requested
    }
}

impl fmt::Display for Overrun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sequence {} was overwritten: {} lost, readable now [{}, {})",
            self.requested,
            self.lost(),
            self.oldest,
            self.head
        )
    }
}

impl core::error::Error for Overrun {}

/// `requested` is at or beyond the head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotPublished {
    /// The sequence that was asked for.
    pub requested: u64,
    /// The next sequence to be published at that moment.
    pub head: u64,
}

/// Why a sequence could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadError {
    /// It was overwritten.
    Overrun(Overrun),
    /// It does not exist yet.
    NotPublished(NotPublished),
}

/// Where a new reader begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// At the oldest sequence the ring retains.
    Oldest,
    /// At the next sequence to be published.
    Head,
    /// At this sequence; one already overwritten makes the first read an [`Overrun`].
    Sequence(u64),
}

/// A start beyond the head: no such sequence yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StartError {
    /// The sequence that was asked for.
    pub requested: u64,
    /// The next sequence to be published at that moment.
    pub head: u64,
}

impl Start {
    /// The first sequence a reader will ask for.
    ///
    /// # Errors
    /// Returns an error if the start lies beyond the head.
    pub const fn resolve(self, bounds: Bounds) -> Result<u64, StartError> {
        match self {
            Self::Oldest => Ok(bounds.oldest),
            Self::Head => Ok(bounds.head),
            Self::Sequence(requested) if requested <= bounds.head => Ok(requested),
            Self::Sequence(requested) => Err(StartError {
                requested,
                head: bounds.head,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_retains_its_last_events_and_a_young_one_all() {
        let of = |head| (Bounds::of(head, 4).oldest, Bounds::of(head, 4).head);
        assert_eq!([0, 4, 5, 9].map(of), [(0, 0), (0, 4), (1, 5), (5, 9)]);
    }

    #[test]
    fn a_reader_goes_on_half_a_ring_behind_the_head_and_never_before_the_oldest() {
        let recovery = |head, capacity| Bounds::of(head, capacity).recovery(capacity);
        assert_eq!([recovery(20, 4), recovery(20, 5)], [18, 17]);
        assert_eq!([recovery(20, 1), recovery(2, 8)], [19, 0]);
        let moved = Bounds {
            oldest: 19,
            head: 20,
        };
        assert_eq!(moved.recovery(4), 19);
    }

    #[test]
    fn an_overrun_says_what_was_asked_for_what_is_gone_and_what_is_there() {
        let overrun = Overrun::at(3, Bounds::of(20, 4));
        assert_eq!((overrun.requested, overrun.lost()), (3, 13));
        assert_eq!((overrun.oldest, overrun.head), (16, 20));
        assert_eq!(
            overrun.to_string(),
            "sequence 3 was overwritten: 13 lost, readable now [16, 20)"
        );
    }

    #[test]
    fn a_start_is_what_it_names_and_nothing_beyond_the_head() {
        let bounds = Bounds::of(20, 4);
        assert_eq!(Start::Oldest.resolve(bounds), Ok(16));
        assert_eq!(Start::Head.resolve(bounds), Ok(20));
        for seq in [0, 15, 16, 20] {
            assert_eq!(Start::Sequence(seq).resolve(bounds), Ok(seq));
        }
        let beyond = StartError {
            requested: 21,
            head: 20,
        };
        assert_eq!(Start::Sequence(21).resolve(bounds), Err(beyond));
    }
}
