//! Tables in csv files: plain, gzip, zstd or zip, with any of the usual delimiters.
//!
//! Fields are split by `csv-core`, one line at a time, so that a stray quote damages its own line
//! and a file without line ends cannot fill the memory. A quoted field that runs over a line end is
//! therefore a bad row.

use std::ops::ControlFlow;
use std::path::Path;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder, Terminator};

use super::{Field, symbol_name};
use crate::ingest::error::{LoadError, Place, Problem, RowError};
use crate::ingest::event::Event;
use crate::ingest::intake::{Intake, NO_SYMBOL};
use crate::ingest::lines::Lines;
use crate::ingest::load::{Details, LoadOptions, complete};
use crate::ingest::recording::{Origin, Recording};
use crate::ingest::room;
use crate::ingest::stream::{Limits, Progress, Stream};

/// What may stand between two fields, most likely first.
const DELIMITERS: [u8; 4] = *b",;\t|";

/// Most columns a table may have: each name, and each place in a line, is kept.
const COLUMNS_MAX: usize = 10_000;

/// How a column is found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ColumnKey {
    /// By its name in the header, the first line.
    Name(String),
    /// By its position from 0, in a file without a header.
    Position(usize),
}

/// One mapped column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The field it fills.
    pub field: Field,
    /// How it is found. Either every column of a mapping is found by name, or none.
    pub key: ColumnKey,
    /// Its unit is 10 to this power of ours.
    pub exponent: u32,
}

/// The names in the header of the file at `path`, split at the delimiter that loading it with these
/// `wanted` names would use.
///
/// # Errors
/// Returns an error if the file cannot be opened or does not begin with a line of text.
pub fn csv_header(path: &Path, wanted: &[&str], limits: Limits) -> Result<Vec<String>, LoadError> {
    let mut hook = |_: Progress| ControlFlow::Continue(());
    let mut stream = Stream::open(path, limits, &mut hook)?;
    let mut intake = intake(&stream, &LoadOptions::default());
    let mut lines = Lines::new(&mut stream);
    let first = first_line(&mut lines, &mut intake)?;
    match header(&first, wanted) {
        Ok((_, names)) => Ok(names),
        Err(reason) => Err(refused(&intake, reason)),
    }
}

