//! A place in a ring of either tier: what a consumer and an executor have in common.

use pyo3::prelude::*;
use pyo3::{PyTraverseError, PyVisit};
use tickpath_core::bus::{Bounds, Cursor, EventReader, Overrun, Payload, Reader};
use tickpath_core::execution::{Ack, Step, StepError, step};
use tickpath_core::state::GateWord;
use tickpath_core::sync::Arc;
use tickpath_core::time::AnchoredClock;

use crate::bus::RingBuffer;
use crate::event_layout::EventLayout;
use crate::event_ring::EventRing;
use crate::memory::{GilCell, Raised, raise};
use crate::{args, errors};

/// A ring and the next sequence expected from it.
#[derive(Debug)]
pub(crate) enum Place {
    /// In a ring of Python objects.
    Objects {
        ring: Py<RingBuffer>,
        cursor: GilCell<Cursor>,
    },
    /// In a ring of events, which come out as NumPy records.
    Events {
        reader: GilCell<EventReader>,
        layout: Arc<EventLayout>,
    },
}

/// Why nothing came out.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// The lifecycle is in INIT.
    NotReady,
    /// The expected item was overwritten.
    Overrun(Overrun),
    /// No record could be made for an event; it was not read.
    Python(PyErr),
}

impl Refusal {
    /// The exception that says so.
    #[cold]
    pub(crate) fn into_error(self, py: Python<'_>) -> PyErr {
        match self {
            Self::NotReady => errors::not_ready(py),
            Self::Overrun(overrun) => errors::overrun(py, overrun),
            Self::Python(error) => error,
        }
    }
}

impl From<StepError> for Refusal {
    fn from(error: StepError) -> Self {
        match error {
            StepError::NotReady => Self::NotReady,
            StepError::Overrun(overrun) => Self::Overrun(overrun),
        }
    }
}

impl Place {
    /// A place in `ring` (of either tier) that begins where `start` says.
    pub(crate) fn new(ring: &Bound<'_, PyAny>, start: args::StartAt) -> PyResult<Self> {
        let py = ring.py();
        let start = start.0;
        if let Ok(ring) = ring.cast::<RingBuffer>() {
            let next = start.resolve(ring.get().bounds(py));
            return Ok(Self::Objects {
                cursor: GilCell::new(Cursor::new(next.map_err(|e| errors::start(py, e))?)),
                ring: ring.clone().unbind(),
            });
        }
        if let Ok(ring) = ring.cast::<EventRing>() {
            let reader = ring.get().shared().reader(start);
            return Ok(Self::Events {
                reader: GilCell::new(reader.map_err(|e| errors::start(py, e))?),
                layout: Arc::clone(ring.get().layout()),
            });
        }
        let given = args::type_name(ring);
        let text = format!("ring must be a RingBuffer or an EventRing, got {given}");
        Err(errors::argument_type(py, text))
    }

    /// The next item, `None` when caught up.
    #[inline(always)]
    pub(crate) fn poll<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyAny>>, Raised> {
        match self {
            Self::Objects { ring, cursor } => cursor
                .poll(&ring.get().tape(py))
                .map_err(|overrun| raise(py, errors::overrun(py, overrun))),
            Self::Events { reader, layout } => poll_record(py, reader, layout),
        }
    }

