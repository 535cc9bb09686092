//! What a run left behind.

use pyo3::prelude::*;
use tickpath_core::engine::{AcksDigest, RunRecord};
use tickpath_core::state::StateCode;

use crate::engine_feed::FeedRecord;
use crate::engine_stage::{StagePlace, StageRecord};
use crate::histogram::LatencyHistogram;
use crate::latency_figures::LatencyFigures;
use crate::run_clock::{ClockRecord, RunClock};

/// What a run left behind.
///
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.runtime.session import Session
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> record = Session(source, mode="virtual").run().record
///     >>> record.balanced, record.stages[0].name
///     (True, 'executor')
#[pyclass(frozen, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct EngineRecord {
    /// Whether it was stopped before everything was published and read. A feed whose intake was stopped had
    /// nothing more to publish.
    #[pyo3(get)]
    stopped: bool,
    /// Whether the intake was stopped before every event had come due.
    #[pyo3(get)]
    intake_stopped: bool,
    /// What became of the feed's events.
    #[pyo3(get)]
    feed: Py<FeedRecord>,
    /// From the first to the last event, in nanoseconds; ``None`` if it was stopped before the first.
    #[pyo3(get)]
    wall_ns: Option<u64>,
    /// From the start of the feed to its last publication, in nanoseconds; ``None`` as for ``wall_ns``.
    #[pyo3(get)]
    feed_ns: Option<u64>,
    /// When the feed started, on the run's clock (the timeline of ``time.perf_counter_ns``); ``None`` if the
    /// run was stopped before.
    #[pyo3(get)]
    begin_ns: Option<u64>,
    /// When the executor ended, on the same clock.
    #[pyo3(get)]
    end_ns: u64,
    /// The sequence of the run's first event.
    #[pyo3(get)]
    first_seq: u64,
    /// Whether the books of the feed and of every reading stage balance.
    #[pyo3(get)]
    balanced: bool,
    /// What one stamp was taken for: ``"event"`` or ``"batch"``.
    #[pyo3(get)]
    stamp_per: &'static str,
    /// The executor, then each consumer in the order of the settings.
    #[pyo3(get)]
    stages: Vec<Py<StageRecord>>,
    /// The executor's latency by state and stage.
    #[pyo3(get)]
    latency_by_state: Vec<LatencyFigures>,
    /// (epoch, first_seq, last_seq, executed, gated) of each epoch in which an event was processed.
    #[pyo3(get)]
    epochs: Vec<(u64, u64, u64, u64, u64)>,
    /// Events that found no room in ``epochs``.
    #[pyo3(get)]
    epochs_overflow: u64,
    /// The machine's own pauses at the run's moments of arrival.
    #[pyo3(get)]
    floor: LatencyFigures,
    /// Every sample of the floor.
    #[pyo3(get)]
    floor_histogram: Py<LatencyHistogram>,
    /// What the plan's arrivals would have waited on the feed's core and then on the executor's; empty
    /// without a plan, or where one of them had no core to itself.
    #[pyo3(get)]
    floor_path: Py<LatencyHistogram>,
    /// How long the machine was watched, over all cores, in nanoseconds.
    #[pyo3(get)]
    floor_watched_ns: u64,
    /// The longest pause seen, in nanoseconds.
    #[pyo3(get)]
    floor_longest_pause_ns: Option<u64>,
    /// Whether the machine was watched at every moment of arrival, by a thread on a spare core.
    #[pyo3(get)]
    floor_continuous: bool,
    /// (start_ns, length_ns) of the machine's pauses of more than a microsecond, by their start on the run's
    /// clock: before, after and during the run.
    #[pyo3(get)]
    floor_pauses: Vec<(u64, u64)>,
    /// Pauses that found no room to be remembered.
    #[pyo3(get)]
    floor_forgotten: u64,
    /// What the stamps were taken by.
    #[pyo3(get)]
    clock: ClockRecord,
    /// Where the feed ran and how it waited.
    #[pyo3(get)]
    feed_place: StagePlace,
    /// Whether the ring's memory was locked.
    #[pyo3(get)]
    memory_locked: bool,
    /// Bytes of the ring on huge pages; ``None`` where the machine does not say.
    #[pyo3(get)]
    memory_huge_bytes: Option<usize>,
    /// What the machine would not do.
    #[pyo3(get)]
    refused: Vec<String>,
    /// In virtual time.
    acks: Option<AcksDigest>,
}

#[pymethods]
impl EngineRecord {
    /// SHA-256 over the acks as rows of ``ACK_DTYPE`` and then ``tail``, in hexadecimal; ``None`` of a live run,
    /// whose stamps are its own.
    ///
    ///     >>> again = Session(source, mode="virtual").run().record
    ///     >>> again.digest(b"") == record.digest(b"")
    ///     True
    #[pyo3(signature = (tail: "bytes"))]
    fn digest(&self, tail: &[u8]) -> Option<String> {
        self.acks.as_ref().map(|acks| acks.hex(tail))
    }
}

impl EngineRecord {
    /// The record of a run, whose histograms it takes over.
    pub(crate) fn of(py: Python<'_>, mut record: RunRecord, run_clock: RunClock) -> PyResult<Self> {
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
            let place = run_clock.place(reader.place);
            stages.push(Py::new(
                py,
                StageRecord::of(py, reader, &provenance, place)?,
            )?);
        }
        let floor = &record.floor;
        let pauses = floor.pauses_longer_than(0);
        let rows = record.epochs.rows().iter();
        let clock = run_clock.record(record.clock_cost_ns);
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
            floor_histogram: Py::new(py, LatencyHistogram::from(floor.rests().clone()))?,
            floor_path: Py::new(py, LatencyHistogram::from(record.floor_path))?,
            floor_watched_ns: floor.watched_ns,
            floor_longest_pause_ns: floor.longest_pause_ns,
            floor_continuous: floor.continuous,
            floor_pauses: pauses.map(|p| (p.start_ns, p.length_ns)).collect(),
            floor_forgotten: floor.forgotten,
            feed_place: run_clock.place(record.feed_place),
            memory_locked: record.memory.locked,
            memory_huge_bytes: record.memory.huge_bytes,
            refused: (refused.chain(clock.fallback.clone()))
                .chain(run_clock.jump())
                .collect(),
            clock,
            acks: match run_clock {
                RunClock::Machine(_) => None,
                RunClock::Virtual(acks) => Some(acks),
            },
        })
    }
}
