//! What a reading stage of a run left behind, its histograms among it.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use tickpath_core::engine::{Place, ReaderRecord, Stage, Wait};
use tickpath_core::metrics::{self as core, Provenance};

use crate::engine_snapshot::EngineLedger;
use crate::histogram::LatencyHistogram;
use crate::latency_figures::LatencyFigures;

/// Where a stage ran and how it waited.
///
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle)
///     >>> engine.start()
///     >>> engine.finish().stages[0].place.wait
///     'virtual'
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug, Clone)]
pub(crate) struct StagePlace {
    /// Its core; ``None`` if it was not pinned.
    core: Option<usize>,
    /// ``"spin"``, ``"yield"`` or ``"park"``; ``"virtual"`` where nobody waits.
    wait: &'static str,
    /// PAUSE instructions between two looks of one that spins.
    spin_pauses: Option<u32>,
    /// Whether it had its core to itself.
    alone: bool,
}

impl StagePlace {
    /// Of a stage that had no thread.
    pub(crate) const NOWHERE: Self = Self {
        core: None,
        wait: "virtual",
        spin_pauses: None,
        alone: false,
    };
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
///
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle)
///     >>> engine.start()
///     >>> stage = engine.finish().stages[0]
///     >>> stage.name
///     'executor'
#[pyclass(frozen, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct StageRecord {
    /// Its name.
    #[pyo3(get)]
    name: String,
    /// Its books.
    #[pyo3(get)]
    ledger: EngineLedger,
    /// Latency by stage, over all states.
    #[pyo3(get)]
    latency: Vec<LatencyFigures>,
    /// What it did about overruns: ``"raise"``, ``"oldest"``, ``"head"`` or ``"detach"``.
    #[pyo3(get)]
    overrun: &'static str,
    /// The sequence it expected, and how many events were gone, when it read no further; ``None`` if it read
    /// to the end.
    #[pyo3(get)]
    ended_by: Option<(u64, u64)>,
    /// Events whose latency from publication to completion was above its limit; ``None`` if none was set.
    #[pyo3(get)]
    over_limit: Option<u64>,
    /// (at_ns, skipped) of the first overruns: when it found that it had been overrun, on the run's clock, and
    /// how many events were behind it by that.
    #[pyo3(get)]
    overruns: Vec<(u64, u64)>,
    /// Overruns that found no room in ``overruns``.
    #[pyo3(get)]
    overruns_forgotten: u64,
    /// Where it ran and how it waited.
    #[pyo3(get)]
    place: StagePlace,
    /// Over all states, by stage.
    overall: Vec<(&'static str, Py<LatencyHistogram>)>,
    /// The executor's, by state and stage; only states in which an event was processed.
    by_state: Vec<(u8, &'static str, Py<LatencyHistogram>)>,
}

#[pymethods]
impl StageRecord {
    /// What was recorded, by stage: over all states, or in the one with the code ``state``.
    ///
    /// The histograms themselves and no copies. Those of the ``intended_*`` stages are by plan and cannot be
    /// corrected; without a plan they are empty. A plain consumer does not tell states apart: for a state, or for
    /// one in which no event was processed, there is none.
    ///
    ///     >>> stage.histograms(State.READY)["published_to_completed"].count
    ///     1000
    #[pyo3(signature = (state: "int | None" = None) -> "dict[str, LatencyHistogram]")]
    fn histograms<'py>(&self, py: Python<'py>, state: Option<u8>) -> PyResult<Bound<'py, PyDict>> {
        let found = PyDict::new(py);
        match state {
            None => {
                for (stage, histogram) in &self.overall {
                    found.set_item(stage, histogram)?;
                }
            }
            Some(state) => {
                for (_, stage, histogram) in self.by_state.iter().filter(|h| h.0 == state) {
                    found.set_item(stage, histogram)?;
                }
            }
        }
        Ok(found)
    }
}

impl StageRecord {
    /// The record of `reader`, whose histograms it takes over.
    pub(crate) fn of(
        py: Python<'_>,
        reader: ReaderRecord,
        provenance: &Provenance,
        place: StagePlace,
    ) -> PyResult<Self> {
        // A plain consumer's only part is the whole already.
        let parts = reader.latency.len();
        let sums = (parts > 1).then(|| reader.latency_overall());
        let mut by_state = Vec::new();
        let mut overall = sums.into_iter().collect::<Vec<_>>();
        for (state, histograms) in reader.latency.into_iter().enumerate() {
            if parts == 1 {
                overall.push(histograms);
            } else if !histograms.iter().all(core::LatencyHistogram::is_empty) {
                by_state.push((state as u8, histograms));
            }
        }
        let mut of_states = Vec::new();
        for (state, histograms) in by_state {
            let shared = shared(py, histograms)?.into_iter();
            of_states.extend(shared.map(|(stage, histogram)| (state, stage, histogram)));
        }
        let figures = overall
            .iter()
            .flat_map(|histograms| LatencyFigures::of_stages(None, histograms, provenance));
        Ok(Self {
            latency: figures.collect(),
            name: reader.name,
            ledger: reader.ledger.into(),
            overrun: reader.policy.name(),
            ended_by: reader.ended_by.map(|o| (o.requested, o.lost())),
            over_limit: reader.over_limit,
            overruns: (reader.overruns.moments().iter())
                .map(|moment| (moment.at_ns, moment.skipped))
                .collect(),
            overruns_forgotten: reader.overruns.forgotten(),
            place,
            overall: shared(py, overall.into_iter().flatten())?,
            by_state: of_states,
        })
    }
}

/// Histograms of one part, in the order of the stages, as Python's.
fn shared(
    py: Python<'_>,
    histograms: impl IntoIterator<Item = core::LatencyHistogram>,
) -> PyResult<Vec<(&'static str, Py<LatencyHistogram>)>> {
    (Stage::ALL.into_iter().zip(histograms))
        .map(|(stage, histogram)| {
            Ok((
                stage.name(),
                Py::new(py, LatencyHistogram::from(histogram))?,
            ))
        })
        .collect()
}
