//! What happens: order events in LOBSTER's vocabulary, drawn so that they make sense together.
//!
//! An order is submitted once, and what follows refers to an order that is still open, with its
//! symbol, side and price, and never takes more than is left of it. No book is kept and none is
//! promised: prices are a bounded walk, and orders may cross.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::RngCore;

use crate::ingest::Event;

/// Submission of a limit order (LOBSTER type 1).
const KIND_SUBMIT: u8 = 1;
/// Cancellation of a part of an order (type 2).
const KIND_CANCEL: u8 = 2;
/// Deletion of a whole order (type 3).
const KIND_DELETE: u8 = 3;
/// Execution of a visible order (type 4).
const KIND_EXECUTE: u8 = 4;
/// Execution of a hidden order (type 5), which has no id.
const KIND_EXECUTE_HIDDEN: u8 = 5;

/// One cent, in billionths.
const TICK_E9: i64 = 10_000_000;
/// One hundred shares, in billionths.
const LOT_E9: i64 = 100_000_000_000;
/// Where every price starts, in ticks: 100.00.
const START_TICKS: i32 = 10_000;
/// The walk turns back at half and at one and a half times the start.
const TICKS_MIN: i32 = START_TICKS / 2;
/// See [`TICKS_MIN`].
const TICKS_MAX: i32 = START_TICKS + START_TICKS / 2;
/// Largest order, in lots.
const LOTS_MAX: u32 = 10;
/// Open orders that are remembered; a submission beyond them makes a random one forgotten.
const OPEN_MAX: usize = 1_024;

#[derive(Debug, Clone, Copy)]
struct OpenOrder {
    id: u64,
    ticks: i32,
    lots: u32,
    symbol: u32,
    side: i8,
}

/// The stream of order events.
#[derive(Debug)]
pub(super) struct Orders {
    /// The walking price of each symbol, in ticks.
    ticks: Vec<i32>,
    open: Vec<OpenOrder>,
    submitted: u64,
    rng: Xoshiro256PlusPlus,
}

/// `draw` uniform in 0..2³² becomes uniform in `0..below` (the bias is below one in 2³² / `below`).
const fn scaled(draw: u32, below: u32) -> u32 {
    ((draw as u64 * below as u64) >> 32) as u32
}

/// The kind of a 16-bit draw, with the shares the recording has (46.3, 0.2, 24.0, 20.0, 9.5 %).
const fn kind_of(draw: u16) -> u8 {
    match draw {
        0..30_318 => KIND_SUBMIT,
        30_318..30_457 => KIND_CANCEL,
        30_457..46_184 => KIND_DELETE,
        46_184..59_269 => KIND_EXECUTE,
        59_269.. => KIND_EXECUTE_HIDDEN,
    }
}

impl Orders {
    pub(super) fn new(symbols: u32, rng: Xoshiro256PlusPlus) -> Self {
        Self {
            ticks: vec![START_TICKS; symbols as usize],
            open: Vec::with_capacity(OPEN_MAX),
            submitted: 0,
            rng,
        }
    }

    /// The event at `ts_ns`. Takes exactly two draws, whatever comes out.
    pub(super) fn next_event(&mut self, ts_ns: u64, sequence: u64) -> Event {
        let what = self.rng.next_u64();
        let which = self.rng.next_u64();
        let (symbol_draw, order_draw) = ((which >> 32) as u32, which as u32);
        let kind = kind_of(what as u16);
        // Geometric: one lot half of the time, two a quarter of it, …
        let lots = (1 + (what >> 16 & 0xffff).trailing_zeros()).min(LOTS_MAX);
        let (kind, order) = match kind {
            KIND_CANCEL | KIND_DELETE | KIND_EXECUTE if !self.open.is_empty() => {
                self.reduce(kind, lots, order_draw)
            }
            KIND_EXECUTE_HIDDEN => (kind, self.order(0, lots, symbol_draw, what)),
            // Also where there is no order yet that the event could be about.
            _ => (
                KIND_SUBMIT,
                self.submit(lots, symbol_draw, order_draw, what),
            ),
        };
        Event {
            ts_ns,
            intended_ns: 0,
            price_e9: i64::from(order.ticks) * TICK_E9,
            size_e9: i64::from(order.lots) * LOT_E9,
            order_id: order.id,
            sequence,
            symbol: order.symbol,
            kind,
            side: order.side,
            flags: 0,
        }
    }

    /// An order at its symbol's price, which takes its next step.
    fn order(&mut self, id: u64, lots: u32, symbol_draw: u32, what: u64) -> OpenOrder {
        let symbol = scaled(symbol_draw, self.ticks.len() as u32);
        let ticks = &mut self.ticks[symbol as usize];
        let step = match what >> 32 & 3 {
            0 => 1,
            1 => -1,
            _ => 0,
        };
        *ticks = (*ticks + step).clamp(TICKS_MIN, TICKS_MAX);
        OpenOrder {
            id,
            ticks: *ticks,
            lots,
            symbol,
            side: if what >> 63 == 0 { 1 } else { -1 },
        }
    }

    fn submit(&mut self, lots: u32, symbol_draw: u32, order_draw: u32, what: u64) -> OpenOrder {
        self.submitted += 1;
        let order = self.order(self.submitted, lots, symbol_draw, what);
        if self.open.len() < OPEN_MAX {
            self.open.push(order);
        } else {
            self.open[scaled(order_draw, OPEN_MAX as u32) as usize] = order;
        }
        order
    }

    /// Takes up to `lots` (a deletion: everything) off an open order; the kind that it came to,
    /// and the order with what was taken.
    fn reduce(&mut self, kind: u8, lots: u32, order_draw: u32) -> (u8, OpenOrder) {
        let index = scaled(order_draw, self.open.len() as u32) as usize;
        let order = self.open[index];
        let (kind, taken) = match kind {
            // A partial cancellation leaves something; where it cannot, it is a deletion.
            KIND_CANCEL if order.lots > 1 => (kind, lots.min(order.lots - 1)),
            KIND_EXECUTE => (kind, lots.min(order.lots)),
            _ => (KIND_DELETE, order.lots),
        };
        if taken == order.lots {
            self.open.swap_remove(index);
        } else {
            self.open[index].lots -= taken;
        }
        (
            kind,
            OpenOrder {
                lots: taken,
                ..order
            },
        )
    }
}
