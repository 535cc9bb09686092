//! `AckWindow`: what the acks since the last look come to.
//!
//! Off the hot path; a look holds the interpreter's lock for some nanoseconds an ack and allocates nothing.

use pyo3::prelude::*;
use tickpath_core::bus::Start;
use tickpath_core::engine::{AckWindow as Core, AckWindowFigures as Figures};

use crate::ack_reader::AckReader;
use crate::memory::GilCell;

/// A reader of a run's acks that keeps nothing of them but counts and latencies since it was last asked.
///
/// The executor never waits for it: acks that were overwritten before it read them are counted as
/// ``dropped``. Each has a place of its own.
///
///     >>> from tickpath.config.engine import EngineSettings
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
///     >>> engine.start()
///     >>> window = engine.ack_window()
///     >>> _ = engine.advance(600_000)
///     >>> window.take().count
///     601
#[pyclass(frozen, module = "tickpath.core.engine")]
pub(crate) struct AckWindow {
    window: GilCell<Core>,
}

#[pymethods]
impl AckWindow {
    /// A window over the acks that ``acks`` reads, from the oldest that is there, whatever it has read;
    /// ``shared_stamps`` says that one stamp was taken for several events, so that no service time is known.
    #[new]
    #[pyo3(signature = (acks, *, shared_stamps = false))]
    fn new(acks: &Bound<'_, AckReader>, shared_stamps: bool) -> PyResult<Self> {
        let py = acks.py();
        let (reader, stamping) = acks.get().another(py, Start::Oldest, shared_stamps)?;
        Ok(Self {
            window: GilCell::new(Core::new(reader, stamping)),
        })
    }

    /// The figures of the acks since the last call, or since this was made; the next window begins.
    ///
    /// Ends with what was there when it was called, however fast the executor is.
    ///
    ///     >>> _ = engine.finish()
    ///     >>> window.take().count
    ///     399
    fn take(&self, py: Python<'_>) -> AckWindowFigures {
        self.window.with(py, Core::take).into()
    }
}

/// What an ``AckWindow`` held; a percentile is ``None`` (unknown) with fewer than ten acks beyond it.
///
///     >>> from tickpath.config.engine import EngineSettings
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle, EngineSettings(ack_capacity=1_024))
///     >>> engine.start()
///     >>> window = engine.ack_window()
///     >>> _ = engine.finish()
///     >>> window.take().p50_ns is not None
///     True
#[pyclass(frozen, get_all, eq, module = "tickpath.core.engine")]
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AckWindowFigures {
    /// Acks that were read.
    count: u64,
    /// Those among them of events that were executed.
    executed: u64,
    /// The median from publication to completion, in nanoseconds, to three significant digits.
    p50_ns: Option<u64>,
    /// From publication to completion, in nanoseconds.
    p99_ns: Option<u64>,
    /// The longest from publication to completion, in nanoseconds, exact; ``None`` without acks.
    max_ns: Option<u64>,
    /// The median from decision to completion, in nanoseconds; ``None`` where stamps are shared
    /// (``stamp_per="batch"``), too.
    service_p50_ns: Option<u64>,
    /// Its 99th percentile.
    service_p99_ns: Option<u64>,
    /// The median from publication to decision, in nanoseconds: how long events lay in the ring; ``None`` as for
    /// ``service_p50_ns``.
    in_ring_p50_ns: Option<u64>,
    /// Its 99th percentile.
    in_ring_p99_ns: Option<u64>,
    /// The median of how late the feed published, in nanoseconds; ``None`` without a plan, too.
    late_p50_ns: Option<u64>,
    /// Its 99th percentile.
    late_p99_ns: Option<u64>,
    /// Acks that were overwritten before they were read.
    dropped: u64,
}

impl From<Figures> for AckWindowFigures {
    fn from(figures: Figures) -> Self {
        let Figures {
            count,
            executed,
            p50_ns,
            p99_ns,
            max_ns,
            service_p50_ns,
            service_p99_ns,
            in_ring_p50_ns,
            in_ring_p99_ns,
            late_p50_ns,
            late_p99_ns,
            dropped,
        } = figures;
        Self {
            count,
            executed,
            p50_ns,
            p99_ns,
            max_ns,
            service_p50_ns,
            service_p99_ns,
            in_ring_p50_ns,
            in_ring_p99_ns,
            late_p50_ns,
            late_p99_ns,
            dropped,
        }
    }
}

#[pymethods]
impl AckWindowFigures {
    fn __repr__(&self) -> String {
        let known = |ns: Option<u64>| ns.map_or_else(|| "None".to_owned(), |ns| ns.to_string());
        format!(
            "AckWindowFigures(count={}, executed={}, p50_ns={}, p99_ns={}, max_ns={}, service_p50_ns={}, \
             dropped={})",
            self.count,
            self.executed,
            known(self.p50_ns),
            known(self.p99_ns),
            known(self.max_ns),
            known(self.service_p50_ns),
            self.dropped
        )
    }
}
