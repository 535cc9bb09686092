//! A feed and an executor alone: the same order of things, in larger strides.
//!
//! Who reads an event, and when, does not depend on what is published meanwhile, as long as nothing unread is
//! overwritten. So the feed publishes a batch, each event at its own moment, and the executor follows through
//! the ring, up to the moment before the feed's next event. Wherever the order matters (a full ring, a hold,
//! the end, a horizon that falls on an event) the simulation goes moment by moment.

use crate::ingest::Event;
use crate::time::Clock;

use super::super::{FeedFaults, Turn};
use super::desk::{Desk, World};
use super::feeding::Feeding;
use super::simulation::{Executing, Horizon};

/// Events of a stride, at most: so many lines of the ring stay in the nearest cache.
const STRIDE: u64 = 128;

/// Simulates from one moment, at which everything has happened, to another before the horizon; how many
/// events were published by that, at most `moments`.
#[inline(always)]
pub(super) fn run_ahead<S, F, E, C>(
    feed: &mut Feeding<S, F>,
    executor: &mut Desk<E>,
    world: World<'_, C>,
    to: Horizon,
    moments: u64,
) -> u64
where
    S: AsRef<[Event]>,
    F: FeedFaults,
    E: Executing,
    C: Clock,
{
    let mut events = 0;
    while !executor.is_over_or(!world.control.is_feeding()) {
        let limit = feed
            .room(executor.stage.cursor())
            .min(feed.left(to))
            .min(moments - events)
            .min(STRIDE);
        let published = feed.run_ahead(to.until_ns, limit.saturating_sub(1));
        if published == 0 {
            break;
        }
        events += published;
        follow(executor, world, to.until_ns.min(feed.due_ns() - 1));
    }
    events
}

/// Lets the executor go through what is in the ring, with everything that it begins by `until_ns`.
#[inline(always)]
fn follow<E: Executing, C: Clock>(executor: &mut Desk<E>, world: World<'_, C>, until_ns: u64) {
    let clock = world.now;
    if executor.done_ns > until_ns && executor.is_at_work() {
        clock.set_ns(until_ns);
        return;
    }
    if executor.is_at_work() {
        clock.set_ns(executor.done_ns);
    }
    clock.begin_by(until_ns);
    while let Turn::Processed(_) | Turn::NewEpoch = executor.stage.turn_on(world) {}
    clock.begin_by(u64::MAX);
    let done_ns = clock.now_ns();
    executor.done_ns = if done_ns > until_ns {
        done_ns
    } else {
        u64::MAX
    };
    clock.set_ns(until_ns);
}
