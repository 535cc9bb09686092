//! What the stages and the control side share: flags, and counters on lines of their own.
//!
//! - **Threads**: any thread may use any of it; who writes what is said at each method.
//! - **Blocking**: nothing waits, but for a snapshot that retries while a tuple is being written.
//! - **Allocation**: in [`Control::new`] and in [`Control::snapshot`].

use crossbeam_utils::CachePadded;

use crate::metrics::Tally;
use crate::state::StateCode;
use crate::sync::{Arc, AtomicBool, AtomicU64, Ordering};

use super::{Ledger, Progress};

/// Planted bug 10 (`make loom`): the end of the feed does not carry the events with it.
const FEED_DONE: Ordering = if cfg!(feature = "planted-bug-10") {
    Ordering::Relaxed
} else {
    Ordering::Release
};

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

/// A reading stage as of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StageSnapshot {
    /// The stage's books, with what the feed had published a moment later. What is not accounted for
    /// in them is still in the ring.
    pub ledger: Ledger,
    /// The next sequence the stage expects.
    pub cursor: u64,
    /// The epoch of the last gate word the stage read: nothing of an older one is in flight. A stage that
    /// has ended has nothing in flight at all: `u64::MAX`.
    pub epoch_seen: u64,
    /// Published events the stage has not come to.
    pub backlog: u64,
}

/// A run as of one moment: the executor first, then the consumers in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// How far the run is.
    pub phase: Phase,
    /// Events published.
    pub published: u64,
    /// Whether the feed is held, and waits to be released.
    pub held: bool,
    /// The executor, then each consumer.
    pub stages: Vec<StageSnapshot>,
}

impl Snapshot {
    /// The executor.
    ///
    /// # Panics
    /// Never: a run has an executor.
    pub fn executor(&self) -> &StageSnapshot {
        &self.stages[0]
    }
}

/// Words of a stage's tuple.
const WORDS: usize = 11;

/// The books of one reading stage, written by its thread alone.
#[derive(Debug)]
pub struct StageBooks {
    tally: CachePadded<Tally<WORDS>>,
    progress: Arc<Progress>,
}

impl StageBooks {
    fn new(first_seq: u64) -> Self {
        let books = Self {
            tally: CachePadded::new(Tally::default()),
            progress: Arc::new(Progress::new(first_seq)),
        };
        books.set(&Ledger::default(), first_seq, 0);
        books
    }

    /// By the stage, after each turn that changed them and before the first under a new epoch.
    #[inline]
    pub(super) fn set(&self, ledger: &Ledger, cursor: u64, epoch: u64) {
        let [init, warmup, ready, degraded] = ledger.gated;
        self.tally.write([
            ledger.executed,
            init,
            warmup,
            ready,
            degraded,
            ledger.read,
            ledger.lost,
            ledger.shed,
            ledger.unread,
            cursor,
            epoch,
        ]);
    }

    /// How far the stage is, for those behind it.
    pub const fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// The stage as of now, all words of one moment.
    fn read(&self) -> StageSnapshot {
        let [
            executed,
            init,
            warmup,
            ready,
            degraded,
            read,
            lost,
            shed,
            unread,
            cursor,
            epoch_seen,
        ] = self.tally.read();
        let gated: [u64; StateCode::ALL.len()] = [init, warmup, ready, degraded];
        StageSnapshot {
            ledger: Ledger {
                published: 0,
                executed,
                gated,
                read,
                lost,
                shed,
                unread,
            },
            cursor,
            epoch_seen,
            backlog: 0,
        }
    }
}

/// The shared part of a run.
#[derive(Debug)]
pub struct Control {
    stop: CachePadded<AtomicBool>,
    release: CachePadded<AtomicBool>,
    feed_done: CachePadded<AtomicBool>,
    held: CachePadded<AtomicBool>,
    published: CachePadded<AtomicU64>,
    /// The epoch that the feed has come to.
    feed_epoch: Progress,
    stages: Box<[StageBooks]>,
    /// The ring's head when the run began.
    first_seq: u64,
    #[cfg(not(loom))]
    threads: u64,
    #[cfg(not(loom))]
    arrived: AtomicU64,
    #[cfg(not(loom))]
    left: AtomicU64,
    phase: AtomicU64,
}

impl Control {
    /// The shared part of a run of a feed, an executor and `consumers` plain consumers, whose first
    /// event gets the sequence `first_seq`.
    pub fn new(consumers: usize, first_seq: u64) -> Self {
        let stages = 1 + consumers;
        Self {
            stop: CachePadded::default(),
            release: CachePadded::default(),
            feed_done: CachePadded::default(),
            held: CachePadded::default(),
            published: CachePadded::default(),
            feed_epoch: Progress::new(0),
            stages: (0..stages).map(|_| StageBooks::new(first_seq)).collect(),
            first_seq,
            #[cfg(not(loom))]
            threads: 1 + stages as u64,
            #[cfg(not(loom))]
            arrived: AtomicU64::new(0),
            #[cfg(not(loom))]
            left: AtomicU64::new(0),
            phase: AtomicU64::new(0),
        }
    }

