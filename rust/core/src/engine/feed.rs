//! The feed: publishes a source by its timetable, never waits for a reader, never drops.

use crate::bus::Payload;
use crate::ingest::Event;

use super::faulty_feed::{Due, FeedFaults, NoFaults};
use super::{Control, FeedCounts, Publish, Timetable};

/// What one turn of the feed came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FeedTurn {
    /// So many events were published, at least one.
    Published(usize),
    /// So many events came due, at least one, and none was published: a fault withheld them, or
    /// holds them back for a moment.
    Withheld(usize),
    /// The next event is due at this stamp; nothing happened.
    NotDue {
        /// The intended publication, in nanoseconds.
        until_ns: u64,
    },
    /// The feed is held before this event, until [`FeedStage::release`].
    Held,
    /// A fault has frozen the feed: nothing happens until it is taken back.
    Frozen,
    /// Every event has come due, and there is nothing left to publish.
    Done,
}

/// By how much the plan of a feed that was held was shifted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebased {
    /// The first event it was shifted for.
    pub index: usize,
    /// How much later it is due than before; below 0 if the feed was let go on before that event was due.
    pub shift_ns: i64,
}

/// Shifts that are remembered one by one.
const SHIFTS_MAX: usize = 256;

/// The shifts of a plan, in order: each beside those before it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shifts {
    shifts: Vec<Rebased>,
    forgotten: u64,
}

impl Shifts {
    fn new() -> Self {
        Self {
            shifts: Vec::with_capacity(SHIFTS_MAX),
            forgotten: 0,
        }
    }

    fn note(&mut self, shift: Rebased) {
        if self.shifts.len() == SHIFTS_MAX {
            self.forgotten += 1;
        } else {
            self.shifts.push(shift);
        }
    }

    /// One shift that found no room.
    #[cfg(all(test, not(loom)))]
    pub(super) fn forgetful() -> Self {
        Self {
            forgotten: 1,
            ..Self::default()
        }
    }

    /// The first ones, in order.
    pub fn shifts(&self) -> &[Rebased] {
        &self.shifts
    }

    /// Shifts that found no room.
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }
}

/// A feed of `source` into `ring`.
///
/// It has no clock and no thread: whoever drives it says what time it is. An event that is due is
/// published with the stamp of that moment in `ts_ns` and the plan's in `intended_ns`, however late
/// it is: an open loop. What may go wrong is its type `F`; by default nothing.
#[derive(Debug)]
pub struct FeedStage<S, P, T, F = NoFaults> {
    source: S,
    ring: P,
    timetable: T,
    next: usize,
    /// Where this stretch ends: at the hold, or with the last event.
    end: usize,
    events: usize,
    shifts: Shifts,
    faults: F,
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
            shifts: Shifts::new(),
            faults: NoFaults,
        }
    }

    /// The same feed with what may go wrong; before its first turn.
    pub fn with_faults<F: FeedFaults>(self, faults: F) -> FeedStage<S, P, T, F> {
        FeedStage {
            source: self.source,
            ring: self.ring,
            timetable: self.timetable,
            next: self.next,
            end: self.end,
            events: self.events,
            shifts: self.shifts,
            faults,
        }
    }
}

impl<S: AsRef<[Event]>, P: Publish, T: Timetable, F: FeedFaults> FeedStage<S, P, T, F> {
    /// Whether anything may go wrong.
    pub const IS_FAULTY: bool = F::IS_FAULTY;

    /// Starts the plan now.
    pub fn begin(&mut self, now_ns: u64) {
        self.timetable.rebase(self.next, now_ns);
    }

    /// Lets a held feed go on, up to the event of index `hold_at`, if there is one: the event it was held
    /// before is due now, and the rest of the plan follows from there. The time it was held is
    /// nobody's lateness.
    ///
    /// Without effect if the next hold is not ahead.
    pub fn release(&mut self, now_ns: u64, hold_at: Option<usize>) {
        if !self.hold(hold_at) {
            return;
        }
        if T::IS_PLANNED {
            let due_ns = self.timetable.intended_ns(self.next);
            self.shifts.note(Rebased {
                index: self.next,
                shift_ns: now_ns.wrapping_sub(due_ns).cast_signed(),
            });
        }
        self.timetable.rebase(self.next, now_ns);
    }

