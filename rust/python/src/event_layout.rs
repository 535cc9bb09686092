//! What an event looks like to NumPy: the dtype of a ring, and records of it.

use std::convert::Infallible;

use pyo3::inspect::PyStaticExpr;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::{type_hint_identifier, type_hint_subscript};
use tickpath_core::bus::Payload;

use crate::memory::{Rows, call, looked_up};
use crate::{args, errors};

/// A checked dtype: structured, at most 56 bytes, no references, native, and the two stamps first.
#[derive(Debug)]
pub(crate) struct EventLayout {
    dtype: Py<PyAny>,
    row_bytes: usize,
}

/// `numpy.<name>`, looked up once.
fn numpy<'py>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyAny>>,
    name: &str,
) -> PyResult<&'py Bound<'py, PyAny>> {
    looked_up(py, cell, "numpy", name)
}

/// A dtype on its way to Python, of which the stub says what it is.
pub(crate) struct Dtype<'py>(Bound<'py, PyAny>);

impl<'py> IntoPyObject<'py> for Dtype<'py> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = Infallible;
    const OUTPUT_TYPE: PyStaticExpr = type_hint_subscript!(
        type_hint_identifier!("numpy", "dtype"),
        type_hint_identifier!("numpy", "void")
    );

    fn into_pyobject(self, _py: Python<'py>) -> Result<Self::Output, Infallible> {
        Ok(self.0)
    }
}

