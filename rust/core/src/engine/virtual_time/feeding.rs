//! The feed in virtual time: publishes what is due, at the very moment.

use crate::bus::Producer;
use crate::ingest::Event;
use crate::time::Clock;

use super::super::build_feed::FeedEnd;
use super::super::drive::goes_on;
use super::super::{FeedFaults, FeedStage, FeedTurn, LoopNotes, Planned, Wait};
use super::desk::World;
use super::simulation::Horizon;

/// The feed and when it has something to do.
#[derive(Debug)]
pub(super) struct Feeding<S, F> {
    stage: FeedStage<S, Producer, Planned, F>,
    /// When the next event is due; `u64::MAX` if none is: held, frozen, or done.
    due_ns: u64,
    /// When it published last.
    newest_ns: Option<u64>,
    is_held: bool,
    is_over: bool,
    intake_stopped: bool,
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
            newest_ns: None,
            is_held: false,
            is_over: false,
            intake_stopped: false,
            end_ns: 0,
            first_seq,
            ring_slots,
        }
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

    /// How many events can be published before one is overwritten that a reader who expects `cursor` has not
    /// read.
    #[inline(always)]
    pub(super) fn room(&self, cursor: u64) -> u64 {
        let unread = self.first_seq + self.published() - cursor;
        self.ring_slots.saturating_sub(unread)
    }

    /// Tells the control side how far it is.
    #[inline]
    pub(super) fn show<C>(&self, world: World<'_, C>) {
        self.stage.tell(world.control, self.newest_ns);
    }

    /// Looks for orders before anything is published: those of the control side hold from its own moment on.
    pub(super) fn look<C>(&mut self, world: World<'_, C>) {
        if !self.is_over {
            world.control.set_feed_epoch(world.gate.read().epoch());
            self.due_ns = world.now.now_ns();
        }
    }

    /// Publishes what is due, as far as the counts of `to`; whether it stopped there, and others may be due at
    /// the same moment.
    #[inline(always)]
    pub(super) fn act<C>(&mut self, world: World<'_, C>, to: Horizon) -> bool {
        let now_ns = world.now.now_ns();
        if now_ns < self.due_ns || self.is_over {
            return false;
        }
        loop {
            if !world.control.is_feeding() {
                self.end(world);
                return false;
            }
            let left = self.left(to);
            if left == 0 {
                return true;
            }
            // What comes of an event that is due is a fault's to say: one by one, if they are counted.
            let limit = match usize::try_from(left) {
                Ok(_) if F::IS_FAULTY && left < u64::MAX => 1,
                Ok(left) => left,
                Err(_) => usize::MAX,
            };
            match self.stage.turn(now_ns, limit) {
                FeedTurn::Published(_) => {
                    self.newest_ns = Some(now_ns);
                    self.show(world);
                }
                FeedTurn::Withheld(_) => self.show(world),
                FeedTurn::NotDue { until_ns } => {
                    self.due_ns = until_ns;
                    return false;
                }
                FeedTurn::Held => {
                    if !goes_on(&mut self.stage, world.control, world.now, &mut self.is_held) {
                        self.due_ns = u64::MAX;
                        return false;
                    }
                }
                FeedTurn::Frozen => {
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

    /// How many more events may be dealt with until one of the counts of `to` is reached, if each is published
    /// once; all of them if nothing is counted.
    #[inline(always)]
    pub(super) fn left(&self, to: Horizon) -> u64 {
        let mut left = u64::MAX;
        if to.until_published < u64::MAX {
            left = to.until_published.saturating_sub(self.published());
        }
        if to.until_due < u64::MAX {
            let counts = self.stage.counts();
            let due = (counts.published + counts.withheld).saturating_sub(counts.repeats);
            left = left.min(to.until_due.saturating_sub(due));
        }
        left
    }

    /// Publishes what is due up to `until_ns`, each event at its own moment, at most `limit`; how many. If
    /// any, the next one is due later than all of them.
    #[inline(always)]
    pub(super) fn run_ahead(&mut self, until_ns: u64, limit: u64) -> u64 {
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let published = self.stage.publish_on_time(until_ns, limit);
        if published > 0 {
            let next = self.stage.next_index();
            self.newest_ns = Some(self.stage.intended_ns(next - 1));
            self.due_ns = self.stage.intended_ns(next);
        }
        published as u64
    }

    /// Ends here: no event follows.
    #[cold]
    fn end<C>(&mut self, world: World<'_, C>) {
        let control = world.control;
        let counts = self.stage.counts();
        self.is_over = true;
        self.intake_stopped = counts.due < counts.planned && !control.is_stopped();
        self.due_ns = u64::MAX;
        self.end_ns = world.now.now_ns();
        self.show(world);
        control.set_held(None);
        control.set_feed_done();
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
