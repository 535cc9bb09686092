//! A reading stage in virtual time: what it is at, until when, and what others know of it by then.

use core::fmt;

use crate::bus::{Overrun, Payload};
use crate::state::Gate;
use crate::time::Clock;

use super::super::build::ReaderEnd;
use super::super::leaves::Leaves;
use super::super::{
    Acks, ConsumerStage, Control, ExecutorStage, FaultyReader, Ledger, LoopNotes, OverrunPolicy,
    ReadingStage, Recorder, Recover, Service, StampsEach, Turn, Wait,
};
use super::clock::VirtualClock;

/// What everybody in a run looks at.
pub(super) struct World<'a, C> {
    pub(super) gate: &'a Gate,
    /// The true time.
    pub(super) now: &'a VirtualClock,
    /// The reading stages' clock.
    pub(super) clock: &'a C,
    pub(super) control: &'a Control,
}

impl<C> Clone for World<'_, C> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<C> Copy for World<'_, C> {}

/// A reading stage, whatever it is built of.
pub(super) trait Reading<C>: Send + fmt::Debug {
    /// When what it works on is done; `u64::MAX` if it works on nothing.
    fn done_ns(&self) -> u64;
    /// What it does at the clock's time: tells what it has done by then, and takes turns until it has nothing
    /// to do or something that takes time.
    fn act(&mut self, world: World<'_, C>);
    /// Whether it reads no further.
    fn is_over(&self) -> bool;
    /// Writes its books, as of the clock's time.
    fn show(&mut self, control: &Control);
    /// Counts what is left, when the run is over.
    fn close(&mut self, control: &Control);
    /// When it ended, and what it leaves behind.
    fn leave(self: Box<Self>) -> (u64, ReaderEnd);
}

/// A stage that can say what its books were before its last event.
pub(super) trait OneBack: ReadingStage {
    /// `ledger` without the event that was processed last.
    fn without_last(&self, ledger: Ledger) -> Ledger;
    /// Whether that event was above the latency limit.
    fn was_last_over(&self) -> bool;
}

impl<R, S, A, M> OneBack for StampsEach<ExecutorStage<R, S, A, M>>
where
    R: Recover<Item = Payload>,
    S: Service,
    A: Acks,
    M: Recorder,
{
    fn without_last(&self, mut ledger: Ledger) -> Ledger {
        let word = self.0.word();
        if word.is_ready() {
            ledger.executed -= 1;
        } else {
            ledger.gated[word.state() as usize] -= 1;
        }
        ledger
    }

    fn was_last_over(&self) -> bool {
        self.0.recorder().was_last_over()
    }
}

impl<R, S, M> OneBack for StampsEach<ConsumerStage<R, S, M>>
where
    R: Recover<Item = Payload>,
    S: Service,
    M: Recorder,
{
    fn without_last(&self, ledger: Ledger) -> Ledger {
        Ledger {
            read: ledger.read - 1,
            ..ledger
        }
    }

    fn was_last_over(&self) -> bool {
        self.0.recorder().was_last_over()
    }
}

impl<E: OneBack> OneBack for FaultyReader<E> {
    fn without_last(&self, ledger: Ledger) -> Ledger {
        self.stage().without_last(ledger)
    }

    fn was_last_over(&self) -> bool {
        self.stage().was_last_over()
    }
}

/// A reading stage and its place among the others.
pub(super) struct Desk<E> {
    pub(super) stage: E,
    /// Its index among the reading stages.
    index: usize,
    /// When the event that it works on is done; `u64::MAX` if it works on none.
    pub(super) done_ns: u64,
    pub(super) is_over: bool,
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

impl<E: OneBack> Desk<E> {
    pub(super) fn new(stage: E, index: usize) -> Self {
        Self {
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

    /// The loop of `drive_reader`, as far as it gets without time going by.
    #[inline(always)]
    pub(super) fn take_turns<C: Clock>(&mut self, world: World<'_, C>) {
        let World {
            gate,
            now,
            clock,
            control,
        } = world;
        let now_ns = now.now_ns();
        let progress = control.stage(self.index).progress();
        if self.done_ns <= now_ns {
            self.done_ns = u64::MAX;
            progress.set(self.stage.cursor());
        }
        while !control.is_stopped() {
            let last_look = control.is_feed_done();
            match self.stage.turn(gate, clock, now) {
                Turn::Processed(_) => {
                    let done_ns = now.now_ns();
                    if done_ns > now_ns {
                        now.set_ns(now_ns);
                        self.done_ns = done_ns;
                        return;
                    }
                    progress.set(self.stage.cursor());
                }
                Turn::Recovered(skipped) => {
                    self.notes.overrun(now_ns, skipped);
                    progress.set(self.stage.cursor());
                }
                Turn::Skipped(_) => progress.set(self.stage.cursor()),
                Turn::NewEpoch => {}
                Turn::Idle if last_look => break,
                Turn::Idle | Turn::Behind | Turn::NotReady | Turn::Stalled => return,
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

    /// Whether it reads no further, or is not to.
    #[inline(always)]
    pub(super) const fn is_over_or(&self, is_stopped: bool) -> bool {
        self.is_over || is_stopped
    }

    fn tell(&self, control: &Control) {
        let (mut ledger, mut cursor) = (self.stage.ledger(), self.stage.cursor());
        let mut over_limit = self.stage.over_limit();
        if self.is_at_work() {
            ledger = self.stage.without_last(ledger);
            cursor -= 1;
            over_limit -= u64::from(self.stage.was_last_over());
        }
        // Nothing of a stage that has ended is in flight.
        let epoch = if self.is_over {
            u64::MAX
        } else {
            self.stage.epoch()
        };
        let books = control.stage(self.index);
        books.set(&ledger, cursor, over_limit, epoch);
    }

    /// Whether it is in the middle of an event.
    #[inline]
    pub(super) const fn is_at_work(&self) -> bool {
        self.done_ns != u64::MAX
    }
}

impl<E: OneBack + Leaves + Send, C: Clock> Reading<C> for Desk<E> {
    #[inline(always)]
    fn done_ns(&self) -> u64 {
        self.done_ns
    }

    #[inline(always)]
    fn act(&mut self, world: World<'_, C>) {
        let is_free = self.done_ns == u64::MAX || self.done_ns <= world.now.now_ns();
        if is_free && !self.is_over {
            self.take_turns(world);
        }
    }

    #[inline(always)]
    fn is_over(&self) -> bool {
        self.is_over
    }

    fn show(&mut self, control: &Control) {
        self.tell(control);
    }

    fn close(&mut self, control: &Control) {
        self.stage.drain_unread();
        self.tell(control);
    }

    fn leave(self: Box<Self>) -> (u64, ReaderEnd) {
        (self.end_ns, self.stage.leave(self.ended_by, self.notes))
    }
}
