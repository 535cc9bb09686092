//! The way in: one file, or several merged by stamp.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::path::Path;

use super::container::Compression;
use super::error::{LoadError, RowError};
use super::intake::{Collected, Intake, Policy};
use super::order::OutOfOrder;
use super::recording::{Origin, Recording, SourceSummary};
use super::room;
use super::stream::{Limits, Progress, Stream};
use super::{collector, dbn, detect, itch, lobster};
use crate::sync::Arc;

/// The formats of recordings.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// LOBSTER message files.
    Lobster,
    /// hftbacktest collector files.
    Collector,
    /// Databento DBN.
    Dbn,
    /// NASDAQ ITCH 5.0.
    Itch,
}

impl Kind {
    /// Every format.
    pub const ALL: [Self; 4] = [Self::Lobster, Self::Collector, Self::Dbn, Self::Itch];

    /// The name of the format.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Lobster => "lobster",
            Self::Collector => "collector",
            Self::Dbn => "dbn",
            Self::Itch => "itch",
        }
    }
}

/// The caller's choices.
#[derive(Debug, Clone, Default)]
pub struct LoadOptions {
    /// The format; `None` finds it from the content.
    pub kind: Option<Kind>,
    /// What to do with bad rows.
    pub policy: Policy,
    /// What to do with stamps that run backwards.
    pub out_of_order: OutOfOrder,
    /// The name of the instrument, instead of what the file and its name say.
    pub symbol: Option<String>,
    /// How far a load may go.
    pub limits: Limits,
}

/// What a format's reader knows beyond its events.
#[derive(Debug)]
pub(crate) struct Details {
    pub(crate) origin: Origin,
    pub(crate) date: Option<String>,
    pub(crate) control_records: u64,
}

