//! hftbacktest collector files: lines of `<local ns> <raw JSON>`, one event per line.
//!
//! What a message means is told by [`super::collector_shapes`]; the stamp is the collector's own.

use memchr::memchr;

use super::collector_shapes::{Shape, shape};
use super::decimal::parse_u64;
use super::error::{LoadError, Place, Problem};
use super::event::Event;
use super::intake::{Intake, NO_SYMBOL};
use super::lines::Lines;
use super::load::Details;
use super::recording::Origin;
use super::stream::Stream;

/// Reads every line of the stream.
pub(crate) fn read(stream: &mut Stream<'_>, intake: &mut Intake) -> Result<Details, LoadError> {
    let fallback = symbol_of_name(stream.path());
    let mut lines = Lines::new(stream);
    let mut previous = NO_SYMBOL;
    let mut nameless = 0;
    loop {
        match lines.next_line() {
            Ok(Some(text)) => {
                let parsed = parse(text, &mut previous, intake);
                let place = Place::Line(lines.number());
                match parsed {
                    Ok(event) => intake.accept(event, place)?,
                    Err(problem) => intake.reject(problem, place)?,
                }
                lines.note_events(intake.events.len());
                if previous == NO_SYMBOL {
                    nameless = intake.events.len();
                }
            }
            Ok(None) => break,
            Err(failure) => {
                intake.fail_line(failure, lines.number())?;
                break;
            }
        }
    }
    name_the_first(intake, nameless, fallback)?;
    Ok(Details {
        origin: Origin::Unix,
        date: None,
        control_records: 0,
    })
}

/// Events before the first line that names a symbol are that symbol's: a file holds one instrument.
fn name_the_first(intake: &mut Intake, nameless: usize, fallback: String) -> Result<(), LoadError> {
    if nameless == 0 {
        return Ok(());
    }
    let symbol = match intake.events.get(nameless) {
        Some(event) => event.symbol,
        None => intake.symbol_of_source(&fallback)?,
    };
    for event in &mut intake.events[..nameless] {
        event.symbol = symbol;
    }
    Ok(())
}

/// The collector writes `<symbol>_<date>.gz`.
fn symbol_of_name(path: &str) -> String {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    let stem = name.split('.').next().unwrap_or(name);
    match stem.rsplit_once('_') {
        Some((symbol, date)) if date.len() == 8 && date.bytes().all(|b| b.is_ascii_digit()) => {
            symbol.to_uppercase()
        }
        _ => stem.to_uppercase(),
    }
}

/// Whether a line could be the collector's: a stamp of today's length, a blank, an object.
pub(crate) fn resembles(line: &[u8]) -> bool {
    let digits = line.iter().take_while(|b| b.is_ascii_digit()).count();
    (16..=20).contains(&digits) && line[digits..].starts_with(b" {")
}

#[inline]
fn parse(line: &[u8], previous: &mut u32, intake: &mut Intake) -> Result<Event, Problem> {
    let Some(blank) = memchr(b' ', line) else {
        return Err(Problem::row(if line.iter().all(u8::is_ascii_whitespace) {
            "blank line, expected a stamp and a JSON object"
        } else {
            "expected a stamp, a blank and a JSON object"
        }));
    };
    let (stamp, json) = (&line[..blank], &line[blank + 1..]);
    let ts_ns = parse_u64(stamp).map_err(|e| Problem::field("local_ts", stamp, e))?;
    let json = std::str::from_utf8(json).map_err(|e| {
        Problem::row(format!(
            "not UTF-8 from byte {} of the JSON on",
            e.valid_up_to()
        ))
    })?;
    let Shape { symbol, event } = shape(json)?;
    if let Some(name) = symbol {
        *previous = intake.symbol(&name)?;
    }
    Ok(Event {
        ts_ns,
        symbol: *previous,
        ..event
    })
}
