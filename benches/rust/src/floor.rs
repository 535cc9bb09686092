//! The floor: what two cores need to hand a cache line over, without any ring.
//!
//! - **Ping-pong**: the core's [`TwoLines`], each written by one core and awaited by the other. No queue can
//!   answer sooner.
//! - **Hand-over**: a buffer of lines in blocks; one core writes a block while the other reads the one
//!   before. One counter per block is all that is shared beside the lines.

use crossbeam_utils::CachePadded;
use hdrhistogram::Histogram;
use tickpath_core::engine::TwoLines;
use tickpath_core::os::pin_current_thread;
use tickpath_core::sync::{AtomicU64, Ordering, thread};
use tickpath_core::time::{Clock as _, MonotonicClock};

use crate::ends::Idle;
use crate::flow::{End, Flow, Hand, Passed, Shared, account, join};
use crate::prefetch;
use crate::round_trip::Trip;

/// Round trips over two lines.
///
/// # Errors
/// Returns an error if nothing moves for too long.
pub(crate) fn ping_pong(trip: &Trip) -> Result<Histogram<u64>, String> {
    let lines = TwoLines::default();
    let shared = Shared::new(0);
    thread::scope(|scope| {
        let (shared, lines) = (&shared, &lines);
        let echo = scope.spawn(move || {
            pin_current_thread(trip.cores[1]).map_err(|refusal| refusal.to_string())?;
            shared.meet(2);
            let mut idle = Idle::new(trip.wait);
            for turn in 1..=trip.rounds() {
                lines.answer(turn, || idle.turn())?;
            }
            Ok(())
        });
        let timer = scope.spawn(move || {
            let mut idle = Idle::new(trip.wait);
            shared.meet(2);
            trip.time(|seq| lines.trip(seq + 1, || idle.turn()))
        });
        let echoed = join(echo);
        let timed = join(timer);
        echoed.and(timed)
    })
}

/// Waits until `line` has reached `turn`.
#[inline(always)]
fn await_turn(line: &AtomicU64, turn: u64, idle: &mut Idle) -> Result<(), String> {
    while line.load(Ordering::Acquire) < turn {
        idle.turn()?;
    }
    Ok(())
}

/// How far ahead a line is asked for.
const LINES_AHEAD: usize = 16;
/// How far ahead a reader asks that asks far ahead.
const LINES_FAR_AHEAD: usize = 64;

/// One cache line of words.
#[derive(Debug, Default)]
#[repr(align(64))]
struct Words([AtomicU64; 8]);

/// The lines, and how many blocks of them were written and read so far.
#[derive(Debug)]
struct Blocks {
    lines: Vec<Words>,
    written: CachePadded<AtomicU64>,
    read: CachePadded<AtomicU64>,
}

/// Hands lines over; `flow.slots` lines in blocks of `flow.batch`.
///
/// # Errors
/// Returns an error if a line arrives wrong, or nothing moves for too long.
pub(crate) fn hand_over(flow: &Flow) -> Result<Passed, String> {
    let blocks = Blocks {
        lines: (0..flow.slots).map(|_| Words::default()).collect(),
        written: CachePadded::default(),
        read: CachePadded::default(),
    };
    let flow = Flow {
        events: flow.events.next_multiple_of(flow.slots as u64),
        ..*flow
    };
    let shared = Shared::new(1);
    let (started, end) = thread::scope(|scope| {
        let (flow, shared, blocks) = (&flow, &shared, &blocks);
        let reader = scope.spawn(move || read(flow, shared, blocks));
        let writer = scope.spawn(move || write(flow, shared, blocks));
        let end = join(reader);
        let started = join(writer);
        (started, end)
    });
    account(&flow, started?, vec![end])
}

fn write(flow: &Flow, shared: &Shared, blocks: &Blocks) -> Result<u64, String> {
    pin_current_thread(flow.cores[0]).map_err(|refusal| refusal.to_string())?;
    shared.meet(2);
    let started_ns = MonotonicClock.now_ns();
    let mut idle = Idle::new(flow.wait);
    let in_ring = (flow.slots / flow.batch) as u64;
    let (mut block, mut seq) = (0_u64, 0);
    while seq < flow.events {
        for lines in blocks.lines.chunks_exact(flow.batch) {
            block += 1;
            // SYNC POINT block-read: pairs with the store in `read`; the block before is free.
            await_turn(&blocks.read, block.saturating_sub(in_ring), &mut idle)?;
            for (at, line) in lines.iter().enumerate() {
                ahead(lines, at + LINES_AHEAD, flow.hand, prefetch::for_writing);
                line.0
                    .iter()
                    .for_each(|word| word.store(seq, Ordering::Relaxed));
                seq += 1;
            }
            // SYNC POINT block-written: pairs with the wait in `read`.
            blocks.written.store(block, Ordering::Release);
        }
    }
    Ok(started_ns)
}

fn read(flow: &Flow, shared: &Shared, blocks: &Blocks) -> Result<End, String> {
    pin_current_thread(flow.cores[1]).map_err(|refusal| refusal.to_string())?;
    shared.meet(2);
    let mut idle = Idle::new(flow.wait);
    let (mut block, mut seq, mut wrong) = (0, 0, 0_u64);
    let distance = if flow.hand == Hand::Far {
        LINES_FAR_AHEAD
    } else {
        LINES_AHEAD
    };
    while seq < flow.events {
        for lines in blocks.lines.chunks_exact(flow.batch) {
            block += 1;
            // SYNC POINT block-written: pairs with the store in `write`.
            await_turn(&blocks.written, block, &mut idle)?;
            for (at, line) in lines.iter().enumerate() {
                if flow.hand == Hand::Claimed {
                    ahead(lines, at + distance, flow.hand, prefetch::for_writing);
                } else {
                    ahead(lines, at + distance, flow.hand, prefetch::for_reading);
                }
                wrong |= line
                    .0
                    .iter()
                    .fold(0, |or, word| or | (word.load(Ordering::Relaxed) ^ seq));
                if flow.hand == Hand::GivenBack {
                    line.0[0].store(!seq, Ordering::Relaxed);
                }
                seq += 1;
            }
            // SYNC POINT block-read: pairs with the wait in `write`.
            blocks.read.store(block, Ordering::Release);
        }
    }
    if wrong > 0 {
        return Err("a line arrived wrong".to_owned());
    }
    Ok(End {
        at_ns: MonotonicClock.now_ns(),
        lost: 0,
    })
}

/// Asks for the line at `at`, some way ahead, within the block.
#[inline(always)]
fn ahead(lines: &[Words], at: usize, hand: Hand, ask: impl Fn(&Words)) {
    if matches!(hand, Hand::Prefetched | Hand::Far | Hand::Claimed)
        && let Some(line) = lines.get(at)
    {
        ask(line);
    }
}