    /// Moves the hold of a feed that has not come to it; whether that leaves it something to do. The plan
    /// stays as it is.
    pub fn hold(&mut self, hold_at: Option<usize>) -> bool {
        let end = hold_at.map_or(self.events, |hold_at| hold_at.min(self.events));
        self.end = end.max(self.next);
        self.end > self.next || self.next == self.events
    }

    /// Publishes the next events that are due at `now_ns`, at most `limit`, all with that stamp. A fault
    /// may add to what comes of an event.
    #[inline(always)]
    pub fn turn(&mut self, now_ns: u64, limit: usize) -> FeedTurn {
        if F::IS_FAULTY {
            return self.faulty_turn(now_ns, limit);
        }
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

    /// The same, where each event that is due is the faults' to deal with.
    fn faulty_turn(&mut self, now_ns: u64, limit: usize) -> FeedTurn {
        let (first, published) = (self.next, self.published());
        if self.next < self.end && !self.faults.look(now_ns) {
            return FeedTurn::Frozen;
        }
        while self.next < self.end && self.next - first < limit {
            let planned_ns = self.timetable.intended_ns(self.next);
            let intended_ns = if T::IS_PLANNED {
                self.faults.due_ns(planned_ns)
            } else {
                planned_ns
            };
            if T::IS_PLANNED && now_ns < intended_ns {
                if self.next > first {
                    break;
                }
                return FeedTurn::NotDue {
                    until_ns: intended_ns,
                };
            }
            let due = Due {
                seq: self.next as u64,
                event: self.source.as_ref()[self.next],
                intended_ns,
                has_successor: self.next + 1 < self.end,
            };
            self.next += 1;
            self.faults.take(due, now_ns, &mut self.ring);
        }
        match (self.next - first, self.published() - published) {
            (0, _) if self.next < self.events => FeedTurn::Held,
            (0, _) => FeedTurn::Done,
            (taken, 0) => FeedTurn::Withheld(taken),
            (_, published) => FeedTurn::Published(published as usize),
        }
    }

    /// Publishes the next events that are due up to `until_ns`, each with the stamp of the very moment at
    /// which it is due; how many. At most `limit`, without the last before a hold or the end, and none of
    /// those that are due at the same moment as one that is left. For a driver whose feed has a plan, no
    /// faults, and is never late.
    #[cfg(not(loom))]
    #[inline(always)]
    pub(super) fn publish_on_time(&mut self, until_ns: u64, limit: usize) -> usize {
        let first = self.next;
        let mut end = self.end.saturating_sub(1).min(first.saturating_add(limit));
        while end > first && self.timetable.intended_ns(end - 1) == self.timetable.intended_ns(end)
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

    /// When the plan wants event `index`, which there is.
    #[cfg(not(loom))]
    #[inline]
    pub(super) fn intended_ns(&self, index: usize) -> u64 {
        self.timetable.intended_ns(index)
    }

    /// Events put into the ring so far, repeats among them.
    #[inline]
    pub fn published(&self) -> u64 {
        self.faults.published(self.next as u64)
    }

    /// Tells `control` how far the feed is; `newest_ns` is the stamp of the last turn that published, which a
    /// feed with faults has from its receiver.
    #[inline]
    pub fn tell(&self, control: &Control, newest_ns: Option<u64>) {
        if F::IS_FAULTY {
            control.set_feed_counts(&self.counts());
        } else {
            control.set_published(self.next as u64, newest_ns);
        }
    }

    /// The feed's books as of now. Without faults nothing is known of a receiver, and `newest_ns` is `None`.
    pub fn counts(&self) -> FeedCounts {
        let seen = self.faults.receiver().copied().unwrap_or_default();
        FeedCounts {
            planned: self.events as u64,
            due: self.next as u64,
            published: self.published(),
            withheld: self.faults.withheld(),
            newest_ns: seen.newest_ns(),
            gaps: seen.gaps(),
            repeats: seen.repeats(),
            reordered: seen.reordered(),
        }
    }

    /// How the plan was shifted when the feed was let go on.
    pub const fn shifts(&self) -> &Shifts {
        &self.shifts
    }

    /// The index of the next event to come due.
    pub const fn next_index(&self) -> usize {
        self.next
    }

    /// Hands over the ring and the shifts when the run is over.
    pub fn into_parts(self) -> (P, Shifts) {
        (self.ring, self.shifts)
    }
}
