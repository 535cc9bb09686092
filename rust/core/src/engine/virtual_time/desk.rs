//! A reading stage in virtual time: what it is at, until when, and what others know of it by then.

use core::fmt;

use crate::bus::Overrun;
use crate::state::Gate;
use crate::time::Clock;

use super::super::build::{Leaves, ReaderEnd};
use super::super::{
    Control, Ledger, LoopNotes, OverrunPolicy, ReadingStage, Turn, VirtualClock, Wait,
};

/// What everybody in a run looks at.
#[derive(Clone, Copy)]
pub(super) struct World<'a> {
    pub(super) gate: &'a Gate,
    pub(super) clock: &'a VirtualClock,
    pub(super) control: &'a Control,
}

/// A reading stage, whatever it is built of.
pub(super) trait Reading: Send + fmt::Debug {
    /// When what it works on is done; `u64::MAX` if it works on nothing.
    fn done_ns(&self) -> u64;
    /// What it does at the clock's time: tells what it has done by then, and takes turns until it has nothing to
    /// do or something that takes time.
    fn act(&mut self, world: World<'_>);
    /// Whether it reads no further.
    fn is_over(&self) -> bool;
    /// Writes its books, as of the clock's time.
    fn show(&mut self, control: &Control);
    /// Counts what is left, when the run is over.
    fn close(&mut self, control: &Control);
    /// When it ended, and what it leaves behind.
    fn leave(self: Box<Self>) -> (u64, ReaderEnd);
}

/// A stage's books as of one moment.
#[derive(Debug, Clone, Copy)]
struct Books {
    ledger: Ledger,
    cursor: u64,
    epoch: u64,
}

/// A reading stage and its place among the others.
pub(super) struct Desk<E> {
    pub(super) stage: E,
    /// Its index among the reading stages.
    index: usize,
    done_ns: u64,
    /// As of before the event that it works on.
    before: Books,
    is_over: bool,
    end_ns: u64,
    ended_by: Option<Overrun>,
    notes: LoopNotes,
}

impl<E> fmt::Debug for Desk<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Desk")
            .field("index", &self.index)
            .field("done_ns", &self.done_ns)
            .field("is_over", &self.is_over)
            .finish_non_exhaustive()
    }
}

impl<E: ReadingStage> Desk<E> {
    pub(super) fn new(stage: E, index: usize) -> Self {
        Self {
            before: Books {
                ledger: stage.ledger(),
                cursor: stage.cursor(),
                epoch: 0,
            },
            stage,
            index,
            done_ns: u64::MAX,
            is_over: false,
            end_ns: 0,
            ended_by: None,
            // It meets no pause of the machine's.
            notes: LoopNotes::new(Wait::PARK),
        }
    }

    #[inline(always)]
    fn books(&self) -> Books {
        Books {
            ledger: self.stage.ledger(),
            cursor: self.stage.cursor(),
            epoch: self.stage.epoch(),
        }
    }

    /// The loop of `drive_reader`, as far as it gets without time going by.
    #[inline(always)]
    pub(super) fn take_turns(&mut self, world: World<'_>) {
        let World {
            gate,
            clock,
            control,
        } = world;
        let now_ns = clock.now_ns();
        let progress = control.stage(self.index).progress();
        if self.done_ns <= now_ns {
            self.done_ns = u64::MAX;
            progress.set(self.stage.cursor());
        }
        while !control.is_stopped() {
            let last_look = control.is_feed_done();
            self.before = self.books();
            match self.stage.turn(gate, clock, clock) {
                Turn::Processed(_) => {
                    let done_ns = clock.now_ns();
                    if done_ns > now_ns {
                        clock.set_ns(now_ns);
                        self.done_ns = done_ns;
                        return;
                    }
                    progress.set(self.stage.cursor());
                }
                Turn::Recovered(skipped) => {
                    self.notes.overrun(now_ns, skipped);
                    progress.set(self.stage.cursor());
                }
                Turn::NewEpoch => {}
                Turn::Idle if last_look => break,
                Turn::Idle | Turn::Behind | Turn::NotReady => return,
                Turn::Ended(overrun) => {
                    self.notes.overrun(now_ns, overrun.lost());
                    self.ended_by = Some(overrun);
                    if self.stage.policy() == OverrunPolicy::Raise {
                        control.stop();
                    }
                    break;
                }
            }
        }
        // Nobody waits for a stage that reads no further.
        progress.release();
        self.is_over = true;
        self.end_ns = now_ns;
    }

    /// Whether it is in the middle of an event.
    #[inline]
    pub(super) const fn is_at_work(&self) -> bool {
        self.done_ns != u64::MAX
    }
}

impl<E: ReadingStage + Leaves + Send> Reading for Desk<E> {
    #[inline(always)]
    fn done_ns(&self) -> u64 {
        self.done_ns
    }

    #[inline(always)]
    fn act(&mut self, world: World<'_>) {
        let is_free = self.done_ns == u64::MAX || self.done_ns <= world.clock.now_ns();
        if is_free && !self.is_over {
            self.take_turns(world);
        }
    }

    #[inline(always)]
    fn is_over(&self) -> bool {
        self.is_over
    }

    fn show(&mut self, control: &Control) {
        let books = if self.is_at_work() {
            self.before
        } else {
            self.books()
        };
        // Nothing of a stage that has ended is in flight.
        let epoch = if self.is_over { u64::MAX } else { books.epoch };
        let shown = control.stage(self.index);
        shown.set(&books.ledger, books.cursor, epoch);
    }

    fn close(&mut self, control: &Control) {
        self.stage.drain_unread();
        self.show(control);
    }

    fn leave(self: Box<Self>) -> (u64, ReaderEnd) {
        (self.end_ns, self.stage.leave(self.ended_by, self.notes))
    }
}
