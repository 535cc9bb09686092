//! The shapes of the venues' messages: Binance's (spot, USD-M, COIN-M) here, Hyperliquid's and Bybit's in
//! files of their own.
//!
//! Every message is checked to be well-formed JSON; of its fields only those that make up the event
//! are taken, borrowed from the line. Levels of a book are not looked into.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::decimal::parse_i64_e9;
use super::error::Problem;
use super::event::Event;
use super::{collector_bybit as bybit, collector_hyperliquid as hyperliquid, kinds};

/// What a message is about.
#[derive(Debug)]
pub(crate) struct Shape<'a> {
    /// The instrument, where the message names it.
    pub(crate) symbol: Option<Cow<'a, str>>,
    /// The event, without stamp and symbol.
    pub(crate) event: Event,
}

pub(super) type Text<'a> = Option<Cow<'a, str>>;
pub(super) type Raw<'a> = Option<&'a RawValue>;

/// The outermost object: an envelope, or the message itself.
#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    stream: Raw<'a>,
    #[serde(borrow)]
    channel: Raw<'a>,
    #[serde(borrow)]
    topic: Raw<'a>,
    #[serde(borrow)]
    data: Raw<'a>,
    #[serde(borrow, rename = "type")]
    kind: Raw<'a>,
    #[serde(borrow, rename = "lastUpdateId")]
    last_update_id: Raw<'a>,
    #[serde(borrow)]
    symbol: Raw<'a>,
    #[serde(borrow)]
    e: Raw<'a>,
}

/// A message of Binance.
#[derive(Deserialize)]
struct Binance<'a> {
    #[serde(borrow)]
    e: Raw<'a>,
    #[serde(borrow)]
    s: Raw<'a>,
    #[serde(borrow)]
    p: Raw<'a>,
    #[serde(borrow)]
    q: Raw<'a>,
    #[serde(borrow)]
    m: Raw<'a>,
    #[serde(borrow)]
    t: Raw<'a>,
    #[serde(borrow)]
    a: Raw<'a>,
    #[serde(borrow)]
    b: Raw<'a>,
    #[serde(borrow, rename = "B")]
    bid_size: Raw<'a>,
    #[serde(borrow)]
    u: Raw<'a>,
    #[serde(borrow, rename = "lastUpdateId")]
    last_update_id: Raw<'a>,
}

/// The event of one message.
pub(crate) fn shape(json: &str) -> Result<Shape<'_>, Problem> {
    if !json.starts_with('{') {
        return Err(Problem::row(format!(
            "expected a JSON object, found {}",
            super::error::quoted(json.as_bytes())
        )));
    }
    let envelope: Envelope<'_> = read(json)?;
    let (stream, channel) = (
        envelope.stream.and_then(text),
        envelope.channel.and_then(text),
    );
    let topic = envelope.topic.and_then(text);
    match (stream, channel, topic, envelope.data) {
        (Some(stream), _, _, Some(data)) => return binance(data.get(), Some(stream)),
        (_, Some(channel), _, Some(data)) => return hyperliquid::shape(&channel, data.get()),
        (_, _, Some(topic), Some(data)) => return bybit::shape(topic, envelope.kind, data.get()),
        _ => {}
    }
    match envelope {
        Envelope {
            last_update_id: Some(id),
            symbol,
            ..
        } => Ok(Shape {
            symbol: symbol.and_then(text),
            event: snapshot(id)?,
        }),
        Envelope { e: Some(_), .. } => binance(json, None),
        _ => Ok(Shape {
            symbol: None,
            event: other(),
        }),
    }
}

