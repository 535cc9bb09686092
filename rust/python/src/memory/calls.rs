//! Calls of Python code that survive the interpreter's end.
//!
//! An interpreter that ends (CPython before 3.14) ends every other thread as soon as it asks for the lock: it
//! unwinds its stack. Frames of Rust cannot be unwound that way, and the process would abort. A thread that is
//! ended in one of these calls stays where it is instead, and goes with the process; CPython 3.14 does the
//! same by itself, and PyO3 where it takes the lock. What calls the code of users, which may run for long and
//! wait, goes through here.
//!
//! - **Threads**: any that holds the interpreter's lock.
//! - **Allocation**: none of its own.

use std::ffi::c_longlong;
use std::hint::black_box;
use std::time::Duration;

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyInt, PyIterator, PyString, PyTuple};

type Call = unsafe extern "C-unwind" fn(
    *mut ffi::PyObject,
    *mut ffi::PyObject,
    *mut ffi::PyObject,
) -> *mut ffi::PyObject;
type Next = unsafe extern "C-unwind" fn(*mut ffi::PyObject) -> *mut ffi::PyObject;
type Write = unsafe extern "C-unwind" fn(*mut ffi::PyObject);
type Clear = unsafe extern "C-unwind" fn();
type Number = unsafe extern "C-unwind" fn(*mut ffi::PyObject) -> c_longlong;

/// Holds a thread that is unwound by anything but a panic.
struct Held;

impl Drop for Held {
    fn drop(&mut self) {
        while !std::thread::panicking() {
            std::thread::sleep(Duration::from_secs(3_600));
        }
    }
}

/// Runs `f`, and keeps the thread there if the interpreter ends meanwhile.
fn held<R>(f: impl FnOnce() -> R) -> R {
    let held = Held;
    let result = f();
    std::mem::forget(held);
    result
}

/// `callable(*arguments)`.
///
/// # Errors
/// Returns what it raises.
pub(crate) fn call<'py>(
    callable: &Bound<'py, PyAny>,
    arguments: &Bound<'py, PyTuple>,
) -> PyResult<Bound<'py, PyAny>> {
    // SAFETY: the same function, whose unwinding is seen; hidden, or the optimiser believes PyO3's
    // declaration, which says that there is none.
    let enter: Call = unsafe { std::mem::transmute(black_box(ffi::PyObject_Call as *const ())) };
    let (function, arguments) = (callable.as_ptr(), arguments.as_ptr());
    // SAFETY: both are alive, and the lock is held; no keywords are given. A new reference comes back, or
    // null and an error that is set.
    unsafe {
        let result = held(|| enter(function, arguments, std::ptr::null_mut()));
        Bound::from_owned_ptr_or_err(callable.py(), result)
    }
}

/// `module.name`, which is imported if it has to be, and kept in `cell`.
///
/// # Errors
/// Returns what the import raises.
pub(crate) fn looked_up<'py>(
    py: Python<'py>,
    cell: &'static PyOnceLock<Py<PyAny>>,
    module: &str,
    name: &str,
) -> PyResult<&'py Bound<'py, PyAny>> {
    if let Some(found) = cell.get(py) {
        return Ok(found.bind(py));
    }
    // SAFETY: as in `call`.
    let enter: Next = unsafe { std::mem::transmute(black_box(ffi::PyImport_Import as *const ())) };
    let module = PyString::new(py, module);
    // SAFETY: it is a string and alive, and the lock is held. A new reference comes back, or null and an error
    // that is set.
    let module = unsafe {
        let module = held(|| enter(module.as_ptr()));
        Bound::from_owned_ptr_or_err(py, module)
    }?;
    // A module may have a function for attributes that are not there yet.
    let getattr = py.import("builtins")?.getattr("getattr")?;
    let found = call(&getattr, &(module, name).into_pyobject(py)?)?.unbind();
    // Not looked up within: a thread that stays there would keep the cell for ever.
    Ok(cell.get_or_init(py, || found).bind(py))
}

/// The next item of `iterator`; `None` at its end.
///
/// # Errors
/// Returns what it raises.
pub(crate) fn next_item<'py>(
    iterator: &Bound<'py, PyIterator>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    // SAFETY: as in `call`.
    let enter: Next = unsafe { std::mem::transmute(black_box(ffi::PyIter_Next as *const ())) };
    let pointer = iterator.as_ptr();
    // SAFETY: it is an iterator and alive, and the lock is held. A new reference comes back, or null: with an
    // error that is set, or without at its end.
    let item = unsafe {
        let item = held(|| enter(pointer));
        Bound::from_owned_ptr_or_opt(iterator.py(), item)
    };
    match item {
        Some(item) => Ok(Some(item)),
        None => PyErr::take(iterator.py()).map_or(Ok(None), Err),
    }
}

/// `value` as an integer of 64 bits: itself, or what its `__index__` says.
///
/// # Errors
/// Returns what that raises, `TypeError` for what is no integer, `OverflowError` for one that is too wide.
#[inline]
pub(crate) fn whole_number(value: &Bound<'_, PyAny>) -> PyResult<i64> {
    if value.is_exact_instance_of::<PyInt>() {
        return value.extract();
    }
    // SAFETY: as in `call`.
    let enter: Number =
        unsafe { std::mem::transmute(black_box(ffi::PyLong_AsLongLong as *const ())) };
    let pointer = value.as_ptr();
    // SAFETY: it is alive, and the lock is held. A number comes back; -1 is one too, if no error is set.
    match held(|| unsafe { enter(pointer) }) {
        -1 => PyErr::take(value.py()).map_or(Ok(-1), Err),
        number => Ok(number),
    }
}

/// Gives up a reference that may be the last one: a destructor is Python code, too.
///
/// # Safety
/// The reference is owned, and nobody uses it any more; the lock is held.
pub(super) unsafe fn give_up(pointer: *mut ffi::PyObject) {
    // SAFETY: as in `call`.
    let enter: Write = unsafe { std::mem::transmute(black_box(ffi::Py_DecRef as *const ())) };
    // SAFETY: owned and given up once, with the lock held, says the caller.
    held(|| unsafe { enter(pointer) });
}

/// Hands `error` to `sys.unraisablehook`, with `source` as the object it came from.
pub(crate) fn report(error: PyErr, source: &Bound<'_, PyAny>) {
    // SAFETY: as in `call`.
    let enter: Write =
        unsafe { std::mem::transmute(black_box(ffi::PyErr_WriteUnraisable as *const ())) };
    error.restore(source.py());
    let pointer = source.as_ptr();
    // SAFETY: it is alive, the lock is held, and an error is set.
    held(|| unsafe { enter(pointer) });
}

/// Gives `error` up here and now, which may run any Python code.
///
/// A fast call (see `fastcall`) is none that PyO3 counts, and what PyO3 gives up outside of those waits for the
/// next one: with it the error's traceback, and every event in its frames.
#[cold]
pub(crate) fn discard(py: Python<'_>, error: PyErr) {
    // SAFETY: as in `call`.
    let enter: Clear = unsafe { std::mem::transmute(black_box(ffi::PyErr_Clear as *const ())) };
    error.restore(py);
    // SAFETY: the lock is held.
    held(|| unsafe { enter() });
}
