//! Items of an iterable, one after the other, in a loop that can be interrupted.

use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::list::BoundListIterator;
use pyo3::types::{PyIterator, PyList};

use crate::memory::next_item;
use crate::{args, errors};

/// Items between two looks at pending signals: about a millisecond's work.
const ITEMS_PER_SIGNAL_CHECK: u32 = 1 << 16;

/// The items of an iterable.
///
/// Many iterables of the standard library run no Python code, and some have no end: nobody but this would look
/// at signals.
pub(crate) struct Items<'py> {
    py: Python<'py>,
    source: Source<'py>,
    until_check: u32,
}

enum Source<'py> {
    List(BoundListIterator<'py>),
    Any(Bound<'py, PyIterator>),
}

impl<'py> Items<'py> {
    /// Those of `iterable`, the argument of `function`.
    ///
    /// # Errors
    /// Returns a type error for what cannot be iterated; what its `__iter__` raises passes through.
    pub(crate) fn of(iterable: &Bound<'py, PyAny>, function: &str) -> PyResult<Self> {
        let source = match iterable.cast_exact::<PyList>() {
            Ok(list) => Source::List(list.iter()),
            Err(_) => Source::Any(
                iterable
                    .try_iter()
                    .map_err(|e| refused(iterable, function, e))?,
            ),
        };
        Ok(Self {
            py: iterable.py(),
            source,
            until_check: ITEMS_PER_SIGNAL_CHECK,
        })
    }
}

impl<'py> Iterator for Items<'py> {
    type Item = PyResult<Bound<'py, PyAny>>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        // Before an item is taken: an interrupt costs none.
        if self.until_check == 0 {
            if let Err(interrupt) = self.py.check_signals() {
                return Some(Err(interrupt));
            }
            self.until_check = ITEMS_PER_SIGNAL_CHECK;
        }
        self.until_check -= 1;
        match &mut self.source {
            Source::List(items) => items.next().map(Ok),
            Source::Any(items) => next_item(items).transpose(),
        }
    }
}

/// A type error for what cannot be iterated; an error of its own `__iter__` stays what it is.
fn refused(items: &Bound<'_, PyAny>, function: &str, error: PyErr) -> PyErr {
    let py = items.py();
    let own = items.get_type().getattr(pyo3::intern!(py, "__iter__"));
    if own.is_ok_and(|own| !own.is_none()) || !error.is_instance_of::<PyTypeError>(py) {
        return error;
    }
    let given = args::type_name(items);
    errors::argument_type(py, format!("{function} takes an iterable, got {given}"))
}