    /// The same of a run that one more thread watches, which arrives with the stages and leaves after them.
    #[cfg(not(loom))]
    #[must_use]
    pub(super) fn watched(self) -> Self {
        Self {
            threads: self.threads + 1,
            ..self
        }
    }

    /// The books of the executor (0) and of each consumer.
    ///
    /// # Panics
    /// Panics if there is no such stage.
    pub fn stage(&self, index: usize) -> &StageBooks {
        &self.stages[index]
    }

    /// How far each reading stage is.
    pub fn progress(&self) -> impl Iterator<Item = &Arc<Progress>> {
        self.stages.iter().map(StageBooks::progress)
    }

    /// Asks every stage to end as soon as it can.
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

    /// By the feed, after each turn that published.
    #[inline]
    pub(super) fn set_published(&self, events: u64) {
        self.published.store(events, Ordering::Relaxed);
    }

    /// By the feed, when the gate has a new word.
    pub(super) fn set_feed_epoch(&self, epoch: u64) {
        self.feed_epoch.set(epoch);
    }

    /// By the feed, once: no event follows.
    pub fn set_feed_done(&self) {
        self.set_feed_epoch(u64::MAX);
        // SYNC POINT feed-done: pairs with the load in `is_feed_done`; whoever sees it finds every
        // event of the feed in the ring.
        self.feed_done.store(true, FEED_DONE);
    }

    /// Whether no event follows those that are in the ring.
    #[inline]
    pub fn is_feed_done(&self) -> bool {
        // SYNC POINT feed-done: pairs with the store in `set_feed_done`.
        self.feed_done.load(Ordering::Acquire)
    }

    /// The fence: whether every stage has seen `epoch`, so that nothing of an older one is in flight.
    pub fn has_seen(&self, epoch: u64) -> bool {
        self.feed_epoch.get() >= epoch
            && (self.stages.iter()).all(|stage| stage.read().epoch_seen >= epoch)
    }

    /// By each thread, once: it is ready.
    #[cfg(not(loom))]
    pub(super) fn arrive(&self) {
        // SYNC POINT arrival: pairs with the load in `has_everyone_arrived`.
        self.arrived.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether every thread is ready.
    #[cfg(not(loom))]
    pub(super) fn has_everyone_arrived(&self) -> bool {
        // SYNC POINT arrival: pairs with the addition in `arrive`.
        self.arrived.load(Ordering::Acquire) == self.threads
    }

    /// By each stage's thread, once: nothing of the run is left to it.
    #[cfg(not(loom))]
    pub(super) fn leave(&self) {
        // SYNC POINT departure: pairs with the load in `has_everyone_left`.
        self.left.fetch_add(1, Ordering::AcqRel);
    }

    /// Whether the run is over for every stage.
    #[cfg(not(loom))]
    #[inline]
    pub(super) fn has_everyone_left(&self) -> bool {
        // SYNC POINT departure: pairs with the addition in `leave`.
        self.left.load(Ordering::Acquire) == 1 + self.stages.len() as u64
    }

    /// By the feed: events flow from now on.
    #[cfg(not(loom))]
    pub(super) fn set_running(&self) {
        self.set_phase(Phase::Running);
    }

    /// By whoever runs the threads.
    #[cfg(not(loom))]
    pub(super) fn set_phase(&self, phase: Phase) {
        self.phase.store(phase as u64, Ordering::Relaxed);
    }

    /// The run as of now; each stage's tuple is one moment's.
    pub fn snapshot(&self) -> Snapshot {
        let mut stages: Vec<_> = self.stages.iter().map(StageBooks::read).collect();
        // An event is in the ring a moment before the feed counts it: what a stage accounts for was
        // published, whatever that count says yet.
        let accounted = stages.iter().map(|stage| stage.ledger.accounted()).max();
        let accounted = accounted
            .and_then(|sum| u64::try_from(sum).ok())
            .unwrap_or(0);
        let published = self.published.load(Ordering::Relaxed).max(accounted);
        for stage in &mut stages {
            stage.ledger.published = published;
            stage.backlog = (self.first_seq + published).saturating_sub(stage.cursor);
        }
        Snapshot {
            phase: match self.phase.load(Ordering::Relaxed) {
                0 => Phase::Preparing,
                1 => Phase::Running,
                _ => Phase::Finished,
            },
            published,
            held: self.held.load(Ordering::Relaxed),
            stages,
        }
    }
}
