//! Loading recordings from files: the interpreter's lock is given back meanwhile, signals are looked at.

use std::ops::ControlFlow;
use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use tickpath_core::ingest::{
    Kind, LoadError, LoadOptions, Policy, Progress, Recording, RowError, SourceSummary, load_file,
    load_files,
};
use tickpath_core::time::{Clock, MonotonicClock};

use crate::errors;
use crate::ingest::{Events, parse_out_of_order};
use crate::memory::call;

/// How often signals are looked at and the caller's callback hears of the progress.
const REPORT_EVERY_NS: u64 = 20_000_000;

/// Path, line, byte offset, field and reason of a row that was left out.
pub(crate) type Skipped = (String, Option<u64>, Option<u64>, Option<String>, String);

/// The events of ``paths``, merged by stamp; the symbols; the rows left out; the account of each file.
///
/// ``kind`` is ``"auto"`` or a format, ``policy`` ``"strict"`` or ``"skip"``. ``progress`` is called with bytes
/// done, bytes in all and events so far; what it raises ends the load, and so does a signal.
///
/// Raises the classes of ``SourceError``, and ``ArgumentValueError`` for a word that means nothing.
#[pyfunction]
#[pyo3(signature = (paths, *, kind="auto", policy="strict", symbol=None, out_of_order="refuse", progress=None))]
pub(crate) fn load_recording<'py>(
    py: Python<'py>,
    paths: Vec<PathBuf>,
    kind: &str,
    policy: &str,
    symbol: Option<String>,
    out_of_order: &str,
    progress: Option<Py<PyAny>>,
) -> PyResult<Loaded<'py>> {
    let options = LoadOptions {
        kind: parse_kind(py, kind)?,
        policy: parse_policy(py, policy)?,
        out_of_order: parse_out_of_order(py, out_of_order)?,
        symbol,
        ..LoadOptions::default()
    };
    run(py, progress, |hook| match paths.as_slice() {
        [path] => load_file(path, &options, hook),
        several => load_files(several, &options, hook),
    })
}

/// What a loader hands to Python: events, symbols, rows left out, and the account of each file.
pub(crate) type Loaded<'py> = (Events, Vec<String>, Vec<Skipped>, Vec<Bound<'py, PyDict>>);

/// Runs a loader without the interpreter's lock, with signals and `progress` looked after.
pub(crate) fn run<'py, L>(
    py: Python<'py>,
    progress: Option<Py<PyAny>>,
    loader: L,
) -> PyResult<Loaded<'py>>
where
    L: Send + FnOnce(&mut dyn FnMut(Progress) -> ControlFlow<()>) -> Result<Recording, LoadError>,
{
    let mut watch = Watch::new(progress);
    let loaded = py.detach(|| loader(&mut |progress| watch.see(progress)));
    watch.check()?;
    let recording = loaded.map_err(|e| raise(py, e))?;
    watch.finish(py, recording.events.len() as u64)?;
    let sources = recording
        .sources
        .iter()
        .map(|source| account(py, source))
        .collect::<PyResult<_>>()?;
    let skipped = recording.skipped.into_iter().map(plain).collect();
    Ok((
        Events::new(recording.events),
        recording.symbols,
        skipped,
        sources,
    ))
}

/// Between the loader and Python: signals, and the caller's callback.
pub(crate) struct Watch {
    progress: Option<Py<PyAny>>,
    due_ns: u64,
    last: Option<Progress>,
    raised: Option<PyErr>,
}

impl Watch {
    /// A watch that tells `progress`, if there is one.
    pub(crate) const fn new(progress: Option<Py<PyAny>>) -> Self {
        Self {
            progress,
            due_ns: 0,
            last: None,
            raised: None,
        }
    }

    /// Raises what a signal handler or the callback raised.
    pub(crate) fn check(&mut self) -> PyResult<()> {
        self.raised.take().map_or(Ok(()), Err)
    }

