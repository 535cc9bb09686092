//! `Faults`: what can go wrong in a run, on demand.

use pyo3::prelude::*;
use tickpath_core::engine::{FAULT_EVENTS_MAX, Faults as Core, NoSuchStage};
use tickpath_core::sync::Arc;

use crate::args;
use crate::errors;

/// What can go wrong in a run, on demand; made by an engine whose settings have ``faults=True``.
///
/// Any thread may call any method at any time, before the start too; none waits, and each is seen by its stage at
/// its next turn. Asking twice for the same is asking once. What a fault did is in the counters of the feed and the
/// stages. Raises ``ArgumentTypeError``, ``ArgumentValueError`` and ``ArgumentOverflowError`` for what makes no sense.
///
///     >>> from tickpath.config.engine import EngineSettings
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle, EngineSettings(faults=True))
///     >>> engine.start()
///     >>> faults = engine.faults
///     >>> faults.stages
///     ['executor']
#[pyclass(frozen, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct Faults(Arc<Core>);

impl From<&Arc<Core>> for Faults {
    fn from(core: &Arc<Core>) -> Self {
        Self(Arc::clone(core))
    }
}

#[pymethods]
impl Faults {
    /// The names of the reading stages, the executor's first.
    #[getter]
    fn stages(&self) -> Vec<&str> {
        self.0.names().iter().map(String::as_str).collect()
    }

    /// While it is on, events that come due are withheld: lost at the source.
    ///
    ///     >>> faults.feed_outage(True)
    ///     >>> _ = engine.advance(99_000)
    ///     >>> faults.feed_outage(False)
    ///     >>> engine.finish().feed.withheld
    ///     100
    #[pyo3(signature = (on: "bool"))]
    fn feed_outage(&self, py: Python<'_>, on: args::Flag) -> PyResult<()> {
        self.0.feed_outage(on.named(py, "on")?);
        Ok(())
    }

    /// While it is on nothing arrives; when it ends, everything that has become due arrives at once, late.
    ///
    ///     >>> faults.feed_freeze(True)
    ///     >>> _ = engine.advance(99_000)
    ///     >>> engine.snapshot().published
    ///     0
    #[pyo3(signature = (on: "bool"))]
    fn feed_freeze(&self, py: Python<'_>, on: args::Flag) -> PyResult<()> {
        self.0.feed_freeze(on.named(py, "on")?);
        Ok(())
    }

    /// The next ``events`` events that come due are withheld; 0 ends a gap under way.
    ///
    ///     >>> faults.feed_gap(10)
    ///     >>> engine.finish().feed.withheld
    ///     10
    #[pyo3(signature = (events: "int"))]
    fn feed_gap(&self, events: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.feed_gap(count(events, "events of a gap")?);
        Ok(())
    }

    /// The next ``events`` events are due now, ahead of their plan; 0 takes the rest of a burst back.
    ///
    ///     >>> faults.feed_burst(100)
    ///     >>> _ = engine.advance(0)
    ///     >>> engine.snapshot().published
    ///     100
    #[pyo3(signature = (events: "int"))]
    fn feed_burst(&self, events: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.feed_burst(count(events, "events of a burst")?);
        Ok(())
    }

    /// Every event of the number ``every`` comes twice; 0 is off.
    ///
    ///     >>> faults.feed_duplicate(4)
    ///     >>> engine.finish().feed.repeats
    ///     250
    #[pyo3(signature = (every: "int"))]
    fn feed_duplicate(&self, every: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.feed_duplicate(args::unsigned(every, "every")?);
        Ok(())
    }

    /// Every event of the number ``every`` changes place with the one after it; 0 is off.
    ///
    ///     >>> faults.feed_reorder(300)
    ///     >>> engine.finish().feed.reordered
    ///     3
    #[pyo3(signature = (every: "int"))]
    fn feed_reorder(&self, every: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.feed_reorder(args::unsigned(every, "every")?);
        Ok(())
    }

