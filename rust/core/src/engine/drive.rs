//! The loops that drive a stage on a thread of its own, from its first event to its last.
//!
//! With [`Wait::Spin`] there is no lock, no allocation and no system call in them.

use crate::bus::{Overrun, Payload};
use crate::ingest::Event;
use crate::state::Gate;
use crate::time::Clock;

use super::control::StageBooks;
use super::{
    Acks, ConsumerStage, Control, ExecutorStage, FeedStage, FeedTurn, Ledger, LoopNotes,
    OverrunPolicy, Publish, Recorder, Recover, Scheduler, Service, Spinning, Timetable, Turn, Wait,
};

/// Events of one turn of a stage without service time: the books are set, and orders looked for, once
/// in so many.
const TURN_EVENTS_MAX: usize = 64;

/// What a stage is driven with.
#[derive(Debug, Clone, Copy)]
pub struct Drive<'a, C> {
    /// The lifecycle's word.
    pub gate: &'a Gate,
    /// Where stamps come from.
    pub clock: &'a C,
    /// What the stage does while it has nothing to do.
    pub wait: Wait,
    /// What it shares with the control side.
    pub control: &'a Control,
}

/// Publishes until everything is published or the run is stopped; one stamp for up to `per_stamp` events.
pub fn drive_feed<S, P, T, C>(
    stage: &mut FeedStage<S, P, T>,
    drive: Drive<'_, C>,
    per_stamp: usize,
    notes: &mut LoopNotes,
) where
    S: AsRef<[Event]>,
    P: Publish,
    T: Timetable,
    C: Clock,
{
    let Drive {
        gate,
        clock,
        wait,
        control,
    } = drive;
    let mut epoch = 0;
    stage.begin(clock.now_ns());
    while !control.is_stopped() {
        let seen = gate.read().epoch();
        if seen != epoch {
            epoch = seen;
            control.set_feed_epoch(epoch);
        }
        let before = stage.published();
        let (turn, now_ns) = publish_burst(stage, clock, per_stamp);
        if stage.published() > before {
            notes.busy();
        }
        match turn {
            FeedTurn::Published(_) => control.set_published(stage.published()),
            FeedTurn::NotDue { until_ns } => {
                notes.idle_at(now_ns);
                control.set_published(stage.published());
                wait.until_due(until_ns.saturating_sub(now_ns));
            }
            FeedTurn::Held if control.is_released() => {
                control.set_held(false);
                stage.release(clock.now_ns());
            }
            FeedTurn::Held => {
                control.set_published(stage.published());
                control.set_held(true);
                notes.idle_at(now_ns);
                wait.idle();
            }
            FeedTurn::Done => break,
        }
    }
    control.set_published(stage.published());
    control.set_feed_done();
}

/// Turns of the feed until it has nothing to publish or orders are to be looked for; what the last of
/// them came to, and when it was.
#[inline(always)]
fn publish_burst<S, P, T, C>(
    stage: &mut FeedStage<S, P, T>,
    clock: &C,
    per_stamp: usize,
) -> (FeedTurn, u64)
where
    S: AsRef<[Event]>,
    P: Publish,
    T: Timetable,
    C: Clock,
{
    let mut turns = 0;
    loop {
        let now_ns = clock.now_ns();
        let turn = stage.turn(now_ns, per_stamp);
        turns += 1;
        if turns == TURN_EVENTS_MAX || !matches!(turn, FeedTurn::Published(_)) {
            return (turn, now_ns);
        }
    }
}

/// A stage that reads: what its loop needs of it.
pub trait ReadingStage {
    /// One turn; see [`ExecutorStage::turn`].
    fn turn<C: Clock, T: Scheduler>(&mut self, gate: &Gate, clock: &C, scheduler: &T) -> Turn;
    /// Reads what is left and counts it as unread.
    fn drain_unread(&mut self);
    /// The stage's side of the books.
    fn ledger(&self) -> Ledger;
    /// The next sequence expected.
    fn cursor(&self) -> u64;
    /// The epoch that was seen last.
    fn epoch(&self) -> u64;
    /// What is done about an overrun.
    fn policy(&self) -> OverrunPolicy;
}

/// Events of a turn: with service time the books are set after each.
const fn events_per_turn<S: Service>() -> usize {
    if S::IS_TIMED { 1 } else { TURN_EVENTS_MAX }
}