    pub(crate) fn see(&mut self, progress: Progress) -> ControlFlow<()> {
        let now_ns = MonotonicClock.now_ns();
        if now_ns < self.due_ns {
            return ControlFlow::Continue(());
        }
        self.due_ns = now_ns + REPORT_EVERY_NS;
        self.last = Some(progress);
        let told = Python::attach(|py| {
            py.check_signals()?;
            self.tell(py, progress)
        });
        match told {
            Ok(()) => ControlFlow::Continue(()),
            Err(e) => {
                self.raised = Some(e);
                ControlFlow::Break(())
            }
        }
    }

    fn tell(&self, py: Python<'_>, seen: Progress) -> PyResult<()> {
        match &self.progress {
            Some(callback) => {
                let done = (seen.bytes_done, seen.bytes_total, seen.events).into_pyobject(py)?;
                call(callback.bind(py), &done).map(drop)
            }
            None => Ok(()),
        }
    }

    /// The last report: everything is done.
    pub(crate) fn finish(&self, py: Python<'_>, events: u64) -> PyResult<()> {
        match self.last {
            Some(Progress { bytes_total, .. }) => self.tell(
                py,
                Progress {
                    bytes_done: bytes_total,
                    bytes_total,
                    events,
                },
            ),
            None => Ok(()),
        }
    }
}

fn parse_kind(py: Python<'_>, word: &str) -> PyResult<Option<Kind>> {
    if word == "auto" {
        return Ok(None);
    }
    Kind::ALL.into_iter().find(|kind| kind.name() == word).map(Some).ok_or_else(|| {
        let text = format!(
            "kind must be \"auto\", \"lobster\", \"collector\", \"dbn\", \"itch\" or \"table\", got {word:?}"
        );
        errors::argument_value(py, text)
    })
}

pub(crate) fn parse_policy(py: Python<'_>, word: &str) -> PyResult<Policy> {
    match word {
        "strict" => Ok(Policy::Strict),
        "skip" => Ok(Policy::Skip),
        _ => Err(errors::argument_value(
            py,
            format!("policy must be \"strict\" or \"skip\", got {word:?}"),
        )),
    }
}

pub(crate) fn raise(py: Python<'_>, error: LoadError) -> PyErr {
    let (raiser, e): (Raiser, RowError) = match error {
        LoadError::NotFound(e) => return errors::source_not_found(py, &e.path, e.reason),
        LoadError::Unreadable(e) => return errors::source_unreadable(py, &e.path, e.reason),
        // The hook breaks only with an exception in hand, which is raised before this is asked.
        LoadError::Interrupted => return pyo3::exceptions::PyKeyboardInterrupt::new_err(()),
        LoadError::BadRow(e) => (errors::bad_row, e),
        LoadError::OutOfOrder(e) => (errors::out_of_order, e),
        LoadError::Source(e) => (errors::source_error, e),
    };
    let field = e.field.map(Into::into);
    raiser(py, &e.path, e.reason, e.line, e.byte_offset, field)
}

/// Raises a class with a place: path, reason, line, byte offset, field.
type Raiser = fn(Python<'_>, &str, String, Option<u64>, Option<u64>, Option<String>) -> PyErr;

fn plain(e: RowError) -> Skipped {
    (
        e.path.to_string(),
        e.line,
        e.byte_offset,
        e.field.map(Into::into),
        e.reason,
    )
}

fn account<'py>(py: Python<'py>, source: &SourceSummary) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    dict.set_item("kind", source.kind)?;
    dict.set_item("path", &source.path)?;
    dict.set_item("events", source.events)?;
    dict.set_item("skipped", source.skipped)?;
    dict.set_item("compression", source.compression.name())?;
    dict.set_item("member", &source.member)?;
    dict.set_item("date", &source.date)?;
    dict.set_item("origin", source.origin.name())?;
    dict.set_item("first_ts_ns", source.first_ts_ns)?;
    dict.set_item("last_ts_ns", source.last_ts_ns)?;
    dict.set_item("backward_steps", source.backward_steps)?;
    dict.set_item("clamped", source.clamped)?;
    dict.set_item("control_records", source.control_records)?;
    Ok(dict)
}