    /// While it is on, the last event comes again at each due time, in place of the new one, which is withheld.
    ///
    ///     >>> _ = engine.advance(9_000)
    ///     >>> faults.feed_stale(True)
    ///     >>> feed = engine.finish().feed
    ///     >>> feed.withheld, feed.repeats
    ///     (990, 990)
    #[pyo3(signature = (on: "bool"))]
    fn feed_stale(&self, py: Python<'_>, on: args::Flag) -> PyResult<()> {
        self.0.feed_stale(on.named(py, "on")?);
        Ok(())
    }

    /// From its next event on, ``stage`` takes ``factor`` times its service time and ``extra_ns`` more, a minute at
    /// most; ``1.0`` and ``0`` are off.
    ///
    ///     >>> faults.stage_slow("executor", factor=1.0, extra_ns=500)
    ///     >>> engine.finish().stages[0].histograms()["published_to_completed"].max_ns
    ///     500
    #[pyo3(signature = (stage: "str", factor: "float", extra_ns: "int"))]
    fn stage_slow(
        &self,
        stage: &Bound<'_, PyAny>,
        factor: &Bound<'_, PyAny>,
        extra_ns: &Bound<'_, PyAny>,
    ) -> PyResult<()> {
        let py = stage.py();
        let factor = args::number(factor, "factor")?;
        if !(factor.is_finite() && factor >= 0.0) {
            let text = format!(
                "factor must be a finite number from 0 on (1.0 is as usual), got {factor:?}"
            );
            return Err(errors::argument_value(py, text));
        }
        let extra_ns = args::unsigned(extra_ns, "extra_ns")?;
        let stage = args::text(stage, "stage")?;
        self.known(py, &stage, self.0.stage_slow(&stage, factor, extra_ns))
    }

    /// While it is on, ``stage`` takes no turn: only a stop ends it then.
    ///
    ///     >>> faults.stage_stall("executor", True)
    ///     >>> _ = engine.advance(99_000)
    ///     >>> engine.snapshot().stages[0].backlog
    ///     100
    #[pyo3(signature = (stage: "str", on: "bool"))]
    fn stage_stall(&self, stage: &Bound<'_, PyAny>, on: args::Flag) -> PyResult<()> {
        let name = args::text(stage, "stage")?;
        let on = on.named(stage.py(), "on")?;
        self.known(stage.py(), &name, self.0.stage_stall(&name, on))
    }

    /// A response: at its next turn ``stage`` goes on from the head. What it could still have read is shed.
    ///
    ///     >>> faults.stage_stall("executor", True)
    ///     >>> _ = engine.advance(99_000)
    ///     >>> faults.stage_skip_to_head("executor")
    ///     >>> faults.stage_stall("executor", False)
    ///     >>> engine.finish().stages[0].ledger.shed
    ///     100
    #[pyo3(signature = (stage: "str"))]
    fn stage_skip_to_head(&self, stage: &Bound<'_, PyAny>) -> PyResult<()> {
        let name = args::text(stage, "stage")?;
        self.known(stage.py(), &name, self.0.stage_skip_to_head(&name))
    }

    /// The clock of the reading stages reads ``offset_ns`` more than it is, or less; 0 is right again. The feed,
    /// which is the outside world, keeps the true time.
    ///
    ///     >>> faults.clock_step(500)
    ///     >>> _ = engine.advance(99_000)
    ///     >>> engine.snapshot().clock_skew_ns
    ///     500
    #[pyo3(signature = (offset_ns: "int"))]
    fn clock_step(&self, offset_ns: &Bound<'_, PyAny>) -> PyResult<()> {
        self.0.clock_step(args::signed(offset_ns, "offset_ns")?);
        Ok(())
    }
}

impl Faults {
    fn known(&self, py: Python<'_>, stage: &str, done: Result<(), NoSuchStage>) -> PyResult<()> {
        done.map_err(|NoSuchStage| {
            let names = self.0.names().join(", ");
            let text = format!("there is no stage {stage:?} in this run: expected one of {names}");
            errors::argument_value(py, text)
        })
    }
}

/// How many events.
fn count(value: &Bound<'_, PyAny>, name: &str) -> PyResult<u64> {
    let events = args::unsigned(value, name)?;
    if events <= FAULT_EVENTS_MAX {
        return Ok(events);
    }
    let text = format!("{name} must be at most {FAULT_EVENTS_MAX}, got {events}");
    Err(errors::argument_value(value.py(), text))
}
