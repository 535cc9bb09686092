//! Arguments from Python: what is accepted, and the error for the rest.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyString;
use tickpath_core::bus::Start;

use crate::errors;
use crate::memory::whole_number;

/// An integer (anything with `__index__`) that fits 64 bits; `None` in the result where it does not.
fn integer(value: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<i64>> {
    judged(whole_number(value), value, name)
}

/// What an extraction came to; an error of the object's own stays what it is.
fn judged(extracted: PyResult<i64>, value: &Bound<'_, PyAny>, name: &str) -> PyResult<Option<i64>> {
    extracted.map(Some).or_else(|e| {
        let py = value.py();
        if e.is_instance_of::<PyTypeError>(py) {
            Err(errors::argument_type(
                py,
                format!("{name} must be an integer, got {}", type_name(value)),
            ))
        } else if e.is_instance_of::<PyOverflowError>(py) {
            Ok(None)
        } else {
            Err(e)
        }
    })
}

/// Whether an integer too wide for 64 bits is negative.
fn is_negative(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    value.lt(0)
}

/// The name of an object's type, for messages.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value
        .get_type()
        .name()
        .map_or_else(|_| "an object".to_owned(), |name| name.to_string())
}

/// A ring's capacity: an integer of at least 1.
pub(crate) fn capacity(value: &Bound<'_, PyAny>) -> PyResult<usize> {
    match integer(value, "capacity")? {
        Some(slots) if slots >= 1 => Ok(slots.cast_unsigned() as usize),
        _ => Err(errors::argument_value(
            value.py(),
            format!(
                "capacity must be at least 1 slot and fit 64 bits, got {}",
                value.str()?
            ),
        )),
    }
}

/// A sequence number: a non-negative integer; beyond 64 bits it saturates (nothing is published there).
pub(crate) fn sequence(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u64> {
    let negative = match integer(value, name)? {
        Some(seq) if seq >= 0 => return Ok(seq.cast_unsigned()),
        Some(_) => true,
        None => is_negative(value)?,
    };
    if !negative {
        return Ok(value.extract::<u64>().unwrap_or(u64::MAX));
    }
    Err(errors::argument_value(
        value.py(),
        format!(
            "{name} must not be negative (sequences start at 0), got {}",
            value.str()?
        ),
    ))
}

/// How many at the most: a non-negative integer; beyond 64 bits it saturates.
pub(crate) fn limit(value: &Bound<'_, PyAny>) -> PyResult<usize> {
    let negative = match integer(value, "limit")? {
        Some(limit) if limit >= 0 => return Ok(limit.cast_unsigned() as usize),
        Some(_) => true,
        None => is_negative(value)?,
    };
    if !negative {
        return Ok(usize::MAX);
    }
    Err(errors::argument_value(
        value.py(),
        format!("limit must not be negative, got {}", value.str()?),
    ))
}

/// A number of nanoseconds or the like: a non-negative integer below 2^64.
#[inline]
pub(crate) fn unsigned(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u64> {
    match whole_number(value) {
        Ok(number) if number >= 0 => Ok(number.cast_unsigned()),
        other => unusual_unsigned(other, value, name),
    }
}

#[cold]
fn unusual_unsigned(
    extracted: PyResult<i64>,
    value: &Bound<'_, PyAny>,
    name: &str,
) -> PyResult<u64> {
    let negative = match judged(extracted, value, name)? {
        Some(number) => number < 0,
        None => is_negative(value)?,
    };
    let py = value.py();
    if negative {
        let text = format!("{name} must not be negative, got {}", value.str()?);
        return Err(errors::argument_value(py, text));
    }
    value.extract::<u64>().map_err(|e: PyErr| {
        if e.is_instance_of::<PyOverflowError>(py) {
            errors::argument_overflow(py, format!("{name} must be below 2**64"))
        } else {
            e
        }
    })
}

/// A number of nanoseconds or the like that may be negative: an integer that fits 64 bits.
pub(crate) fn signed(value: &Bound<'_, PyAny>, name: &str) -> PyResult<i64> {
    integer(value, name)?.ok_or_else(|| {
        let text = format!("{name} must lie between -2**63 and 2**63 - 1");
        errors::argument_overflow(value.py(), text)
    })
}

/// A text.
pub(crate) fn text(value: &Bound<'_, PyAny>, name: &str) -> PyResult<String> {
    value.extract().map_err(|_: PyErr| {
        let text = format!("{name} must be a str, got {}", type_name(value));
        errors::argument_type(value.py(), text)
    })
}

/// A number: anything with `__float__` or `__index__`.
pub(crate) fn number(value: &Bound<'_, PyAny>, name: &str) -> PyResult<f64> {
    value.extract::<f64>().map_err(|e| {
        if e.is_instance_of::<PyTypeError>(value.py()) {
            let text = format!("{name} must be a number, got {}", type_name(value));
            errors::argument_type(value.py(), text)
        } else {
            e
        }
    })
}

/// A quantile: a number from 0 to 1.
pub(crate) fn quantile(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    let quantile = number(value, "quantile")?;
    if (0.0..=1.0).contains(&quantile) {
        return Ok(quantile);
    }
    let text = format!("quantile must be from 0 to 1 (0.99 for p99), got {quantile}");
    Err(errors::argument_value(value.py(), text))
}

/// A switch: `True` or `False`.
pub(crate) struct Flag(pub(crate) bool);

impl<'py> FromPyObject<'_, 'py> for Flag {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        value.extract().map(Self).map_err(|_: PyErr| {
            let text = format!("expected True or False, got {}", type_name(&value));
            errors::argument_type(value.py(), text)
        })
    }
}

/// Where a reader begins: `"oldest"`, `"head"` or a sequence.
pub(crate) struct StartAt(pub(crate) Start);

impl StartAt {
    /// The default.
    pub(crate) const OLDEST: Self = Self(Start::Oldest);
}

impl<'py> FromPyObject<'_, 'py> for StartAt {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let Ok(word) = value.cast::<PyString>() else {
            return sequence(&value, "start").map(|seq| Self(Start::Sequence(seq)));
        };
        match word.to_cow()?.as_ref() {
            "oldest" => Ok(Self(Start::Oldest)),
            "head" => Ok(Self(Start::Head)),
            other => Err(errors::argument_value(
                value.py(),
                format!("start must be \"oldest\", \"head\" or a sequence, got {other:?}"),
            )),
        }
    }
}
