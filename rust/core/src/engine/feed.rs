//! The feed: publishes a source by its timetable, never waits for a reader, never drops.

use crate::bus::Payload;
use crate::ingest::Event;

use super::{Publish, Timetable};

/// What one turn of the feed came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedTurn {
    /// So many events were published, at least one.
    Published(usize),
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

/// By how much the plan of a feed that was held was shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebased {
    /// The first event it was shifted for.
    pub index: usize,
    /// How much later it is due; below 0 if the feed was let go on before that event was due.
    pub shift_ns: i64,
}

/// A feed of `source` into `ring`.
///
/// It has no clock and no thread: whoever drives it says what time it is. An event that is due is
/// published with the stamp of that moment in `ts_ns` and the plan's in `intended_ns`, however late
/// it is: an open loop.
#[derive(Debug)]
pub struct FeedStage<S, P, T> {
    source: S,
    ring: P,
    timetable: T,
    next: usize,
    /// Where this stretch ends: at the hold, or with the last event.
    end: usize,
    events: usize,
    rebased: Option<Rebased>,
}

impl<S: AsRef<[Event]>, P: Publish, T: Timetable> FeedStage<S, P, T> {
    /// A feed of the first `events` of `source`.
    ///
    /// With `hold_at`, the feed stops before the event of that index until it is released.
    ///
    /// # Panics
    /// Panics if the source has fewer events.
    pub fn new(source: S, events: usize, ring: P, timetable: T, hold_at: Option<usize>) -> Self {
        assert!(
            source.as_ref().len() >= events,
            "a plan for more events than there are"
        );
        Self {
            source,
            ring,
            timetable,
            next: 0,
            end: hold_at.map_or(events, |hold_at| hold_at.min(events)),
            events,
            rebased: None,
        }
    }

    /// Starts the plan now.
    pub fn begin(&mut self, now_ns: u64) {
        self.timetable.rebase(self.next, now_ns);
    }

    /// Lets a held feed go on: the event it was held before is due now, and the rest of the plan
    /// follows from there. The time it was held is nobody's lateness.
    pub fn release(&mut self, now_ns: u64) {
        self.end = self.events;
        if T::IS_PLANNED {
            let due_ns = self.timetable.intended_ns(self.next);
            self.rebased = Some(Rebased {
                index: self.next,
                shift_ns: now_ns.wrapping_sub(due_ns).cast_signed(),
            });
        }
        self.timetable.rebase(self.next, now_ns);
    }

    /// Publishes the next events that are due at `now_ns`, at most `limit`, all with that stamp.
    #[inline(always)]
    pub fn turn(&mut self, now_ns: u64, limit: usize) -> FeedTurn {
        let first = self.next;
        while let Some(event) = self.source.as_ref()[..self.end].get(self.next) {
            let intended_ns = self.timetable.intended_ns(self.next);
            if T::IS_PLANNED && now_ns < intended_ns {
                if self.next > first {
                    break;
                }
                return FeedTurn::NotDue {
                    until_ns: intended_ns,
                };
            }
            let mut event = *event;
            event.ts_ns = now_ns;
            event.intended_ns = intended_ns;
            self.ring.publish(bytemuck::cast::<Event, Payload>(event));
            self.next += 1;
            if self.next - first == limit {
                break;
            }
        }
        match self.next - first {
            0 if self.next < self.events => FeedTurn::Held,
            0 => FeedTurn::Done,
            published => FeedTurn::Published(published),
        }
    }

    /// Publishes the next events that are due up to `until_ns`, each with the stamp of the very moment at which it is
    /// due; how many. At most `limit`, without the last before a hold or the end, and none of those that are due at the
    /// same moment as one that is left. For a driver whose feed has a plan and is never late.
    #[cfg(not(loom))]
    #[inline(always)]
    pub(super) fn publish_on_time(&mut self, until_ns: u64, limit: usize) -> usize {
        let first = self.next;
        let mut end = self.end.saturating_sub(1).min(first.saturating_add(limit));
        while end > first
            && self.timetable.intended_ns(end - 1) == self.timetable.intended_ns(end)
        {
            end -= 1;
        }
        let events = self.source.as_ref().get(first..end).unwrap_or_default();
        for event in events {
            let due_ns = self.timetable.intended_ns(self.next);
            if until_ns < due_ns {
                break;
            }
            let mut event = *event;
            event.ts_ns = due_ns;
            event.intended_ns = due_ns;
            self.ring.publish(bytemuck::cast::<Event, Payload>(event));
            self.next += 1;
        }
        self.next - first
    }

    /// When the next event is due; there is one.
    #[cfg(not(loom))]
    #[inline]
    pub(super) fn next_due_ns(&self) -> u64 {
        self.timetable.intended_ns(self.next)
    }

    /// Events published so far.
    #[inline]
    pub const fn published(&self) -> u64 {
        self.next as u64
    }

    /// How the plan was shifted, if the feed was held.
    pub const fn rebased(&self) -> Option<Rebased> {
        self.rebased
    }

    /// Hands the ring back when the run is over.
    pub fn into_ring(self) -> P {
        self.ring
    }
}
