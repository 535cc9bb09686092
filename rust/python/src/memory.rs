//! The bindings' only unsafe code: values guarded by the interpreter's lock, foreign buffers, and
//! CPython's fast calling convention.
//!
//! - **Threads**: everything here is reached with the interpreter's lock held; a [`Python`] token (or
//!   a garbage collector's visitor) proves it. The module declares `gil_used`, so a free-threaded
//!   interpreter switches its lock on.
//! - **Allocation**: none, except in [`ObjectSlots::try_new`].
#![allow(
    unsafe_code,
    reason = "object slots, foreign buffers, raw calls; every block states its invariant"
)]
#![allow(
    clippy::disallowed_types,
    reason = "the interpreter's lock serialises access to the cells here, there is no atomic to model"
)]

use std::cell::{Cell, RefCell};
use std::ffi::{CStr, c_int};
use std::mem::MaybeUninit;
use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;
use pyo3::pyclass::boolean_struct::True;
use pyo3::{PyClass, PyTraverseError, PyVisit, ffi};
use tickpath_core::bus::{Bounds, Cursor, CursorOn, ObjectRing, Overrun, Published, Readable};
use tickpath_core::execution::{Step, StepError, step};
use tickpath_core::state::GateWord;
use tickpath_core::time::MonotonicClock;

use crate::{args, errors};

mod copied;
mod events;
pub(crate) use copied::copied_bytes;
pub(crate) use events::{Events, SharedEvents};

/// A value that only the holder of the interpreter's lock touches.
pub(crate) struct GilCell<T> {
    value: std::cell::UnsafeCell<T>,
    entered: Cell<bool>,
}

// SAFETY: every method demands a `Python` token, the proof that this thread holds the interpreter's
// lock, so two threads are never inside at once; moving `T` between threads is what `T: Send` allows.
unsafe impl<T: Send> Sync for GilCell<T> {}

impl<T> std::fmt::Debug for GilCell<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GilCell")
    }
}

impl<T> GilCell<T> {
    /// A cell that holds `value`.
    pub(crate) const fn new(value: T) -> Self {
        Self {
            value: std::cell::UnsafeCell::new(value),
            entered: Cell::new(false),
        }
    }

    /// Runs `f` on the value. `f` must not run Python code (which could come back here).
    ///
    /// # Panics
    /// Panics if entered from within `f`.
    #[inline]
    pub(crate) fn with<R>(&self, _py: Python<'_>, f: impl FnOnce(&mut T) -> R) -> R {
        assert!(!self.entered.replace(true), "a cell was entered twice");
        // SAFETY: the lock is held (`_py`) and `entered` was false, so this is the only borrow.
        let result = f(unsafe { &mut *self.value.get() });
        self.entered.set(false);
        result
    }
}

impl<T: Copy> GilCell<T> {
    /// A copy of the value.
    #[inline]
    pub(crate) fn get(&self, _py: Python<'_>) -> T {
        // SAFETY: the lock is held (`_py`); the borrow ends with the copy.
        unsafe { *self.value.get() }
    }

    /// Replaces the value.
    #[inline]
    pub(crate) fn set(&self, _py: Python<'_>, value: T) {
        // SAFETY: the lock is held (`_py`); `T: Copy` has no destructor that could come back here.
        unsafe { *self.value.get() = value }
    }
}

impl GilCell<Cursor> {
    /// [`Cursor::poll`] on a ring of objects.
    #[inline]
    pub(crate) fn poll<'py>(
        &self,
        tape: &Tape<'_, 'py>,
    ) -> Result<Option<Bound<'py, PyAny>>, Overrun> {
        // SAFETY: the lock is held (the tape has the token), and polling a tape runs no Python code.
        unsafe { &mut *self.value.get() }.poll(tape)
    }

    /// The executor's [`step`] on a ring of objects.
    #[inline]
    pub(crate) fn step<'py>(
        &self,
        tape: &Tape<'_, 'py>,
        word: GateWord,
    ) -> Result<Option<Step<Bound<'py, PyAny>>>, StepError> {
        // SAFETY: the lock is held (the tape has the token); a step polls the tape and reads the
        // clock, neither of which runs Python code.
        let cursor = unsafe { &mut *self.value.get() };
        step(&mut CursorOn { ring: tape, cursor }, word, &MonotonicClock)
    }
}

/// The slots of a ring of Python objects.
///
/// No method runs Python code while it borrows the ring: references are counted up, moved and handed
/// out, never dropped. That is what makes each borrow the only one.
pub(crate) struct ObjectSlots {
    ring: std::cell::UnsafeCell<ObjectRing<Py<PyAny>>>,
}

