//! The feed: publishes a source by its plan, never waits for a reader, never drops.

use crate::bus::Payload;
use crate::ingest::Event;
use crate::sync::Arc;

use super::{Plan, Publish};

/// What one step of the feed came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedStep {
    /// An event was published.
    Published,
    /// The next event is due at this stamp; nothing happened.
    NotDue {
        /// The intended publication, in nanoseconds.
        until_ns: u64,
    },
    /// The feed is held before this event, until [`FeedStage::release`].
    Held,
    /// Everything was published.
    Done,
}

/// A feed of `source` into `ring`.
///
/// It has no clock and no thread: whoever drives it says what time it is. An event that is due is
/// published with the stamp of that moment in `ts_ns` and the plan's in `intended_ns`, however late
/// it is: an open loop.
#[derive(Debug)]
pub struct FeedStage<S, P> {
    source: S,
    plan: Arc<Plan>,
    ring: P,
    next: usize,
    hold_at: Option<usize>,
    origin_ns: u64,
    /// The plan's offset that falls on `origin_ns`.
    base_offset_ns: u64,
}

impl<S: AsRef<[Event]>, P: Publish> FeedStage<S, P> {
    /// A feed of `plan.len()` events of `source`, whose plan begins at the stamp `origin_ns`.
    ///
    /// With `hold_at`, the feed stops before the event of that index until it is released.
    ///
    /// # Panics
    /// Panics if the source has fewer events than the plan.
    pub fn new(source: S, plan: Arc<Plan>, ring: P, hold_at: Option<usize>) -> Self {
        assert!(
            source.as_ref().len() >= plan.len(),
            "a plan for more events than there are"
        );
        Self {
            source,
            plan,
            ring,
            next: 0,
            hold_at,
            origin_ns: 0,
            base_offset_ns: 0,
        }
    }

    /// Starts the plan now.
    pub fn begin(&mut self, now_ns: u64) {
        self.rebase(now_ns);
    }

    /// Lets a held feed go on: the event it was held before is due now, and the rest of the plan
    /// follows from there. The time it was held is nobody's lateness.
    pub fn release(&mut self, now_ns: u64) {
        self.hold_at = None;
        self.rebase(now_ns);
    }

    fn rebase(&mut self, now_ns: u64) {
        self.origin_ns = now_ns;
        self.base_offset_ns = self
            .plan
            .offsets_ns()
            .and_then(|offsets| offsets.get(self.next))
            .copied()
            .unwrap_or(0);
    }

    /// Publishes the next event if it is due at `now_ns`.
    #[inline]
    pub fn step(&mut self, now_ns: u64) -> FeedStep {
        if self.next == self.plan.len() {
            return FeedStep::Done;
        }
        if self.hold_at == Some(self.next) {
            return FeedStep::Held;
        }
        let intended_ns = match self.plan.offsets_ns() {
            Some(offsets) => self
                .origin_ns
                .saturating_add(offsets[self.next] - self.base_offset_ns),
            None => 0,
        };
        if now_ns < intended_ns {
            return FeedStep::NotDue {
                until_ns: intended_ns,
            };
        }
        let mut event = self.source.as_ref()[self.next];
        event.ts_ns = now_ns;
        event.intended_ns = intended_ns;
        self.ring.publish(bytemuck::cast::<Event, Payload>(event));
        self.next += 1;
        FeedStep::Published
    }

    /// Events published so far.
    #[inline]
    pub const fn published(&self) -> u64 {
        self.next as u64
    }
}
