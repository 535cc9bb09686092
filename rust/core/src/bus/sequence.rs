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
