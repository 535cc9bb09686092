//! `FeedPlan` and `Sizing`: what a feed does to one executor, computed and not run.

use pyo3::prelude::*;
use tickpath_core::engine::{
    OverrunPolicy, Plan, ReaderSettings, Sampled, Sizing as Core, Slots, Stage,
};
use tickpath_core::ingest::Progress;

use crate::engine_life::planned;
use crate::engine_settings::{Consumer, Run};
use crate::ingest::Events;
use crate::ingest_load::Watch;
use crate::latency_figures::LatencyFigures;
use crate::{args, errors};

/// When each event of a feed is due: the plan that an engine with the same settings follows.
///
///     >>> from tickpath.config.engine import EngineSettings
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> plan = FeedPlan(source.native, EngineSettings())
///     >>> plan.length_ns
///     999000
#[pyclass(frozen, module = "tickpath.core.engine")]
pub(crate) struct FeedPlan(Plan);

#[pymethods]
impl FeedPlan {
    /// The plan of ``events`` at the pace of ``settings`` (a ``tickpath.config.engine.EngineSettings``).
    ///
    /// Raises ``ArgumentTypeError`` and ``ArgumentValueError``, also for the pace ``max``, which has no plan, and
    /// ``MemoryError``.
    #[new]
    #[pyo3(signature = (events, settings: "tickpath.config.engine.EngineSettings"))]
    fn new(
        py: Python<'_>,
        events: &Bound<'_, Events>,
        settings: &Bound<'_, PyAny>,
    ) -> PyResult<Self> {
        let plan = planned(py, &events.get().shared(), &Run::of(settings)?)?;
        if plan.offsets_ns().is_none() {
            let text =
                "the pace \"max\" has no plan, so that there is nothing to compute: give another";
            return Err(errors::argument_value(py, text.to_owned()));
        }
        Ok(Self(plan))
    }

    /// Events the feed publishes.
    #[getter]
    const fn events(&self) -> usize {
        self.0.len()
    }

    /// When the last event is due, in nanoseconds after the start of the feed.
    #[getter]
    fn length_ns(&self) -> u64 {
        self.offsets_ns().last().copied().unwrap_or(0)
    }

    /// Idle gaps of the recording that the plan cuts short.
    #[getter]
    const fn gaps_capped(&self) -> u64 {
        self.0.gaps_capped()
    }

    /// Idle time the plan leaves out, in nanoseconds of the run.
    #[getter]
    const fn left_out_ns(&self) -> u64 {
        self.0.left_out_ns()
    }

    /// What becomes of the feed if ``executor`` (a ``tickpath.config.engine.ConsumerSettings``) reads it alone, with
    /// its service time, drawn from its seed: in one pass, with the rules of a run in virtual time.
    ///
    /// Nothing is overwritten without ``capacity``, the slots of the ring; with it ``executor.overrun`` says where the
    /// executor goes on, and must be ``oldest`` or ``head``. ``progress`` is called as a loader's: with events done,
    /// events in all, and events done again; what it raises ends the work, and so does a signal.
    ///
    /// Raises ``ArgumentTypeError`` and ``ArgumentValueError``.
    ///
    ///     >>> from tickpath.config.engine import ConsumerSettings, ServiceTime
    ///     >>> stage = ConsumerSettings(name="executor", service=ServiceTime.constant(2_000), overrun="oldest")
    ///     >>> plan.size(stage).backlog
    ///     500
    ///     >>> plan.size(stage, capacity=500).lost, plan.size(stage, capacity=499).lost
    ///     (0, 1)
    #[pyo3(signature = (
        executor: "tickpath.config.engine.ConsumerSettings", *,
        capacity: "int | None" = None,
        progress: "collections.abc.Callable[[int, int, int], object] | None" = None
    ))]
    fn size(
        &self,
        executor: &Bound<'_, PyAny>,
        capacity: Option<Bound<'_, PyAny>>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Sizing> {
        let py = executor.py();
        let settings = executor
            .extract::<Consumer>()
            .map_err(|e| errors::argument_type(py, format!("executor: {e}")))?
            .settings(py)?;
        if settings.load_factor > 0.0 {
            let text = format!(
                "load_factor must be 0 where a feed is sized, got {}: how full a ring is is not known before \
                 its size is; run it in virtual time",
                settings.load_factor
            );
            return Err(errors::argument_value(py, text));
        }
        let slots = match capacity {
            Some(capacity) => Some(slots(py, args::capacity(&capacity)?, settings.policy)?),
            None => None,
        };
        self.sized(py, settings, slots, progress)
    }
}

