//! The feed in virtual time: publishes what is due, at the very moment.

use crate::bus::Producer;
use crate::ingest::Event;
use crate::time::Clock;

use super::super::build::FeedEnd;
use super::super::{FeedStage, FeedTurn, LoopNotes, Planned, Wait};
use super::desk::World;

/// The feed and when it has something to do.
#[derive(Debug)]
pub(super) struct Feeding<S> {
    stage: FeedStage<S, Producer, Planned>,
    /// When the next event is due; `u64::MAX` if none is: held, or done.
    due_ns: u64,
    is_over: bool,
    end_ns: u64,
}

impl<S: AsRef<[Event]>> Feeding<S> {
    /// A feed that begins at 0.
    pub(super) fn new(mut stage: FeedStage<S, Producer, Planned>) -> Self {
        stage.begin(0);
        Self {
            stage,
            due_ns: 0,
            is_over: false,
            end_ns: 0,
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
    pub(super) const fn published(&self) -> u64 {
        self.stage.published()
    }

    /// Looks for orders before anything is published: those of the control side hold from its own moment on.
    pub(super) fn look(&mut self, world: World<'_>) {
        if !self.is_over {
            world.control.set_feed_epoch(world.gate.read().epoch());
            self.due_ns = world.clock.now_ns();
        }
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
            let left = last - self.published();
            if left == 0 {
                return true;
            }
            let left = usize::try_from(left).unwrap_or(usize::MAX);
            match self.stage.turn(now_ns, left) {
                FeedTurn::Published(_) => {}
                FeedTurn::NotDue { until_ns } => {
                    self.due_ns = until_ns;
                    return false;
                }
                FeedTurn::Held if world.control.is_released() => {
                    world.control.set_held(false);
                    self.stage.release(now_ns);
                }
                FeedTurn::Held => {
                    world.control.set_held(true);
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

    /// Ends here: no event follows.
    #[cold]
    pub(super) fn end(&mut self, world: World<'_>) {
        if !self.is_over {
            self.is_over = true;
            self.due_ns = u64::MAX;
            self.end_ns = world.clock.now_ns();
            world.control.set_published(self.published());
            world.control.set_feed_done();
        }
    }

    /// When it ended, and what it leaves behind.
    pub(super) fn leave(self) -> (u64, FeedEnd) {
        let end = FeedEnd {
            published: self.stage.published(),
            rebased: self.stage.rebased(),
            notes: LoopNotes::new(Wait::PARK),
            producer: self.stage.into_ring(),
        };
        (self.end_ns, end)
    }
}
