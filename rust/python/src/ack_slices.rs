//! `AckSlices`: latencies over time, by slice of run time, state and stage.
//!
//! Off the hot path; folding holds the interpreter's lock for some nanoseconds an ack.

use pyo3::prelude::*;
use tickpath_core::bus::Start;
use tickpath_core::engine::{AckSlice as Core, AckSlices as CoreSlices, Stage};
use tickpath_core::metrics::LatencyHistogram;

use crate::ack_reader::AckReader;
use crate::latency_figures::LatencyFigures;
use crate::memory::GilCell;
use crate::{args, errors};

/// A reader of a run's acks that folds them into slices of run time, by state and stage.
///
/// The executor never waits for it: acks that were overwritten before they were folded are counted as
/// ``dropped``. No more than ``slices_max`` slices: where there would be more, they become twice as long.
///
///     >>> from tickpath.config.engine import EngineSettings
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
///     >>> engine.start()
///     >>> slices = AckSlices(engine.acks(), begin_ns=0, slice_ns=500_000, slices_max=100)
///     >>> _ = engine.advance(600_000)
///     >>> slices.fold()
///     >>> [slice.count for slice in slices.take([0, 1, 2])]
///     [500, 101]
#[pyclass(frozen, module = "tickpath.core.engine")]
pub(crate) struct AckSlices {
    slices: GilCell<CoreSlices>,
    planned: bool,
}

#[pymethods]
impl AckSlices {
    /// Slices of ``slice_ns`` from ``begin_ns`` on the run's clock, of all acks of the run that ``acks`` reads.
    /// Those that are gone by now count as ``dropped``.
    ///
    /// ``shared_stamps`` says that one stamp was taken for several events, ``planned`` that they have a plan
    /// to be late against.
    #[new]
    #[pyo3(signature = (acks, *, begin_ns: "int", slice_ns: "int", slices_max: "int", shared_stamps = false,
                        planned = true))]
    fn new(
        acks: &Bound<'_, AckReader>,
        begin_ns: &Bound<'_, PyAny>,
        slice_ns: &Bound<'_, PyAny>,
        slices_max: &Bound<'_, PyAny>,
        shared_stamps: bool,
        planned: bool,
    ) -> PyResult<Self> {
        let py = acks.py();
        let begin_ns = args::unsigned(begin_ns, "begin_ns")?;
        let slice_ns = args::unsigned(slice_ns, "slice_ns")?;
        let slices_max = args::unsigned(slices_max, "slices_max")?;
        // Slices become twice as long by joining two: one alone could not.
        if slice_ns == 0 || slices_max < 2 {
            let text = "slice_ns must be at least 1, and slices_max 2";
            return Err(errors::argument_value(py, text.to_owned()));
        }
        let (reader, stamping) = acks.get().another(py, Start::Sequence(0), shared_stamps)?;
        let slices = CoreSlices::new(reader, stamping, begin_ns, slice_ns, slices_max);
        Ok(Self {
            slices: GilCell::new(slices),
            planned,
        })
    }

    /// Fold the acks that are there now; never waits.
    ///
    ///     >>> slices.fold()
    ///     >>> slices.take([0, 1, 2])  # no ack came since
    ///     []
    fn fold(&self, py: Python<'_>) {
        self.slices.with(py, CoreSlices::fold);
    }

    /// How long a slice is by now, in nanoseconds.
    #[getter]
    fn slice_ns(&self, py: Python<'_>) -> u64 {
        self.slices.with(py, |slices| slices.slice_ns())
    }

    /// What was folded, by slice and state, in order; ``states`` has the state's code of each epoch.
    ///
    /// An epoch beyond them counts as the last. Nothing is left.
    ///
    ///     >>> _ = engine.finish()
    ///     >>> slices.fold()
    ///     >>> [(slice.start_ns, slice.state, slice.count) for slice in slices.take([0, 1, 2])]
    ///     [(500000, 2, 399)]
    #[pyo3(signature = (states: "collections.abc.Sequence[int]") -> "list[AckSlice]")]
    fn take(&self, py: Python<'_>, states: Vec<u8>) -> Vec<AckSlice> {
        let (slice_ns, taken) = self.slices.with(py, |slices| {
            let taken = slices.take(&states);
            (slices.slice_ns(), taken)
        });
        let mut scratch = LatencyHistogram::new();
        let of = |slice| AckSlice::of(slice, slice_ns, self.planned, &mut scratch);
        taken.iter().map(of).collect()
    }
}

/// A slice of run time, as far as the executor was in one state.
///
///     >>> from tickpath.config.engine import EngineSettings
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
///     >>> engine.start()
///     >>> slices = AckSlices(engine.acks(), begin_ns=0, slice_ns=500_000, slices_max=100)
///     >>> _ = engine.finish()
///     >>> slices.fold()
///     >>> [slice.state for slice in slices.take([0, 1, 2])]
///     [2, 2]
#[pyclass(frozen, get_all, module = "tickpath.core.engine")]
#[derive(Debug)]
pub(crate) struct AckSlice {
    /// When it begins, in nanoseconds of run time.
    start_ns: u64,
    /// The code of the state.
    state: u8,
    /// Acks completed in it.
    count: u64,
    /// Those among them of events that were executed.
    executed: u64,
    /// Acks that were overwritten before they were folded.
    dropped: u64,
    /// What they say, by stage; without a plan nothing of the ``intended_*`` stages.
    latency: Vec<LatencyFigures>,
}

impl AckSlice {
    fn of(slice: &Core, slice_ns: u64, planned: bool, scratch: &mut LatencyHistogram) -> Self {
        let mut figures = |stage: Stage| {
            let is_known = planned
                || !matches!(
                    stage,
                    Stage::IntendedToPublished | Stage::IntendedToCompleted
                );
            scratch.forget();
            if is_known {
                scratch.add_sparse(&slice.latency[stage as usize]);
            }
            LatencyFigures::computed(stage, &scratch.figures(), slice.dropped)
        };
        Self {
            start_ns: slice.number.saturating_mul(slice_ns),
            state: slice.state,
            count: slice.count,
            executed: slice.executed,
            dropped: slice.dropped,
            latency: Stage::ALL.map(&mut figures).to_vec(),
        }
    }
}
