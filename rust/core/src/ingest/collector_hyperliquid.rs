//! Hyperliquid's messages in collector files.

use serde::Deserialize;

use super::collector_shapes::{Raw, Shape, decimal, integer, needed, other, read, text};
use super::error::Problem;
use super::event::Event;
use super::kinds;

/// A trade, level or book of Hyperliquid.
#[derive(Deserialize)]
struct Hyperliquid<'a> {
    #[serde(borrow)]
    coin: Raw<'a>,
    #[serde(borrow)]
    side: Raw<'a>,
    #[serde(borrow)]
    px: Raw<'a>,
    #[serde(borrow)]
    sz: Raw<'a>,
    #[serde(borrow)]
    tid: Raw<'a>,
    #[serde(borrow)]
    bbo: Raw<'a>,
}

/// The event of a message on `channel`.
pub(super) fn shape<'a>(channel: &str, json: &'a str) -> Result<Shape<'a>, Problem> {
    match channel {
        "trades" => {
            let trades: Vec<Hyperliquid<'_>> = read(json)?;
            let symbol = trades.first().and_then(|t| t.coin).and_then(text);
            let event = match trades.as_slice() {
                [one] => hyperliquid_trade(one)?,
                _ => Event {
                    kind: kinds::TRADES,
                    ..Event::default()
                },
            };
            Ok(Shape { symbol, event })
        }
        "l2Book" => {
            let book: Hyperliquid<'_> = read(json)?;
            let event = Event {
                kind: kinds::SNAPSHOT,
                ..Event::default()
            };
            Ok(Shape {
                symbol: book.coin.and_then(text),
                event,
            })
        }
        "bbo" => {
            let quote: Hyperliquid<'_> = read(json)?;
            let sides: [Option<Hyperliquid<'_>>; 2] =
                read(needed("bbo", quote.bbo, |_, raw| Ok(raw.get()))?)?;
            let mut event = Event {
                kind: kinds::BOOK_TICKER,
                ..Event::default()
            };
            if let Some(bid) = &sides[0] {
                event.price_e9 = needed("px", bid.px, decimal)?;
                event.size_e9 = needed("sz", bid.sz, decimal)?;
                event.side = 1;
            }
            Ok(Shape {
                symbol: quote.coin.and_then(text),
                event,
            })
        }
        _ if json.starts_with('{') => {
            let message: Hyperliquid<'_> = read(json)?;
            Ok(Shape {
                symbol: message.coin.and_then(text),
                event: other(),
            })
        }
        _ => Ok(Shape {
            symbol: None,
            event: other(),
        }),
    }
}

fn hyperliquid_trade(trade: &Hyperliquid<'_>) -> Result<Event, Problem> {
    let side = match needed("side", trade.side, |_, raw| Ok(raw.get()))? {
        "\"B\"" => 1,
        "\"A\"" => -1,
        found => {
            return Err(Problem::field(
                "side",
                found.as_bytes(),
                "expected \"B\" or \"A\"",
            ));
        }
    };
    Ok(Event {
        kind: kinds::TRADE,
        price_e9: needed("px", trade.px, decimal)?,
        size_e9: needed("sz", trade.sz, decimal)?,
        sequence: needed("tid", trade.tid, integer)?,
        side,
        ..Event::default()
    })
}
