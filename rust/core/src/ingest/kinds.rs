//! Kind codes of the collector's events; the other formats' codes are the venue's own.
//!
//! LOBSTER: the event type, 1 to 7. DBN: the ASCII code of the action. ITCH: the ASCII code of the
//! message type. The tables are in docs/reference/formats.md, and a test holds them to this code.

/// One trade.
pub const TRADE: u8 = 1;
/// Best bid and offer.
pub const BOOK_TICKER: u8 = 2;
/// Changes of several book levels.
pub const DEPTH: u8 = 3;
/// A whole book, or as many of its levels as the venue shows.
pub const SNAPSHOT: u8 = 4;
/// Trades of one order at one price, aggregated by the venue.
pub const AGG_TRADE: u8 = 5;
/// Several trades in one message.
pub const TRADES: u8 = 6;
/// Anything else the venue sent.
pub const OTHER: u8 = 255;

/// The collector's codes with the names the documentation uses.
pub const COLLECTOR: [(u8, &str); 7] = [
    (TRADE, "trade"),
    (BOOK_TICKER, "bookTicker"),
    (DEPTH, "depth"),
    (SNAPSHOT, "snapshot"),
    (AGG_TRADE, "aggTrade"),
    (TRADES, "trades"),
    (OTHER, "other"),
];