// SAFETY: as for `GilCell`; the traversal below runs under the lock as well.
unsafe impl Sync for ObjectSlots {}

impl std::fmt::Debug for ObjectSlots {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ObjectSlots")
    }
}

impl ObjectSlots {
    /// Slots for exactly `capacity` objects, or `None` if there is not the memory for them.
    pub(crate) fn try_new(capacity: usize) -> Option<Self> {
        ObjectRing::try_new(capacity).map(|ring| Self { ring: ring.into() })
    }

    #[inline]
    fn ring<'a>(&'a self, _py: Python<'_>) -> &'a ObjectRing<Py<PyAny>> {
        // SAFETY: the lock is held (`_py`), and no exclusive borrow outlives `publish` or `take_all`,
        // which run no Python code; callers within this type end their borrow before they do.
        unsafe { &*self.ring.get() }
    }

    /// The number of slots.
    pub(crate) fn capacity(&self, py: Python<'_>) -> usize {
        self.ring(py).capacity()
    }

    /// Puts `item` into the next slot; the caller drops what it pushed out.
    #[inline]
    pub(crate) fn publish(&self, _py: Python<'_>, item: Py<PyAny>) -> Published<Py<PyAny>> {
        // SAFETY: the lock is held (`_py`); `ObjectRing::publish` moves references and drops none, so
        // no Python code runs while this exclusive borrow lives.
        unsafe { &mut *self.ring.get() }.publish(item)
    }

    /// Empties every slot; the caller drops what was in them.
    pub(crate) fn take_all(&self, _py: Python<'_>) -> Vec<Py<PyAny>> {
        // SAFETY: as in `publish`.
        unsafe { &mut *self.ring.get() }.drain().collect()
    }

    /// Shows every reference to the garbage collector.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        // SAFETY: a visitor exists only while the collector runs, under the lock; it starts from an
        // allocation of Python's, of which there is none while another borrow of the ring lives.
        let ring = unsafe { &*self.ring.get() };
        ring.iter().try_for_each(|item| visit.call(item))
    }

    /// These slots as a reader that holds the lock sees them.
    #[inline]
    pub(crate) const fn tape<'a, 'py>(&'a self, py: Python<'py>) -> Tape<'a, 'py> {
        Tape { slots: self, py }
    }
}

thread_local! {
    /// What nested rings held, while an outermost one is being dropped in this thread.
    static PENDING: RefCell<Option<Vec<Py<PyAny>>>> = const { RefCell::new(None) };
}

impl Drop for ObjectSlots {
    /// Gives every reference up without recursion: a ring inside a ring inside a ring hands its items to
    /// the outermost one, so that no nesting is deep enough to overflow the stack.
    fn drop(&mut self) {
        let slots = self.ring.get_mut();
        let outermost = PENDING.with_borrow_mut(|pending| match pending {
            Some(queue) => {
                queue.extend(slots.drain());
                false
            }
            None => {
                *pending = Some(Vec::new());
                true
            }
        });
        if outermost {
            slots.drain().for_each(drop);
            while let Some(item) = PENDING.with_borrow_mut(|p| p.as_mut().and_then(Vec::pop)) {
                drop(item);
            }
            PENDING.with_borrow_mut(|pending| *pending = None);
        }
    }
}

/// [`ObjectSlots`] under a held lock: items come out as new references.
pub(crate) struct Tape<'a, 'py> {
    slots: &'a ObjectSlots,
    py: Python<'py>,
}

impl<'py> Readable for Tape<'_, 'py> {
    type Item = Bound<'py, PyAny>;

    #[inline]
    fn bounds(&self) -> Bounds {
        self.slots.ring(self.py).bounds()
    }

    #[inline]
    fn read(&self, seq: u64) -> Result<Option<Self::Item>, Overrun> {
        let item = self.slots.ring(self.py).read(seq)?;
        Ok(item.map(|item| new_reference(item.bind_borrowed(self.py))))
    }
}

/// Another reference to `object`, counted in place.
///
/// The stable ABI of 3.11 lets an extension do that, as the `Py_INCREF` of its headers does (and later
/// interpreters' immortal objects are made to bear it: PEP 683, "Stable ABI"). PyO3 calls a function.
#[inline]
pub(crate) fn new_reference<'py>(object: Borrowed<'_, 'py, PyAny>) -> Bound<'py, PyAny> {
    let pointer = object.as_ptr();
    // SAFETY: `object` is alive and the lock is held, so nobody else counts; the new count is owned by
    // the value returned.
    unsafe {
        (*pointer).ob_refcnt += 1;
        Bound::from_owned_ptr(object.py(), pointer)
    }
}