/// Loads the csv file at `path`.
///
/// # Errors
/// Returns an error if the file cannot be used as `columns` and `options` demand; see [`LoadError`].
pub fn load_csv(
    path: &Path,
    columns: &[Column],
    options: &LoadOptions,
    hook: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Recording, LoadError> {
    let mut stream = Stream::open(path, options.limits, hook)?;
    let mut intake = intake(&stream, options);
    read(&mut stream, &mut intake, columns)?;
    let details = Details {
        origin: Origin::Unknown,
        date: None,
        control_records: 0,
    };
    complete(
        intake,
        "table",
        Some(&stream),
        details,
        options.symbol.as_deref(),
    )
}

fn intake(stream: &Stream<'_>, options: &LoadOptions) -> Intake {
    let listed_max = options.limits.skipped_listed_max;
    Intake::new(
        stream.path(),
        options.policy,
        options.out_of_order,
        listed_max,
    )
}

/// What is wrong with the first line is wrong with the file.
fn refused(intake: &Intake, reason: impl Into<String>) -> LoadError {
    let problem = Problem::row(reason);
    LoadError::Source(RowError::new(intake.path(), Place::Line(1), problem))
}

/// The first line, owned; a file that does not begin with text is refused here.
fn first_line(lines: &mut Lines<'_, '_>, intake: &mut Intake) -> Result<String, LoadError> {
    match lines.next_line() {
        Ok(Some(line)) => match std::str::from_utf8(line) {
            Ok(text) if text.trim().is_empty() => Err(refused(intake, "blank, expected a header")),
            Ok(text) if !text.contains('\0') => Ok(text.to_owned()),
            _ => Err(refused(
                intake,
                "not text: a csv file begins with a line of column names",
            )),
        },
        Ok(None) => Err(refused(intake, "the file is empty, expected a header")),
        Err(failure) => {
            intake.fail_line(failure, 1)?;
            Err(refused(intake, "damaged before the end of the header"))
        }
    }
}

/// The delimiter with which `line` shows most of the `wanted` names, then most fields; and the fields.
///
/// Where no delimiter splits it, the reason is that of one which cannot.
fn header(line: &str, wanted: &[&str]) -> Result<(u8, Vec<String>), String> {
    let mut best: Option<((usize, usize), u8, Vec<String>)> = None;
    let mut reason = String::new();
    for delimiter in DELIMITERS {
        let mut splitter = Splitter::new(delimiter);
        let count = match splitter.split(line.as_bytes()) {
            Ok(count) => count,
            Err(problem) => {
                reason = problem.reason;
                continue;
            }
        };
        let name = |i| String::from_utf8_lossy(splitter.field(i)).into_owned();
        let names: Vec<String> = (0..count).map(name).collect();
        let is_there = |name: &&&str| names.iter().any(|n| n == **name);
        let rank = (wanted.iter().filter(is_there).count(), count);
        // The first of equals.
        if best.as_ref().is_none_or(|(found, _, _)| rank > *found) {
            best = Some((rank, delimiter, names));
        }
    }
    match best {
        // A line that one delimiter splits into too many is no line of one column.
        Some(((_, count), delimiter, names)) if count > 1 || reason.is_empty() => {
            Ok((delimiter, names))
        }
        _ => Err(reason),
    }
}

/// Splits lines into fields; quoted fields lose their quotes.
struct Splitter {
    reader: Reader,
    text: Vec<u8>,
    ends: Vec<usize>,
}

impl Splitter {
    fn new(delimiter: u8) -> Self {
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .terminator(Terminator::Any(b'\n'))
            .build();
        Self {
            reader,
            text: Vec::new(),
            ends: Vec::new(),
        }
    }

    /// The number of fields of `line`.
    fn split(&mut self, line: &[u8]) -> Result<usize, Problem> {
        if line.is_empty() {
            return Err(Problem::row("blank line"));
        }
        if memchr::memchr_iter(b'"', line).count() % 2 == 1 {
            return Err(Problem::row(
                "a quote is opened and not closed on the same line",
            ));
        }
        // A line of n bytes has at most n + 1 fields of n bytes in all.
        if self.text.len() < line.len() + 1 {
            if !room::is_there(line.len() + 1) {
                let reason = format!("there is no memory to split a line of {} bytes", line.len());
                return Err(Problem::row(reason));
            }
            self.text.resize(line.len() + 1, 0);
            self.ends.resize((line.len() + 1).min(COLUMNS_MAX + 1), 0);
        }
        self.reader.reset();
        let (_, _, text, ends) = self
            .reader
            .read_record(line, &mut self.text, &mut self.ends);
        // The empty input is the end of the line.
        let (result, _, _, more) =
            self.reader
                .read_record(&[], &mut self.text[text..], &mut self.ends[ends..]);
        match result {
            ReadRecordResult::Record if ends + more <= COLUMNS_MAX => Ok(ends + more),
            _ => Err(Problem::row(format!(
                "cannot be split into at most {COLUMNS_MAX} fields"
            ))),
        }
    }

    /// Field `index` of the line split last.
    fn field(&self, index: usize) -> &[u8] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.text[start..self.ends[index]]
    }
}

/// Where the mapped columns stand.
struct Layout {
    delimiter: u8,
    /// Fields per line.
    width: usize,
    /// Position, field, exponent, and the column's name in messages.
    columns: Vec<(usize, Field, u32, String)>,
    has_header: bool,
}

