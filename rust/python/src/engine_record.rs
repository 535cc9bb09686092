//! What a run says while it is under way and when it is over.

use pyo3::prelude::*;
use tickpath_core::engine::{Phase, RunRecord, Snapshot, Stage};
use tickpath_core::metrics::Figures;
use tickpath_core::state::StateCode;

/// Names of the percentiles, in the order of `QUANTILES`.
const PERCENTILES: [&str; 5] = ["p50_ns", "p90_ns", "p99_ns", "p99_9_ns", "p99_99_ns"];

/// A run as of one moment.
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug, Clone)]
pub(crate) struct EngineSnapshot {
    /// ``"preparing"``, ``"running"`` or ``"finished"``.
    phase: &'static str,
    /// Events published.
    published: u64,
    /// Events executed.
    executed: u64,
    /// Events processed and not executed, by state code.
    gated: [u64; 4],
    /// Events overwritten before they were read.
    lost: u64,
    /// Events skipped on purpose.
    shed: u64,
    /// Events left at stop.
    unread: u64,
    /// The next sequence the executor expects.
    cursor: u64,
    /// Published events the executor has not come to.
    backlog: u64,
    /// The epoch of the last gate word the executor read: nothing of an older one is in flight.
    epoch_seen: u64,
    /// Whether the feed waits to be released.
    held: bool,
}

impl From<Snapshot> for EngineSnapshot {
    fn from(seen: Snapshot) -> Self {
        Self {
            phase: match seen.phase {
                Phase::Preparing => "preparing",
                Phase::Running => "running",
                Phase::Finished => "finished",
            },
            published: seen.ledger.published,
            executed: seen.ledger.executed,
            gated: seen.ledger.gated,
            lost: seen.ledger.lost,
            shed: seen.ledger.shed,
            unread: seen.ledger.unread,
            cursor: seen.cursor,
            backlog: seen.backlog(),
            epoch_seen: seen.epoch_seen,
            held: seen.held,
        }
    }
}

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
}

/// What a run left behind.
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct EngineRecord {
    /// Whether it was stopped before everything was published and read.
    stopped: bool,
    /// From the first to the last event, in nanoseconds; ``None`` if it was stopped before the first.
    wall_ns: Option<u64>,
    /// Events published; counted by the feed.
    published: u64,
    /// Events executed.
    executed: u64,
    /// Events processed and not executed, by state code.
    gated: [u64; 4],
    /// Events overwritten before they were read.
    lost: u64,
    /// Events skipped on purpose.
    shed: u64,
    /// Events left at stop; counted by reading them.
    unread: u64,
    /// Whether published = executed + gated + lost + shed + unread.
    balanced: bool,
    /// Latency by stage, over all states.
    latency: Vec<LatencyFigures>,
    /// Latency by state and stage.
    latency_by_state: Vec<LatencyFigures>,
    /// (epoch, first_seq, last_seq, executed, gated) of each epoch in which an event was processed.
    epochs: Vec<(u64, u64, u64, u64, u64)>,
    /// Events that found no room in ``epochs``.
    epochs_overflow: u64,
    /// The machine's own pauses at the run's moments of arrival.
    floor: LatencyFigures,
    /// How long the machine was watched, over all cores, in nanoseconds.
    floor_watched_ns: u64,
    /// The longest pause seen, in nanoseconds.
    floor_longest_pause_ns: Option<u64>,
    /// The cost of one stamp, in nanoseconds.
    clock_cost_ns: u64,
    /// Cores of feed and executor; ``None`` for one that was not pinned.
    cores: [Option<usize>; 2],
    /// How the stages waited.
    wait: &'static str,
    /// What the machine would not do.
    refused: Vec<String>,
}

impl EngineRecord {
    pub(crate) fn of(record: &RunRecord) -> Self {
        let floor = &record.floor.figures;
        let named = |state, histograms: &tickpath_core::engine::StageHistograms| {
            Stage::ALL
                .map(|stage| {
                    let figures = histograms[stage as usize].figures();
                    LatencyFigures::of(stage.name(), state, &figures, floor)
                })
                .to_vec()
        };
        let by_state = StateCode::ALL
            .into_iter()
            .flat_map(|state| named(Some(state as u8), &record.latency[state as usize]));
        let epochs = record.epochs.rows().iter();
        Self {
            stopped: record.stopped,
            wall_ns: record.wall_ns,
            published: record.ledger.published,
            executed: record.ledger.executed,
            gated: record.ledger.gated,
            lost: record.ledger.lost,
            shed: record.ledger.shed,
            unread: record.ledger.unread,
            balanced: record.ledger.is_balanced(),
            latency: named(None, &record.latency_overall()),
            latency_by_state: by_state.collect(),
            epochs: epochs
                .map(|row| {
                    (
                        row.epoch,
                        row.first_seq,
                        row.last_seq,
                        row.executed,
                        row.gated,
                    )
                })
                .collect(),
            epochs_overflow: record.epochs.overflow(),
            floor: LatencyFigures::of("", None, floor, &Figures::default()),
            floor_watched_ns: record.floor.watched_ns,
            floor_longest_pause_ns: record.floor.longest_pause_ns,
            clock_cost_ns: record.clock_cost_ns,
            cores: record.cores,
            wait: record.wait,
            refused: record.refused.iter().map(ToString::to_string).collect(),
        }
    }
}
