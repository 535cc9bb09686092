//! One way: how many events a second get from one writer to its readers, each of them checked.
//!
//! Rings that overwrite are held back by the benchmark where nothing may be lost: each reader publishes
//! its place now and then in a line of the benchmark's own, and the writer looks there only when it has
//! used up three quarters of the ring. Others hold their writer back themselves.

use crossbeam_utils::CachePadded;
use tickpath_core::engine::Wait;
use tickpath_core::os::pin_current_thread;
use tickpath_core::sync::{AtomicU64, Ordering, thread};
use tickpath_core::time::{Clock as _, MonotonicClock};

use crate::ends::{Contender, Idle, Receiving, Sending};
use crate::item::Check;

/// Where the threads run. The writer has the first core.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placement {
    /// All readers on the second core.
    Apart,
    /// The second reader beside the writer.
    Beside,
}

/// Ways of handing a line over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Hand {
    /// Written, then read.
    Plain,
    /// Both sides ask for each line some lines ahead.
    Prefetched,
    /// As [`Self::Prefetched`], and the reader asks for lines further ahead.
    Far,
    /// As [`Self::Prefetched`], and the reader asks for the line as if it were to write.
    Claimed,
    /// The reader also writes to the line, which so becomes its own before the writer wants it again.
    GivenBack,
}

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Flow {
    pub(crate) slots: usize,
    pub(crate) readers: usize,
    pub(crate) events: u64,
    /// Whether the writer may run over its readers, where the ring lets it.
    pub(crate) lossy: bool,
    /// Events per call, on both sides.
    pub(crate) batch: usize,
    /// How lines are handed over, by the floor and by ours; other rings decide for themselves.
    pub(crate) hand: Hand,
    pub(crate) wait: Wait,
    pub(crate) placement: Placement,
    pub(crate) cores: [usize; 2],
}

/// What came of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Passed {
    /// Events that the slowest reader read.
    pub(crate) received: u64,
    /// Events that the reader with most losses lost.
    pub(crate) lost: u64,
    /// From the first event's sending to the last one's receipt.
    pub(crate) took_ns: u64,
}

/// A reader tells its place this many times per ring.
const PROGRESS_PER_RING: usize = 16;

/// What the threads of a measurement share: each value in lines of its own.
#[derive(Debug)]
pub(crate) struct Shared {
    ready: CachePadded<AtomicU64>,
    places: Vec<CachePadded<AtomicU64>>,
}

impl Shared {
    pub(crate) fn new(readers: usize) -> Self {
        Self {
            ready: CachePadded::default(),
            places: (0..readers).map(|_| CachePadded::default()).collect(),
        }
    }

    /// Waits until `threads` threads have come here. They may share a core, so it yields.
    pub(crate) fn meet(&self, threads: usize) {
        // SYNC POINT meet: pairs with the load below; what a thread did before, all see afterwards.
        self.ready.fetch_add(1, Ordering::AcqRel);
        // SYNC POINT meet: pairs with the addition above, of every thread.
        while self.ready.load(Ordering::Acquire) < threads as u64 {
            thread::yield_now();
        }
    }
}

impl Flow {
    pub(crate) fn core_of_reader(&self, reader: usize) -> usize {
        match self.placement {
            Placement::Beside if reader > 0 => self.cores[0],
            Placement::Apart | Placement::Beside => self.cores[1],
        }
    }
}

/// Sends `flow.events` events through a new `C`.
///
/// # Errors
/// Returns an error if an event arrives wrong or not at all, or nothing moves for too long.
pub(crate) fn run<C: Contender>(flow: &Flow) -> Result<Passed, String> {
    let (tx, readers) = C::open(flow.slots, flow.readers);
    let shared = Shared::new(flow.readers);
    let held_back = C::OVERWRITES && !flow.lossy;
    let (started, ends) = thread::scope(|scope| {
        let shared = &shared;
        let readers: Vec<_> = (0..)
            .zip(readers)
            .map(|(place, rx)| scope.spawn(move || read(flow, shared, place, rx, held_back)))
            .collect();
        let writer = scope.spawn(move || write(flow, shared, tx, held_back));
        let ends: Vec<_> = readers.into_iter().map(join).collect();
        (join(writer), ends)
    });
    account(flow, started?, ends)
}

/// What a thread came to.
pub(crate) fn join<T>(
    thread: thread::ScopedJoinHandle<'_, Result<T, String>>,
) -> Result<T, String> {
    thread.join().unwrap_or_else(|_| Err("panicked".to_owned()))
}

/// When a reader was done, and what it lost.
#[derive(Debug, Clone, Copy)]
pub(crate) struct End {
    pub(crate) at_ns: u64,
    pub(crate) lost: u64,
}

/// Sums a measurement up.
pub(crate) fn account(
    flow: &Flow,
    started_ns: u64,
    ends: Vec<Result<End, String>>,
) -> Result<Passed, String> {
    let (mut at_ns, mut lost) = (started_ns, 0);
    for end in ends {
        let end = end?;
        at_ns = at_ns.max(end.at_ns);
        lost = lost.max(end.lost);
    }
    if lost > 0 && !flow.lossy {
        return Err(format!(
            "lost {lost} events that nothing should have overwritten"
        ));
    }
    Ok(Passed {
        received: flow.events - lost,
        lost,
        took_ns: (at_ns - started_ns).max(1),
    })
}

