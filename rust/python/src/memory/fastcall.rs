//! CPython's fast calling convention, for the methods that are called once per event.
//!
//! - **Threads**: the interpreter's, with its lock held.
//! - **Allocation**: none per call.

use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::{PyClass, ffi};

/// A method reached through CPython's plain fast calling convention.
///
/// PyO3's own wrapper costs 5 to 13 ns a call (keyword parsing, a thread-local count of attachments;
/// docs/performance.md has the figures), which is most of what these methods do. Each is also written
/// as an ordinary method, which gives the stub, the docstring and the signature; [`install`] puts the
/// fast entry in its place. As nothing is counted, PyO3 puts off what a `Py` or a `PyErr` gives up in here:
/// errors that go no further are for `discard`.
pub(crate) trait FastCall {
    /// The class the method belongs to.
    type Class: PyClass<Frozen = True> + Sync;
    /// Its name.
    const NAME: &'static CStr;
    /// Whether it takes one argument after `self`, or none.
    const TAKES_ONE: bool;

    /// The call; `argument` is `self` again where the method takes none.
    ///
    /// # Errors
    /// Returns what the ordinary method would raise, set by [`raise`].
    fn call<'py>(
        this: &Self::Class,
        argument: Borrowed<'_, 'py, PyAny>,
    ) -> Result<Bound<'py, PyAny>, Raised>;
}

/// An exception that is set in the interpreter: the size of nothing, where a `PyErr` would send every
/// result through memory.
#[derive(Debug)]
pub(crate) struct Raised(());

impl Raised {
    /// The exception, no longer set.
    #[cold]
    pub(crate) fn take(self, py: Python<'_>) -> PyErr {
        PyErr::fetch(py)
    }
}

/// Sets `error` as the interpreter's current exception.
#[cold]
pub(crate) fn raise(py: Python<'_>, error: PyErr) -> Raised {
    error.restore(py);
    Raised(())
}

/// `METH_O`: one argument.
unsafe extern "C" fn enter_one<M: FastCall>(
    this: *mut ffi::PyObject,
    argument: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter holds its lock and keeps both alive for the call.
    unsafe { enter::<M>(this, argument) }
}

/// `METH_FASTCALL`: no argument. CPython 3.11 and later specialise it where they leave `METH_NOARGS` alone.
unsafe extern "C" fn enter_none<M: FastCall>(
    this: *mut ffi::PyObject,
    _arguments: *mut *mut ffi::PyObject,
    count: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    if count != 0 {
        // SAFETY: the interpreter calls this with its lock held.
        raise(
            unsafe { Python::assume_attached() },
            wrong_count::<M>(count),
        );
        return std::ptr::null_mut();
    }
    // SAFETY: the interpreter holds its lock and keeps `this` alive for the call.
    unsafe { enter::<M>(this, this) }
}

/// # Safety
/// Called by the interpreter, with its lock held, for a method of `M::Class` (the method descriptor
/// checks the class of `this`); both pointers are alive for the call.
#[inline(always)]
unsafe fn enter<M: FastCall>(
    this: *mut ffi::PyObject,
    argument: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the lock is held, says the caller.
    let py = unsafe { Python::assume_attached() };
    // SAFETY: alive for the call and of this class, says the caller.
    let object = unsafe { Borrowed::from_ptr(py, this).cast_unchecked::<M::Class>() };
    // SAFETY: alive for the call, says the caller.
    let argument = unsafe { Borrowed::from_ptr(py, argument) };
    match catch_unwind(AssertUnwindSafe(|| M::call(object.get(), argument))) {
        Ok(Ok(result)) => result.into_ptr(),
        Ok(Err(Raised(()))) => std::ptr::null_mut(),
        Err(_) => {
            raise(py, bug::<M>());
            std::ptr::null_mut()
        }
    }
}

/// A panic in the core, which the hook has printed by now: a bug of ours, said as an error.
#[cold]
fn bug<M: FastCall>() -> PyErr {
    let name = M::NAME.to_string_lossy();
    pyo3::exceptions::PyRuntimeError::new_err(format!("tickpath has a bug: {name}() panicked"))
}

#[cold]
fn wrong_count<M: FastCall>(count: isize) -> PyErr {
    pyo3::exceptions::PyTypeError::new_err(format!(
        "{}() takes no arguments ({count} given)",
        M::NAME.to_string_lossy()
    ))
}

/// Puts the fast entry in the place of the ordinary method, with its signature and docstring.
///
/// # Errors
/// Returns an error if the class has no such method.
pub(crate) fn install<M: FastCall>(py: Python<'_>) -> PyResult<()> {
    let class = py.get_type::<M::Class>();
    let name = M::NAME.to_string_lossy();
    let ordinary = class.getattr(&*name)?;
    let signature: String = ordinary.getattr("__text_signature__")?.extract()?;
    let doc: String = ordinary.getattr("__doc__")?.extract()?;
    let text = std::ffi::CString::new(format!("{name}{signature}\n--\n\n{doc}"))?;
    let (ml_meth, ml_flags) = if M::TAKES_ONE {
        (
            ffi::PyMethodDefPointer {
                PyCFunction: enter_one::<M>,
            },
            ffi::METH_O,
        )
    } else {
        (
            ffi::PyMethodDefPointer {
                PyCFunctionFast: enter_none::<M>,
            },
            ffi::METH_FASTCALL,
        )
    };
    // Leaked once per method of the module: a method's definition lives as long as the process.
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: M::NAME.as_ptr(),
        ml_meth,
        ml_flags,
        ml_doc: Box::leak(text.into_boxed_c_str()).as_ptr(),
    }));
    // SAFETY: `class` is a type object and `definition` lives for ever; a new reference or null comes
    // back, and null becomes the error that was set.
    let method = unsafe {
        Bound::from_owned_ptr_or_err(py, ffi::PyDescr_NewMethod(class.as_type_ptr(), definition))
    }?;
    class.setattr(&*name, method)
}
