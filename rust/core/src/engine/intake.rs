//! What every reading stage has in common: a reader, its upstreams, its overrun policy, its books.

use crate::bus::{Overrun, Payload};
use crate::planted;
use crate::sync::{Arc, AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use super::Recover;

/// What a consumer does when the next event was overwritten before it read it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OverrunPolicy {
    /// Ends the run: losing an event is a failure.
    Raise,
    /// Goes on from the oldest event, half a ring behind the head.
    #[default]
    Oldest,
    /// Goes on from the next event to be published: the newest is worth more than the rest.
    Head,
    /// Stops reading for good: a slow consumer is dropped, and no downstream waits for it.
    Detach,
}

impl OverrunPolicy {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Raise, Self::Oldest, Self::Head, Self::Detach];

    /// The name in settings and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Raise => "raise",
            Self::Oldest => "oldest",
            Self::Head => "head",
            Self::Detach => "detach",
        }
    }
}

/// What one turn of a reading stage came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// So many events were processed, at least one.
    Processed(usize),
    /// Caught up with the ring.
    Idle,
    /// There may be events, but an upstream has not come to them.
    Behind,
    /// The lifecycle is in INIT: nothing was read.
    NotReady,
    /// The gate's word is a new one; the next turn acts under it.
    NewEpoch,
    /// The reader had been overrun and goes on; so many events were skipped by that.
    Recovered(u64),
    /// The stage was told to go on from the head; so many events were skipped by that.
    Skipped(u64),
    /// A fault stalls the stage: it took no turn.
    Stalled,
    /// The reader was overrun and its policy reads no further.
    Ended(Overrun),
}

/// How far a stage is, for those behind it: the next sequence it expects, or the epoch it has come to. A line
/// of its own.
#[derive(Debug)]
pub struct Progress(CachePadded<AtomicU64>);

impl Progress {
    /// A stage that expects `next`.
    pub fn new(next: u64) -> Self {
        Self(CachePadded::new(AtomicU64::new(next)))
    }

    /// By its stage: everything below `next` is behind it.
    #[inline]
    pub fn set(&self, next: u64) {
        // SYNC POINT progress: pairs with the load in `get`; whoever sees it sees what the stage did
        // with the events below.
        self.0.store(next, planted::order(11, Ordering::Release));
    }

    /// By its stage: nobody needs to wait for it any more.
    pub fn release(&self) {
        self.set(u64::MAX);
    }

    /// How far the stage is; `u64::MAX` if it reads no further.
    #[inline]
    pub fn get(&self) -> u64 {
        // SYNC POINT progress: pairs with the store in `set`.
        self.0.load(planted::order(24, Ordering::Acquire))
    }
}

/// The stages that must have come to an event before this one may.
#[derive(Debug, Clone, Default)]
pub struct Upstreams(Box<[Arc<Progress>]>);

impl Upstreams {
    /// These stages; none means that nobody is waited for.
    pub fn new(stages: impl IntoIterator<Item = Arc<Progress>>) -> Self {
        Self(stages.into_iter().collect())
    }

    /// The first sequence that some upstream has not come to; what an upstream lost counts as behind
    /// it.
    #[inline]
    pub fn reached(&self) -> u64 {
        self.0.iter().map(|p| p.get()).min().unwrap_or(u64::MAX)
    }
}

/// A reader that may read up to what its upstreams have come to, and keeps the books of what it
/// missed.
#[derive(Debug)]
pub struct Intake<R> {
    reader: R,
    upstreams: Upstreams,
    policy: OverrunPolicy,
    unread: u64,
    /// The books of a reader that was begun anew.
    lost_before: u64,
    shed_before: u64,
}

impl<R: Recover<Item = Payload>> Intake<R> {
    /// Reads from `reader`, behind `upstreams`, under `policy`.
    pub const fn new(reader: R, upstreams: Upstreams, policy: OverrunPolicy) -> Self {
        Self {
            reader,
            upstreams,
            policy,
            unread: 0,
            lost_before: 0,
            shed_before: 0,
        }
    }

    /// How many events may be read now, at most `limit`; fewer may be there.
    #[inline]
    pub(super) fn allowed(&self, limit: usize) -> usize {
        let ahead = self.upstreams.reached().saturating_sub(self.cursor());
        usize::try_from(ahead).map_or(limit, |ahead| ahead.min(limit))
    }

    /// The reader itself.
    #[inline]
    pub(super) const fn reader(&mut self) -> &mut R {
        &mut self.reader
    }

    /// What the policy makes of an overrun.
    #[cold]
    pub(super) fn overrun(&mut self, overrun: Overrun) -> Turn {
        match self.policy {
            OverrunPolicy::Raise | OverrunPolicy::Detach => Turn::Ended(overrun),
            OverrunPolicy::Oldest => Turn::Recovered(self.reader.recover_to_oldest()),
            OverrunPolicy::Head => Turn::Recovered(self.reader.recover_to_head()),
        }
    }

    /// Goes on from the head because it was told to, and says how many events that skipped.
    pub(super) fn skip_to_head(&mut self) -> u64 {
        self.reader.recover_to_head()
    }

    /// Reads what is left and counts it as unread; what was overwritten meanwhile is lost.
    ///
    /// For after the feed has ended.
    pub(super) fn drain_unread(&mut self) {
        loop {
            match self.reader.poll() {
                Ok(Some(_)) => self.unread += 1,
                Ok(None) => return,
                Err(_) => {
                    let (lost, shed) = self.missed();
                    self.shed_before = shed;
                    self.lost_before = lost + self.reader.restart_at_oldest();
                }
            }
        }
    }

    /// The next sequence expected.
    #[inline]
    pub(super) fn cursor(&self) -> u64 {
        self.reader.next_seq()
    }

    /// What was lost, and what was shed.
    #[inline]
    pub(super) fn missed(&self) -> (u64, u64) {
        let shed = self.reader.shed();
        let lost = self.reader.lost() - shed;
        (self.lost_before + lost, self.shed_before + shed)
    }

    /// Events left at the end, counted by reading them.
    pub(super) const fn unread(&self) -> u64 {
        self.unread
    }

    /// What is done about an overrun.
    pub(super) const fn policy(&self) -> OverrunPolicy {
        self.policy
    }
}
