//! Columns of Python tables, value by value, by the rules for the text of csv files.

use pyo3::buffer::PyBuffer;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyFloat, PyInt, PyList, PyString};
use tickpath_core::ingest::table::Field;

use crate::errors;
use crate::integers::Integer;
use crate::room::items_of;
use crate::table::named_field;

/// Values converted between two looks at the signals: a few milliseconds of work.
const VALUES_BETWEEN_SIGNALS: usize = 1 << 14;

/// How much of an offending value a message shows.
const SHOWN_CHARS_MAX: usize = 40;

/// Why a value is none.
type Reason = String;

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
    let mut bits = items_of(py, &target)?;
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
        let floats = items_of(py, &floats)?;
        same_length(py, floats.len(), count)?;
        convert.run(&mut bits, |row| {
            Ok(float_text(floats[row], floats[row].to_string()))
        })?
    } else {
        let floats = items_of(py, &PyBuffer::<f32>::get(values)?)?;
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
    // Exact by their digits: integers of any width, NumPy's, decimals.
    if kind == "Decimal" {
        return Ok(Ok(value.str()?.to_string_lossy().into_owned()));
    }
    if kind != "bool" && (value.is_instance_of::<PyInt>() || value.hasattr("__index__")?) {
        return Ok(Ok(Integer::of(value, "a value", "a number")?.digits()?));
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
