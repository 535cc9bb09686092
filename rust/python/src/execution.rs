//! `Executor`: the core's step on a ring, its acks and its sink.

mod steps;

use pyo3::prelude::*;
use pyo3::types::PyList;
use pyo3::{PyTraverseError, PyVisit};
use tickpath_core::state::Gate as Word;
use tickpath_core::sync::Arc;
use tickpath_core::time::AnchoredClock;

use crate::ack::{Ack, ack_rows, as_payload};
use crate::memory::GilCell;
use crate::place::Place;
use crate::sink::Sink;
use crate::state::Gate;
use crate::{args, errors};

pub(crate) use steps::FastProcess;

/// Processes events one by one, gated by the lifecycle.
///
/// ``ring`` is a ``RingBuffer`` or an ``EventRing``, ``lifecycle`` a ``Lifecycle``; ``sink`` has
/// ``observe(event, ack)``, looked up once, here, and is called inline once per ack. INIT raises
/// ``NotReady`` even with nothing to read; WARMUP and DEGRADED process without executing. A sink that
/// raises costs nothing but its own observation: the error is counted (``sink_errors``), the first one
/// is reported through ``sys.unraisablehook``; ``KeyboardInterrupt`` and its like pass through, after
/// the cursor moved. Raises ``ArgumentTypeError`` for arguments of another type.
///
///     >>> from tickpath.core.bus import RingBuffer
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> ring, lifecycle = RingBuffer(8), Lifecycle()
///     >>> executor = Executor(ring, lifecycle)
///     >>> _ = ring.publish_many(["a", "b", "c"]), lifecycle.transition_to(State.WARMUP)
///     >>> executor.process().executed
///     False
#[pyclass(frozen, weakref, module = "tickpath.core.execution")]
#[derive(Debug)]
pub(crate) struct Executor {
    place: Place,
    gate: Arc<Word>,
    clock: GilCell<AnchoredClock>,
    sink: Sink,
}

