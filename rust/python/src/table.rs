//! Tables: csv files, and rows of Python tables by the same rules.

use std::path::PathBuf;

use pyo3::prelude::*;
use tickpath_core::ingest::table::{self, BadRow, Column, ColumnKey, Field};
use tickpath_core::ingest::{Limits, LoadOptions};

use crate::errors;
use crate::ingest::{event_rows, events_in, parse_out_of_order};
use crate::ingest_load::{Loaded, parse_policy, raise, run};

pub(crate) fn named_field(py: Python<'_>, name: &str) -> PyResult<Field> {
    Field::from_name(name)
        .ok_or_else(|| errors::argument_value(py, format!("no field \"{name}\" in an event")))
}

fn options(
    py: Python<'_>,
    policy: &str,
    symbol: Option<String>,
    out_of_order: &str,
) -> PyResult<LoadOptions> {
    Ok(LoadOptions {
        policy: parse_policy(py, policy)?,
        out_of_order: parse_out_of_order(py, out_of_order)?,
        symbol,
        ..LoadOptions::default()
    })
}

/// The column names in the header of a csv file, split as loading the ``wanted`` ones would.
#[pyfunction]
pub(crate) fn csv_header(
    py: Python<'_>,
    path: PathBuf,
    wanted: Vec<String>,
) -> PyResult<Vec<String>> {
    let wanted: Vec<&str> = wanted.iter().map(String::as_str).collect();
    py.detach(|| table::csv_header(&path, &wanted, Limits::default()))
        .map_err(|e| raise(py, e))
}

/// How a column is given: by name, or by position in a file without a header.
#[derive(Debug, FromPyObject)]
pub(crate) enum Key {
    /// A position from 0.
    Position(usize),
    /// A name in the header.
    Name(String),
}

/// Load a csv file. ``columns`` holds field, column (name or position) and exponent of each mapped column;
/// ``progress`` is called as by ``load_recording``.
#[pyfunction]
#[allow(
    clippy::too_many_arguments,
    reason = "the mapping, and the choices of the public function"
)]
pub(crate) fn load_csv<'py>(
    py: Python<'py>,
    path: PathBuf,
    columns: Vec<(String, Key, u32)>,
    policy: &str,
    symbol: Option<String>,
    out_of_order: &str,
    progress: Option<Py<PyAny>>,
) -> PyResult<Loaded<'py>> {
    let columns = columns
        .into_iter()
        .map(|(field, key, exponent)| {
            let key = match key {
                Key::Position(at) => ColumnKey::Position(at),
                Key::Name(name) => ColumnKey::Name(name),
            };
            Ok(Column {
                field: named_field(py, &field)?,
                key,
                exponent,
            })
        })
        .collect::<PyResult<Vec<_>>>()?;
    let options = options(py, policy, symbol, out_of_order)?;
    run(py, progress, |hook| {
        table::load_csv(&path, &columns, &options, hook)
    })
}

/// Load ``rows``, an array of ``EVENT_DTYPE`` that nobody else has, of the table called ``title``.
///
/// ``bad`` holds row number from 0, field and reason of the rows that are none, in ascending order;
/// ``progress`` is called as by ``load_recording``.
#[pyfunction]
#[allow(
    clippy::too_many_arguments,
    reason = "the table, and the choices of the public function"
)]
pub(crate) fn load_rows<'py>(
    py: Python<'py>,
    title: &str,
    rows: &Bound<'_, PyAny>,
    bad: Vec<(u64, String, String)>,
    symbols: Vec<String>,
    policy: &str,
    symbol: Option<String>,
    out_of_order: &str,
    progress: Option<Py<PyAny>>,
) -> PyResult<Loaded<'py>> {
    let rows = event_rows(rows)?;
    let events = events_in(rows.source(), rows.len());
    let bad = bad
        .into_iter()
        .map(|(row, field, reason)| {
            Ok(BadRow {
                row,
                field: named_field(py, &field)?,
                reason,
            })
        })
        .collect::<PyResult<Vec<_>>>()?;
    let options = options(py, policy, symbol, out_of_order)?;
    run(py, progress, |hook| {
        table::load_rows(title, events, &bad, &symbols, &options, hook)
    })
}
