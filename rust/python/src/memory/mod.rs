//! The bindings' only unsafe code, a file per reason for it.
//!
//! - this file: values guarded by the interpreter's lock;
//! - `slots`: references to Python objects in a ring;
//! - `export` and `rows`: buffers of other objects, and events in them;
//! - `events`: events of ours as a buffer for others;
//! - `schema`: the Arrow schema that a consumer asks for;
//! - `fastcall`: CPython's fast calling convention;
//! - `calls`: Python code that is called by a thread the interpreter may end.
//!
//! Everything here is reached with the interpreter's lock held; a [`Python`] token (or a garbage
//! collector's visitor) proves it. The module declares `gil_used`, so a free-threaded interpreter
//! switches its lock on.
#![allow(
    unsafe_code,
    reason = "object slots, foreign buffers, raw calls; every block states its invariant"
)]
#![allow(
    clippy::disallowed_types,
    reason = "the interpreter's lock serialises access to the cells here, there is no atomic to model"
)]

mod calls;
mod events;
mod export;
mod fastcall;
mod rows;
mod schema;
mod slots;

use std::cell::{Cell, UnsafeCell};

use pyo3::ffi;
use pyo3::prelude::*;
use tickpath_core::bus::{Cursor, CursorOn, Overrun};
use tickpath_core::execution::{Step, StepError, step};
use tickpath_core::state::GateWord;
use tickpath_core::time::AnchoredClock;

pub(crate) use calls::{call, discard, looked_up, next_item, report, whole_number};
pub(crate) use events::{Events, SharedEvents};
pub(crate) use fastcall::{FastCall, Raised, install, raise};
pub(crate) use rows::{Rows, RowsAt, RowsOutAt};
pub(crate) use schema::requested_names;
pub(crate) use slots::{ObjectSlots, Tape, Unseen, new_reference, release};

/// Which of the process's interpreters this is.
pub(crate) fn interpreter_id(_py: Python<'_>) -> i64 {
    // SAFETY: the lock is held (`_py`), so that there is a current interpreter.
    unsafe { ffi::PyInterpreterState_GetID(ffi::PyInterpreterState_Get()) }
}

/// A value that only the holder of the interpreter's lock touches.
pub(crate) struct GilCell<T> {
    value: UnsafeCell<T>,
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
            value: UnsafeCell::new(value),
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
        clock: &GilCell<AnchoredClock>,
    ) -> Result<Option<Step<Bound<'py, PyAny>>>, StepError> {
        // SAFETY: the lock is held (the tape has the token); a step polls the tape and reads the
        // clock, neither of which runs Python code, so these borrows are the only ones.
        let (cursor, clock) = unsafe { (&mut *self.value.get(), &*clock.value.get()) };
        step(&mut CursorOn { ring: tape, cursor }, word, clock)
    }

    /// The same step without a reference to the item.
    #[inline]
    pub(crate) fn step_unseen(
        &self,
        tape: &Tape<'_, '_>,
        word: GateWord,
        clock: &GilCell<AnchoredClock>,
    ) -> Result<Option<Step<()>>, StepError> {
        // SAFETY: as in `step`.
        let (cursor, clock) = unsafe { (&mut *self.value.get(), &*clock.value.get()) };
        let ring = &Unseen(tape);
        step(&mut CursorOn { ring, cursor }, word, clock)
    }
}
