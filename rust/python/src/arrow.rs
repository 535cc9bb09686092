//! `ArrowRows`: structured rows as Arrow columns, for every library that speaks the PyCapsule interface.
//!
//! The C structures and their release callbacks are arrow-rs's; a capsule that nobody took anything out
//! of releases what is in it when it goes.

use arrow_array::ffi::FFI_ArrowArray;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{Array, RecordBatch, RecordBatchIterator, StructArray};
use arrow_schema::ArrowError;
use arrow_schema::ffi::FFI_ArrowSchema;
use pyo3::exceptions::{PyMemoryError, PyRuntimeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::PyCapsule;

use crate::ack::ack_dtype;
use crate::arrow_columns::{Column, extend, plan};
use crate::event_ring::BATCH_WITHOUT_LOCK;
use crate::memory::{Rows, looked_up, requested_names};
use crate::{args, errors};

/// Rows copied between two looks at pending signals: some 20 milliseconds' work. A multiple of 64.
const ROWS_PER_SIGNAL_CHECK: usize = 1 << 21;

/// A copy of structured NumPy rows in Arrow columns, which polars, pandas, pyarrow, duckdb and every other
/// library with Arrow's PyCapsule interface take as they are.
///
/// ``array`` is one-dimensional, of ``EVENT_DTYPE``, ``ACK_DTYPE`` or any structured dtype of integers,
/// floats and booleans in native byte order; its rows need not lie side by side. They are copied once, here,
/// from 1,024 rows on with the interpreter's lock released; a later change of the array is not seen.
/// Every export shares that copy, and keeps it alive on its own.
///
/// Each field becomes the column of its name and type, without nulls, in one chunk; stamps stay
/// integers, padding is left out, and ``executed`` of an ack becomes a boolean. Columns that count
/// nanoseconds or billionths say so in their metadata: ``unit`` is ``ns`` or ``1e-9``.
///
/// Raises ``ArgumentTypeError`` for anything but an array of such a dtype, ``ArgumentValueError`` for
/// one of other dimensions, ``MemoryError`` if there is not the memory.
#[pyclass(frozen, weakref, module = "tickpath.core.arrow")]
#[derive(Debug)]
pub(crate) struct ArrowRows {
    batch: RecordBatch,
}

/// A failure of arrow-rs, which nothing that a caller does can cause.
fn broken(e: &ArrowError) -> PyErr {
    PyRuntimeError::new_err(format!("arrow export failed, a bug in tickpath: {e}"))
}

#[pymethods]
impl ArrowRows {
    #[new]
    #[pyo3(signature = (array: "numpy.typing.NDArray[typing.Any]"))]
    fn new(array: &Bound<'_, PyAny>) -> PyResult<Self> {
        let py = array.py();
        let dtype = structured_dtype(array)?;
        let acks = dtype.eq(ack_dtype(py)?)?;
        let mut columns = plan(&dtype, acks)?.map_err(|field| {
            refuse(
                array,
                &format!("its field {field}; export the other fields: array[[\"name\", ...]]"),
            )
        })?;
        if columns.is_empty() {
            return Err(refuse(array, "its dtype has no fields"));
        }
        let rows = Rows::get(array, dtype.getattr("itemsize")?.extract()?, false)?;
        if rows.dimensions() != 1 {
            let text = format!("array has {} dimensions, expected one", rows.dimensions());
            return Err(errors::argument_value(py, text));
        }
        let total = rows.len();
        if !columns.iter_mut().all(|column| column.reserve(total)) {
            let text = format!("no memory for the columns of {total} rows");
            return Err(PyMemoryError::new_err(text));
        }
        copy(py, &mut columns, &rows)?;
        let fields = columns.iter().map(|column| column.field()).collect();
        let arrays = columns.into_iter().map(Column::finish).collect();
        let rows = StructArray::new(fields, arrays, None);
        Ok(Self { batch: rows.into() })
    }

    /// The schema, in a capsule.
    #[pyo3(signature = () -> "object")]
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(&*self.batch.schema()).map_err(|e| broken(&e))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// Schema and columns as one record batch, in two capsules.
    ///
    /// ``requested_schema`` may ask for other types of the same columns, which is not heard: they keep
    /// theirs. Raises ``ArgumentValueError`` if it asks for other columns.
    #[pyo3(signature = (requested_schema: "object | None" = None) -> "tuple[object, object]")]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyCapsule>, Bound<'py, PyCapsule>)> {
        self.check(requested_schema)?;
        let rows = StructArray::from(self.batch.clone()).into_data();
        let array = FFI_ArrowArray::new(&rows);
        let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
        Ok((self.__arrow_c_schema__(py)?, array))
    }

    /// The columns as a stream of one record batch, in a capsule.
    ///
    /// ``requested_schema`` is heard as by ``__arrow_c_array__``.
    #[pyo3(signature = (requested_schema: "object | None" = None) -> "object")]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        self.check(requested_schema)?;
        // One batch even without rows: some consumers take a stream of none for a table without columns.
        let batches = [Ok(self.batch.clone())];
        let reader = RecordBatchIterator::new(batches, self.batch.schema());
        let stream = FFI_ArrowArrayStream::new(Box::new(reader));
        PyCapsule::new_with_value(py, stream, c"arrow_array_stream")
    }

    fn __len__(&self) -> usize {
        self.batch.num_rows()
    }

    fn __repr__(&self) -> String {
        let (rows, columns) = (self.batch.num_rows(), self.batch.num_columns());
        format!("ArrowRows({rows} rows, {columns} columns)")
    }
}

