//! What a run left behind.

use pyo3::prelude::*;
use tickpath_core::engine::{RunRecord, Stage, StageHistograms};
use tickpath_core::metrics::Figures;
use tickpath_core::state::StateCode;
use tickpath_core::time::Calibrated;

use crate::engine_stage::{StagePlace, StageRecord};
use crate::histogram::LatencyHistogram;

/// Names of the percentiles, in the order of `QUANTILES`.
const PERCENTILES: [&str; 5] = ["p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "p99_99_ns"];

/// What a histogram says; ``None`` is unknown.
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
}

impl LatencyFigures {
    fn of(stage: &'static str, state: Option<u8>, figures: &Figures, floor: &Figures) -> Self {
        let [p50_ns, p90_ns, p99_ns, p99_9_ns, p99_99_ns] = figures.percentiles_ns;
        let marks = PERCENTILES.into_iter().zip(figures.at_floor(floor));
        Self {
            stage,
            state,
            count: figures.count,
            min_ns: figures.min_ns,
            p50_ns,
            p90_ns,
            p99_ns,
            p99_9_ns,
            p99_99_ns,
            max_ns: figures.max_ns,
            at_floor: marks.filter_map(|(name, at)| at.then_some(name)).collect(),
        }
    }

    /// Those of each stage.
    pub(crate) fn of_stages(
        state: Option<u8>,
        histograms: &StageHistograms,
        floor: &Figures,
    ) -> Vec<Self> {
        let of = |stage: Stage| {
            let figures = histograms[stage as usize].figures();
            Self::of(stage.name(), state, &figures, floor)
        };
        Stage::ALL.map(of).to_vec()
    }
}

/// The clock of a run.
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug, Clone)]
pub(crate) struct ClockRecord {
    /// ``"tsc"`` or ``"clock_gettime"``.
    source: &'static str,
    /// The cost of one stamp, in nanoseconds.
    cost_ns: u64,
    /// How much faster (or, below 0, slower) the stamps ran than the machine's clock, in millionths.
    error_ppm: Option<f64>,
    /// The largest distance from the machine's clock at the end of the run, in nanoseconds.
    error_ns: Option<u64>,
    /// Why the stamps are not the counter's; ``None`` if they are, or were not asked for.
    fallback: Option<String>,
}

/// What a run left behind.
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct EngineRecord {
    /// Whether it was stopped before everything was published and read.
    stopped: bool,
    /// From the first to the last event, in nanoseconds; ``None`` if it was stopped before the first.
    wall_ns: Option<u64>,
    /// From the start of the feed to its last publication, in nanoseconds; ``None`` as for ``wall_ns``.
    feed_ns: Option<u64>,
    /// The sequence of the run's first event.
    first_seq: u64,
    /// Whether the books of every reading stage balance.
    balanced: bool,
    /// What one stamp was taken for: ``"event"`` or ``"batch"``.
    stamp_per: &'static str,
    /// The executor, then each consumer in the order of the settings.
    stages: Vec<StageRecord>,
    /// The executor's latency by state and stage.
    latency_by_state: Vec<LatencyFigures>,
    /// (epoch, first_seq, last_seq, executed, gated) of each epoch in which an event was processed.
    epochs: Vec<(u64, u64, u64, u64, u64)>,
    /// Events that found no room in ``epochs``.
    epochs_overflow: u64,
    /// The machine's own pauses at the run's moments of arrival.
    floor: LatencyFigures,
    /// What the plan's arrivals would have waited on the feed's core and then on the executor's; empty
    /// without a plan, or where one of them had no core to itself.
    floor_path: Py<LatencyHistogram>,
    /// How long the machine was watched, over all cores, in nanoseconds.
    floor_watched_ns: u64,
    /// The longest pause seen, in nanoseconds.
    floor_longest_pause_ns: Option<u64>,
    /// What the stamps were taken by.
    clock: ClockRecord,
    /// Where the feed ran and how it waited.
    feed_place: StagePlace,
    /// Whether the ring's memory was locked.
    memory_locked: bool,
    /// Bytes of the ring on huge pages; ``None`` where the machine does not say.
    memory_huge_bytes: Option<usize>,
    /// What the machine would not do.
    refused: Vec<String>,
}

impl EngineRecord {
    pub(crate) fn of(
        py: Python<'_>,
        record: &RunRecord,
        calibrated: &Calibrated,
    ) -> PyResult<Self> {
        let floor = &record.floor.figures;
        let executor = record.executor();
        let by_state = StateCode::ALL.into_iter().flat_map(|state| {
            let histograms = &executor.latency[state as usize];
            LatencyFigures::of_stages(Some(state as u8), histograms, floor)
        });
        let rows = record.epochs.rows().iter();
        let drift = calibrated.drift();
        let fallback = calibrated.fallback.as_ref().map(ToString::to_string);
        let refused = record.refused.iter().map(ToString::to_string);
        Ok(Self {
            stopped: record.stopped,
            wall_ns: record.wall_ns,
            feed_ns: record.feed_ns,
            first_seq: record.first_seq,
            balanced: record.is_balanced(),
            stamp_per: record.stamping.name(),
            stages: (record.readers.iter())
                .map(|reader| StageRecord::of(reader, floor))
                .collect(),
            latency_by_state: by_state.collect(),
            epochs: rows
                .map(|r| (r.epoch, r.first_seq, r.last_seq, r.executed, r.gated))
                .collect(),
            epochs_overflow: record.epochs.overflow(),
            floor: LatencyFigures::of("", None, floor, &Figures::default()),
            floor_path: Py::new(py, LatencyHistogram::from(record.floor_path.clone()))?,
            floor_watched_ns: record.floor.watched_ns,
            floor_longest_pause_ns: record.floor.longest_pause_ns,
            clock: ClockRecord {
                source: calibrated.source(),
                cost_ns: record.clock_cost_ns,
                error_ppm: drift.and_then(|drift| drift.error_ppm),
                error_ns: drift.map(|drift| drift.error_ns),
                fallback: fallback.clone(),
            },
            feed_place: record.feed_place.into(),
            memory_locked: record.memory.locked,
            memory_huge_bytes: record.memory.huge_bytes,
            refused: refused.chain(fallback).collect(),
        })
    }
}
