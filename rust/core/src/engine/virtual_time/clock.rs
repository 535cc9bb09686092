//! The clock of a virtual run: it stands still while something happens, and is moved to when the next thing
//! does.

use crate::bus::{EventReader, Overrun, Payload, Reader};
use crate::sync::{Arc, AtomicU64, Ordering};
use crate::time::Clock;

use super::super::{Recover, Scheduler};

/// Virtual nanoseconds; 0 is when the feed begins. Clones are the same clock.
///
/// It is also the stages' [`Scheduler`]: a stage that works on an event moves it to the end of that work, and
/// its driver puts it back to the moment at which everybody else still is.
///
/// Its words are atomics so that a run may move between threads; one thread at a time uses them.
#[derive(Debug, Clone)]
pub(super) struct VirtualClock(Arc<Words>);

#[derive(Debug)]
struct Words {
    now_ns: AtomicU64,
    /// Up to when [`Arrivals`] lets a stage begin with an event.
    begin_by_ns: AtomicU64,
}

impl VirtualClock {
    /// At 0, and no reader is held up.
    pub(super) fn new() -> Self {
        Self(Arc::new(Words {
            now_ns: AtomicU64::new(0),
            begin_by_ns: AtomicU64::new(u64::MAX),
        }))
    }

    /// Puts the clock to `now_ns`.
    #[inline(always)]
    pub(super) fn set_ns(&self, now_ns: u64) {
        self.0.now_ns.store(now_ns, Ordering::Relaxed);
    }

    /// Lets readers of [`Arrivals`] begin with events up to this moment.
    #[inline(always)]
    pub(super) fn begin_by(&self, moment_ns: u64) {
        self.0.begin_by_ns.store(moment_ns, Ordering::Relaxed);
    }

    #[inline(always)]
    fn begin_by_ns(&self) -> u64 {
        self.0.begin_by_ns.load(Ordering::Relaxed)
    }
}

impl Clock for VirtualClock {
    #[inline(always)]
    fn now_ns(&self) -> u64 {
        self.0.now_ns.load(Ordering::Relaxed)
    }
}

impl Scheduler for VirtualClock {
    /// Moves on by as much as `clock` is before `until_ns`: the stage's clock may show another time than this
    /// one.
    #[inline(always)]
    fn occupy<C: Clock>(&self, clock: &C, until_ns: u64) -> u64 {
        let work_ns = until_ns.saturating_sub(clock.now_ns());
        self.set_ns(self.now_ns().saturating_add(work_ns));
        clock.now_ns()
    }
}

/// A reader that moves the clock to the publication of each event that it reads, if it is not there yet: for
/// a stage that runs ahead of the feed's next event, through events that are in the ring already.
#[derive(Debug)]
pub(super) struct Arrivals {
    reader: EventReader,
    clock: VirtualClock,
}

impl Arrivals {
    pub(super) const fn new(reader: EventReader, clock: VirtualClock) -> Self {
        Self { reader, clock }
    }
}

impl Reader for Arrivals {
    type Item = Payload;

    #[inline(always)]
    fn next_seq(&self) -> u64 {
        self.reader.next_seq()
    }

    #[inline(always)]
    fn poll(&mut self) -> Result<Option<Payload>, Overrun> {
        let now_ns = self.clock.now_ns();
        if now_ns > self.clock.begin_by_ns() {
            return Ok(None);
        }
        let payload = self.reader.poll()?;
        if let Some([published_ns, ..]) = payload
            && published_ns > now_ns
        {
            self.clock.set_ns(published_ns);
        }
        Ok(payload)
    }
}

impl Recover for Arrivals {
    fn read_batch(&mut self, out: &mut [Payload]) -> Result<usize, Overrun> {
        self.reader.read_batch(out)
    }

    fn has_unread(&self, count: u64) -> bool {
        self.reader.has_unread(count)
    }

    fn capacity(&self) -> usize {
        self.reader.capacity()
    }

    fn recover_to_oldest(&mut self) -> u64 {
        self.reader.recover_to_oldest()
    }

    fn recover_to_head(&mut self) -> u64 {
        self.reader.recover_to_head()
    }

    fn restart_at_oldest(&mut self) -> u64 {
        Recover::restart_at_oldest(&mut self.reader)
    }

    fn lost(&self) -> u64 {
        self.reader.lost()
    }

    fn shed(&self) -> u64 {
        self.reader.shed()
    }
}
