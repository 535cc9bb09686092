//! The loops that drive a stage on a thread of its own, from its first event to its last.
//!
//! With [`Wait::Spin`] there is no lock, no allocation and no system call in them.

use crate::bus::{Overrun, Payload};
use crate::ingest::Event;
use crate::planted;
use crate::state::Gate;
use crate::time::Clock;

use super::stage_books::NO_LIMIT;
use super::{
    Acks, ConsumerStage, Control, ExecutorStage, FeedFaults, FeedStage, FeedTurn, Ledger,
    LoopNotes, OverrunPolicy, Publish, Recorder, Recover, Scheduler, Service, Spinning, StageBooks,
    Timetable, Turn, Wait,
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

/// Publishes until everything is published or the run, or its intake, is stopped; one stamp for up to `per_stamp`
/// events. Whether it was a stop of the intake that ended it.
///
/// The feed is the outside world: it goes by the true clock, whatever step was put on the stages'.
pub fn drive_feed<S, P, T, F, C>(
    stage: &mut FeedStage<S, P, T, F>,
    drive: Drive<'_, C>,
    per_stamp: usize,
    notes: &mut LoopNotes,
) -> bool
where
    S: AsRef<[Event]>,
    P: Publish,
    T: Timetable,
    F: FeedFaults,
    C: Clock,
{
    let Drive {
        gate,
        clock,
        wait,
        control,
    } = drive;
    let (mut epoch, mut newest_ns, mut is_held) = (0, None, false);
    let begin_ns = clock.true_ns();
    stage.begin(begin_ns);
    if control.is_feeding() {
        control.set_begin(begin_ns);
    }
    let mut is_done = false;
    while !is_done && control.is_feeding() {
        let seen = gate.read().epoch();
        if seen != epoch {
            epoch = seen;
            control.set_feed_epoch(epoch);
        }
        let (turn, now_ns, published_ns) = publish_burst(stage, clock, per_stamp);
        if published_ns.is_some() {
            newest_ns = published_ns;
            notes.busy();
        }
        match turn {
            FeedTurn::Published(_) | FeedTurn::Withheld(_) => stage.tell(control, newest_ns),
            FeedTurn::NotDue { until_ns } => {
                notes.idle_at(now_ns);
                stage.tell(control, newest_ns);
                wait.until_due(until_ns.saturating_sub(now_ns));
            }
            FeedTurn::Held => {
                stage.tell(control, newest_ns);
                if goes_on(stage, control, clock, &mut is_held) {
                    continue;
                }
                notes.idle_at(now_ns);
                wait.idle();
            }
            FeedTurn::Frozen => {
                stage.tell(control, newest_ns);
                notes.busy();
                wait.idle();
            }
            FeedTurn::Done => is_done = true,
        }
    }
    let is_cut_short = !is_done && !control.is_stopped();
    stage.tell(control, newest_ns);
    control.set_held(None);
    control.set_feed_done();
    is_cut_short
}

/// Whether the hold that a feed has come to was moved on, so that it can go on; `is_held` says whether it waits, or
/// else it has not come to the hold before.
pub(super) fn goes_on<S, P, T, F, C>(
    stage: &mut FeedStage<S, P, T, F>,
    control: &Control,
    clock: &C,
    is_held: &mut bool,
) -> bool
where
    S: AsRef<[Event]>,
    P: Publish,
    T: Timetable,
    F: FeedFaults,
    C: Clock,
{
    let hold_at = control.hold_at();
    if hold_at.is_some_and(|hold_at| hold_at <= stage.next_index()) {
        if !*is_held {
            *is_held = true;
            control.set_held(Some(stage.next_index()));
        }
        return false;
    }
    if *is_held {
        *is_held = false;
        control.set_held(None);
        stage.release(clock.true_ns(), hold_at);
    } else {
        // There was no hold any more when the feed came to it: its plan goes on.
        stage.hold(hold_at);
    }
    true
}

/// Turns of the feed until it has nothing to publish or orders are to be looked for; what the last of
/// them came to, when it was, and the stamp of the last that published.
#[inline(always)]
fn publish_burst<S, P, T, F, C>(
    stage: &mut FeedStage<S, P, T, F>,
    clock: &C,
    per_stamp: usize,
) -> (FeedTurn, u64, Option<u64>)
where
    S: AsRef<[Event]>,
    P: Publish,
    T: Timetable,
    F: FeedFaults,
    C: Clock,
{
    let (mut turns, mut published_ns) = (0, None);
    loop {
        let now_ns = clock.true_ns();
        let turn = stage.turn(now_ns, per_stamp);
        turns += 1;
        if !matches!(turn, FeedTurn::Published(_)) {
            return (turn, now_ns, published_ns);
        }
        published_ns = Some(now_ns);
        if turns == TURN_EVENTS_MAX {
            return (turn, now_ns, published_ns);
        }
    }
}

/// A stage that reads: what its loop needs of it.
pub trait ReadingStage {
    /// One turn; see [`ExecutorStage::turn`].
    fn turn<C: Clock, T: Scheduler>(&mut self, gate: &Gate, clock: &C, scheduler: &T) -> Turn;
    /// Goes on from the head; see [`ExecutorStage::skip_to_head`].
    fn skip_to_head(&mut self) -> u64;
    /// Reads what is left and counts it as unread.
    fn drain_unread(&mut self);
    /// The stage's side of the books.
    fn ledger(&self) -> Ledger;
    /// The next sequence expected.
    fn cursor(&self) -> u64;
    /// The epoch that was seen last.
    fn epoch(&self) -> u64;
    /// Events above the latency limit; `u64::MAX` without one.
    fn over_limit(&self) -> u64;
    /// What is done about an overrun.
    fn policy(&self) -> OverrunPolicy;
}

/// Events of a turn: with service time the books are set after each.
const fn events_per_turn<S: Service>() -> usize {
    if S::IS_TIMED { 1 } else { TURN_EVENTS_MAX }
}

macro_rules! books_of_the_stage {
    ($($at:tt)*) => {
        fn skip_to_head(&mut self) -> u64 {
            self$($at)*.skip_to_head()
        }
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
        #[inline]
        fn over_limit(&self) -> u64 {
            self$($at)*.over_limit()
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
    if stage.over_limit() != NO_LIMIT {
        // That there is a limit can be seen from the beginning.
        tell(stage, books, 0);
    }
    while !control.is_stopped() {
        // Looked at before the ring: an empty ring says nothing about events that come after.
        let last_look = control.is_feed_done();
        match stage.turn(gate, clock, &scheduler) {
            Turn::Processed(_) | Turn::Skipped(_) => {
                notes.busy();
                books.progress().set(stage.cursor());
            }
            Turn::Recovered(skipped) => {
                notes.busy();
                notes.overrun(clock.true_ns(), skipped);
                if !planted::bug(49) {
                    books.progress().set(stage.cursor());
                }
            }
            // Said before the next turn decides under the new word: whoever sees it knows that nothing is
            // decided under an older epoch any more.
            Turn::NewEpoch => {}
            // Nothing of it is over, whatever the feed says.
            Turn::Stalled => {
                notes.busy();
                wait.idle();
                continue;
            }
            Turn::Idle if last_look || planted::bug(40) && control.is_feed_done() => break,
            Turn::Idle | Turn::Behind | Turn::NotReady => {
                notes.idle(clock);
                wait.idle();
                continue;
            }
            Turn::Ended(overrun) => {
                notes.overrun(clock.true_ns(), overrun.lost());
                ended = Some(overrun);
                break;
            }
        }
        tell(stage, books, stage.epoch());
    }
    if ended.is_some() && stage.policy() == OverrunPolicy::Raise {
        control.stop();
    }
    close(stage, control, books);
    ended
}

/// Nobody waits for a stage that reads no further, and nothing of it is in flight: counts what is left when the feed
/// is done.
fn close<E: ReadingStage>(stage: &mut E, control: &Control, books: &StageBooks) {
    if !planted::bug(42) {
        books.progress().release();
    }
    tell(stage, books, u64::MAX);
    while !planted::bug(41) && !control.is_feed_done() {
        Wait::PARK.idle();
    }
    stage.drain_unread();
    tell(stage, books, u64::MAX);
}

#[inline]
fn tell<E: ReadingStage>(stage: &E, books: &StageBooks, epoch: u64) {
    books.set(&stage.ledger(), stage.cursor(), stage.over_limit(), epoch);
}
