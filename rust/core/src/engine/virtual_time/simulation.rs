//! The order of things in a virtual run.
//!
//! At each moment at which anything happens: first the feed publishes what is due, then each reading stage,
//! those upstream first, tells what it has done by then and goes on. So a stage meets every event that was
//! due by that moment, and one that waits for others meets what they have done by that moment.

use core::fmt;

use crate::bus::Payload;
use crate::ingest::Event;
use crate::state::Gate;
use crate::sync::Arc;
use crate::time::Clock;

use super::super::build::ReaderEnd;
use super::super::build_feed::FeedEnd;
use super::super::leaves::Leaves;
use super::super::{
    Acks, Control, ExecutorStage, FaultyReader, FeedFaults, Phase, ReadingStage, Recorder, Recover,
    Service, StampsEach, Turn,
};
use super::ahead::run_ahead;
use super::clock::VirtualClock;
use super::desk::{Desk, OneBack, Reading, World};
use super::digest::{AcksDigest, DigestedAcks};
use super::feeding::Feeding;

/// How far to simulate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Horizon {
    /// To the end of this moment, in virtual nanoseconds: what is due at it has happened.
    pub until_ns: u64,
    /// Not beyond the publication of so many events, counted from the run's first: at its moment, before
    /// anybody has read it.
    pub until_published: u64,
    /// Not beyond the moment at which so many events of the plan have come, each once, or were withheld:
    /// likewise.
    pub until_due: u64,
    /// At most so many moments, after the present one.
    pub moments: u64,
}

impl Horizon {
    /// To the end of the run.
    pub const END: Self = Self {
        until_ns: u64::MAX,
        until_published: u64::MAX,
        until_due: u64::MAX,
        moments: u64::MAX,
    };
}

/// Why the simulation stopped where it did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Advance {
    /// At the horizon.
    Reached,
    /// Nothing will ever happen by itself: it waits for the control side.
    Quiet,
    /// So many moments were simulated; the horizon is further on.
    Paused,
    /// The run is over.
    Over,
}

/// A run, whatever its stages are built of.
pub(super) trait Simulation: Send + fmt::Debug {
    fn advance(&mut self, to: Horizon) -> Advance;
    fn now_ns(&self) -> u64;
    fn is_over(&self) -> bool;
    fn digest(&self) -> &AcksDigest;
    fn leave(self: Box<Self>) -> Left;
}

/// What the stages leave behind, each with the moment at which it ended.
pub(super) struct Left {
    pub(super) feed: (u64, FeedEnd),
    /// The executor, then each consumer.
    pub(super) readers: Vec<(u64, ReaderEnd)>,
    pub(super) digest: AcksDigest,
}

/// An executor as this driver needs it.
pub(super) trait Executing: OneBack + Leaves + Send {
    /// A turn through everything that is there, whatever its service time; not where faults may happen
    /// between.
    fn turn_on<C: Clock>(&mut self, world: World<'_, C>) -> Turn;
    fn digest(&self) -> &AcksDigest;
    fn settle_acks(&mut self, is_at_work: bool);
}

impl<R, S, A, M> Executing for StampsEach<ExecutorStage<R, S, DigestedAcks<A>, M>>
where
    Self: OneBack + Leaves + Send,
    R: Recover<Item = Payload>,
    S: Service,
    A: Acks,
    M: Recorder,
{
    #[inline(always)]
    fn turn_on<C: Clock>(&mut self, world: World<'_, C>) -> Turn {
        self.0.turn(world.gate, world.clock, world.now, usize::MAX)
    }

    fn digest(&self) -> &AcksDigest {
        self.0.acks().digest()
    }

    fn settle_acks(&mut self, is_at_work: bool) {
        self.0.acks_mut().settle(is_at_work);
    }
}

impl<E: Executing> Executing for FaultyReader<E> {
    fn turn_on<C: Clock>(&mut self, world: World<'_, C>) -> Turn {
        self.turn(world.gate, world.clock, world.now)
    }

    fn digest(&self) -> &AcksDigest {
        self.stage().digest()
    }

    fn settle_acks(&mut self, is_at_work: bool) {
        self.stage_mut().settle_acks(is_at_work);
    }
}

/// The stages of a run, in the order in which they act.
pub(super) struct Stages<S, F, E, C> {
    pub(super) gate: Arc<Gate>,
    pub(super) control: Arc<Control>,
    pub(super) now: VirtualClock,
    pub(super) clock: C,
    pub(super) feed: Feeding<S, F>,
    /// Those that the executor waits for, or might.
    pub(super) before: Vec<(usize, Box<dyn Reading<C>>)>,
    pub(super) executor: Desk<E>,
    pub(super) after: Vec<(usize, Box<dyn Reading<C>>)>,
    /// Whether strides lead to the same as moments one by one.
    pub(super) may_run_ahead: bool,
    pub(super) is_over: bool,
}

impl<S, F, E, C> fmt::Debug for Stages<S, F, E, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stages")
            .field("now", &self.now)
            .field("executor", &self.executor)
            .finish_non_exhaustive()
    }
}

