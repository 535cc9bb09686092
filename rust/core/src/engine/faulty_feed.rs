//! What a feed with faults does with an event that is due; one without has nothing of it in its code.
//!
//! Everything here is the outside world: the venue and the line, which withhold, repeat and mix up. What the
//! receiver makes of it is counted from the transport's numbers alone ([`Receiver`]); what was withheld the
//! feed counts itself, for nobody else can know.
//!
//! - **Threads**: owned by the feed's thread, which looks at the shared [`Faults`] once a turn.
//! - **Blocking**: never. **Allocation**: none.

use crate::bus::Payload;
use crate::ingest::Event;
use crate::sync::{Arc, Ordering};

use super::{Faults, Publish, Receiver};

/// An event that is due.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    /// Its number in the source, and in the transport.
    pub seq: u64,
    /// The event, as recorded.
    pub event: Event,
    /// When it was due.
    pub intended_ns: u64,
    /// Whether another one follows before the feed is held or done.
    pub has_successor: bool,
}

/// What can go wrong at a feed; it is generic over it.
pub trait FeedFaults {
    /// Whether anything can.
    const IS_FAULTY: bool;

    /// A turn begins; whether anything can happen in it.
    fn look(&mut self, now_ns: u64) -> bool;

    /// When an event is due that the plan wants at `planned_ns`.
    fn due_ns(&self, planned_ns: u64) -> u64;

    /// An event is due: publishes what comes of that.
    fn take<P: Publish>(&mut self, due: Due, now_ns: u64, ring: &mut P);

    /// Events published, of `taken` that have become due.
    fn published(&self, taken: u64) -> u64;

    /// Events that were due and will not be published.
    fn withheld(&self) -> u64;

    /// What the receiver saw; nothing where nothing can go wrong.
    fn receiver(&self) -> Option<&Receiver>;
}

/// Nothing goes wrong, and nothing of it is left in the feed's code.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFaults;

impl FeedFaults for NoFaults {
    const IS_FAULTY: bool = false;

    #[inline(always)]
    fn look(&mut self, _now_ns: u64) -> bool {
        true
    }

    #[inline(always)]
    fn due_ns(&self, planned_ns: u64) -> u64 {
        planned_ns
    }

    #[inline(always)]
    fn take<P: Publish>(&mut self, due: Due, now_ns: u64, ring: &mut P) {
        send(&due, now_ns, ring);
    }

    #[inline(always)]
    fn published(&self, taken: u64) -> u64 {
        taken
    }

    fn withheld(&self) -> u64 {
        0
    }

    fn receiver(&self) -> Option<&Receiver> {
        None
    }
}

#[inline(always)]
fn send<P: Publish>(due: &Due, now_ns: u64, ring: &mut P) {
    let event = Event {
        ts_ns: now_ns,
        intended_ns: due.intended_ns,
        ..due.event
    };
    ring.publish(bytemuck::cast::<Event, Payload>(event));
}

/// Counts to every n-th.
#[derive(Debug, Clone, Copy, Default)]
struct Every {
    every: u64,
    count: u64,
}

impl Every {
    /// Another number begins a count of its own.
    const fn set(&mut self, every: u64) {
        if self.every != every {
            *self = Self { every, count: 0 };
        }
    }

    /// One more; whether the number is reached.
    const fn reaches(&mut self) -> bool {
        self.count += 1;
        self.every > 0 && self.count >= self.every
    }
}

/// A feed whose faults are asked for in a shared [`Faults`].
#[derive(Debug)]
pub struct Faulty {
    faults: Arc<Faults>,
    outage: bool,
    stale: bool,
    gap_seen: u64,
    /// Events of the gap under way that are yet to come.
    gap_left: u64,
    burst_seen: u64,
    burst_left: u64,
    /// When the feed first saw the burst.
    burst_ns: u64,
    duplicate: Every,
    reorder: Every,
    /// The one whose place its successor takes.
    in_hand: Option<Due>,
    /// The last one published that was no repeat.
    last: Option<Due>,
    published: u64,
    withheld: u64,
    receiver: Receiver,
}

impl Faulty {
    /// Does what `faults` say.
    pub fn new(faults: Arc<Faults>) -> Self {
        Self {
            faults,
            outage: false,
            stale: false,
            gap_seen: 0,
            gap_left: 0,
            burst_seen: 0,
            burst_left: 0,
            burst_ns: 0,
            duplicate: Every::default(),
            reorder: Every::default(),
            in_hand: None,
            last: None,
            published: 0,
            withheld: 0,
            receiver: Receiver::default(),
        }
    }

    fn publish<P: Publish>(&mut self, due: &Due, now_ns: u64, ring: &mut P) {
        send(due, now_ns, ring);
        self.published += 1;
        self.receiver.receive(due.seq, now_ns);
    }

    /// Publishes an event for the first time, and again if that is asked for.
    fn deliver<P: Publish>(&mut self, due: Due, now_ns: u64, ring: &mut P) {
        self.publish(&due, now_ns, ring);
        self.last = Some(due);
        if self.duplicate.reaches() {
            self.duplicate.count = 0;
            self.publish(&due, now_ns, ring);
        }
    }

    /// Withholds an event, and with it the one that was to come in its place.
    fn withhold(&mut self) {
        self.withheld += 1 + u64::from(self.in_hand.take().is_some());
    }
}

impl FeedFaults for Faulty {
    const IS_FAULTY: bool = true;

    fn look(&mut self, now_ns: u64) -> bool {
        let asked = &self.faults.feed;
        if asked.freeze.load(Ordering::Relaxed) {
            return false;
        }
        self.outage = asked.outage.load(Ordering::Relaxed);
        self.stale = asked.stale.load(Ordering::Relaxed);
        self.duplicate
            .set(asked.duplicate_every.load(Ordering::Relaxed));
        self.reorder
            .set(asked.reorder_every.load(Ordering::Relaxed));
        if let Some(events) = asked.gap.news(&mut self.gap_seen) {
            self.gap_left = events;
        }
        if let Some(events) = asked.burst.news(&mut self.burst_seen) {
            (self.burst_left, self.burst_ns) = (events, now_ns);
        }
        true
    }

    fn due_ns(&self, planned_ns: u64) -> u64 {
        if self.burst_left > 0 {
            planned_ns.min(self.burst_ns)
        } else {
            planned_ns
        }
    }

    fn take<P: Publish>(&mut self, due: Due, now_ns: u64, ring: &mut P) {
        self.burst_left = self.burst_left.saturating_sub(1);
        let is_in_gap = self.gap_left > 0;
        self.gap_left = self.gap_left.saturating_sub(1);
        if self.outage {
            self.withhold();
        } else if self.stale {
            self.withhold();
            if let Some(last) = self.last {
                let again = Due {
                    intended_ns: due.intended_ns,
                    ..last
                };
                self.publish(&again, now_ns, ring);
            }
        } else if is_in_gap {
            self.withheld += 1;
            // Due before the gap was, and with nobody to change places with.
            if let Some(late) = self.in_hand.take() {
                self.deliver(late, now_ns, ring);
            }
        } else if self.reorder.reaches() && due.has_successor && self.in_hand.is_none() {
            self.reorder.count = 0;
            self.in_hand = Some(due);
        } else {
            self.deliver(due, now_ns, ring);
            if let Some(late) = self.in_hand.take() {
                self.deliver(late, now_ns, ring);
            }
        }
    }

    fn published(&self, _taken: u64) -> u64 {
        self.published
    }

    fn withheld(&self) -> u64 {
        self.withheld
    }

    fn receiver(&self) -> Option<&Receiver> {
        Some(&self.receiver)
    }
}
