//! Tables: csv files, and columns of Python tables by the same rules.

use std::path::PathBuf;

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyInt, PyList, PyString};
use tickpath_core::ingest::table::{self, BadRow, Column, ColumnKey, Field};
use tickpath_core::ingest::{Limits, LoadOptions, events_of_bytes};

use crate::errors;
use crate::ingest::parse_out_of_order;
use crate::ingest_load::{Loaded, parse_policy, raise, run};

/// Values converted between two looks at the signals: a few milliseconds of work.
const VALUES_BETWEEN_SIGNALS: usize = 1 << 14;

/// How much of an offending value a message shows.
const SHOWN_CHARS_MAX: usize = 40;

/// Why a value is none.
type Reason = String;

fn named_field(py: Python<'_>, name: &str) -> PyResult<Field> {
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

/// Load a csv file. ``columns`` holds field, column (name or position) and exponent of each mapped column.
#[pyfunction]
pub(crate) fn load_csv<'py>(
    py: Python<'py>,
    path: PathBuf,
    columns: Vec<(String, Key, u32)>,
    policy: &str,
    symbol: Option<String>,
    out_of_order: &str,
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
    run(py, None, |hook| {
        table::load_csv(&path, &columns, &options, hook)
    })
}

/// Load ``rows`` (an array of ``EVENT_DTYPE`` as bytes) of the table called ``title``.
///
/// ``bad`` holds row number from 0, field and reason of the rows that are none, in ascending order.
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
) -> PyResult<Loaded<'py>> {
    let bytes = PyBuffer::<u8>::get(rows)?.to_vec(py)?;
    let events = events_of_bytes(&bytes).ok_or_else(|| {
        errors::argument_value(py, format!("{} bytes are no rows of 56 bytes", bytes.len()))
    })?;
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
    run(py, None, |hook| {
        table::load_rows(title, &events, &bad, &symbols, &options, hook)
    })
}

/// Convert ``values`` (a list, or an array of floats) into the bits of ``field``, written to ``out``.
///
/// ``out`` is a contiguous array of signed 64-bit integers of the same length. Returns row number from 0
/// and reason of every value that is none, or of the first of them if ``first_only``; their ``out`` stays
/// as it is.
#[pyfunction]
pub(crate) fn table_values(
    py: Python<'_>,
    values: &Bound<'_, PyAny>,
    field: &str,
    exponent: u32,
    out: &Bound<'_, PyAny>,
    first_only: bool,
) -> PyResult<Vec<(usize, String)>> {
    let field = named_field(py, field)?;
    let target = PyBuffer::<i64>::get(out)?;
    let mut bits = target.to_vec(py)?;
    let count = bits.len();
    let convert = Conversion {
        py,
        field,
        exponent,
        first_only,
        problems: Vec::new(),
    };
    let problems = if let Ok(list) = values.cast::<PyList>() {
        same_length(py, list.len(), count)?;
        convert.run(&mut bits, |row| text_of(&list.get_item(row)?))?
    } else if let Ok(floats) = PyBuffer::<f64>::get(values) {
        let floats = floats.to_vec(py)?;
        same_length(py, floats.len(), count)?;
        convert.run(&mut bits, |row| {
            Ok(float_text(floats[row], floats[row].to_string()))
        })?
    } else {
        let floats = PyBuffer::<f32>::get(values)?.to_vec(py)?;
        same_length(py, floats.len(), count)?;
        // The shortest text of the 32-bit number, not that of its 64-bit copy.
        convert.run(&mut bits, |row| {
            Ok(float_text(floats[row].into(), floats[row].to_string()))
        })?
    };
    target.copy_from_slice(py, &bits)?;
    Ok(problems)
}

fn same_length(py: Python<'_>, values: usize, out: usize) -> PyResult<()> {
    if values == out {
        return Ok(());
    }
    Err(errors::argument_value(
        py,
        format!("{values} values do not fill {out} rows"),
    ))
}

struct Conversion<'py> {
    py: Python<'py>,
    field: Field,
    exponent: u32,
    first_only: bool,
    problems: Vec<(usize, String)>,
}

impl Conversion<'_> {
    fn run(
        mut self,
        bits: &mut [i64],
        text: impl Fn(usize) -> PyResult<Result<String, Reason>>,
    ) -> PyResult<Vec<(usize, String)>> {
        for (row, out) in bits.iter_mut().enumerate() {
            if row % VALUES_BETWEEN_SIGNALS == 0 {
                self.py.check_signals()?;
            }
            let parsed = text(row)?.and_then(|text| {
                self.field
                    .parse(text.as_bytes(), self.exponent)
                    .map_err(|reason| {
                        let shown: String = text.chars().take(SHOWN_CHARS_MAX).collect();
                        format!("{shown:?}: {reason}")
                    })
            });
            match parsed {
                Ok(value) => *out = value,
                Err(reason) => {
                    self.problems.push((row, reason));
                    if self.first_only {
                        break;
                    }
                }
            }
        }
        Ok(self.problems)
    }
}

/// The decimal text of one value.
fn text_of(value: &Bound<'_, PyAny>) -> PyResult<Result<String, Reason>> {
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Ok(text.to_string_lossy().into_owned()));
    }
    if let Ok(float) = value.cast::<PyFloat>() {
        return Ok(float_text(float.value(), float.value().to_string()));
    }
    if value.is_none() {
        return Ok(Err("no value".to_owned()));
    }
    if let Ok(bytes) = value.cast::<PyBytes>() {
        return Ok(Ok(String::from_utf8_lossy(bytes.as_bytes()).into_owned()));
    }
    let kind = value.get_type().name()?.to_string();
    // Exact by their own text: big integers, NumPy's integers, decimals.
    if value.cast::<PyInt>().is_ok() && kind != "bool" || kind == "Decimal" {
        return Ok(Ok(value.str()?.to_string_lossy().into_owned()));
    }
    if kind != "bool" && value.hasattr("__index__")? {
        let number = value.call_method0("__index__")?;
        return Ok(Ok(number.str()?.to_string_lossy().into_owned()));
    }
    Ok(Err(format!(
        "a value of type {kind}: expected a number or text"
    )))
}

/// The shortest decimal text of a float, which Rust writes without an exponent.
fn float_text(value: f64, text: String) -> Result<String, Reason> {
    if value.is_nan() {
        Err("NaN: no value".to_owned())
    } else if value.is_infinite() {
        Err(format!("{text}: not a number"))
    } else if value == 0.0 {
        // Also where the float is -0.0: a field without a sign would refuse it.
        Ok("0".to_owned())
    } else {
        Ok(text)
    }
}