fn write<T: Sending>(
    flow: &Flow,
    shared: &Shared,
    mut tx: T,
    held_back: bool,
) -> Result<u64, String> {
    pin_current_thread(flow.cores[0]).map_err(|refusal| refusal.to_string())?;
    let ahead_max = (flow.slots * 3 / 4).max(1) as u64;
    shared.meet(flow.readers + 1);
    let started_ns = MonotonicClock.now_ns();
    let mut idle = Idle::new(flow.wait);
    let mut next = 0;
    let mut granted = if held_back { 0 } else { flow.events };
    while next < flow.events {
        if next == granted {
            // SYNC POINT place: pairs with the store in `read`.
            let places = shared.places.iter().map(|p| p.load(Ordering::Acquire));
            let slowest = places.min().unwrap_or(next);
            granted = (slowest + ahead_max).min(flow.events);
            if next == granted {
                idle.turn()?;
                continue;
            }
        }
        let count = (granted - next).min(flow.batch as u64);
        match tx.send(next, count as usize) {
            0 => idle.turn()?,
            sent => next += sent as u64,
        }
    }
    Ok(started_ns)
}

fn read<R: Receiving>(
    flow: &Flow,
    shared: &Shared,
    place: usize,
    mut rx: R,
    held_back: bool,
) -> Result<End, String> {
    pin_current_thread(flow.core_of_reader(place)).map_err(|refusal| refusal.to_string())?;
    let step = if held_back {
        (flow.slots / PROGRESS_PER_RING).max(1) as u64
    } else {
        u64::MAX
    };
    shared.meet(flow.readers + 1);
    let mut idle = Idle::new(flow.wait);
    let mut check = Check::default();
    let mut told = 0;
    while check.expected < flow.events {
        if rx.receive(flow.batch, &mut check) == 0 {
            idle.turn()?;
        } else if check.wrong > 0 {
            return Err(format!("a wrong event before {}", check.expected));
        } else if check.expected - told >= step {
            told = check.expected;
            // SYNC POINT place: pairs with the load in `write`; what was read is read.
            shared.places[place].store(told, Ordering::Release);
        }
    }
    let at_ns = MonotonicClock.now_ns();
    match rx.lost() {
        Some(said) if said != check.lost => Err(format!(
            "says it lost {said} events; {} are missing",
            check.lost
        )),
        _ => Ok(End {
            at_ns,
            lost: check.lost,
        }),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use tickpath_core::bus::Payload;
    use tickpath_core::os::available_cores;

    use super::*;
    use crate::item::payload;

    /// What a planted contender does to event 50.
    const WHOLE: u8 = 0;
    const DROPS: u8 = 1;
    const TEARS: u8 = 2;
    const TWICE: u8 = 3;

    struct Planted<const FAULT: u8>;

    struct Faulty<const FAULT: u8>(mpsc::Sender<Payload>);

    impl<const FAULT: u8> Contender for Planted<FAULT> {
        type Tx = Faulty<FAULT>;
        type Rx = mpsc::Receiver<Payload>;
        const OVERWRITES: bool = FAULT == DROPS;

        fn open(_: usize, _: usize) -> (Self::Tx, Vec<Self::Rx>) {
            let (tx, rx) = mpsc::channel();
            (Faulty(tx), vec![rx])
        }
    }

    impl<const FAULT: u8> Sending for Faulty<FAULT> {
        fn send(&mut self, first: u64, _: usize) -> usize {
            let mut event = payload(first);
            if first == 50 && FAULT == TEARS {
                event[6] = 0;
            }
            if first != 50 || FAULT != DROPS {
                // The reader ends at the first wrong event.
                let _ = self.0.send(event);
            }
            if first == 50 && FAULT == TWICE {
                let _ = self.0.send(event);
            }
            1
        }
    }

    impl Receiving for mpsc::Receiver<Payload> {
        fn receive(&mut self, _: usize, check: &mut Check) -> usize {
            self.try_recv().map_or(0, |event| {
                check.take(&event);
                1
            })
        }
    }

    fn measure<C: Contender>(lossy: bool) -> Result<Passed, String> {
        let cores = available_cores().expect("linux says");
        run::<C>(&Flow {
            slots: 8,
            readers: 1,
            events: 100,
            lossy,
            batch: 1,
            hand: Hand::Plain,
            wait: Wait::Yield,
            placement: Placement::Apart,
            cores: [cores[0], cores[cores.len() - 1]],
        })
    }

    #[test]
    fn what_arrives_whole_passes() {
        let passed = measure::<Planted<WHOLE>>(false).expect("nothing is wrong");
        assert_eq!((passed.received, passed.lost), (100, 0));
    }

    #[test]
    fn a_dropped_event_fails_where_nothing_may_be_lost_and_counts_where_it_may() {
        assert!(measure::<Planted<DROPS>>(false).is_err_and(|why| why.contains("lost 1")));
        let passed = measure::<Planted<DROPS>>(true).expect("losses are counted");
        assert_eq!((passed.received, passed.lost), (99, 1));
    }

    #[test]
    fn a_torn_or_repeated_event_fails() {
        assert!(measure::<Planted<TEARS>>(true).is_err_and(|why| why.contains("wrong")));
        assert!(measure::<Planted<TWICE>>(true).is_err_and(|why| why.contains("wrong")));
    }
}