    /// The executor's step on the next item.
    #[inline]
    pub(crate) fn step<'py>(
        &self,
        py: Python<'py>,
        word: GateWord,
        clock: &GilCell<AnchoredClock>,
    ) -> Result<Option<Step<Bound<'py, PyAny>>>, Refusal> {
        match self {
            Self::Objects { ring, cursor } => Ok(cursor.step(&ring.get().tape(py), word, clock)?),
            Self::Events { reader, layout } => step_record(py, reader, layout, word, clock),
        }
    }

    /// The same step for an executor that shows its items to nobody.
    #[inline]
    pub(crate) fn step_unseen(
        &self,
        py: Python<'_>,
        word: GateWord,
        clock: &GilCell<AnchoredClock>,
    ) -> Result<Option<Ack>, Refusal> {
        Ok(match self {
            Self::Objects { ring, cursor } => cursor
                .step_unseen(&ring.get().tape(py), word, clock)?
                .map(|step| step.ack),
            Self::Events { reader, .. } => {
                step_event(py, reader, word, clock)?.map(|step| step.ack)
            }
        })
    }

    /// How many items are unread; more than the capacity means overrun.
    pub(crate) fn available(&self, py: Python<'_>) -> u64 {
        self.cursor(py).available(self.bounds(py).head)
    }

    /// At most this many polls can succeed now.
    pub(crate) fn readable_at_most(&self, py: Python<'_>, limit: usize) -> usize {
        let bounds = self.bounds(py);
        let next = self.cursor(py).next().max(bounds.oldest);
        usize::try_from(bounds.head.saturating_sub(next)).map_or(limit, |n| n.min(limit))
    }

    /// The next sequence expected, and what was skipped.
    pub(crate) fn cursor(&self, py: Python<'_>) -> Cursor {
        match self {
            Self::Objects { cursor, .. } => cursor.get(py),
            Self::Events { reader, .. } => reader.with(py, |reader| reader.cursor()),
        }
    }

    /// Skips to the head; how many sequences that skipped.
    pub(crate) fn reset_to_head(&self, py: Python<'_>) -> u64 {
        match self {
            Self::Objects { cursor, .. } => {
                let bounds = self.bounds(py);
                cursor.with(py, |cursor| cursor.recover_to(bounds.head, bounds))
            }
            Self::Events { reader, .. } => reader.with(py, EventReader::reset_to_head),
        }
    }

    /// Recovers if the expected sequence is gone; how many that skipped.
    pub(crate) fn reset_to_oldest(&self, py: Python<'_>) -> u64 {
        match self {
            Self::Objects { cursor, .. } => {
                let bounds = self.bounds(py);
                cursor.with(py, |cursor| cursor.recover_to(bounds.oldest, bounds))
            }
            Self::Events { reader, .. } => reader.with(py, EventReader::reset_to_oldest),
        }
    }

    fn bounds(&self, py: Python<'_>) -> Bounds {
        match self {
            Self::Objects { ring, .. } => ring.get().bounds(py),
            Self::Events { reader, .. } => reader.with(py, |reader| reader.ring().bounds()),
        }
    }

    /// Shows what it holds to the garbage collector.
    pub(crate) fn traverse(&self, visit: &PyVisit<'_>) -> Result<(), PyTraverseError> {
        match self {
            Self::Objects { ring, .. } => visit.call(ring),
            Self::Events { .. } => Ok(()),
        }
    }
}

/// The next event as a record; nothing is made when caught up.
#[inline(never)]
fn poll_record<'py>(
    py: Python<'py>,
    reader: &GilCell<EventReader>,
    layout: &EventLayout,
) -> Result<Option<Bound<'py, PyAny>>, Raised> {
    if !reader.with(py, |reader| reader.has_unread(1)) {
        return Ok(None);
    }
    let next = || {
        let payload = reader.with(py, Reader::poll);
        payload.map_err(|overrun| errors::overrun(py, overrun))
    };
    layout.record_of(py, next).map_err(|error| raise(py, error))
}

/// The executor's step on the next event, with the event as a record.
fn step_record<'py>(
    py: Python<'py>,
    reader: &GilCell<EventReader>,
    layout: &EventLayout,
    word: GateWord,
    clock: &GilCell<AnchoredClock>,
) -> Result<Option<Step<Bound<'py, PyAny>>>, Refusal> {
    if word.is_init() {
        return Err(Refusal::NotReady);
    }
    if !reader.with(py, |reader| reader.has_unread(1)) {
        return Ok(None);
    }
    let mut outcome = Ok(None);
    let record = layout.record_of(py, || {
        outcome = step_event(py, reader, word, clock);
        Ok(outcome
            .as_ref()
            .ok()
            .and_then(Option::as_ref)
            .map(|step| step.item))
    });
    let record = record.map_err(Refusal::Python)?;
    Ok(outcome?
        .zip(record)
        .map(|(Step { ack, .. }, item)| Step { item, ack }))
}

/// The executor's step on the next event.
fn step_event(
    py: Python<'_>,
    reader: &GilCell<EventReader>,
    word: GateWord,
    clock: &GilCell<AnchoredClock>,
) -> Result<Option<Step<Payload>>, StepError> {
    reader.with(py, |reader| {
        clock.with(py, |clock| step(reader, word, clock))
    })
}
