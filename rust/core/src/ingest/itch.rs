//! NASDAQ TotalView-ITCH 5.0: length-prefixed binary messages.
//!
//! Our own reader, driven by the table of [`super::itch_messages`]: the crate for this format was last
//! kept up years ago and takes the length from the prefix, which some writers leave at zero.
//! Here a zero prefix means the length that the message type has.

use std::io::Read;

use super::decimal::UNITS_PER_ONE;
use super::error::{LoadError, Place, Problem, quoted};
use super::event::Event;
use super::intake::{Intake, NO_SYMBOL};
use super::itch_messages::{LAYOUTS, LOCATE, Layout, Number, STAMP, Side, layout};
use super::load::Details;
use super::recording::Origin;
use super::stream::{Failure, Stream};

const PREFIX_BYTES: usize = 2;
const BUFFER_BYTES: usize = 256 << 10;
const DAY_NS: u64 = 86_400 * UNITS_PER_ONE;

/// An ITCH price has four decimals.
const UNITS_PER_TICK: i64 = 100_000;

/// How many messages are looked at to recognise the format.
const RECOGNISED_BY: usize = 2;

/// One message, and what its prefix says about it.
#[derive(Debug, PartialEq, Eq)]
enum Frame {
    /// The stream ended where a message may end.
    End,
    /// A message of a known type with the right length: bytes to take, prefix included.
    Message(usize),
    /// A message that cannot be read, but whose prefix says where the next one begins.
    Bad(usize, String),
    /// The stream ends inside a message.
    Cut(usize),
    /// A message of unknown type without a length: nothing behind it can be found.
    Lost(String),
}

/// Reads every message of the stream.
pub(crate) fn read(stream: &mut Stream<'_>, intake: &mut Intake) -> Result<Details, LoadError> {
    let mut window = Window {
        buffer: vec![0; BUFFER_BYTES],
        start: 0,
        end: 0,
        offset: 0,
        ended: false,
    };
    let mut symbols = Symbols::new();
    loop {
        if let Err(failure) = window.fill(stream) {
            intake.fail(failure, Place::Byte(window.offset))?;
            break;
        }
        let place = Place::Byte(window.offset);
        let bytes = match frame(window.bytes()) {
            Frame::End => break,
            Frame::Message(bytes) => {
                match parse(&window.bytes()[PREFIX_BYTES..bytes], intake, &mut symbols) {
                    Ok(event) => intake.accept(event, place)?,
                    Err(problem) => intake.reject(problem, place)?,
                }
                bytes
            }
            Frame::Bad(bytes, reason) => {
                intake.reject(Problem::row(reason), place)?;
                bytes
            }
            Frame::Cut(bytes) => {
                let reason = format!("truncated: the last message is cut after {bytes} bytes");
                intake.fail(Failure::Damaged(reason), place)?;
                break;
            }
            Frame::Lost(reason) => {
                intake.fail(Failure::Damaged(reason), place)?;
                break;
            }
        };
        window.take(bytes);
        stream.note_events(intake.events.len());
    }
    Ok(Details {
        origin: Origin::Midnight,
        date: None,
        control_records: 0,
    })
}

/// Whether the data begins with messages that make sense.
pub(crate) fn begins(head: &[u8]) -> bool {
    let mut rest = head;
    for seen in 0..RECOGNISED_BY {
        let bytes = match frame(rest) {
            Frame::Message(bytes) if stamp_ns(&rest[PREFIX_BYTES..bytes]) < DAY_NS => bytes,
            // A cut message may follow a whole one: the head is only a part of the data.
            Frame::End | Frame::Cut(_) => return seen > 0,
            _ => return false,
        };
        rest = &rest[bytes..];
    }
    true
}

/// Looks at the message at the start of `bytes`, which are all there is if they are few.
fn frame(bytes: &[u8]) -> Frame {
    let Some((prefix, rest)) = bytes.split_first_chunk::<PREFIX_BYTES>() else {
        return if bytes.is_empty() {
            Frame::End
        } else {
            Frame::Cut(bytes.len())
        };
    };
    let declared = usize::from(u16::from_be_bytes(*prefix));
    let Some(&tag) = rest.first() else {
        // A zero length ends a session.
        return if declared == 0 {
            Frame::End
        } else {
            Frame::Cut(bytes.len())
        };
    };
    let needed = match (layout(tag), declared) {
        (Some(l), 0) => l.bytes,
        (None, 0) => {
            return Frame::Lost(format!(
                "unknown message type {} without a length",
                quoted(&[tag])
            ));
        }
        (_, declared) => declared,
    };
    if rest.len() < needed {
        return Frame::Cut(bytes.len());
    }
    match layout(tag) {
        Some(l) if l.bytes == needed => Frame::Message(PREFIX_BYTES + needed),
        Some(l) => Frame::Bad(
            PREFIX_BYTES + needed,
            format!(
                "message type {} has {} bytes, its prefix says {needed}",
                quoted(&[tag]),
                l.bytes
            ),
        ),
        None => Frame::Bad(
            PREFIX_BYTES + needed,
            format!("unknown message type {}", quoted(&[tag])),
        ),
    }
}

