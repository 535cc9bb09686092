//! What a histogram of a run says, with what it takes to trust it.

use pyo3::prelude::*;
use tickpath_core::engine::{Stage, StageHistograms};
use tickpath_core::metrics::{Figures, Provenance};

/// Names of the percentiles, in the order of `QUANTILES`.
const PERCENTILES: [&str; 5] = ["p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "p99_99_ns"];

/// What a histogram says; ``None`` is unknown.
///
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle)
///     >>> engine.start()
///     >>> engine.finish().stages[0].latency[0].count
///     1000
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug, Clone)]
pub(crate) struct LatencyFigures {
    /// The stage, such as ``"published_to_polled"``; empty for the floor.
    stage: &'static str,
    /// The code of the state; ``None`` over all states.
    state: Option<u8>,
    /// Number of samples.
    count: u64,
    /// The smallest, in nanoseconds.
    min_ns: Option<u64>,
    /// The median, in nanoseconds.
    p50_ns: Option<u64>,
    /// In nanoseconds.
    p90_ns: Option<u64>,
    /// In nanoseconds.
    p99_ns: Option<u64>,
    /// In nanoseconds.
    p99_9_ns: Option<u64>,
    /// In nanoseconds.
    p99_99_ns: Option<u64>,
    /// The largest, in nanoseconds.
    max_ns: Option<u64>,
    /// Names of the percentiles that the machine's own pauses explain.
    at_floor: Vec<&'static str>,
    /// Events whose latency is missing: lost, skipped, or left at the end. ``None`` where it is not known,
    /// such as for one state alone.
    dropped: Option<u64>,
}

impl LatencyFigures {
    fn of(stage: Stage, state: Option<u8>, figures: &Figures, provenance: &Provenance) -> Self {
        let percentiles = provenance.explain(figures);
        let marks = PERCENTILES.into_iter().zip(percentiles);
        Self {
            stage: stage.name(),
            state,
            at_floor: marks
                .filter_map(|(name, p)| p.at_floor.then_some(name))
                .collect(),
            // In which state an event would have been processed that never was is not known.
            dropped: state.is_none().then_some(provenance.dropped),
            ..Self::plain(figures)
        }
    }

    /// Those that were computed: no machine stands behind them.
    pub(crate) fn computed(stage: Stage, figures: &Figures, dropped: u64) -> Self {
        Self {
            stage: stage.name(),
            dropped: Some(dropped),
            ..Self::plain(figures)
        }
    }

    /// Those of the floor, which nothing stands beside.
    pub(crate) fn of_floor(floor: &Figures) -> Self {
        Self::plain(floor)
    }

    fn plain(figures: &Figures) -> Self {
        let [p50_ns, p90_ns, p99_ns, p99_9_ns, p99_99_ns] = figures.percentiles_ns;
        Self {
            stage: "",
            state: None,
            count: figures.count,
            min_ns: figures.min_ns,
            p50_ns,
            p90_ns,
            p99_ns,
            p99_9_ns,
            p99_99_ns,
            max_ns: figures.max_ns,
            at_floor: Vec::new(),
            dropped: None,
        }
    }

    /// Those of each stage.
    pub(crate) fn of_stages(
        state: Option<u8>,
        histograms: &StageHistograms,
        provenance: &Provenance,
    ) -> Vec<Self> {
        let of = |stage: Stage| {
            let figures = histograms[stage as usize].figures();
            Self::of(stage, state, &figures, provenance)
        };
        Stage::ALL.map(of).to_vec()
    }
}