impl FeedPlan {
    fn offsets_ns(&self) -> &[u64] {
        self.0.offsets_ns().unwrap_or(&[])
    }

    fn sized(
        &self,
        py: Python<'_>,
        executor: ReaderSettings,
        slots: Option<Slots>,
        progress: Option<Py<PyAny>>,
    ) -> PyResult<Sizing> {
        let offsets_ns = self.offsets_ns();
        let service = Sampled::new(executor.service, executor.seed);
        let mut watch = Watch::new(progress);
        let sized = py.detach(|| {
            Core::of(offsets_ns, service, slots, |done| {
                watch.see(Progress {
                    bytes_done: done,
                    bytes_total: offsets_ns.len() as u64,
                    events: done,
                })
            })
        });
        watch.check()?;
        sized
            .map(Sizing::from)
            .ok_or_else(|| errors::engine_failed(py, "sizing ended before it was done".to_owned()))
    }
}

/// Where a reader goes on that is overrun in a ring of so many slots.
fn slots(py: Python<'_>, capacity: usize, policy: OverrunPolicy) -> PyResult<Slots> {
    let to_head = match policy {
        OverrunPolicy::Oldest => false,
        OverrunPolicy::Head => true,
        OverrunPolicy::Raise | OverrunPolicy::Detach => {
            let text = format!(
                "overrun must be oldest or head where losses are foretold, got {}: it reads no further",
                policy.name()
            );
            return Err(errors::argument_value(py, text));
        }
    };
    Ok(Slots {
        capacity: capacity as u64,
        to_head,
    })
}

/// What becomes of a feed; times in nanoseconds after its start.
///
///     >>> from tickpath.config.engine import ConsumerSettings, EngineSettings, ServiceTime
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> stage = ConsumerSettings(name="executor", service=ServiceTime.constant(2_000))
///     >>> FeedPlan(source.native, EngineSettings()).size(stage).backlog
///     500
#[pyclass(frozen, get_all, module = "tickpath.core.engine")]
#[derive(Debug)]
pub(crate) struct Sizing {
    /// Events of the feed.
    published: u64,
    /// Those that were worked on.
    read: u64,
    /// Those that were overwritten before they were read.
    lost: u64,
    /// Those that could still be read and were skipped in a recovery.
    shed: u64,
    /// How often the executor was overrun.
    overruns: u64,
    /// Index of the first event that was not read; ``None`` if all were.
    first_missed: Option<u64>,
    /// The most events that were ever published and not yet read: slots with which nothing is lost.
    backlog: u64,
    /// Index of the event whose publication first made it so many; ``None`` without events.
    backlog_event: Option<u64>,
    /// When that was; ``None`` without events.
    backlog_at_ns: Option<u64>,
    /// From publication to completion.
    latency: LatencyFigures,
    /// The service times together.
    busy_ns: u64,
    /// When the first event was published.
    begin_ns: u64,
    /// When the last event that was read was completed.
    end_ns: u64,
}

impl From<Core> for Sizing {
    fn from(sizing: Core) -> Self {
        let figures = sizing.to_completed.figures();
        let missed = sizing.lost + sizing.shed;
        let backlog = (sizing.published > 0).then_some(sizing.backlog);
        Self {
            published: sizing.published,
            read: sizing.read,
            lost: sizing.lost,
            shed: sizing.shed,
            overruns: sizing.overruns,
            first_missed: sizing.first_missed,
            backlog: sizing.backlog.events,
            backlog_event: backlog.map(|backlog| backlog.event),
            backlog_at_ns: backlog.map(|backlog| backlog.at_ns),
            latency: LatencyFigures::computed(Stage::PublishedToCompleted, &figures, missed),
            busy_ns: sizing.busy_ns,
            begin_ns: sizing.begin_ns,
            end_ns: sizing.end_ns,
        }
    }
}
