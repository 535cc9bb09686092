//! What a run says while it is under way.

use pyo3::prelude::*;
use tickpath_core::engine::{Ledger, Phase, Snapshot, StageSnapshot};

use crate::engine_feed::FeedCounters;

/// The books of one reading stage: published = executed + gated + read + lost + shed + unread.
///
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle)
///     >>> engine.start()
///     >>> ledger = engine.finish().stages[0].ledger
///     >>> ledger.published, ledger.executed, ledger.balanced
///     (1000, 1000, True)
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug, Clone)]
pub(crate) struct EngineLedger {
    /// Events published; counted by the feed.
    published: u64,
    /// Events executed.
    executed: u64,
    /// Events processed and not executed, by state code.
    gated: [u64; 4],
    /// Events read by a plain consumer, which executes and gates none.
    read: u64,
    /// Events overwritten before they were read.
    lost: u64,
    /// Events that could be read, and were skipped on purpose.
    shed: u64,
    /// Events left at stop; counted by reading them.
    unread: u64,
    /// Whether every published event is accounted for, once. In a run under way what is still in the ring
    /// is not.
    balanced: bool,
}

impl From<Ledger> for EngineLedger {
    fn from(ledger: Ledger) -> Self {
        Self {
            published: ledger.published,
            executed: ledger.executed,
            gated: ledger.gated,
            read: ledger.read,
            lost: ledger.lost,
            shed: ledger.shed,
            unread: ledger.unread,
            balanced: ledger.is_balanced(),
        }
    }
}

/// A reading stage as of one moment.
///
/// Made once for a snapshot: an attribute costs no copy of anything.
///
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle)
///     >>> engine.start()
///     >>> _ = engine.advance(10_000)
///     >>> engine.snapshot().stages[0].executed
///     11
#[pyclass(frozen, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct StageState(StageSnapshot);

#[pymethods]
impl StageState {
    /// Its books.
    #[getter]
    fn ledger(&self) -> EngineLedger {
        self.0.ledger.into()
    }

    /// Events it has processed: executed, gated or read.
    #[getter]
    fn processed(&self) -> u64 {
        let ledger = &self.0.ledger;
        ledger.executed + ledger.gated_total() + ledger.read
    }

    /// Events executed.
    #[getter]
    const fn executed(&self) -> u64 {
        self.0.ledger.executed
    }

    /// Events overwritten before they were read.
    #[getter]
    const fn lost(&self) -> u64 {
        self.0.ledger.lost
    }

    /// Events that could be read, and were skipped on purpose.
    #[getter]
    const fn shed(&self) -> u64 {
        self.0.ledger.shed
    }

    /// The next sequence it expects.
    #[getter]
    const fn cursor(&self) -> u64 {
        self.0.cursor
    }

    /// Published events it has not come to.
    #[getter]
    const fn backlog(&self) -> u64 {
        self.0.backlog
    }

    /// Events whose latency from publication to completion was above the stage's limit; ``None`` if none was set,
    /// or before its first turn.
    #[getter]
    const fn over_limit(&self) -> Option<u64> {
        self.0.over_limit
    }

    /// The epoch of the last gate word it read: nothing of an older one is in flight. ``None`` once it has
    /// ended.
    #[getter]
    fn epoch_seen(&self) -> Option<u64> {
        (self.0.epoch_seen != u64::MAX).then_some(self.0.epoch_seen)
    }
}

/// A run as of one moment.
///
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle)
///     >>> engine.start()
///     >>> _ = engine.advance(10_000)
///     >>> engine.snapshot().published
///     11
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct EngineSnapshot {
    /// ``"preparing"``, ``"running"`` or ``"finished"``.
    phase: &'static str,
    /// The longest pause of the machine that the stages' threads saw before the run, in nanoseconds, 0 for none;
    /// ``None`` if nobody has watched: in virtual time, without a floor, before the start.
    pause_ns_max: Option<u64>,
    /// When the feed began, on the timeline of ``time.perf_counter_ns``; ``None`` before.
    begin_ns: Option<u64>,
    /// How much more the clock of the reading stages reads than the control side's, in nanoseconds; ``None`` before
    /// the start.
    clock_skew_ns: Option<i64>,
    /// Events published.
    published: u64,
    /// Whether the feed waits to be released.
    held: bool,
    /// The feed.
    feed: Py<FeedCounters>,
    /// The executor, then each consumer in the order of the settings; empty before the start.
    stages: Vec<Py<StageState>>,
}

impl EngineSnapshot {
    /// Of a run that was started, or of none.
    pub(crate) fn of(
        py: Python<'_>,
        seen: Option<Snapshot>,
        clock_skew_ns: Option<i64>,
    ) -> PyResult<Self> {
        let feed = seen.as_ref().map(|seen| &seen.feed);
        let (published, held) = feed.map_or((0, false), |feed| (feed.published, feed.held));
        let feed = Py::new(py, FeedCounters::of(feed))?;
        let phase = match seen.as_ref().map(|seen| seen.phase) {
            None | Some(Phase::Preparing) => "preparing",
            Some(Phase::Running) => "running",
            Some(Phase::Finished) => "finished",
        };
        let pause_ns_max = seen.as_ref().and_then(|seen| seen.pause_ns_max);
        let begin_ns = seen.as_ref().and_then(|seen| seen.begin_ns);
        let stages = seen.into_iter().flat_map(|seen| seen.stages);
        Ok(Self {
            phase,
            pause_ns_max,
            begin_ns,
            clock_skew_ns,
            published,
            held,
            feed,
            stages: stages
                .map(|stage| Py::new(py, StageState(stage)))
                .collect::<PyResult<_>>()?,
        })
    }
}