#[pymethods]
impl Executor {
    #[new]
    #[pyo3(signature = (
        ring: "RingBuffer[typing.Any] | EventRing",
        lifecycle: "tickpath.core.state.Lifecycle",
        sink: "tickpath.core.execution.observability.ObservabilitySink | None" = None,
        *, start: "typing.Literal['oldest', 'head'] | int" = args::StartAt::OLDEST
    ), text_signature = "(ring, lifecycle, sink=None, *, start='oldest')")]
    fn new(
        ring: &Bound<'_, PyAny>,
        lifecycle: &Bound<'_, PyAny>,
        sink: Option<&Bound<'_, PyAny>>,
        start: args::StartAt,
    ) -> PyResult<Self> {
        let place = Place::new(ring, start)?;
        let gate = lifecycle.getattr_opt(pyo3::intern!(ring.py(), "gate"))?;
        let gate = gate.as_ref().and_then(|gate| gate.cast::<Gate>().ok());
        let gate = gate.ok_or_else(|| {
            errors::argument_type(
                ring.py(),
                format!(
                    "lifecycle must be a Lifecycle, got {}",
                    args::type_name(lifecycle)
                ),
            )
        })?;
        Ok(Self {
            place,
            gate: gate.get().shared().clone(),
            clock: GilCell::new(AnchoredClock::new()),
            sink: Sink::of(sink)?,
        })
    }

    /// Process the next event and return its ack, or ``None`` when caught up. Never blocks.
    ///
    /// Raises ``NotReady`` in INIT and ``Overrun`` if the next event was overwritten.
    ///
    ///     >>> _ = lifecycle.transition_to(State.READY)
    ///     >>> ack = executor.process()
    ///     >>> ack.seq, ack.executed, ack.epoch
    ///     (1, True, 2)
    #[pyo3(signature = () -> "Ack | None")]
    fn process<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, Ack>>> {
        let advance = self.advance(py).map_err(|refusal| refusal.into_error(py))?;
        advance
            .map(|advance| self.acknowledge(py, advance))
            .transpose()
    }

    /// Process up to ``limit`` events and return their acks; the gate is read once per event.
    ///
    /// Raises ``NotReady`` in INIT and ``Overrun`` if the very next event was overwritten; one lost
    /// later ends the batch early, and the next call says so. If something other than an ``Exception``
    /// passes through from the sink, the acks of this batch are gone with it; the sink saw them all.
    ///
    ///     >>> [ack.seq for ack in executor.process_many(10)]
    ///     [1, 2]
    #[pyo3(signature = (limit: "int") -> "list[Ack]")]
    fn process_many<'py>(&self, limit: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
        let py = limit.py();
        let limit = args::limit(limit)?;
        let mut acks = Vec::with_capacity(self.place.readable_at_most(py, limit));
        self.batch(py, limit, |advance| {
            acks.push(self.acknowledge(py, advance)?);
            Ok(())
        })?;
        PyList::new(py, acks)
    }

    /// Process up to ``len(array)`` events into an array of ``ACK_DTYPE`` and return how many.
    ///
    /// A row is written before its sink is called. Raises as ``process_many`` does, and
    /// ``ArgumentTypeError`` unless ``array`` is an array of ``ACK_DTYPE``, ``ArgumentValueError`` if it is
    /// not writable, contiguous and of one dimension.
    ///
    ///     >>> import numpy as np
    ///     >>> from tickpath.core.execution import ACK_DTYPE
    ///     >>> acks = np.zeros(10, ACK_DTYPE)
    ///     >>> count = executor.process_into(acks)
    ///     >>> acks["seq"][:count].tolist()
    ///     [1, 2]
    #[pyo3(signature = (array: "numpy.typing.NDArray[typing.Any]") -> "int")]
    fn process_into(&self, array: &Bound<'_, PyAny>) -> PyResult<usize> {
        let py = array.py();
        let mut rows = ack_rows(array)?;
        let (limit, mut target) = (rows.len(), rows.target());
        let mut count = 0;
        self.batch(py, limit, |(row, event)| {
            target.write(count, &as_payload(row));
            count += 1;
            match event {
                Some(event) => self.sink.show(event, Bound::new(py, Ack::from(row))?),
                None => Ok(()),
            }
        })?;
        Ok(count)
    }

    /// The next sequence this executor expects.
    ///
    ///     >>> executor.cursor(), ring.head()
    ///     (1, 3)
    fn cursor(&self, py: Python<'_>) -> u64 {
        self.place.cursor(py).next()
    }

    /// Skip to the head and return how many sequences that skipped.
    ///
    ///     >>> executor.reset_to_head(), executor.lost, executor.shed
    ///     (2, 2, 2)
    fn reset_to_head(&self, py: Python<'_>) -> u64 {
        self.place.reset_to_head(py)
    }

    /// Skip to the oldest readable sequence and return how many sequences that skipped.
    ///
    /// Never moves back: 0 if the next event is still readable.
    ///
    ///     >>> _ = ring.publish_many(range(10))
    ///     >>> executor.reset_to_oldest(), executor.lost, executor.shed
    ///     (4, 4, 0)
    fn reset_to_oldest(&self, py: Python<'_>) -> u64 {
        self.place.reset_to_oldest(py)
    }

    /// Sequences this executor expected and will never process, counted at recovery.
    #[getter]
    fn lost(&self, py: Python<'_>) -> u64 {
        self.place.cursor(py).lost()
    }

    /// The part of ``lost`` that was still readable when a reset skipped it.
    #[getter]
    fn shed(&self, py: Python<'_>) -> u64 {
        self.place.cursor(py).shed()
    }

    /// How often the sink raised.
    #[getter]
    fn sink_errors(&self, py: Python<'_>) -> u64 {
        self.sink.errors(py)
    }

    fn __repr__(&self, py: Python<'_>) -> String {
        let cursor = self.place.cursor(py);
        let (next, lost, shed) = (cursor.next(), cursor.lost(), cursor.shed());
        format!("Executor(cursor={next}, lost={lost}, shed={shed})")
    }

    fn __traverse__(&self, visit: PyVisit<'_>) -> Result<(), PyTraverseError> {
        self.place.traverse(&visit)?;
        self.sink.traverse(&visit)
    }
}
