//! What a stage left behind: where it ran, its books, its latencies.

use pyo3::prelude::*;
use tickpath_core::engine::{Place, ReaderRecord, Stage, StageHistograms, Wait};
use tickpath_core::metrics::Figures;
use tickpath_core::sync::Arc;

use crate::engine_owner::unknown;
use crate::engine_record::LatencyFigures;
use crate::engine_snapshot::EngineLedger;
use crate::histogram::LatencyHistogram;

/// Where a stage ran and how it waited.
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug, Clone)]
pub(crate) struct StagePlace {
    /// Its core; ``None`` if it was not pinned.
    core: Option<usize>,
    /// ``"spin"``, ``"yield"`` or ``"park"``.
    wait: &'static str,
    /// PAUSE instructions between two looks of one that spins.
    spin_pauses: Option<u32>,
    /// Whether it had its core to itself.
    alone: bool,
}

impl From<Place> for StagePlace {
    fn from(place: Place) -> Self {
        Self {
            core: place.core,
            wait: place.wait.name(),
            spin_pauses: match place.wait {
                Wait::Spin { pauses } => Some(pauses),
                Wait::Yield | Wait::Park { .. } => None,
            },
            alone: place.alone,
        }
    }
}

/// What a reading stage left behind: the executor, or a plain consumer.
#[pyclass(frozen, module = "tickpath._native")]
#[derive(Debug, Clone)]
pub(crate) struct StageRecord {
    #[pyo3(get)]
    /// Its name.
    name: String,
    #[pyo3(get)]
    /// Its books.
    ledger: EngineLedger,
    #[pyo3(get)]
    /// Latency by stage, over all states.
    latency: Vec<LatencyFigures>,
    histograms: Arc<StageHistograms>,
    #[pyo3(get)]
    /// What it did about overruns: ``"raise"``, ``"oldest"``, ``"head"`` or ``"detach"``.
    overrun: &'static str,
    #[pyo3(get)]
    /// The sequence it expected, and how many events were gone, when it read no further; ``None`` if it read
    /// to the end.
    ended_by: Option<(u64, u64)>,
    #[pyo3(get)]
    /// Where it ran and how it waited.
    place: StagePlace,
}

impl StageRecord {
    pub(crate) fn of(reader: &ReaderRecord, floor: &Figures) -> Self {
        let histograms = Arc::new(reader.latency_overall());
        Self {
            name: reader.name.clone(),
            ledger: reader.ledger.into(),
            latency: LatencyFigures::of_stages(None, &histograms, floor),
            histograms,
            overrun: reader.policy.name(),
            ended_by: reader.ended_by.map(|o| (o.requested, o.lost())),
            place: reader.place.into(),
        }
    }
}

#[pymethods]
impl StageRecord {
    /// What was counted of a stage of the way, such as ``"published_to_completed"``, over all states.
    ///
    /// Raises ``ArgumentValueError`` for a stage that there is none of.
    fn histogram(&self, py: Python<'_>, stage: &str) -> PyResult<LatencyHistogram> {
        let named = Stage::ALL.into_iter().find(|one| one.name() == stage);
        let Some(named) = named else {
            let names = Stage::ALL.map(Stage::name).join(", ");
            return Err(unknown(py, "stage", stage, &names));
        };
        Ok(self.histograms[named as usize].clone().into())
    }
}
