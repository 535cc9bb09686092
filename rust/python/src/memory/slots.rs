//! References to Python objects in a ring.
//!
//! - **Threads**: whoever holds the interpreter's lock.
//! - **Allocation**: only [`ObjectSlots::try_new`], and nested rings when they end.

use std::cell::{RefCell, UnsafeCell};

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use tickpath_core::bus::{Bounds, ObjectRing, Overrun, Published, Readable};

use super::calls::give_up;

/// The slots of a ring of Python objects.
///
/// No method runs Python code while it borrows the ring: references are counted up, moved and handed
/// out, never dropped. That is what makes each borrow the only one.
pub(crate) struct ObjectSlots {
    ring: UnsafeCell<ObjectRing<Py<PyAny>>>,
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
            Python::attach(|py| {
                slots.drain().for_each(|item| release(py, item));
                while let Some(item) = PENDING.with_borrow_mut(|p| p.as_mut().and_then(Vec::pop)) {
                    release(py, item);
                }
            });
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

/// A [`Tape`] whose items nobody looks at: reading one only says that it was there.
pub(crate) struct Unseen<'a, 'b, 'py>(pub(super) &'a Tape<'b, 'py>);

impl Readable for Unseen<'_, '_, '_> {
    type Item = ();

    #[inline]
    fn bounds(&self) -> Bounds {
        self.0.bounds()
    }

    #[inline]
    fn read(&self, seq: u64) -> Result<Option<()>, Overrun> {
        Ok(self.0.slots.ring(self.0.py).read(seq)?.map(|_| ()))
    }
}

/// Whether the interpreter leaves this count alone: an immortal object's, whose lower half is negative
/// (PEP 683, CPython 3.12 and later; in 3.11 nothing has two thousand million references).
#[inline]
const fn is_immortal(count: isize) -> bool {
    (count as i32) < 0
}

/// Another reference to `object`, counted in place.
///
/// The stable ABI of 3.11 lets an extension do that, as the `Py_INCREF` of its headers does. PyO3 calls a
/// function.
#[inline]
pub(crate) fn new_reference<'py>(object: Borrowed<'_, 'py, PyAny>) -> Bound<'py, PyAny> {
    let pointer = object.as_ptr();
    // SAFETY: `object` is alive and the lock is held, so nobody else counts; the new count is owned by
    // the value returned.
    unsafe {
        if !is_immortal((*pointer).ob_refcnt) {
            (*pointer).ob_refcnt += 1;
        }
        Bound::from_owned_ptr(object.py(), pointer)
    }
}

/// Gives a reference up, counted in place (see [`new_reference`]); this may run any Python code.
#[inline]
pub(crate) fn release(py: Python<'_>, object: Py<PyAny>) {
    let pointer = object.into_bound(py).into_ptr();
    // SAFETY: the reference was owned and is given up once; the lock is held, and the last one goes
    // the interpreter's way, as do those of an object that was made immortal meanwhile.
    unsafe {
        let count = (*pointer).ob_refcnt;
        if count > 1 && !is_immortal(count) {
            (*pointer).ob_refcnt -= 1;
        } else {
            give_up(pointer);
        }
    }
}
