//! The shapes of the venues' messages: Binance (spot, USD-M, COIN-M), Hyperliquid and Bybit.
//!
//! Every message is checked to be well-formed JSON; of its fields only those that make up the event
//! are taken, borrowed from the line. Levels of a book are not looked into.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::decimal::parse_i64_e9;
use super::error::Problem;
use super::event::Event;
use super::kinds;

/// What a message is about.
#[derive(Debug)]
pub(crate) struct Shape<'a> {
    /// The instrument, where the message names it.
    pub(crate) symbol: Option<Cow<'a, str>>,
    /// The event, without stamp and symbol.
    pub(crate) event: Event,
}

type Text<'a> = Option<Cow<'a, str>>;
type Raw<'a> = Option<&'a RawValue>;

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
        (_, Some(channel), _, Some(data)) => return hyperliquid(&channel, data.get()),
        (_, _, Some(topic), Some(data)) => return bybit(topic, envelope.kind, data.get()),
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

fn hyperliquid<'a>(channel: &str, json: &'a str) -> Result<Shape<'a>, Problem> {
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

/// Bybit: `topic` is `<what>.<…>.<symbol>`.
fn bybit<'a>(topic: Cow<'a, str>, kind: Raw<'a>, json: &'a str) -> Result<Shape<'a>, Problem> {
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

const fn other() -> Event {
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

fn read<'a, T: Deserialize<'a>>(json: &'a str) -> Result<T, Problem> {
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
fn needed<'a, T>(
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

fn decimal(field: &'static str, raw: &RawValue) -> Result<i64, Problem> {
    parse_i64_e9(bare(raw)).map_err(|e| Problem::field(field, bare(raw), e))
}

fn integer(field: &'static str, raw: &RawValue) -> Result<u64, Problem> {
    super::decimal::parse_u64(bare(raw)).map_err(|e| Problem::field(field, bare(raw), e))
}

/// A string; anything else is none.
fn text(raw: &RawValue) -> Text<'_> {
    serde_json::from_str::<Borrowed<'_>>(raw.get())
        .ok()
        .map(|b| b.0)
}

/// A string borrowed from the line unless it has escapes.
#[derive(Deserialize)]
struct Borrowed<'a>(#[serde(borrow)] Cow<'a, str>);