impl EventLayout {
    /// The layout `dtype` names, `EVENT_DTYPE` if it is not given.
    ///
    /// # Errors
    /// Returns an error that says which rule the dtype breaks.
    pub(crate) fn new(py: Python<'_>, dtype: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        static OURS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        static DTYPE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        let dtype = match dtype {
            None => looked_up(py, &OURS, "tickpath.core.ingest.event", "EVENT_DTYPE")?.clone(),
            Some(given) => {
                let arguments = (given,).into_pyobject(py)?;
                call(numpy(py, &DTYPE, "dtype")?, &arguments).map_err(|e| {
                    let kind = args::type_name(given);
                    let text = format!("dtype must be a NumPy dtype, got {kind} ({e})");
                    errors::argument_type(py, text)
                })?
            }
        };
        if let Some(broken) = broken_rule(&dtype)? {
            let text = dtype.str()?;
            return Err(errors::argument_value(
                py,
                format!("an event dtype {broken}, got {text}"),
            ));
        }
        Ok(Self {
            row_bytes: dtype.getattr("itemsize")?.extract()?,
            dtype: dtype.unbind(),
        })
    }

    /// Checks that this is the shipped layout.
    ///
    /// # Errors
    /// Returns an error if the dtype is another one.
    pub(crate) fn check_is_event(&self, py: Python<'_>) -> PyResult<()> {
        let shipped = Self::new(py, None)?;
        if self.dtype.bind(py).eq(shipped.dtype.bind(py))? {
            return Ok(());
        }
        let text = format!(
            "an engine publishes events of EVENT_DTYPE: give it a ring of that dtype, not of {}",
            self.dtype.bind(py).str()?
        );
        Err(errors::argument_value(py, text))
    }

    /// The dtype.
    pub(crate) fn dtype<'py>(&self, py: Python<'py>) -> Dtype<'py> {
        Dtype(self.dtype.bind(py).clone())
    }

    /// The class of one event by itself.
    fn record_type<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.dtype.bind(py).getattr(intern!(py, "type"))
    }

    /// A new record that holds a copy of the event `next` finds, if it finds one.
    ///
    /// The record is made first: an event that was taken from a ring is not lost to a lack of memory.
    pub(crate) fn record_of<'py>(
        &self,
        py: Python<'py>,
        next: impl FnOnce() -> PyResult<Option<Payload>>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let array = self.empty(py, 1)?;
        let record = array.get_item(0)?;
        let mut rows = Rows::get(&array, self.row_bytes, true)?;
        Ok(next()?.map(|payload| {
            rows.target().write(0, &payload);
            record
        }))
    }

    /// An array of `rows` events, contents undefined.
    pub(crate) fn empty<'py>(&self, py: Python<'py>, rows: usize) -> PyResult<Bound<'py, PyAny>> {
        static EMPTY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
        numpy(py, &EMPTY, "empty")?.call1((rows, self.dtype.bind(py)))
    }

    /// The row in `record`: a scalar of exactly this dtype.
    pub(crate) fn row_of(&self, record: &Bound<'_, PyAny>) -> PyResult<Payload> {
        let expected = "one record";
        self.check_dtype(record, expected)?;
        let rows = Rows::get(record, self.row_bytes, false)
            .map_err(|e| self.refuse(record, expected, &e.to_string()))?;
        match rows.dimensions() {
            0 => Ok(rows.source().read(0)),
            _ => Err(self.refuse(
                record,
                expected,
                "it is an array: use publish_many for that",
            )),
        }
    }

    /// The rows of `array`: one-dimensional and of exactly this dtype, side by side or not.
    pub(crate) fn rows_in(&self, array: &Bound<'_, PyAny>) -> PyResult<Rows> {
        let expected = "a one-dimensional array";
        self.check_dtype(array, expected)?;
        let rows = Rows::get(array, self.row_bytes, false)
            .map_err(|e| self.refuse(array, expected, &e.to_string()))?;
        self.check_line(array, rows, expected)
    }

    /// The rows of `array`: as for [`Self::rows_in`], contiguous and writable.
    pub(crate) fn rows_out(&self, array: &Bound<'_, PyAny>) -> PyResult<Rows> {
        let expected = "a writable, contiguous, one-dimensional array";
        self.check_dtype(array, expected)?;
        if array.is_instance(&self.record_type(array.py())?)? {
            return Err(self.refuse(array, expected, "it is one record"));
        }
        let rows = Rows::get(array, self.row_bytes, true)
            .map_err(|e| self.refuse_value(array, expected, &e.value(array.py()).to_string()))?;
        self.check_line(array, rows, expected)
    }

    /// Whether `given` has exactly this dtype.
    fn check_dtype(&self, given: &Bound<'_, PyAny>, expected: &str) -> PyResult<()> {
        let py = given.py();
        let mine = self.dtype.bind(py);
        let Some(dtype) = given.getattr_opt(intern!(py, "dtype"))? else {
            return Err(self.refuse(given, expected, "it has no dtype"));
        };
        if dtype.is(mine) || dtype.eq(mine)? {
            return Ok(());
        }
        Err(self.refuse(given, expected, &format!("its dtype is {}", dtype.str()?)))
    }

    /// Whether the rows of `given` stand in one line.
    fn check_line(&self, given: &Bound<'_, PyAny>, rows: Rows, expected: &str) -> PyResult<Rows> {
        match rows.dimensions() {
            1 => Ok(rows),
            0 => Err(self.refuse(given, expected, "it is one record: use publish for that")),
            more => Err(self.refuse_value(given, expected, &format!("it has {more} dimensions"))),
        }
    }

    /// The error for what is no array or record of this dtype.
    #[cold]
    fn refuse(&self, given: &Bound<'_, PyAny>, expected: &str, why: &str) -> PyErr {
        errors::argument_type(given.py(), self.refusal(given, expected, why))
    }

    /// The error for an array of this dtype that does not lie as it must.
    #[cold]
    fn refuse_value(&self, given: &Bound<'_, PyAny>, expected: &str, why: &str) -> PyErr {
        errors::argument_value(given.py(), self.refusal(given, expected, why))
    }

    fn refusal(&self, given: &Bound<'_, PyAny>, expected: &str, why: &str) -> String {
        let dtype = self.dtype.bind(given.py());
        let kind = args::type_name(given);
        format!("expected {expected} of this ring's dtype {dtype}, got {kind}: {why}")
    }
}

/// The rule that a dtype breaks, as the end of "an event dtype …".
fn broken_rule(dtype: &Bound<'_, PyAny>) -> PyResult<Option<String>> {
    if dtype.getattr("names")?.is_none() {
        return Ok(Some("must be structured".to_owned()));
    }
    if dtype.getattr("hasobject")?.is_truthy()? {
        return Ok(Some("must not hold Python objects".to_owned()));
    }
    let row_bytes: usize = dtype.getattr("itemsize")?.extract()?;
    if row_bytes > size_of::<Payload>() {
        return Ok(Some(format!(
            "must be at most {} bytes, not {row_bytes}",
            size_of::<Payload>()
        )));
    }
    if !dtype.eq(dtype.call_method1("newbyteorder", ("=",))?)? {
        return Ok(Some(
            "must be in native (little-endian) byte order".to_owned(),
        ));
    }
    for (name, offset) in [("ts_ns", 0_usize), ("intended_ns", 8)] {
        let field = dtype.getattr("fields")?.call_method1("get", (name,))?;
        let right =
            !field.is_none() && field.get_item(0)?.eq("u8")? && field.get_item(1)?.eq(offset)?;
        if !right {
            return Ok(Some(format!(
                "must have a u64 field {name:?} at byte {offset}"
            )));
        }
    }
    Ok(None)
}