/// Gives a reference up, counted in place (see [`new_reference`]); this may run any Python code.
#[inline]
pub(crate) fn release(py: Python<'_>, object: Py<PyAny>) {
    let pointer = object.into_bound(py).into_ptr();
    // SAFETY: the reference was owned and is given up once; the lock is held, and the last one goes
    // the interpreter's way.
    unsafe {
        if (*pointer).ob_refcnt > 1 {
            (*pointer).ob_refcnt -= 1;
        } else {
            ffi::Py_DecRef(pointer);
        }
    }
}

/// A method reached through CPython's plain fast calling convention.
///
/// PyO3's own wrapper costs 5 to 13 ns a call (keyword parsing, a thread-local count of attachments;
/// docs/performance.md has the figures), which is most of what these methods do. Each is also written
/// as an ordinary method, which gives the stub, the docstring and the signature; [`install`] puts the
/// fast entry in its place.
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

/// A contiguous buffer of another object, exported for as long as this value lives.
struct Exported {
    view: ffi::Py_buffer,
}

impl Exported {
    fn get(object: &Bound<'_, PyAny>, flags: c_int) -> PyResult<Self> {
        let mut view = MaybeUninit::<ffi::Py_buffer>::uninit();
        // SAFETY: the object is alive, the lock is held, and `view` is ours to be filled.
        let failed = unsafe { ffi::PyObject_GetBuffer(object.as_ptr(), view.as_mut_ptr(), flags) };
        if failed != 0 {
            return Err(PyErr::fetch(object.py()));
        }
        // SAFETY: a successful PyObject_GetBuffer filled it.
        let view = unsafe { view.assume_init() };
        Ok(Self { view })
    }

    fn len_bytes(&self) -> usize {
        usize::try_from(self.view.len).unwrap_or(0)
    }
}

impl Drop for Exported {
    fn drop(&mut self) {
        // SAFETY: filled by PyObject_GetBuffer and released once; values of this type never leave the
        // scope of a call into the bindings, which holds the lock.
        unsafe { ffi::PyBuffer_Release(&raw mut self.view) }
    }
}

/// A writable, contiguous array of rows of a known size.
pub(crate) struct RowsOut {
    exported: Exported,
    row_bytes: usize,
}

impl RowsOut {
    /// The rows of `array`, a NumPy array of `dtype`, whose rows are `row_bytes` long.
    ///
    /// # Errors
    /// Returns an error if `array` is no writable contiguous array of that dtype.
    pub(crate) fn get(
        array: &Bound<'_, PyAny>,
        dtype: &Bound<'_, PyAny>,
        row_bytes: usize,
        expected: &str,
    ) -> PyResult<Self> {
        let py = array.py();
        let refuse = |given: String| {
            let text = format!("expected a writable, contiguous array of {expected}, got {given}");
            errors::argument_type(py, text)
        };
        let given = array.getattr_opt(pyo3::intern!(py, "dtype"))?;
        let given = given.ok_or_else(|| refuse(args::type_name(array)))?;
        if !given.is(dtype) && !given.eq(dtype)? {
            return Err(refuse(format!("an array of {}", given.str()?)));
        }
        let exported = Exported::get(array, ffi::PyBUF_C_CONTIGUOUS | ffi::PyBUF_WRITABLE)
            .map_err(|e| refuse(format!("one that is not: {}", e.value(py))))?;
        Ok(Self {
            exported,
            row_bytes,
        })
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.exported.len_bytes() / self.row_bytes
    }

    /// Writes row `index`.
    ///
    /// # Panics
    /// Panics if the row lies outside the array or has another size.
    #[inline]
    pub(crate) fn write(&self, index: usize, row: &[u8]) {
        assert!(index < self.len() && row.len() == self.row_bytes);
        // SAFETY: the export is contiguous, writable and at least `(index + 1) * row_bytes` long; the
        // lock is held, and bytes need no alignment. The source is a Rust borrow, so it cannot overlap
        // memory that only the exporter owns.
        unsafe {
            let target = self
                .exported
                .view
                .buf
                .cast::<u8>()
                .add(index * self.row_bytes);
            std::ptr::copy_nonoverlapping(row.as_ptr(), target, self.row_bytes);
        }
    }
}