macro_rules! books_of_the_stage {
    ($($at:tt)*) => {
        fn drain_unread(&mut self) {
            self$($at)*.drain_unread();
        }
        #[inline]
        fn ledger(&self) -> Ledger {
            self$($at)*.ledger()
        }
        #[inline]
        fn cursor(&self) -> u64 {
            self$($at)*.cursor()
        }
        #[inline]
        fn epoch(&self) -> u64 {
            self$($at)*.epoch()
        }
        fn policy(&self) -> OverrunPolicy {
            self$($at)*.policy()
        }
    };
}

/// An executor with two stamps an event.
#[derive(Debug)]
pub struct StampsEach<E>(pub E);

/// An executor with one stamp for a batch of events.
#[derive(Debug)]
pub struct StampShared<E>(pub E);

impl<R, S, A, M> ReadingStage for StampsEach<ExecutorStage<R, S, A, M>>
where
    R: Recover<Item = Payload>,
    S: Service,
    A: Acks,
    M: Recorder,
{
    #[inline(always)]
    fn turn<C: Clock, T: Scheduler>(&mut self, gate: &Gate, clock: &C, scheduler: &T) -> Turn {
        self.0.turn(gate, clock, scheduler, events_per_turn::<S>())
    }
    books_of_the_stage!(.0);
}

impl<R, S, A, M> ReadingStage for StampShared<ExecutorStage<R, S, A, M>>
where
    R: Recover<Item = Payload>,
    S: Service,
    A: Acks,
    M: Recorder,
{
    #[inline(always)]
    fn turn<C: Clock, T: Scheduler>(&mut self, gate: &Gate, clock: &C, _scheduler: &T) -> Turn {
        self.0.turn_shared(gate, clock)
    }
    books_of_the_stage!(.0);
}

impl<R, S, M> ReadingStage for StampsEach<ConsumerStage<R, S, M>>
where
    R: Recover<Item = Payload>,
    S: Service,
    M: Recorder,
{
    #[inline(always)]
    fn turn<C: Clock, T: Scheduler>(&mut self, gate: &Gate, clock: &C, scheduler: &T) -> Turn {
        self.0.turn(gate, clock, scheduler, events_per_turn::<S>())
    }
    books_of_the_stage!(.0);
}

/// Reads until the feed is done and the ring is empty, the run is stopped, or the stage's policy ends
/// it; then counts what is left. The overrun that ended it, if one did.
pub fn drive_reader<E, C>(
    stage: &mut E,
    drive: Drive<'_, C>,
    books: &StageBooks,
    notes: &mut LoopNotes,
) -> Option<Overrun>
where
    E: ReadingStage,
    C: Clock,
{
    let Drive {
        gate,
        clock,
        wait,
        control,
    } = drive;
    let scheduler = Spinning::new(control);
    let mut ended = None;
    while !control.is_stopped() {
        // Looked at before the ring: an empty ring says nothing about events that come after.
        let last_look = control.is_feed_done();
        match stage.turn(gate, clock, &scheduler) {
            Turn::Processed(_) => {
                notes.busy();
                books.progress().set(stage.cursor());
            }
            Turn::Recovered(skipped) => {
                notes.busy();
                notes.overrun(clock.now_ns(), skipped);
                books.progress().set(stage.cursor());
            }
            // Said before the next turn decides under the new word: whoever sees it knows that nothing is
            // decided under an older epoch any more.
            Turn::NewEpoch => {}
            Turn::Idle if last_look => break,
            Turn::Idle | Turn::Behind | Turn::NotReady => {
                notes.idle(clock);
                wait.idle();
                continue;
            }
            Turn::Ended(overrun) => {
                notes.overrun(clock.now_ns(), overrun.lost());
                ended = Some(overrun);
                break;
            }
        }
        books.set(&stage.ledger(), stage.cursor(), stage.epoch());
    }
    if ended.is_some() && stage.policy() == OverrunPolicy::Raise {
        control.stop();
    }
    // Nobody waits for a stage that reads no further, and nothing of it is in flight.
    books.progress().release();
    books.set(&stage.ledger(), stage.cursor(), u64::MAX);
    while !control.is_feed_done() {
        Wait::PARK.idle();
    }
    stage.drain_unread();
    books.set(&stage.ledger(), stage.cursor(), u64::MAX);
    ended
}
