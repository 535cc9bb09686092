//! The books of the feed: what became of the events of its source, and what the receiver saw of it.

use crossbeam_utils::CachePadded;

use crate::metrics::Tally;
use crate::planted;
use crate::sync::{AtomicU64, Ordering};

/// What became of a feed's events.
///
/// `planned + repeats = published + withheld + unpublished`: every event of the plan was published for the
/// first time, withheld, or has not been published (yet).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FeedCounts {
    /// Events of the plan.
    pub planned: u64,
    /// Events that have come due, and were dealt with.
    pub due: u64,
    /// Events put into the ring; repeats among them.
    pub published: u64,
    /// Events that were due and lost at the source: the feed's own account.
    pub withheld: u64,
    /// When the last event was published that was no repeat.
    pub newest_ns: Option<u64>,
    /// Transport sequences that the receiver missed when a higher one came.
    pub gaps: u64,
    /// Events that the receiver had had before: duplicates, heartbeats.
    pub repeats: u64,
    /// Events that came late and filled a gap; they are in `gaps`, too.
    pub reordered: u64,
}

impl FeedCounts {
    /// Events of the plan that were neither published nor withheld (yet).
    pub const fn unpublished(&self) -> u64 {
        let fresh = self.published.saturating_sub(self.repeats);
        self.planned.saturating_sub(fresh + self.withheld)
    }

    /// Whether every event that came due is accounted for once; one may be on its way, to be published after
    /// its successor.
    pub const fn is_balanced(&self) -> bool {
        let accounted = self.published + self.withheld;
        let came = self.due + self.repeats;
        came == accounted || came == accounted + 1
    }
}

/// What the feed's thread says of itself while it runs: written by it alone, read by anybody.
#[derive(Debug, Default)]
pub(super) struct FeedBooks {
    /// Published, newest + 1.
    quick: CachePadded<(AtomicU64, AtomicU64)>,
    /// Of a feed with faults: published, withheld, gaps, repeats, reordered, newest + 1.
    tally: CachePadded<Tally<6>>,
}

impl FeedBooks {
    /// By a feed without faults: that is all there is to say.
    #[inline]
    pub(super) fn set(&self, published: u64, newest_ns: Option<u64>) {
        let (events, newest) = &*self.quick;
        if let Some(newest_ns) = newest_ns {
            newest.store(newest_ns + 1, Ordering::Relaxed);
        }
        // SYNC POINT feed-books: pairs with the load in `read`; whoever sees the count sees its stamp, when the plan
        // began, and the tuple of a feed with faults.
        let order = planted::order(32, Ordering::Release);
        events.store(published, order);
    }

    /// By a feed with faults: all of it as of one moment.
    pub(super) fn set_all(&self, counts: &FeedCounts) {
        self.tally.write([
            counts.published,
            counts.withheld,
            counts.gaps,
            counts.repeats,
            counts.reordered,
            counts.newest_ns.map_or(0, |newest_ns| newest_ns + 1),
        ]);
        self.set(counts.published, counts.newest_ns);
    }

    /// Events published.
    #[inline]
    pub(super) fn published(&self) -> u64 {
        self.quick.0.load(Ordering::Relaxed)
    }

    /// What was said last; `planned` and `due` are not among it. Only a feed with faults has more than two
    /// figures, and they are of one moment.
    pub(super) fn read(&self) -> FeedCounts {
        // First: the tuple of a feed with faults is then at least as new, and says as much.
        // SYNC POINT feed-books: pairs with the store in `set`.
        let order = planted::order(33, Ordering::Acquire);
        let quick = (
            self.quick.0.load(order),
            self.quick.1.load(Ordering::Relaxed),
        );
        let [published, withheld, gaps, repeats, reordered, newest] = self.tally.read();
        // A tuple that says nothing was never written.
        let (published, newest) = match (published, withheld) {
            (0, 0) => quick,
            _ => (published, newest),
        };
        FeedCounts {
            published,
            withheld,
            gaps,
            repeats,
            reordered,
            newest_ns: newest.checked_sub(1),
            ..FeedCounts::default()
        }
    }
}
