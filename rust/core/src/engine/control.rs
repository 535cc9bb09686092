//! What the stages and the control side share: three flags, and counters on lines of their own.

use crossbeam_utils::CachePadded;

use crate::metrics::Tally;
use crate::state::StateCode;
use crate::sync::{AtomicBool, AtomicU64, Ordering};

use super::Ledger;

/// How far a run is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Threads are being pinned, the machine's floor is being measured.
    Preparing,
    /// Events flow.
    Running,
    /// The books are closed.
    Finished,
}

/// A run as of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Snapshot {
    /// How far the run is.
    pub phase: Phase,
    /// The executor's books, with what the feed had published a moment later. What is not
    /// accounted for in them is still in the ring.
    pub ledger: Ledger,
    /// The next sequence the executor expects.
    pub cursor: u64,
    /// The epoch of the last gate word the executor read: nothing of an older one is in flight.
    pub epoch_seen: u64,
    /// Whether the feed is held, and waits to be released.
    pub held: bool,
}

impl Snapshot {
    /// Published events the executor has not come to.
    pub const fn backlog(&self) -> u64 {
        self.ledger.published.saturating_sub(self.cursor)
    }
}

/// Words of the executor's tuple.
const WORDS: usize = 10;

/// The shared part of a run. Any thread may use any of it; who writes what is said at each method.
#[derive(Debug, Default)]
pub struct Control {
    stop: CachePadded<AtomicBool>,
    release: CachePadded<AtomicBool>,
    feed_done: CachePadded<AtomicBool>,
    held: CachePadded<AtomicBool>,
    published: CachePadded<AtomicU64>,
    executor: CachePadded<Tally<WORDS>>,
    arrived: AtomicU64,
    phase: AtomicU64,
}

/// Threads that meet before a run.
const STAGES: u64 = 2;

impl Control {
    /// Asks both stages to end as soon as they can.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether the run was asked to end.
    #[inline]
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }

    /// Lets a held feed go on. Without effect on one that is not held yet: it will not stop then.
    pub fn release(&self) {
        self.release.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_released(&self) -> bool {
        self.release.load(Ordering::Relaxed)
    }

    /// By the feed: it waits to be released, or no longer.
    pub(super) fn set_held(&self, held: bool) {
        self.held.store(held, Ordering::Relaxed);
    }

    /// By the feed, after each publication.
    #[inline]
    pub(super) fn set_published(&self, events: u64) {
        self.published.store(events, Ordering::Relaxed);
    }

    /// By the feed, once: no event follows.
    pub(super) fn set_feed_done(&self) {
        // SYNC POINT feed-done: pairs with the load in `is_feed_done`; whoever sees it finds every
        // event of the feed in the ring.
        self.feed_done.store(true, Ordering::Release);
    }

    /// Whether no event follows those that are in the ring.
    #[inline]
    pub(super) fn is_feed_done(&self) -> bool {
        // SYNC POINT feed-done: pairs with the store in `set_feed_done`.
        self.feed_done.load(Ordering::Acquire)
    }

    /// By the executor, after each step that changed them and before the first under a new epoch.
    #[inline]
    pub(super) fn set_executor(&self, ledger: &Ledger, cursor: u64, epoch: u64) {
        let [init, warmup, ready, degraded] = ledger.gated;
        self.executor.write([
            ledger.executed,
            init,
            warmup,
            ready,
            degraded,
            ledger.lost,
            ledger.shed,
            ledger.unread,
            cursor,
            epoch,
        ]);
    }

    /// By each stage's thread, once: it is ready.
    pub(super) fn arrive(&self) {
        self.arrived.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether both stages are ready.
    pub(super) fn has_everyone_arrived(&self) -> bool {
        self.arrived.load(Ordering::Acquire) == STAGES
    }

    /// By the feed: events flow from now on.
    pub(super) fn set_running(&self) {
        self.set_phase(Phase::Running);
    }

    /// By whoever runs the threads.
    pub(super) fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u64, Ordering::Relaxed);
    }

    /// The run as of now; the executor's tuple is one moment's.
    pub fn snapshot(&self) -> Snapshot {
        let [
            executed,
            init,
            warmup,
            ready,
            degraded,
            lost,
            shed,
            unread,
            cursor,
            epoch_seen,
        ] = self.executor.read();
        let gated: [u64; StateCode::ALL.len()] = [init, warmup, ready, degraded];
        // An event is in the ring a moment before the feed counts it: what the executor accounts
        // for was published, whatever that count says yet.
        let accounted = executed + gated.iter().sum::<u64>() + lost + shed + unread;
        let published = self.published.load(Ordering::Relaxed).max(accounted);
        Snapshot {
            phase: match self.phase.load(Ordering::Relaxed) {
                0 => Phase::Preparing,
                1 => Phase::Running,
                _ => Phase::Finished,
            },
            ledger: Ledger {
                published,
                executed,
                gated,
                lost,
                shed,
                unread,
            },
            cursor,
            epoch_seen,
            held: self.held.load(Ordering::Relaxed),
        }
    }
}
