//! Arguments from Python: what is accepted, and the error for the rest.

use std::convert::Infallible;

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyString};
use tickpath_core::bus::Start;

use crate::errors;
use crate::integers::Integer;
use crate::memory::whole_number;

/// The name of an object's type, for messages.
pub(crate) fn type_name(value: &Bound<'_, PyAny>) -> String {
    value
        .get_type()
        .name()
        .map_or_else(|_| "an object".to_owned(), |name| name.to_string())
}

const INTEGER: &str = "an integer";

/// A ring's capacity: an integer of at least 1.
pub(crate) fn capacity(value: &Bound<'_, PyAny>) -> PyResult<usize> {
    let given = Integer::of(value, "capacity", INTEGER)?;
    match given.as_signed() {
        Some(slots) if slots >= 1 => Ok(slots.cast_unsigned() as usize),
        _ => {
            let given = given.digits()?;
            let text = format!("capacity must be at least 1 slot and fit 64 bits, got {given}");
            Err(errors::argument_value(value.py(), text))
        }
    }
}

/// A sequence number: an integer that is not negative, of any width.
pub(crate) fn sequence<'py>(
    value: &Bound<'py, PyAny>,
    name: &str,
    expected: &str,
) -> PyResult<Integer<'py>> {
    let given = Integer::of(value, name, expected)?;
    if !given.is_negative()? {
        return Ok(given);
    }
    let given = given.digits()?;
    let text = format!("{name} must not be negative (sequences start at 0), got {given}");
    Err(errors::argument_value(value.py(), text))
}

/// How many at the most: a non-negative integer; beyond 64 bits it saturates.
pub(crate) fn limit(value: &Bound<'_, PyAny>) -> PyResult<usize> {
    let given = Integer::of(value, "limit", INTEGER)?;
    if !given.is_negative()? {
        return Ok(given.as_unsigned().map_or(usize::MAX, |n| n as usize));
    }
    let text = format!("limit must not be negative, got {}", given.digits()?);
    Err(errors::argument_value(value.py(), text))
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
    let py = value.py();
    let given = Integer::judged(extracted, value, name, INTEGER)?;
    if let Some(number) = given.as_unsigned() {
        return Ok(number);
    }
    let digits = given.digits()?;
    Err(if given.is_negative()? {
        errors::argument_value(py, format!("{name} must not be negative, got {digits}"))
    } else {
        errors::argument_overflow(py, format!("{name} must be below 2**64, got {digits}"))
    })
}

/// A number of nanoseconds or the like that may be negative: an integer that fits 64 bits.
pub(crate) fn signed(value: &Bound<'_, PyAny>, name: &str) -> PyResult<i64> {
    let given = Integer::of(value, name, INTEGER)?;
    if let Some(number) = given.as_signed() {
        return Ok(number);
    }
    let digits = given.digits()?;
    let text = format!("{name} must lie between -2**63 and 2**63 - 1, got {digits}");
    Err(errors::argument_overflow(value.py(), text))
}

/// A text.
pub(crate) fn text(value: &Bound<'_, PyAny>, name: &str) -> PyResult<String> {
    match value.cast::<PyString>() {
        // What is no Unicode is the name of nothing, and is told so by whoever looks it up.
        Ok(text) => Ok(text.to_string_lossy().into_owned()),
        Err(_) => {
            let text = format!("{name} must be a str, got {}", type_name(value));
            Err(errors::argument_type(value.py(), text))
        }
    }
}

/// A number: anything with `__float__` or `__index__`.
pub(crate) fn number(value: &Bound<'_, PyAny>, name: &str) -> PyResult<f64> {
    value.extract::<f64>().map_err(|e| {
        if e.is_instance_of::<PyTypeError>(value.py()) {
            let text = format!("{name} must be a number, got {}", type_name(value));
            errors::argument_type(value.py(), text)
        } else if e.is_instance_of::<PyOverflowError>(value.py()) {
            let text = format!("{name} must be a number that a float can hold");
            errors::argument_overflow(value.py(), text)
        } else {
            e
        }
    })
}

/// A quantile: a number from 0 to 1.
pub(crate) fn quantile(value: &Bound<'_, PyAny>) -> PyResult<f64> {
    let given = match number(value, "quantile") {
        Ok(quantile) if (0.0..=1.0).contains(&quantile) => return Ok(quantile),
        // No fraction, then, and some have no float that is as large.
        _ if value.is_instance_of::<PyInt>() => {
            Integer::of(value, "quantile", INTEGER)?.digits()?
        }
        Ok(quantile) => format!("{quantile:?}"),
        Err(e) => return Err(e),
    };
    let text = format!("quantile must be from 0 to 1 (0.99 for p99), got {given}");
    Err(errors::argument_value(value.py(), text))
}

/// A switch: `True` or `False`, or the type of what was given instead.
pub(crate) struct Flag(pub(crate) Result<bool, String>);

impl Flag {
    /// The default of a switch that is off.
    pub(crate) const OFF: Self = Self(Ok(false));

    /// The switch, which messages call `name`.
    ///
    /// # Errors
    /// Returns a type error for anything but `True` and `False`.
    pub(crate) fn named(self, py: Python<'_>, name: &str) -> PyResult<bool> {
        self.0.map_err(|given| {
            let text = format!("{name} must be True or False, got {given}");
            errors::argument_type(py, text)
        })
    }
}

impl<'py> FromPyObject<'_, 'py> for Flag {
    type Error = Infallible;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> Result<Self, Infallible> {
        Ok(Self(value.extract().map_err(|_: PyErr| type_name(&value))))
    }
}

/// Where a reader begins: `"oldest"`, `"head"` or a sequence.
pub(crate) struct StartAt(pub(crate) Start);

impl StartAt {
    /// The default.
    pub(crate) const OLDEST: Self = Self(Start::Oldest);

    fn at(value: &Bound<'_, PyAny>) -> PyResult<Self> {
        let given = sequence(value, "start", "\"oldest\", \"head\" or a sequence")?;
        if let Some(seq) = given.as_unsigned() {
            return Ok(Self(Start::Sequence(seq)));
        }
        let given = given.digits()?;
        let text = format!("start={given} lies beyond any head; use start=\"head\" to begin there");
        Err(errors::argument_value(value.py(), text))
    }
}

impl<'py> FromPyObject<'_, 'py> for StartAt {
    type Error = PyErr;

    fn extract(value: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        let Ok(word) = value.cast::<PyString>() else {
            return Self::at(&value);
        };
        match word.to_string_lossy().as_ref() {
            "oldest" => Ok(Self(Start::Oldest)),
            "head" => Ok(Self(Start::Head)),
            other => Err(errors::argument_value(
                value.py(),
                format!("start must be \"oldest\", \"head\" or a sequence, got {other:?}"),
            )),
        }
    }
}
