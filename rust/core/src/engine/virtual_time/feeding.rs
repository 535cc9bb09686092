//! The feed in virtual time: publishes what is due, at the very moment.

use crate::bus::Producer;
use crate::ingest::Event;
use crate::time::Clock;

use super::super::build_feed::FeedEnd;
use super::super::{Control, FeedFaults, FeedStage, FeedTurn, LoopNotes, NoFaults, Planned, Wait};
use super::desk::World;

/// The feed and when it has something to do.
#[derive(Debug)]
pub(super) struct Feeding<S, F = NoFaults> {
    stage: FeedStage<S, Producer, Planned, F>,
    /// When the next event is due; `u64::MAX` if none is: held, frozen, or done.
    due_ns: u64,
    is_held: bool,
    intake_stopped: bool,
    is_over: bool,
    end_ns: u64,
    /// The sequence of its first event.
    first_seq: u64,
    ring_slots: u64,
}

impl<S: AsRef<[Event]>, F: FeedFaults> Feeding<S, F> {
    /// A feed that begins at 0.
    pub(super) fn new(
        mut stage: FeedStage<S, Producer, Planned, F>,
        first_seq: u64,
        ring_slots: u64,
    ) -> Self {
        stage.begin(0);
        Self {
            stage,
            due_ns: 0,
            is_held: false,
            intake_stopped: false,
            is_over: false,
            end_ns: 0,
            first_seq,
            ring_slots,
        }
    }

    /// How many events can be published before one is overwritten that a reader who expects `cursor` has not read.
    #[inline(always)]
    pub(super) fn room(&self, cursor: u64) -> u64 {
        let unread = self.first_seq + self.stage.published() - cursor;
        self.ring_slots.saturating_sub(unread)
    }

    /// Publishes what is due up to `until_ns`, each event at its own moment, at most `limit`; how many. If any, the next
    /// one is due later than all of them.
    #[inline(always)]
    pub(super) fn run_ahead(&mut self, until_ns: u64, limit: u64) -> u64 {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let published = self.stage.publish_on_time(until_ns, limit);
        if published > 0 {
            self.due_ns = self.stage.next_due_ns();
        }
        published as u64
    }

    #[inline(always)]
    pub(super) const fn due_ns(&self) -> u64 {
        self.due_ns
    }

    #[inline(always)]
    pub(super) const fn is_over(&self) -> bool {
        self.is_over
    }

    #[inline(always)]
    pub(super) fn published(&self) -> u64 {
        self.stage.published()
    }

    /// Looks for orders before anything is published: those of the control side hold from its own moment on.
    pub(super) fn look(&mut self, world: World<'_>) {
        if self.is_over {
            return;
        }
        if !world.control.is_feeding() && !world.control.is_stopped() {
            self.intake_stopped = true;
            self.end(world);
            return;
        }
        world.control.set_feed_epoch(world.gate.read().epoch());
        self.due_ns = world.clock.now_ns();
    }

    /// Tells the control side how far it is.
    pub(super) fn tell(&self, control: &Control) {
        self.stage.tell(control, self.stage.last_due_ns());
    }

    /// Publishes what is due, up to `limit` events; whether it stopped there, and others may be due at the same
    /// moment.
    #[inline(always)]
    pub(super) fn act(&mut self, world: World<'_>, limit: u64) -> bool {
        let now_ns = world.clock.now_ns();
        if now_ns < self.due_ns || self.is_over {
            return false;
        }
        let last = self.published().saturating_add(limit);
        loop {
            let left = last.saturating_sub(self.published());
            if left == 0 {
                return true;
            }
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            match self.stage.turn(now_ns, left) {
                FeedTurn::Published(_) | FeedTurn::Withheld(_) => {}
                FeedTurn::NotDue { until_ns } => {
                    self.due_ns = until_ns;
                    return false;
                }
                FeedTurn::Held if self.goes_on(world, now_ns) => {}
                FeedTurn::Held | FeedTurn::Frozen => {
                    self.due_ns = u64::MAX;
                    return false;
                }
                FeedTurn::Done => {
                    self.end(world);
                    return false;
                }
            }
        }
    }

    /// Whether the hold that it has come to was moved on; see `drive_feed`.
    #[cold]
    fn goes_on(&mut self, world: World<'_>, now_ns: u64) -> bool {
        let hold_at = world.control.hold_at();
        let is_here = hold_at.is_some_and(|hold_at| hold_at <= self.stage.next_index());
        if is_here && !self.is_held {
            self.tell(world.control);
            world.control.set_held(Some(self.stage.next_index()));
        } else if self.is_held && !is_here {
            world.control.set_held(None);
        }
        if !is_here && self.is_held {
            self.stage.release(now_ns, hold_at);
        } else if !is_here {
            self.stage.hold(hold_at);
        }
        self.is_held = is_here;
        !is_here
    }

    /// Ends here: no event follows.
    #[cold]
    pub(super) fn end(&mut self, world: World<'_>) {
        if !self.is_over {
            self.is_over = true;
            self.due_ns = u64::MAX;
            self.end_ns = world.clock.now_ns();
            self.tell(world.control);
            world.control.set_held(None);
            world.control.set_feed_done();
        }
    }

    /// When it ended, and what it leaves behind.
    pub(super) fn leave(self) -> (u64, FeedEnd) {
        let counts = self.stage.counts();
        let (producer, shifts) = self.stage.into_parts();
        let end = FeedEnd {
            begin_ns: Some(0),
            counts,
            intake_stopped: self.intake_stopped,
            shifts,
            notes: LoopNotes::new(Wait::PARK),
            producer,
        };
        (self.end_ns, end)
    }
}
