//! LOBSTER message files: `seconds since midnight, type, order id, size, price × 10,000, direction`.
//!
//! The fields are plain numbers without quoting, and a blank line is damage; a general csv parser would
//! pass over blank lines and unquote what is not quoted, so lines are split here.

use memchr::memchr;

use super::decimal::{DecimalError, UNITS_PER_ONE, parse_i64, parse_u64, parse_u64_e9};
use super::error::{LoadError, Place, Problem};
use super::event::Event;
use super::intake::Intake;
use super::lines::Lines;
use super::load::Details;
use super::recording::Origin;
use super::stream::Stream;

/// The columns, in their order.
const FIELDS: [&str; 6] = ["time", "type", "order_id", "size", "price", "direction"];

/// A LOBSTER price is dollars × 10,000.
const UNITS_PER_TICK: i64 = 100_000;

/// A cross trade: an auction, not an order.
const CROSS: u8 = 6;

/// A trading halt: its price is a code (halted, quoting resumed, trading resumed).
const HALT: u8 = 7;

/// Reads every message of the stream.
pub(crate) fn read(stream: &mut Stream<'_>, intake: &mut Intake) -> Result<Details, LoadError> {
    let (symbol, date) = from_name(stream.member().unwrap_or(stream.path()));
    let symbol = intake.symbol_of_source(&symbol)?;
    let mut lines = Lines::new(stream);
    loop {
        match lines.next_line() {
            Ok(Some(text)) => {
                let parsed = parse(text);
                let place = Place::Line(lines.number());
                match parsed {
                    Ok(event) => intake.accept(Event { symbol, ..event }, place)?,
                    Err(problem) => intake.reject(problem, place)?,
                }
                lines.note_events(intake.events.len());
            }
            Ok(None) => break,
            Err(failure) => {
                intake.fail_line(failure, lines.number())?;
                break;
            }
        }
    }
    Ok(Details {
        origin: Origin::Midnight,
        date,
        control_records: 0,
    })
}

/// Whether a line could be a message.
pub(crate) fn resembles(line: &[u8]) -> bool {
    parse(line).is_ok()
}

/// Symbol and date from `TICKER_2012-06-21_34200000_57600000_message_1.csv`; a name of another form is
/// the symbol up to its first point.
fn from_name(path: &str) -> (String, Option<String>) {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let mut parts = name.split('_');
    if let (Some(ticker), Some(date)) = (parts.next(), parts.next())
        && !ticker.is_empty()
        && is_date(date)
    {
        return (ticker.to_owned(), Some(date.to_owned()));
    }
    let stem = name.split('.').next().unwrap_or(name);
    (stem.to_owned(), None)
}

fn is_date(text: &str) -> bool {
    let shape = b"dddd-dd-dd";
    text.len() == shape.len()
        && text.bytes().zip(shape).all(|(b, &s)| {
            if s == b'd' {
                b.is_ascii_digit()
            } else {
                b == s
            }
        })
}

#[inline]
fn parse(line: &[u8]) -> Result<Event, Problem> {
    let fields = split(line)?;
    let [time, kind, order_id, size, price, direction] = fields;
    let number = |i: usize, e: DecimalError| Problem::field(FIELDS[i], fields[i], e);
    let ts_ns = parse_u64_e9(time).map_err(|e| number(0, e))?;
    let kind = match kind {
        [digit @ b'1'..=b'7'] => digit - b'0',
        _ => {
            return Err(Problem::field(
                FIELDS[1],
                kind,
                "not an event type: expected 1 to 7",
            ));
        }
    };
    let order_id = match (kind, order_id) {
        // Crosses and halts are about no order, which some files write as -1.
        (CROSS | HALT, b"-1") => 0,
        _ => parse_u64(order_id).map_err(|e| number(2, e))?,
    };
    let shares = parse_u64(size).map_err(|e| number(3, e))?;
    let ticks = parse_i64(price).map_err(|e| number(4, e))?;
    let side = match direction {
        b"1" => 1,
        b"-1" => -1,
        _ => {
            return Err(Problem::field(
                FIELDS[5],
                direction,
                "not a direction: expected 1 or -1",
            ));
        }
    };
    let does_not_fit = |i: usize| Problem::field(FIELDS[i], fields[i], DecimalError::Overflow);
    let size_e9 = shares
        .checked_mul(UNITS_PER_ONE)
        .and_then(|s| i64::try_from(s).ok());
    let (price_e9, side, flags) = if kind == HALT {
        (
            Some(0),
            0,
            halt_code(ticks).ok_or_else(|| halt_problem(price))?,
        )
    } else {
        (ticks.checked_mul(UNITS_PER_TICK), side, 0)
    };
    Ok(Event {
        ts_ns,
        price_e9: price_e9.ok_or_else(|| does_not_fit(4))?,
        size_e9: size_e9.ok_or_else(|| does_not_fit(3))?,
        order_id,
        kind,
        side,
        flags,
        ..Event::default()
    })
}

/// A halt's price is a code, not a price; it goes into the flags as 1, 2 and 3.
const fn halt_code(price: i64) -> Option<u16> {
    match price {
        -1 => Some(1),
        0 => Some(2),
        1 => Some(3),
        _ => None,
    }
}

#[cold]
fn halt_problem(price: &[u8]) -> Problem {
    Problem::field(
        FIELDS[4],
        price,
        "not a halt code: expected -1 (halt), 0 (quoting resumes) or 1 (trading resumes)",
    )
}

#[inline]
fn split(line: &[u8]) -> Result<[&[u8]; 6], Problem> {
    let mut fields = [&line[..0]; 6];
    let mut rest = line;
    for field in fields.iter_mut().take(5) {
        let Some(comma) = memchr(b',', rest) else {
            return Err(miscounted(line));
        };
        *field = &rest[..comma];
        rest = &rest[comma + 1..];
    }
    if memchr(b',', rest).is_some() {
        return Err(miscounted(line));
    }
    fields[5] = rest;
    Ok(fields)
}

#[cold]
fn miscounted(line: &[u8]) -> Problem {
    if line.iter().all(u8::is_ascii_whitespace) {
        return Problem::row("blank line, expected 6 fields");
    }
    let count = line.iter().filter(|&&b| b == b',').count() + 1;
    Problem::row(format!("{count} fields, expected 6: {}", FIELDS.join(", ")))
}