/// Binance: `stream` is `<symbol>@<what>`; the message says what it is in `e`, but spot quotes do not.
fn binance<'a>(json: &'a str, stream: Text<'a>) -> Result<Shape<'a>, Problem> {
    let of_stream = |stream: &str| {
        stream
            .split_once('@')
            .map(|(symbol, _)| Cow::Owned(symbol.to_uppercase()))
    };
    if !json.starts_with('{') {
        // Array streams (!miniTicker@arr) are about no single instrument.
        return Ok(Shape {
            symbol: None,
            event: other(),
        });
    }
    let m: Binance<'_> = read(json)?;
    let symbol =
        m.s.and_then(text)
            .or_else(|| stream.as_deref().and_then(of_stream));
    let named = m.e.and_then(text);
    let what = match (&named, &stream) {
        (Some(name), _) => name.as_ref(),
        (None, Some(stream)) => stream.split('@').nth(1).unwrap_or(""),
        (None, None) => "",
    };
    let event = match what {
        "trade" => Event {
            kind: kinds::TRADE,
            sequence: needed("t", m.t, integer)?,
            ..binance_trade(&m)?
        },
        "aggTrade" => Event {
            kind: kinds::AGG_TRADE,
            sequence: needed("a", m.a, integer)?,
            ..binance_trade(&m)?
        },
        "bookTicker" => Event {
            kind: kinds::BOOK_TICKER,
            price_e9: needed("b", m.b, decimal)?,
            size_e9: needed("B", m.bid_size, decimal)?,
            sequence: needed("u", m.u, integer)?,
            side: 1,
            ..Event::default()
        },
        "depthUpdate" => Event {
            kind: kinds::DEPTH,
            sequence: needed("u", m.u, integer)?,
            ..Event::default()
        },
        _ => match m.last_update_id {
            // Partial books come without a name for what they are.
            Some(id) => snapshot(id)?,
            None => other(),
        },
    };
    Ok(Shape { symbol, event })
}

fn snapshot(last_update_id: &RawValue) -> Result<Event, Problem> {
    let sequence = integer("lastUpdateId", last_update_id)?;
    Ok(Event {
        kind: kinds::SNAPSHOT,
        sequence,
        ..Event::default()
    })
}

fn binance_trade(m: &Binance<'_>) -> Result<Event, Problem> {
    // `m`: the buyer was there first, so the seller made the trade.
    let side = match needed("m", m.m, |_, raw| Ok(raw.get()))? {
        "true" => -1,
        "false" => 1,
        found => {
            return Err(Problem::field(
                "m",
                found.as_bytes(),
                "expected true or false",
            ));
        }
    };
    Ok(Event {
        price_e9: needed("p", m.p, decimal)?,
        size_e9: needed("q", m.q, decimal)?,
        side,
        ..Event::default()
    })
}

pub(super) const fn other() -> Event {
    Event {
        ts_ns: 0,
        intended_ns: 0,
        price_e9: 0,
        size_e9: 0,
        order_id: 0,
        sequence: 0,
        symbol: 0,
        kind: kinds::OTHER,
        side: 0,
        flags: 0,
    }
}

pub(super) fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Problem> {
    serde_json::from_str(json).map_err(|e| malformed(&e))
}

#[cold]
fn malformed(e: &serde_json::Error) -> Problem {
    let what = if e.is_data() {
        "unexpected JSON"
    } else {
        "broken JSON"
    };
    Problem::row(format!("{what}: {e}"))
}

#[inline]
pub(super) fn needed<'a, T>(
    field: &'static str,
    raw: Raw<'a>,
    parse: impl FnOnce(&'static str, &'a RawValue) -> Result<T, Problem>,
) -> Result<T, Problem> {
    match raw {
        Some(raw) => parse(field, raw),
        None => Err(Problem {
            field: Some(field.into()),
            reason: "is missing".to_owned(),
        }),
    }
}

/// A number, with or without quotes around it.
fn bare(raw: &RawValue) -> &[u8] {
    let text = raw.get();
    text.strip_prefix('"')
        .and_then(|t| t.strip_suffix('"'))
        .unwrap_or(text)
        .as_bytes()
}

pub(super) fn decimal(field: &'static str, raw: &RawValue) -> Result<i64, Problem> {
    parse_i64_e9(bare(raw)).map_err(|e| Problem::field(field, bare(raw), e))
}

pub(super) fn integer(field: &'static str, raw: &RawValue) -> Result<u64, Problem> {
    super::decimal::parse_u64(bare(raw)).map_err(|e| Problem::field(field, bare(raw), e))
}

/// A string; anything else is none.
pub(super) fn text(raw: &RawValue) -> Text<'_> {
    serde_json::from_str::<Borrowed<'_>>(raw.get())
        .ok()
        .map(|b| b.0)
}

/// A string borrowed from the line unless it has escapes.
#[derive(Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);
