//! A place in a ring of either tier: what a consumer and an executor have in common.

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use tickpath_core::bus::{Bounds, Cursor, Overrun, Readable};
use tickpath_core::execution::{Step, StepError};
use tickpath_core::state::GateWord;

use crate::bus::RingBuffer;
use crate::memory::GilCell;
use crate::{args, errors};

/// A ring and the next sequence expected from it.
#[derive(Debug)]
pub(crate) struct Place {
    ring: Py<RingBuffer>,
    cursor: GilCell<Cursor>,
}

impl Place {
    /// A place in `ring` (of either tier) that begins where `start` says.
    pub(crate) fn new(ring: &Bound<'_, PyAny>, start: Option<&Bound<'_, PyAny>>) -> PyResult<Self> {
        let py = ring.py();
        let start = args::start(start)?;
        let ring = ring.cast::<RingBuffer>().map_err(|_| {
            let given = args::type_name(ring);
            errors::argument_type(
                py,
                format!("ring must be a RingBuffer or an EventRing, got {given}"),
            )
        })?;
        let cursor = start
            .resolve(ring.get().bounds(py))
            .map_err(|e| errors::start(py, e))?;
        Ok(Self {
            ring: ring.clone().unbind(),
            cursor: GilCell::new(Cursor::new(cursor)),
        })
    }

    /// The next item, `None` when caught up.
    #[inline]
    pub(crate) fn poll<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyAny>>, Overrun> {
        self.cursor.poll(&self.ring.get().tape(py))
    }

    /// The executor's step on the next item.
    #[inline]
    pub(crate) fn step<'py>(
        &self,
        py: Python<'py>,
        word: GateWord,
    ) -> Result<Option<Step<Bound<'py, PyAny>>>, StepError> {
        self.cursor.step(&self.ring.get().tape(py), word)
    }

    /// How many items are unread, and of these still there at the most.
    pub(crate) fn available(&self, py: Python<'_>) -> u64 {
        self.cursor.get(py).available(self.bounds(py).head)
    }

    /// At most this many polls can succeed now.
    pub(crate) fn readable_at_most(&self, py: Python<'_>, limit: usize) -> usize {
        let bounds = self.bounds(py);
        let next = self.cursor.get(py).next().max(bounds.oldest);
        usize::try_from(bounds.head.saturating_sub(next)).map_or(limit, |n| n.min(limit))
    }

    /// The next sequence expected, and what was skipped.
    pub(crate) fn cursor(&self, py: Python<'_>) -> Cursor {
        self.cursor.get(py)
    }

    /// Skips to the head; how many sequences that skipped.
    pub(crate) fn reset_to_head(&self, py: Python<'_>) -> u64 {
        let bounds = self.bounds(py);
        self.cursor
            .with(py, |cursor| cursor.recover_to(bounds.head, bounds))
    }

    /// Skips to the oldest readable sequence if the expected one is gone; how many that skipped.
    pub(crate) fn reset_to_oldest(&self, py: Python<'_>) -> u64 {
        let bounds = self.bounds(py);
        self.cursor
            .with(py, |cursor| cursor.recover_to(bounds.oldest, bounds))
    }

    fn bounds(&self, py: Python<'_>) -> Bounds {
        self.ring.get().tape(py).bounds()
    }

    /// Shows the ring to the garbage collector.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        visit.call(&self.ring)
    }
}
