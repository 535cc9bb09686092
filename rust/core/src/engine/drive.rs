//! The loops that drive a stage on a thread of its own, from its first event to its last.
//!
//! With [`Wait::Spin`] there is no lock, no allocation and no system call in them.

use crate::bus::Payload;
use crate::ingest::Event;
use crate::state::Gate;
use crate::time::Clock;

use super::{Control, ExecutorStage, ExecutorStep, FeedStage, FeedStep, Publish, Recover, Wait};

/// Publishes until everything is published or the run is stopped.
pub fn drive_feed<S, P, C>(stage: &mut FeedStage<S, P>, clock: &C, wait: Wait, control: &Control)
where
    S: AsRef<[Event]>,
    P: Publish,
    C: Clock,
{
    stage.begin(clock.now_ns());
    while !control.is_stopped() {
        let now_ns = clock.now_ns();
        match stage.step(now_ns) {
            FeedStep::Published => control.set_published(stage.published()),
            FeedStep::NotDue { until_ns } => wait.until_due(until_ns - now_ns),
            FeedStep::Held if control.is_released() => {
                control.set_held(false);
                stage.release(clock.now_ns());
            }
            FeedStep::Held => {
                control.set_held(true);
                wait.idle();
            }
            FeedStep::Done => break,
        }
    }
    control.set_feed_done();
}

/// Processes until the feed is done and the ring is empty, or the run is stopped; then counts what
/// is left.
pub fn drive_executor<R, C>(
    stage: &mut ExecutorStage<R>,
    gate: &Gate,
    clock: &C,
    wait: Wait,
    control: &Control,
) where
    R: Recover<Item = Payload>,
    C: Clock,
{
    let mut epoch = 0;
    while !control.is_stopped() {
        // Looked at before the ring: an empty ring says nothing about events that come after.
        let last_look = control.is_feed_done();
        let word = gate.read();
        if word.epoch() != epoch {
            // Said before the step, and every later step reads a later word: whoever sees it knows that
            // nothing is decided under an older epoch any more.
            epoch = word.epoch();
            control.set_executor(&stage.ledger(), stage.cursor(), epoch);
        }
        match stage.step(word, clock) {
            ExecutorStep::Processed(_) | ExecutorStep::Recovered(_) => {}
            ExecutorStep::Idle if last_look => break,
            ExecutorStep::Idle | ExecutorStep::NotReady => {
                wait.idle();
                continue;
            }
        }
        control.set_executor(&stage.ledger(), stage.cursor(), epoch);
    }
    while !control.is_feed_done() {
        // Only after a stop: the feed sees it too, and ends.
        wait.idle();
    }
    stage.drain_unread();
    control.set_executor(&stage.ledger(), stage.cursor(), epoch);
}
