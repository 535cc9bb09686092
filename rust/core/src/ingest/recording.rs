//! A loaded recording: events in memory, and the account of where they came from.

use super::container::Compression;
use super::error::RowError;
use super::event::Event;

/// The events as the bytes that another language sees.
pub fn bytes_of_events(events: &[Event]) -> &[u8] {
    bytemuck::cast_slice(events)
}

/// What the stamps of a source count from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// 1970-01-01 UTC.
    Unix,
    /// The venue's own midnight: the format does not know the date.
    Midnight,
    /// Whatever the table's own stamps count from: it does not say.
    Unknown,
}

impl Origin {
    /// The word for it in `meta`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Unix => "unix",
            Self::Midnight => "midnight",
            Self::Unknown => "unknown",
        }
    }
}

/// The account of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceSummary {
    /// The path as it was given.
    pub path: String,
    /// The format's name.
    pub kind: &'static str,
    /// How the file is compressed.
    pub compression: Compression,
    /// The member of the archive that was read, if the file is an archive.
    pub member: Option<String>,
    /// The day in the file's name, if its format puts one there.
    pub date: Option<String>,
    /// What the stamps count from.
    pub origin: Origin,
    /// Events loaded.
    pub events: u64,
    /// Rows left out, all of them counted, also those beyond the list's limit.
    pub skipped: u64,
    /// Rows whose stamp was smaller than the one before.
    pub backward_steps: u64,
    /// Stamps raised to the one before.
    pub clamped: u64,
    /// Records that carry no market data (symbol mappings, heartbeats) and make no event.
    pub control_records: u64,
    /// Smallest stamp.
    pub first_ts_ns: u64,
    /// Largest stamp.
    pub last_ts_ns: u64,
}

/// One or more files as one sequence of events.
#[derive(Debug, Clone)]
pub struct Recording {
    /// The events in the order in which they are published.
    pub events: Vec<Event>,
    /// The names that the events' `symbol` field indexes.
    pub symbols: Vec<String>,
    /// The rows left out, up to the limit on the list.
    pub skipped: Vec<RowError>,
    /// The account of each file, in the order in which they were given.
    pub sources: Vec<SourceSummary>,
}
