//! What a run left behind.

use pyo3::prelude::*;
use tickpath_core::engine::RunRecord;
use tickpath_core::state::StateCode;
use tickpath_core::time::Calibrated;

use crate::engine_feed::FeedRecord;
use crate::engine_stage::{StagePlace, StageRecord};
use crate::histogram::LatencyHistogram;
use crate::latency_figures::LatencyFigures;

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
    /// Whether it was stopped before everything was published and read. A feed whose intake was stopped had
    /// nothing more to publish.
    stopped: bool,
    /// Whether the intake was stopped before every event had come due.
    intake_stopped: bool,
    /// What became of the feed's events.
    feed: Py<FeedRecord>,
    /// From the first to the last event, in nanoseconds; ``None`` if it was stopped before the first.
    wall_ns: Option<u64>,
    /// From the start of the feed to its last publication, in nanoseconds; ``None`` as for ``wall_ns``.
    feed_ns: Option<u64>,
    /// When the feed started, on the run's clock (the timeline of ``time.perf_counter_ns``); ``None`` if the
    /// run was stopped before.
    begin_ns: Option<u64>,
    /// When the executor ended, on the same clock.
    end_ns: u64,
    /// The sequence of the run's first event.
    first_seq: u64,
    /// Whether the books of the feed and of every reading stage balance.
    balanced: bool,
    /// What one stamp was taken for: ``"event"`` or ``"batch"``.
    stamp_per: &'static str,
    /// The executor, then each consumer in the order of the settings.
    stages: Vec<Py<StageRecord>>,
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
    /// Whether the machine was watched at every moment of arrival, by a thread on a spare core.
    floor_continuous: bool,
    /// (start_ns, length_ns) of the machine's pauses of more than a microsecond, by their start on the run's
    /// clock: before, after and during the run.
    floor_pauses: Vec<(u64, u64)>,
    /// Pauses that found no room to be remembered.
    floor_forgotten: u64,
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
    /// The record of a run, whose histograms it takes over.
    pub(crate) fn of(
        py: Python<'_>,
        mut record: RunRecord,
        calibrated: &Calibrated,
    ) -> PyResult<Self> {
        let balanced = record.is_balanced();
        let executor = record.executor();
        let provenance = record.provenance(executor);
        let by_state = (StateCode::ALL.into_iter().flat_map(|state| {
            let histograms = &executor.latency[state as usize];
            LatencyFigures::of_stages(Some(state as u8), histograms, &provenance)
        }))
        .collect();
        let mut stages = Vec::with_capacity(record.readers.len());
        for reader in std::mem::take(&mut record.readers) {
            let provenance = record.provenance(&reader);
            stages.push(Py::new(py, StageRecord::of(py, reader, &provenance)?)?);
        }
        let floor = &record.floor;
        let pauses = floor.pauses_longer_than(0);
        let rows = record.epochs.rows().iter();
        let drift = calibrated.drift();
        let fallback = calibrated.fallback.as_ref().map(ToString::to_string);
        let refused = record.refused.iter().map(ToString::to_string);
        Ok(Self {
            stopped: record.stopped,
            intake_stopped: record.intake_stopped,
            feed: Py::new(py, FeedRecord::from(record.feed))?,
            wall_ns: record.wall_ns,
            feed_ns: record.feed_ns,
            begin_ns: record.begin_ns,
            end_ns: record.end_ns,
            first_seq: record.first_seq,
            balanced,
            stamp_per: record.stamping.name(),
            stages,
            latency_by_state: by_state,
            epochs: rows
                .map(|r| (r.epoch, r.first_seq, r.last_seq, r.executed, r.gated))
                .collect(),
            epochs_overflow: record.epochs.overflow(),
            floor: LatencyFigures::of_floor(&floor.figures),
            floor_path: Py::new(py, LatencyHistogram::from(record.floor_path))?,
            floor_watched_ns: floor.watched_ns,
            floor_longest_pause_ns: floor.longest_pause_ns,
            floor_continuous: floor.continuous,
            floor_pauses: pauses.map(|p| (p.start_ns, p.length_ns)).collect(),
            floor_forgotten: floor.forgotten,
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
