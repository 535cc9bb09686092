//! What a run says while it is under way.

use pyo3::prelude::*;
use tickpath_core::engine::{Ledger, Phase, Snapshot, StageSnapshot};

/// The books of one reading stage: published = executed + gated + read + lost + shed + unread.
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
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug, Clone)]
pub(crate) struct StageState {
    /// Its books.
    ledger: EngineLedger,
    /// The next sequence it expects.
    cursor: u64,
    /// Published events it has not come to.
    backlog: u64,
    /// The epoch of the last gate word it read: nothing of an older one is in flight. ``None`` once it has
    /// ended.
    epoch_seen: Option<u64>,
}

impl From<StageSnapshot> for StageState {
    fn from(stage: StageSnapshot) -> Self {
        Self {
            ledger: stage.ledger.into(),
            cursor: stage.cursor,
            backlog: stage.backlog,
            epoch_seen: (stage.epoch_seen != u64::MAX).then_some(stage.epoch_seen),
        }
    }
}

/// A run as of one moment.
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug, Clone)]
pub(crate) struct EngineSnapshot {
    /// ``"preparing"``, ``"running"`` or ``"finished"``.
    phase: &'static str,
    /// Events published.
    published: u64,
    /// Whether the feed waits to be released.
    held: bool,
    /// The executor, then each consumer in the order of the settings; empty before the start.
    stages: Vec<StageState>,
}

impl EngineSnapshot {
    /// Of a run that was started, or of none.
    pub(crate) fn of(seen: Option<Snapshot>) -> Self {
        let Some(seen) = seen else {
            return Self {
                phase: "preparing",
                published: 0,
                held: false,
                stages: Vec::new(),
            };
        };
        Self {
            phase: match seen.phase {
                Phase::Preparing => "preparing",
                Phase::Running => "running",
                Phase::Finished => "finished",
            },
            published: seen.published,
            held: seen.held,
            stages: seen.stages.into_iter().map(StageState::from).collect(),
        }
    }
}
