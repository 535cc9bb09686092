//! A run as of one moment, as the control side sees it.

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
    /// Events whose latency from publication to completion was above the stage's limit; `None` without one.
    pub over_limit: Option<u64>,
}

/// The feed as of one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FeedSnapshot {
    /// Events put into the ring; repeats among them.
    pub published: u64,
    /// When the last event was published that was no repeat, in nanoseconds after the feed began.
    pub newest_ns: Option<u64>,
    /// Transport sequences that the receiver missed.
    pub gaps: u64,
    /// Events that the receiver had had before.
    pub repeats: u64,
    /// Events that came late and filled a gap.
    pub reordered: u64,
    /// Events that were due and never published: what the feed knows, and no receiver can.
    pub withheld: u64,
    /// Whether it waits to be released.
    pub held: bool,
    /// Whether no event follows.
    pub done: bool,
}

/// A run as of one moment: the executor first, then the consumers in their order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snapshot {
    /// How far the run is.
    pub phase: Phase,
    /// The longest pause of the machine that the stages' threads saw before the run, in nanoseconds, 0 for none;
    /// `None` if nobody has watched, or not yet.
    pub pause_ns_max: Option<u64>,
    /// When the feed began, on the true clock; `None` before.
    pub begin_ns: Option<u64>,
    /// The feed.
    pub feed: FeedSnapshot,
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
