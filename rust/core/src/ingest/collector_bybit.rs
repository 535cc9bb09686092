//! Bybit's messages in collector files.

use std::borrow::Cow;

use serde::Deserialize;

use super::collector_shapes::{Raw, Shape, decimal, integer, needed, other, read, text};
use super::error::Problem;
use super::event::Event;
use super::kinds;

/// A trade or book of Bybit.
#[derive(Deserialize)]
struct Bybit<'a> {
    #[serde(borrow)]
    s: Raw<'a>,
    #[serde(borrow, rename = "S")]
    side: Raw<'a>,
    #[serde(borrow)]
    p: Raw<'a>,
    #[serde(borrow)]
    v: Raw<'a>,
    #[serde(borrow)]
    u: Raw<'a>,
    #[serde(borrow)]
    seq: Raw<'a>,
}

/// The event of a message; `topic` is `<what>.<…>.<symbol>`.
pub(super) fn shape<'a>(
    topic: Cow<'a, str>,
    kind: Raw<'a>,
    json: &'a str,
) -> Result<Shape<'a>, Problem> {
    let of_topic = topic
        .rsplit('.')
        .next()
        .map(|symbol| Cow::Owned(symbol.to_owned()));
    if topic.starts_with("orderbook.") {
        let book: Bybit<'_> = read(json)?;
        let snapshot = kind.is_some_and(|kind| kind.get() == "\"snapshot\"");
        let event = Event {
            kind: if snapshot {
                kinds::SNAPSHOT
            } else {
                kinds::DEPTH
            },
            sequence: needed("u", book.u, integer)?,
            ..Event::default()
        };
        return Ok(Shape {
            symbol: book.s.and_then(text).or(of_topic),
            event,
        });
    }
    if topic.starts_with("publicTrade.") {
        let trades: Vec<Bybit<'_>> = read(json)?;
        let event = match trades.as_slice() {
            [one] => bybit_trade(one)?,
            _ => Event {
                kind: kinds::TRADES,
                ..Event::default()
            },
        };
        let symbol = trades.first().and_then(|t| t.s).and_then(text).or(of_topic);
        return Ok(Shape { symbol, event });
    }
    Ok(Shape {
        symbol: of_topic,
        event: other(),
    })
}

fn bybit_trade(trade: &Bybit<'_>) -> Result<Event, Problem> {
    let side = match needed("S", trade.side, |_, raw| Ok(raw.get()))? {
        "\"Buy\"" => 1,
        "\"Sell\"" => -1,
        found => {
            return Err(Problem::field(
                "S",
                found.as_bytes(),
                "expected \"Buy\" or \"Sell\"",
            ));
        }
    };
    Ok(Event {
        kind: kinds::TRADE,
        price_e9: needed("p", trade.p, decimal)?,
        size_e9: needed("v", trade.v, decimal)?,
        // Trade ids are words there; the book's sequence is the number a trade has, in newer streams.
        sequence: trade.seq.map_or(Ok(0), |raw| integer("seq", raw))?,
        side,
        ..Event::default()
    })
}
