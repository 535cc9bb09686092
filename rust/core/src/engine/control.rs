//! What the stages and the control side share: flags, and counters on lines of their own.
//!
//! - **Threads**: any thread may use any of it; who writes what is said at each method.
//! - **Blocking**: nothing waits, but for a snapshot that retries while a tuple is being written.
//! - **Allocation**: in [`Control::new`] and in [`Control::snapshot`].

use crossbeam_utils::CachePadded;

use crate::planted;
use crate::sync::{Arc, AtomicBool, AtomicU64, Ordering};

use super::feed_books::FeedBooks;
use super::{FeedCounts, FeedSnapshot, Phase, Progress, Snapshot, StageBooks};

/// Of a hold: there is none. Of a beginning: it is yet to come.
const NEVER: u64 = u64::MAX;

/// What the control side asks of a run: each order is beyond taking back.
mod order {
    /// Nothing.
    pub(super) const RUN: u64 = 0;
    /// No new event; what is in the ring is still processed.
    pub(super) const STOP_INTAKE: u64 = 1;
    /// Every stage is to end.
    pub(super) const STOP: u64 = 2;
}

/// The shared part of a run.
#[derive(Debug)]
pub struct Control {
    order: CachePadded<AtomicU64>,
    /// The index of the event before which the feed waits.
    hold_at: CachePadded<AtomicU64>,
    feed_done: CachePadded<AtomicBool>,
    /// The index of the event before which the feed waits, while it does.
    held: CachePadded<AtomicU64>,
    begin_ns: AtomicU64,
    feed: FeedBooks,
    /// The epoch that the feed has come to.
    feed_epoch: Progress,
    stages: Box<[StageBooks]>,
    /// The ring's head when the run began.
    first_seq: u64,
    threads: u64,
    arrived: AtomicU64,
    left: AtomicU64,
    phase: AtomicU64,
    /// The longest pause that the stages' threads saw before the run, plus one; 0 if none has watched.
    pause_ns_max: AtomicU64,
}