fn parse(message: &[u8], intake: &mut Intake, symbols: &mut Symbols) -> Result<Event, Problem> {
    let layout = layout(message[0]).unwrap_or(&LAYOUTS[0]);
    let ts_ns = stamp_ns(message);
    if ts_ns >= DAY_NS {
        return Err(Problem::row(format!(
            "stamp {ts_ns} ns is later than midnight"
        )));
    }
    let size = number(message, layout.size);
    let size_e9 = i64::try_from(size)
        .ok()
        .and_then(|s| s.checked_mul(UNITS_PER_ONE as i64));
    let size_e9 = size_e9
        .ok_or_else(|| Problem::row(format!("size {size} does not fit its 64-bit field")))?;
    // Four bytes times 100,000 always fit.
    let price_e9 = number(message, layout.price) as i64 * UNITS_PER_TICK;
    Ok(Event {
        ts_ns,
        intended_ns: 0,
        price_e9,
        size_e9,
        order_id: number(message, layout.order_id),
        sequence: number(message, layout.sequence),
        symbol: symbols.of(message, layout, intake)?,
        kind: layout.tag,
        side: side(message, layout.side)?,
        flags: 0,
    })
}

fn stamp_ns(message: &[u8]) -> u64 {
    let mut wide = [0; 8];
    wide[2..].copy_from_slice(&message[STAMP..STAMP + 6]);
    u64::from_be_bytes(wide)
}

fn number(message: &[u8], field: Number) -> u64 {
    match field {
        Number::None => 0,
        Number::U32(at) => message[at..at + 4]
            .iter()
            .fold(0, |value, &b| value << 8 | u64::from(b)),
        Number::U64(at) => message[at..at + 8]
            .iter()
            .fold(0, |value, &b| value << 8 | u64::from(b)),
    }
}

fn side(message: &[u8], side: Side) -> Result<i8, Problem> {
    let (at, must_have) = match side {
        Side::None => return Ok(0),
        Side::Order(at) => (at, true),
        Side::Imbalance(at) => (at, false),
    };
    match message[at] {
        b'B' => Ok(1),
        b'S' => Ok(-1),
        _ if must_have => Err(Problem::field("side", &message[at..=at], "expected B or S")),
        _ => Ok(0),
    }
}

/// The symbols by locate code, learnt from every message that names a stock.
struct Symbols {
    /// The stock field last seen with each locate code, and one more than its index: 0 is none, and a table of zeros is
    /// memory that is not touched before it is needed.
    by_locate: Vec<([u8; 8], u32)>,
}

impl Symbols {
    fn new() -> Self {
        Self {
            by_locate: vec![([0; 8], 0); 1 << 16],
        }
    }

    fn of(&mut self, message: &[u8], layout: &Layout, intake: &mut Intake) -> Result<u32, Problem> {
        let locate = usize::from(u16::from_be_bytes([message[LOCATE], message[LOCATE + 1]]));
        let (known, one_more) = self.by_locate[locate];
        let index = one_more.checked_sub(1).unwrap_or(NO_SYMBOL);
        let Some(at) = layout.stock else {
            return Ok(index);
        };
        let mut stock = [0; 8];
        stock.copy_from_slice(&message[at..at + 8]);
        if stock == known && index != NO_SYMBOL {
            return Ok(index);
        }
        let name = stock.trim_ascii_end();
        if name.is_empty() || !name.iter().all(u8::is_ascii_graphic) {
            return Err(Problem::field(
                "stock",
                &stock,
                "expected letters padded with blanks",
            ));
        }
        let index = intake.symbol(&String::from_utf8_lossy(name))?;
        self.by_locate[locate] = (stock, index + 1);
        Ok(index)
    }
}

/// The part of the stream in memory.
struct Window {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    /// Offset of `start` in the stream.
    offset: u64,
    ended: bool,
}

impl Window {
    fn bytes(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    fn take(&mut self, bytes: usize) {
        self.start += bytes;
        self.offset += bytes as u64;
    }

    /// Makes sure that the longest message is whole in memory, or the stream at its end.
    fn fill(&mut self, stream: &mut Stream<'_>) -> Result<(), Failure> {
        const LONGEST: usize = PREFIX_BYTES + u16::MAX as usize;
        while self.end - self.start < LONGEST && !self.ended {
            if self.buffer.len() - self.start < LONGEST || self.start == self.end {
                self.buffer.copy_within(self.start..self.end, 0);
                self.end -= self.start;
                self.start = 0;
            }
            match stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(count) => self.end += count,
                Err(e) => {
                    return Err(stream
                        .take_failure()
                        .unwrap_or_else(|| Failure::Io(e.to_string())));
                }
            }
        }
        Ok(())
    }
}
