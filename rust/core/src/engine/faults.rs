//! The switchboard of a run's faults: what the control side asks for, and the stages look up.
//!
//! A run without faults has none of this in its code: [`super::FeedStage`] and the reading stages take
//! their part of it as a type of their own ([`super::Faulty`], [`super::FaultyReader`]).
//!
//! - **Threads**: any thread may ask, at any time; a stage looks once a turn.
//! - **Blocking**: never. **Allocation**: in [`Faults::new`].
//! - Asking twice for the same is asking once. A count (a gap, a burst, a skip) begins anew each time.

use crossbeam_utils::CachePadded;

use crate::planted;
use crate::sync::{Arc, AtomicBool, AtomicU64, Ordering};
use crate::time::ClockStep;

/// The largest count of a request: what is left of a word beside its ticket.
pub const FAULT_EVENTS_MAX: u64 = (1 << TICKET_SHIFT) - 1;
const TICKET_SHIFT: u32 = 40;

/// A count that is asked for now and then; a stage sees each request once, and the last one counts.
#[derive(Debug, Default)]
pub(super) struct Request(AtomicU64);

impl Request {
    fn ask(&self, count: u64) {
        let count = count.min(FAULT_EVENTS_MAX);
        let mut seen = self.0.load(Ordering::Relaxed);
        loop {
            let ticket = (seen >> TICKET_SHIFT).wrapping_add(1) << TICKET_SHIFT;
            if planted::bug(47) {
                return self.0.store(ticket | count, Ordering::Relaxed);
            }
            let asked = (self.0).compare_exchange_weak(
                seen,
                ticket | count,
                Ordering::Relaxed,
                Ordering::Relaxed,
            );
            match asked {
                Ok(_) => return,
                Err(now) => seen = now,
            }
        }
    }

    /// The count of a request that came since `seen`, which is brought up to date.
    #[inline]
    pub(super) fn news(&self, seen: &mut u64) -> Option<u64> {
        let word = self.0.load(Ordering::Relaxed);
        if word == *seen {
            return None;
        }
        *seen = word;
        Some(word & FAULT_EVENTS_MAX)
    }
}

/// What is asked of the feed.
#[derive(Debug, Default)]
pub(super) struct FeedKnobs {
    pub(super) outage: AtomicBool,
    pub(super) freeze: AtomicBool,
    pub(super) stale: AtomicBool,
    pub(super) gap: Request,
    pub(super) burst: Request,
    pub(super) duplicate_every: AtomicU64,
    pub(super) reorder_every: AtomicU64,
}

/// What is asked of one reading stage.
#[derive(Debug)]
pub(super) struct StageKnobs {
    pub(super) stall: AtomicBool,
    pub(super) skip: Request,
    /// The bits of a factor.
    pub(super) factor: AtomicU64,
    pub(super) extra_ns: AtomicU64,
}

impl Default for StageKnobs {
    fn default() -> Self {
        Self {
            stall: AtomicBool::new(false),
            skip: Request::default(),
            factor: AtomicU64::new(1.0_f64.to_bits()),
            extra_ns: AtomicU64::new(0),
        }
    }
}

/// A reading stage that a run does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoSuchStage;

/// What can go wrong in a run, on demand.
#[derive(Debug)]
pub struct Faults {
    pub(super) feed: CachePadded<FeedKnobs>,
    pub(super) stages: Box<[CachePadded<StageKnobs>]>,
    names: Box<[String]>,
    step: Arc<ClockStep>,
}

impl Faults {
    /// Nothing wrong yet, in a run of the reading stages of these names.
    pub fn new(stages: impl IntoIterator<Item = String>) -> Self {
        let names: Box<[String]> = stages.into_iter().collect();
        Self {
            feed: CachePadded::default(),
            stages: names.iter().map(|_| CachePadded::default()).collect(),
            names,
            step: Arc::default(),
        }
    }

    /// The names of the reading stages, the executor's first.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    fn stage(&self, stage: &str) -> Result<&StageKnobs, NoSuchStage> {
        let index = self.names.iter().position(|name| name == stage);
        index.map(|index| &*self.stages[index]).ok_or(NoSuchStage)
    }

    /// While it is on, what is due is withheld: lost at the source.
    pub fn feed_outage(&self, on: bool) {
        self.feed.outage.store(on, Ordering::Relaxed);
    }

    /// While it is on nothing arrives; then everything that has become due comes at once, late.
    pub fn feed_freeze(&self, on: bool) {
        self.feed.freeze.store(on, Ordering::Relaxed);
    }

    /// The next `events` events that come due are withheld; 0 ends a gap under way.
    pub fn feed_gap(&self, events: u64) {
        self.feed.gap.ask(events);
    }

    /// The next `events` events are due now, ahead of their plan; 0 takes the rest of a burst back.
    pub fn feed_burst(&self, events: u64) {
        self.feed.burst.ask(events);
    }

    /// Every event of that number comes twice; 0 is off.
    pub fn feed_duplicate(&self, every: u64) {
        self.feed.duplicate_every.store(every, Ordering::Relaxed);
    }

    /// Every event of that number changes place with the one after it; 0 is off.
    pub fn feed_reorder(&self, every: u64) {
        self.feed.reorder_every.store(every, Ordering::Relaxed);
    }

    /// While it is on, the last event comes again at each due time, in place of the new one, which is
    /// withheld.
    pub fn feed_stale(&self, on: bool) {
        self.feed.stale.store(on, Ordering::Relaxed);
    }

    /// From its next event on, what `stage` takes for one is `factor` times as long, and `extra_ns` longer;
    /// 1 and 0 are off. A factor that is negative or no number is taken for 0.
    ///
    /// # Errors
    /// Returns an error if there is no such stage.
    pub fn stage_slow(&self, stage: &str, factor: f64, extra_ns: u64) -> Result<(), NoSuchStage> {
        let knobs = self.stage(stage)?;
        knobs
            .factor
            .store(factor.max(0.0).to_bits(), Ordering::Relaxed);
        knobs.extra_ns.store(extra_ns, Ordering::Relaxed);
        Ok(())
    }

    /// While it is on, `stage` takes no turn; only a stop ends it then.
    ///
    /// # Errors
    /// Returns an error if there is no such stage.
    pub fn stage_stall(&self, stage: &str, on: bool) -> Result<(), NoSuchStage> {
        self.stage(stage)?.stall.store(on, Ordering::Relaxed);
        Ok(())
    }

    /// At its next turn `stage` goes on from the head; what it skips by that and could have read is shed.
    ///
    /// # Errors
    /// Returns an error if there is no such stage.
    pub fn stage_skip_to_head(&self, stage: &str) -> Result<(), NoSuchStage> {
        self.stage(stage)?.skip.ask(1);
        Ok(())
    }

    /// The clock of the reading stages is so much ahead; 0 is right. The feed, which is the outside world,
    /// keeps the true time.
    pub fn clock_step(&self, offset_ns: i64) {
        self.step.set(offset_ns);
    }

    /// How wrong the clock of the reading stages is.
    pub const fn clock(&self) -> &Arc<ClockStep> {
        &self.step
    }
}
