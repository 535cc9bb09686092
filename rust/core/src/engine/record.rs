//! What a live run leaves behind.

use crate::metrics::{EpochTable, LatencyHistogram};
use crate::os::Refusal;
use crate::state::StateCode;

use super::{Floor, Ledger, StageHistograms};

/// The outcome of a run whose threads have ended.
#[derive(Debug)]
pub struct RunRecord {
    /// Whether the run was stopped before the feed was done.
    pub stopped: bool,
    /// From the start of the feed to the end of the executor, in nanoseconds; `None` if the run was
    /// stopped before the feed had started.
    pub wall_ns: Option<u64>,
    /// The books.
    pub ledger: Ledger,
    /// Whether events carried an intended stamp.
    pub planned: bool,
    /// Latency by state code and stage.
    pub latency: Box<[StageHistograms; StateCode::ALL.len()]>,
    /// What was executed under which epoch.
    pub epochs: EpochTable,
    /// The machine's own pauses.
    pub floor: Floor,
    /// The cost of one stamp, in nanoseconds.
    pub clock_cost_ns: u64,
    /// The cores of feed and executor; `None` for one that was not pinned.
    pub cores: [Option<usize>; 2],
    /// How the stages waited.
    pub wait: &'static str,
    /// What the machine would not do.
    pub refused: Vec<Refusal>,
}

impl RunRecord {
    /// Latency by stage over all states.
    pub fn latency_overall(&self) -> StageHistograms {
        core::array::from_fn(|stage| {
            let mut sum = LatencyHistogram::new();
            for by_stage in &*self.latency {
                sum.add(&by_stage[stage]);
            }
            sum
        })
    }
}