/// Loads one file.
///
/// The hook sees the progress and stops the load by breaking.
///
/// # Errors
/// Returns an error if the file cannot be used as the options demand; see [`LoadError`].
pub fn load_file(
    path: &Path,
    options: &LoadOptions,
    hook: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Recording, LoadError> {
    let mut stream = Stream::open(path, options.limits, hook)?;
    let kind = match options.kind {
        Some(kind) => kind,
        None => detect::kind(&mut stream)?,
    };
    let listed_max = options.limits.skipped_listed_max;
    let mut intake = Intake::new(
        stream.path(),
        options.policy,
        options.out_of_order,
        listed_max,
    );
    let details = match kind {
        Kind::Lobster => lobster::read(&mut stream, &mut intake),
        Kind::Collector => collector::read(&mut stream, &mut intake),
        Kind::Dbn => dbn::read(&mut stream, &mut intake),
        Kind::Itch => itch::read(&mut stream, &mut intake),
    }?;
    complete(
        intake,
        kind.name(),
        Some(&stream),
        details,
        options.symbol.as_deref(),
    )
}

/// Ends a source: its events in order, with the account of it. `symbol` replaces every name.
pub(crate) fn complete(
    intake: Intake,
    kind: &'static str,
    stream: Option<&Stream<'_>>,
    details: Details,
    symbol: Option<&str>,
) -> Result<Recording, LoadError> {
    let path = Arc::clone(intake.path());
    let mut collected = intake.finish()?;
    if let Some(symbol) = symbol {
        collected.symbols = vec![symbol.to_owned()];
        collected
            .events
            .iter_mut()
            .for_each(|event| event.symbol = 0);
    }
    let stamps = collected.events.iter().map(|event| event.ts_ns);
    let summary = SourceSummary {
        path: path.to_string(),
        kind,
        compression: stream.map_or(Compression::None, Stream::compression),
        member: stream.and_then(Stream::member).map(str::to_owned),
        date: details.date,
        origin: details.origin,
        events: collected.events.len() as u64,
        skipped: collected.skipped_count,
        backward_steps: collected.backward_steps,
        clamped: collected.clamped,
        control_records: details.control_records,
        first_ts_ns: stamps.clone().min().unwrap_or(0),
        last_ts_ns: stamps.max().unwrap_or(0),
    };
    let Collected {
        events,
        symbols,
        skipped,
        ..
    } = collected;
    Ok(Recording {
        events,
        symbols,
        skipped,
        sources: vec![summary],
    })
}

/// Loads several files as one recording, merged by stamp: equal stamps come in the order of the
/// files, and within a file in its own order. The same symbol in two files is one symbol.
///
/// # Errors
/// As [`load_file`], and [`LoadError::Source`] if the files' stamps count from different origins.
pub fn load_files<P: AsRef<Path>>(
    paths: &[P],
    options: &LoadOptions,
    hook: &mut dyn FnMut(Progress) -> ControlFlow<()>,
) -> Result<Recording, LoadError> {
    let sizes: Vec<u64> = paths
        .iter()
        .map(|p| std::fs::metadata(p).map_or(0, |metadata| metadata.len()))
        .collect();
    let bytes_total: u64 = sizes.iter().sum();
    let mut merged = Recording {
        events: Vec::new(),
        symbols: Vec::new(),
        skipped: Vec::new(),
        sources: Vec::new(),
    };
    let mut indices = HashMap::new();
    let mut bytes_before = 0;
    for (path, size) in paths.iter().zip(&sizes) {
        let events_before = merged.events.len() as u64;
        let recording = load_file(path.as_ref(), options, &mut |progress| {
            hook(Progress {
                bytes_done: bytes_before + progress.bytes_done.min(*size),
                bytes_total,
                events: events_before + progress.events,
            })
        })?;
        bytes_before += size;
        append(&mut merged, &mut indices, recording)?;
    }
    if paths.len() > 1 && !room::is_there_to_sort(merged.events.len()) {
        return Err(no_room(&merged, "sort"));
    }
    merged.events.sort_by_key(|event| event.ts_ns);
    Ok(merged)
}

fn append(
    merged: &mut Recording,
    indices: &mut HashMap<String, u32>,
    mut recording: Recording,
) -> Result<(), LoadError> {
    if let (Some(first), Some(source)) = (merged.sources.first(), recording.sources.first())
        && first.origin != source.origin
    {
        let reason = format!(
            "stamps count from {} ({}) and cannot be merged with those of {}, which count from {} ({})",
            explained(source.origin),
            source.kind,
            first.path,
            explained(first.origin),
            first.kind
        );
        return Err(LoadError::Source(RowError::whole(
            &Arc::from(source.path.as_str()),
            reason,
        )));
    }
    let mapping: Vec<u32> = recording
        .symbols
        .drain(..)
        .map(|name| {
            let next = merged.symbols.len() as u32;
            *indices.entry(name).or_insert_with_key(|name| {
                merged.symbols.push(name.clone());
                next
            })
        })
        .collect();
    for event in &mut recording.events {
        event.symbol = mapping[event.symbol as usize];
    }
    if merged.events.is_empty() {
        merged.events = recording.events;
    } else {
        let more = recording.events.len();
        if merged.events.try_reserve(more).is_err() || !room::is_there(0) {
            return Err(no_room(merged, "add to"));
        }
        merged.events.append(&mut recording.events);
    }
    merged.skipped.append(&mut recording.skipped);
    merged.sources.append(&mut recording.sources);
    Ok(())
}

fn no_room(merged: &Recording, what: &str) -> LoadError {
    let path = merged
        .sources
        .last()
        .map_or("", |source| source.path.as_str());
    let reason = format!(
        "there is no memory to {what} {} events",
        merged.events.len()
    );
    LoadError::Source(RowError::whole(&Arc::from(path), reason))
}

const fn explained(origin: Origin) -> &'static str {
    match origin {
        Origin::Unix => "1970-01-01 UTC",
        Origin::Midnight => "the venue's midnight",
        Origin::Unknown => "an origin that is not known",
    }
}