impl ArrowRows {
    /// Refuses a schema of other columns than there are.
    fn check(&self, requested: Option<&Bound<'_, PyAny>>) -> PyResult<()> {
        let Some(requested) = requested else {
            return Ok(());
        };
        let py = requested.py();
        let capsule = requested.cast::<PyCapsule>().map_err(|_| {
            let kind = args::type_name(requested);
            let text = format!("requested_schema must be an arrow_schema capsule, got {kind}");
            errors::argument_type(py, text)
        })?;
        let names = requested_names(capsule)?;
        let schema = self.batch.schema();
        let mine: Vec<&str> = schema.fields().iter().map(|f| f.name().as_str()).collect();
        if names.as_ref().is_some_and(|names| *names == mine) {
            return Ok(());
        }
        let asked = names.map_or_else(|| "no columns".to_owned(), |names| names.join(", "));
        let text = format!(
            "requested_schema must have the columns {}, in this order; got {asked}",
            mine.join(", ")
        );
        Err(errors::argument_value(py, text))
    }
}

/// Copies all rows, without the lock if they are many.
fn copy(py: Python<'_>, columns: &mut [Box<dyn Column>], rows: &Rows) -> PyResult<()> {
    let (source, total) = (rows.source(), rows.len());
    if total < BATCH_WITHOUT_LOCK {
        extend(columns, source, 0..total);
        return Ok(());
    }
    for begin in (0..total).step_by(ROWS_PER_SIGNAL_CHECK) {
        let end = total.min(begin.saturating_add(ROWS_PER_SIGNAL_CHECK));
        let columns = &mut *columns;
        py.detach(move || extend(columns, source, begin..end));
        py.check_signals()?;
    }
    Ok(())
}

/// The dtype of `array`, an array with fields and without a mask.
fn structured_dtype<'py>(array: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    static NDARRAY: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    static DTYPE: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
    let py = array.py();
    if !array.is_instance(looked_up(py, &NDARRAY, "numpy", "ndarray")?)? {
        return Err(refuse(array, "it is no array"));
    }
    // An array can have a mask only where its module is loaded already, which takes its time.
    let modules = py.import("sys")?.getattr("modules")?;
    let masks = modules.call_method1("get", ("numpy.ma",))?;
    if !masks.is_none() && array.is_instance(&masks.getattr("MaskedArray")?)? {
        let why = "its mask would be lost: export array.data";
        return Err(refuse(array, why));
    }
    let dtype = array.getattr(intern!(py, "dtype"))?;
    // A subclass may say anything of itself.
    if !dtype.is_instance(looked_up(py, &DTYPE, "numpy", "dtype")?)? {
        return Err(refuse(array, "its dtype is none of NumPy's"));
    }
    if dtype.getattr("names")?.is_none() {
        let why = format!("its dtype {} has no fields", dtype.str()?);
        return Err(refuse(array, &why));
    }
    Ok(dtype)
}

#[cold]
fn refuse(given: &Bound<'_, PyAny>, why: &str) -> PyErr {
    let kind = args::type_name(given);
    let text = format!(
        "expected a one-dimensional structured array of integers, floats and booleans in native byte \
         order, got {kind}: {why}"
    );
    errors::argument_type(given.py(), text)
}