impl Control {
    /// The shared part of a run of a feed, an executor and `consumers` plain consumers, whose first
    /// event gets the sequence `first_seq`.
    pub fn new(consumers: usize, first_seq: u64) -> Self {
        let stages = 1 + consumers;
        Self {
            order: CachePadded::new(AtomicU64::new(order::RUN)),
            hold_at: CachePadded::new(AtomicU64::new(NEVER)),
            feed_done: CachePadded::default(),
            held: CachePadded::new(AtomicU64::new(NEVER)),
            begin_ns: AtomicU64::new(NEVER),
            feed: FeedBooks::default(),
            feed_epoch: Progress::new(0),
            stages: (0..stages).map(|_| StageBooks::new(first_seq)).collect(),
            first_seq,
            threads: 1 + stages as u64,
            arrived: AtomicU64::new(0),
            left: AtomicU64::new(0),
            phase: AtomicU64::new(0),
            pause_ns_max: AtomicU64::new(0),
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
        self.order.store(order::STOP, Ordering::Relaxed);
    }

    /// Whether the run was asked to end.
    #[inline]
    pub fn is_stopped(&self) -> bool {
        self.order.load(Ordering::Relaxed) == order::STOP
    }

    /// Ends the feed where it is; what is in the ring is still processed. Without effect on a run that was
    /// stopped.
    pub fn stop_intake(&self) {
        let asked = (order::RUN, order::STOP_INTAKE);
        if planted::bug(37) && self.is_feeding() {
            self.order.store(asked.1, Ordering::Relaxed);
            return;
        }
        // One that fails met an order that says as much.
        let _ =
            (self.order).compare_exchange(asked.0, asked.1, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Whether the feed may publish on.
    #[inline]
    pub fn is_feeding(&self) -> bool {
        self.order.load(Ordering::Relaxed) == order::RUN
    }

    /// Moves the hold: a feed that waits goes on, and waits again before the event of index `hold_at`, if that is
    /// ahead; a feed that has not come to its hold knows nothing of the old one.
    pub fn release(&self, hold_at: Option<usize>) {
        let index = hold_at.map_or(NEVER, |index| index as u64);
        self.hold_at.store(index, Ordering::Relaxed);
    }

    /// The index of the event before which the feed waits; `None` if it waits for nothing.
    pub fn hold_at(&self) -> Option<usize> {
        usize::try_from(self.hold_at.load(Ordering::Relaxed))
            .ok()
            .filter(|&index| index as u64 != NEVER)
    }

    /// By the feed, once: its plan begins now, by the true clock.
    pub fn set_begin(&self, now_ns: u64) {
        self.begin_ns.store(now_ns, Ordering::Relaxed);
    }

    /// When the plan began, by the true clock; `None` before.
    pub fn begin_ns(&self) -> Option<u64> {
        let begin_ns = self.begin_ns.load(Ordering::Relaxed);
        (begin_ns != NEVER).then_some(begin_ns)
    }

    /// By the feed: it waits before the event of this index, or no longer. Whoever sees that it waits sees what it
    /// has published.
    pub fn set_held(&self, at: Option<usize>) {
        let index = at.map_or(NEVER, |index| index as u64);
        // SYNC POINT held: pairs with the load in `is_held`.
        self.held
            .store(index, planted::order(21, Ordering::Release));
    }

    /// Whether the feed waits to be released. One that was released a moment ago, and has not noticed, does not.
    pub fn is_held(&self) -> bool {
        // SYNC POINT held: pairs with the store in `set_held`.
        let held = self.held.load(planted::order(22, Ordering::Acquire));
        held != NEVER && (planted::bug(39) || self.hold_at.load(Ordering::Relaxed) <= held)
    }

    /// By a feed without faults, after each turn that published; `newest_ns` is that turn's stamp.
    #[inline]
    pub(super) fn set_published(&self, events: u64, newest_ns: Option<u64>) {
        self.feed.set(events, newest_ns);
    }

    /// By a feed with faults, after each turn that came to something.
    pub(super) fn set_feed_counts(&self, counts: &FeedCounts) {
        self.feed.set_all(counts);
    }

    /// Published events that a stage which expects `cursor` has not come to.
    #[inline]
    pub(super) fn backlog(&self, cursor: u64) -> u64 {
        (self.first_seq + self.feed.published()).saturating_sub(cursor)
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
        let order = planted::order(10, Ordering::Release);
        self.feed_done.store(true, order);
    }

    /// Whether no event follows those that are in the ring.
    #[inline]
    pub fn is_feed_done(&self) -> bool {
        // SYNC POINT feed-done: pairs with the store in `set_feed_done`.
        self.feed_done.load(planted::order(23, Ordering::Acquire))
    }

    /// The fence: whether every stage has seen `epoch`, so that nothing of an older one is in flight.
    pub fn has_seen(&self, epoch: u64) -> bool {
        let has_seen = |stage: &StageBooks| stage.read().epoch_seen >= epoch;
        if planted::bug(44) {
            return self.feed_epoch.get() >= epoch && self.stages.iter().any(has_seen);
        }
        self.feed_epoch.get() >= epoch && self.stages.iter().all(has_seen)
    }

    /// By each stage's thread that watched the machine, before it arrives: the longest pause it saw, 0 for none.
    #[cfg(not(loom))]
    pub(super) fn note_pause(&self, longest_ns: u64) {
        let above_none = longest_ns.saturating_add(1);
        self.pause_ns_max.fetch_max(above_none, Ordering::Relaxed);
    }

    /// By each thread, once: it is ready.
    pub fn arrive(&self) {
        if planted::bug(38) {
            let arrived = self.arrived.load(Ordering::Relaxed);
            return self.arrived.store(arrived + 1, Ordering::Relaxed);
        }
        // SYNC POINT arrival: pairs with the load in `has_everyone_arrived`; whoever sees that all are ready sees
        // what each has prepared.
        let order = planted::order(25, Ordering::Release);
        self.arrived.fetch_add(1, order);
    }

    /// Whether every thread is ready.
    pub fn has_everyone_arrived(&self) -> bool {
        // SYNC POINT arrival: pairs with the addition in `arrive`.
        let order = planted::order(26, Ordering::Acquire);
        self.arrived.load(order) == self.threads
    }

    /// By each stage's thread, once: nothing of the run is left to it.
    pub fn leave(&self) {
        // SYNC POINT departure: pairs with the load in `has_everyone_left`; whoever sees that all have left sees
        // what each did.
        let order = planted::order(27, Ordering::Release);
        self.left.fetch_add(1, order);
    }

    /// Whether the run is over for every stage.
    #[inline]
    pub fn has_everyone_left(&self) -> bool {
        // SYNC POINT departure: pairs with the addition in `leave`.
        let order = planted::order(28, Ordering::Acquire);
        self.left.load(order) == 1 + self.stages.len() as u64
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
        // Asked before the figures are looked at: those of a feed that is done, or held, are its last.
        let (done, mut held) = (self.is_feed_done(), self.is_held());
        let mut stages: Vec<_> = self.stages.iter().map(StageBooks::read).collect();
        // An event is in the ring a moment before the feed counts it: what a stage accounts for was
        // published, whatever that count says yet.
        let accounted = stages.iter().map(|stage| stage.ledger.accounted()).max();
        let accounted = accounted
            .and_then(|sum| u64::try_from(sum).ok())
            .unwrap_or(0);
        let feed = self.feed.read();
        if planted::bug(46) {
            held = self.is_held();
        }
        let begin_ns = self.begin_ns();
        let published = if planted::bug(45) {
            feed.published
        } else {
            feed.published.max(accounted)
        };
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
            pause_ns_max: self.pause_ns_max.load(Ordering::Relaxed).checked_sub(1),
            begin_ns,
            feed: FeedSnapshot {
                published,
                newest_ns: (feed.newest_ns.zip(begin_ns))
                    .map(|(newest_ns, begin_ns)| newest_ns.saturating_sub(begin_ns)),
                gaps: feed.gaps,
                repeats: feed.repeats,
                reordered: feed.reordered,
                withheld: feed.withheld,
                held,
                done,
            },
            stages,
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::Ledger;
    use super::super::stage_books::NO_LIMIT;
    use super::*;

    #[test]
    fn a_fence_waits_for_the_feed_and_for_every_stage() {
        let control = Control::new(1, 0);
        assert!(control.has_seen(0));
        let stage = |index| {
            let books = control.stage(index);
            books.set(&Ledger::default(), 0, NO_LIMIT, 1);
        };
        stage(0);
        stage(1);
        assert!(!control.has_seen(1), "the feed has not come to it");
        control.set_feed_epoch(1);
        assert!(control.has_seen(1) && !control.has_seen(2));
        // Nothing comes of a feed that is done.
        control.set_feed_done();
        assert!(!control.has_seen(2), "the stages have not come to it");
    }
}