impl Layout {
    fn find(first: &str, columns: &[Column]) -> Result<Self, String> {
        let wanted: Vec<&str> = columns
            .iter()
            .filter_map(|column| match &column.key {
                ColumnKey::Name(name) => Some(name.as_str()),
                ColumnKey::Position(_) => None,
            })
            .collect();
        let has_header = !wanted.is_empty();
        if has_header && wanted.len() != columns.len() {
            return Err("some columns are given by name and some by position".to_owned());
        }
        let (delimiter, names) = header(first, &wanted)?;
        let columns = columns
            .iter()
            .map(|column| {
                let (at, shown) = locate(&column.key, &names)?;
                Ok((at, column.field, column.exponent, shown))
            })
            .collect::<Result<_, String>>()?;
        Ok(Self {
            delimiter,
            width: names.len(),
            columns,
            has_header,
        })
    }
}

fn locate(key: &ColumnKey, names: &[String]) -> Result<(usize, String), String> {
    match key {
        ColumnKey::Position(at) if *at < names.len() => Ok((*at, format!("column {at}"))),
        ColumnKey::Position(at) => Err(format!(
            "no column {at}: the first line has {} (0 is the first)",
            names.len()
        )),
        ColumnKey::Name(name) => {
            let mut found = (0..names.len()).filter(|&i| names[i] == *name);
            match (found.next(), found.next()) {
                (Some(at), None) => Ok((at, format!("column {name:?}"))),
                (None, _) => Err(format!(
                    "no column {name:?}: the header has {}",
                    names.join(", ")
                )),
                (Some(_), Some(_)) => Err(format!("the header has several columns named {name:?}")),
            }
        }
    }
}

fn read(stream: &mut Stream<'_>, intake: &mut Intake, columns: &[Column]) -> Result<(), LoadError> {
    let mut lines = Lines::new(stream);
    let first = first_line(&mut lines, intake)?;
    let layout = Layout::find(&first, columns).map_err(|reason| {
        LoadError::Source(RowError::new(
            intake.path(),
            Place::Line(1),
            Problem::row(reason),
        ))
    })?;
    let mut splitter = Splitter::new(layout.delimiter);
    if !layout.has_header {
        match layout.parse(first.as_bytes(), &mut splitter, intake) {
            Ok(event) => intake.accept(event, Place::Line(1))?,
            Err(problem) => intake.reject(problem, Place::Line(1))?,
        }
    }
    loop {
        match lines.next_line() {
            Ok(Some(line)) => {
                let parsed = layout.parse(line, &mut splitter, intake);
                let place = Place::Line(lines.number());
                match parsed {
                    Ok(event) => intake.accept(event, place)?,
                    Err(problem) => intake.reject(problem, place)?,
                }
                lines.note_events(intake.events.len());
            }
            Ok(None) => return Ok(()),
            Err(failure) => return intake.fail_line(failure, lines.number()),
        }
    }
}

impl Layout {
    fn parse(
        &self,
        line: &[u8],
        splitter: &mut Splitter,
        intake: &mut Intake,
    ) -> Result<Event, Problem> {
        let count = splitter.split(line)?;
        if count != self.width {
            let expected = if self.has_header {
                "the header"
            } else {
                "the first line"
            };
            return Err(Problem::row(format!(
                "{count} fields, {expected} has {}",
                self.width
            )));
        }
        let mut event = Event {
            symbol: NO_SYMBOL,
            ..Event::default()
        };
        let mut symbol = None;
        for (at, field, exponent, shown) in &self.columns {
            let text = splitter.field(*at);
            let wrong =
                |reason| Problem::field(field.name(), text, format_args!("{reason} ({shown})"));
            if *field == Field::Symbol {
                symbol = Some(symbol_name(text).map_err(wrong)?);
            } else {
                field.put(&mut event, field.parse(text, *exponent).map_err(wrong)?);
            }
        }
        // Only now, so that a bad row leaves no name behind.
        if let Some(name) = symbol {
            event.symbol = intake.symbol(name)?;
        }
        Ok(event)
    }
}
