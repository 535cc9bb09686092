//! Integers from Python: of any width, and whatever stands for one.

use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::PyInt;

use crate::errors;
use crate::memory::{call, discard, whole_number};

/// More bits than this are counted and not written out: nobody reads them, and Python refuses thousands of digits.
const BITS_WRITTEN_OUT: u64 = 256;

/// An integer: a small one by itself, a wide one as an `int` and nothing else.
///
/// A subclass may compare and print as it likes, and what only has `__index__` does neither.
pub(crate) enum Integer<'py> {
    Small(i64),
    Wide(Bound<'py, PyAny>),
}

impl<'py> Integer<'py> {
    /// The integer (anything with `__index__`) that the argument `name` is; `expected` says what else it may be.
    ///
    /// # Errors
    /// Returns a type error for what is none; an error of the object's own stays what it is.
    #[inline]
    pub(crate) fn of(value: &Bound<'py, PyAny>, name: &str, expected: &str) -> PyResult<Self> {
        match whole_number(value) {
            Ok(number) => Ok(Self::Small(number)),
            other => Self::judged(other, value, name, expected),
        }
    }

    /// What the extraction of a small one came to.
    ///
    /// # Errors
    /// As [`Self::of`].
    #[cold]
    pub(crate) fn judged(
        extracted: PyResult<i64>,
        value: &Bound<'py, PyAny>,
        name: &str,
        expected: &str,
    ) -> PyResult<Self> {
        let py = value.py();
        match extracted {
            Ok(number) => Ok(Self::Small(number)),
            Err(e) if e.is_instance_of::<PyTypeError>(py) => {
                discard(py, e);
                let given = crate::args::type_name(value);
                let text = format!("{name} must be {expected}, got {given}");
                Err(errors::argument_type(py, text))
            }
            Err(e) if e.is_instance_of::<PyOverflowError>(py) => {
                discard(py, e);
                Self::wide(value).map(Self::Wide)
            }
            Err(e) => Err(e),
        }
    }

    fn wide(value: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = value.py();
        let index = call(
            &py.import("operator")?.getattr("index")?,
            &(value,).into_pyobject(py)?,
        )?;
        py.get_type::<PyInt>().call_method1("__index__", (index,))
    }

    /// Whether it is below zero.
    #[inline]
    pub(crate) fn is_negative(&self) -> PyResult<bool> {
        match self {
            Self::Small(number) => Ok(*number < 0),
            Self::Wide(number) => number.lt(0),
        }
    }

    /// Itself, if it is not negative and below `2**64`.
    #[inline]
    pub(crate) fn as_unsigned(&self) -> Option<u64> {
        match self {
            Self::Small(number) => u64::try_from(*number).ok(),
            Self::Wide(number) => match number.extract() {
                Ok(number) => Some(number),
                Err(e) => {
                    discard(number.py(), e);
                    None
                }
            },
        }
    }

    /// Itself, if it fits 64 bits with its sign.
    pub(crate) const fn as_signed(&self) -> Option<i64> {
        match self {
            Self::Small(number) => Some(*number),
            Self::Wide(_) => None,
        }
    }

    /// How a message calls it.
    pub(crate) fn digits(&self) -> PyResult<String> {
        match self {
            Self::Small(number) => Ok(number.to_string()),
            Self::Wide(number) => {
                let bits: u64 = number.call_method0("bit_length")?.extract()?;
                if bits <= BITS_WRITTEN_OUT {
                    return Ok(number.str()?.to_string());
                }
                let sign = if self.is_negative()? {
                    "negative"
                } else {
                    "positive"
                };
                Ok(format!("a {sign} integer of {bits} bits"))
            }
        }
    }

    /// As an `int` of Python's.
    pub(crate) fn into_int(self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Self::Small(number) => Ok(number.into_pyobject(py)?.into_any()),
            Self::Wide(number) => Ok(number),
        }
    }
}
