//! What can go wrong while market data is loaded, and where.

use std::borrow::Cow;
use std::fmt;

use crate::sync::Arc;

/// How much of an offending value a message shows.
const SHOWN_BYTES_MAX: usize = 40;

/// How long a reason may be: what a file says of itself (names, values that a parser quotes) can be of any length.
const REASON_BYTES_MAX: usize = 1_000;

/// Where in a source a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Line number from 1, for formats made of lines.
    Line(u64),
    /// Offset into the decompressed stream, for formats made of records.
    Byte(u64),
    /// Row number from 0, for tables in memory.
    Row(u64),
}

/// What is wrong with one row, before it is known where the row stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field that is wrong, if it is one field.
    pub field: Option<Cow<'static, str>>,
    /// What was found and what was expected.
    pub reason: String,
}

impl Problem {
    /// A problem of the row as a whole.
    #[cold]
    pub fn row(reason: impl Into<String>) -> Self {
        Self {
            field: None,
            reason: reason.into(),
        }
    }

    /// A problem of one field, quoting its value (shortened, escaped).
    #[cold]
    pub fn field(field: &'static str, value: &[u8], reason: impl fmt::Display) -> Self {
        Self {
            field: Some(Cow::Borrowed(field)),
            reason: format!("{}: {reason}", quoted(value)),
        }
    }
}

/// `value` in quotes, printable on one line whatever it holds, and shortened.
pub(crate) fn quoted(value: &[u8]) -> String {
    let shown = &value[..value.len().min(SHOWN_BYTES_MAX)];
    let more = value.len() - shown.len();
    if more == 0 {
        format!("\"{}\"", shown.escape_ascii())
    } else {
        format!("\"{}\"… and {more} bytes more", shown.escape_ascii())
    }
}

/// `reason` on one line, whatever a file's names hold, and shortened.
fn legible(reason: String) -> String {
    if reason.len() <= REASON_BYTES_MAX && !reason.contains(char::is_control) {
        return reason;
    }
    let mut shown = String::new();
    for (at, c) in reason.char_indices() {
        if shown.len() >= REASON_BYTES_MAX {
            shown.push_str(&format!("… and {} bytes more", reason.len() - at));
            break;
        }
        if c.is_control() {
            shown.extend(c.escape_default());
        } else {
            shown.push(c);
        }
    }
    shown
}

/// A row that was left out, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowError {
    /// The file, or a description of the table.
    pub path: Arc<str>,
    /// Line number from 1, for formats made of lines.
    pub line: Option<u64>,
    /// Offset into the decompressed stream, for formats made of records.
    pub byte_offset: Option<u64>,
    /// The field that is wrong, if it is one field.
    pub field: Option<Cow<'static, str>>,
    /// What was found and what was expected.
    pub reason: String,
}

impl RowError {
    /// Puts a problem at its place.
    pub fn new(path: &Arc<str>, place: Place, problem: Problem) -> Self {
        let (line, byte_offset, reason) = match place {
            Place::Line(line) => (Some(line), None, problem.reason),
            Place::Byte(offset) => (None, Some(offset), problem.reason),
            Place::Row(row) => (None, None, format!("row {row}: {}", problem.reason)),
        };
        Self {
            path: Arc::clone(path),
            line,
            byte_offset,
            field: problem.field,
            reason: legible(reason),
        }
    }

    /// An error that concerns the source as a whole.
    pub fn whole(path: &Arc<str>, reason: impl Into<String>) -> Self {
        Self {
            path: Arc::clone(path),
            line: None,
            byte_offset: None,
            field: None,
            reason: legible(reason.into()),
        }
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)?;
        if let Some(line) = self.line {
            write!(f, ", line {line}")?;
        }
        if let Some(offset) = self.byte_offset {
            write!(f, ", byte {offset}")?;
        }
        if let Some(field) = &self.field {
            write!(f, ", field {field}")?;
        }
        write!(f, ": {}", self.reason)
    }
}

/// Why nothing was loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// The file does not exist.
    NotFound(RowError),
    /// The file exists and cannot be read: permissions, a directory, a device, an input error.
    Unreadable(RowError),
    /// A row, record or message is wrong, and the policy is [`super::Policy::Strict`].
    BadRow(RowError),
    /// A stamp is smaller than the one before it, and the choice is [`super::OutOfOrder::Refuse`].
    OutOfOrder(RowError),
    /// The source as a whole is of no use: not recognised, damaged, empty, or a decompression bomb.
    Source(RowError),
    /// The progress hook asked to stop.
    Interrupted,
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound(e)
            | Self::Unreadable(e)
            | Self::BadRow(e)
            | Self::OutOfOrder(e)
            | Self::Source(e) => e.fmt(f),
            Self::Interrupted => f.write_str("interrupted while loading"),
        }
    }
}

impl std::error::Error for LoadError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offending_value_is_shortened_and_stays_on_one_line() {
        assert_eq!(quoted(b"12a4"), "\"12a4\"");
        assert_eq!(quoted(b"a\0\n\"\xff"), r#""a\x00\n\"\xff""#);
        let long = quoted(&[b'x'; 1000]);
        assert!(
            long.ends_with("… and 960 bytes more") && long.len() < 80,
            "{long}"
        );
    }

    #[test]
    fn a_reason_is_one_short_line_whatever_a_file_calls_itself() {
        let path: Arc<str> = Arc::from("a.zip");
        let named = RowError::whole(&path, "its member é\n\x1b[2J is encrypted");
        assert_eq!(named.reason, "its member é\\n\\u{1b}[2J is encrypted");
        let long = RowError::new(&path, Place::Line(1), Problem::row("é".repeat(1_000_000)));
        assert!(
            long.reason.ends_with("é… and 1999000 bytes more") && long.reason.len() < 1_100,
            "{long}"
        );
        assert!(long.reason.capacity() < 3_000);
    }

    #[test]
    fn a_message_names_path_place_field_and_reason() {
        let path: Arc<str> = Arc::from("a.csv");
        let problem = Problem::field("price", b"nan", "not a number");
        let e = RowError::new(&path, Place::Line(7), problem.clone());
        assert_eq!(
            e.to_string(),
            "a.csv, line 7, field price: \"nan\": not a number"
        );
        let e = RowError::new(&path, Place::Byte(70), problem.clone());
        assert_eq!(
            e.to_string(),
            "a.csv, byte 70, field price: \"nan\": not a number"
        );
        let e = RowError::new(&path, Place::Row(3), problem);
        assert_eq!(
            e.to_string(),
            "a.csv, field price: row 3: \"nan\": not a number"
        );
    }
}