impl<S, F, E, C> Stages<S, F, E, C>
where
    S: AsRef<[Event]> + Send,
    F: FeedFaults + Send,
    E: Executing + 'static,
    C: Clock + Send,
{
    /// The moments up to the horizon.
    #[inline(always)]
    fn run(&mut self, to: Horizon) -> Advance {
        let world = World {
            gate: &self.gate,
            now: &self.now,
            clock: &self.clock,
            control: &self.control,
        };
        // Whoever is idle sees a new word of the gate, and an order, at the moment at which it was given.
        self.feed.look(world);
        let mut next_ns = world.now.now_ns();
        // The present moment is looked at again, and does not count.
        let mut moments = to.moments.saturating_add(1);
        loop {
            if next_ns > to.until_ns {
                world.now.set_ns(to.until_ns);
                return Advance::Reached;
            }
            if next_ns == u64::MAX {
                return Advance::Quiet;
            }
            if moments == 0 {
                return Advance::Paused;
            }
            moments -= 1;
            world.now.set_ns(next_ns);
            if self.feed.act(world, to) {
                return Advance::Reached;
            }
            for (_, stage) in &mut self.before {
                stage.act(world);
            }
            self.executor.act(world);
            for (_, stage) in &mut self.after {
                stage.act(world);
            }
            if self.executor.is_over && self.everybody_is_over() {
                return Advance::Over;
            }
            if world.control.is_stopped() && self.somebody_waits() {
                // By a stage, in this moment: the others see it in the same one.
                self.feed.look(world);
                continue;
            }
            if self.may_run_ahead {
                moments -= run_ahead(&mut self.feed, &mut self.executor, world, to, moments);
            }
            next_ns = self.feed.due_ns().min(self.executor.done_ns);
            for (_, stage) in self.before.iter().chain(&self.after) {
                next_ns = next_ns.min(stage.done_ns());
            }
        }
    }

    /// Whether anybody has not ended who works on nothing: nothing would ever happen to him.
    #[cold]
    fn somebody_waits(&self) -> bool {
        let waits = |done_ns: u64, is_over: bool| done_ns == u64::MAX && !is_over;
        let mut others = self.before.iter().chain(&self.after);
        !self.feed.is_over()
            || waits(self.executor.done_ns, self.executor.is_over)
            || others.any(|(_, stage)| waits(stage.done_ns(), stage.is_over()))
    }

    fn everybody_is_over(&self) -> bool {
        let mut others = self.before.iter().chain(&self.after);
        self.feed.is_over() && self.executor.is_over && others.all(|(_, stage)| stage.is_over())
    }

    /// Tells the control side how far everybody is.
    pub(super) fn show(&mut self) {
        let control = &self.control;
        let world = World {
            gate: &self.gate,
            now: &self.now,
            clock: &self.clock,
            control,
        };
        self.feed.show(world);
        let is_at_work = self.executor.is_at_work();
        self.executor.stage.settle_acks(is_at_work);
        let executor: &mut dyn Reading<C> = &mut self.executor;
        let others = self.before.iter_mut().chain(&mut self.after);
        let others = others.map(|(_, stage)| &mut **stage);
        for stage in core::iter::once(executor).chain(others) {
            if self.is_over {
                stage.close(control);
            } else {
                stage.show(control);
            }
        }
        if self.is_over {
            control.set_phase(Phase::Finished);
        }
    }
}

impl<S, F, E, C> Simulation for Stages<S, F, E, C>
where
    S: AsRef<[Event]> + Send,
    F: FeedFaults + Send,
    E: Executing + 'static,
    C: Clock + Send,
{
    fn advance(&mut self, to: Horizon) -> Advance {
        if self.is_over {
            return Advance::Over;
        }
        let to = Horizon {
            until_ns: to.until_ns.max(self.now.now_ns()),
            ..to
        };
        let outcome = self.run(to);
        self.is_over = outcome == Advance::Over;
        self.show();
        outcome
    }

    fn now_ns(&self) -> u64 {
        self.now.now_ns()
    }

    fn is_over(&self) -> bool {
        self.is_over
    }

    fn digest(&self) -> &AcksDigest {
        self.executor.stage.digest()
    }

    fn leave(self: Box<Self>) -> Left {
        let digest = self.executor.stage.digest().clone();
        let mut others: Vec<_> = self.before.into_iter().chain(self.after).collect();
        others.sort_by_key(|(index, _)| *index);
        let mut readers = vec![Reading::<C>::leave(Box::new(self.executor))];
        readers.extend(others.into_iter().map(|(_, stage)| stage.leave()));
        Left {
            feed: self.feed.leave(),
            readers,
            digest,
        }
    }
}
