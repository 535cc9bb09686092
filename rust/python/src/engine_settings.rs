//! The settings of a run as Python holds them (`tickpath.config.engine`), turned into the core's.

use pyo3::prelude::*;
use tickpath_core::engine::{
    CoreChoice, EngineError, OverrunPolicy, Pace, ReaderSettings, ServiceTime, Settings, Stamping,
    ThreadSettings, Wait,
};
use tickpath_core::os::{MemoryWishes, Priority};

use crate::engine_owner::{raised, unknown};
use crate::errors;

/// Room for epochs in the executor's table.
const EPOCH_ROWS: usize = 4096;

/// `"auto"`, or a number.
#[derive(FromPyObject)]
enum CoreWord {
    Index(usize),
    Word(String),
}

/// `tickpath.config.engine.ThreadSettings`.
#[derive(FromPyObject)]
pub(crate) struct Thread {
    core: Option<CoreWord>,
    wait: String,
    spin_pauses: u32,
    park_ns: u64,
    realtime_priority: Option<u8>,
    nice: Option<i8>,
}

/// `tickpath.config.engine.ServiceTime`.
#[derive(FromPyObject)]
struct Service {
    kind: String,
    ns: f64,
    sigma: f64,
    samples_ns: Vec<u64>,
}

/// `tickpath.config.engine.ConsumerSettings`.
#[derive(FromPyObject)]
pub(crate) struct Consumer {
    name: String,
    after: Vec<String>,
    overrun: String,
    thread: Thread,
    service: Service,
    seed: u64,
    claim_lines: bool,
    latency_limit_ns: Option<u64>,
    load_factor: f64,
}

/// `tickpath.config.engine.EngineSettings`.
#[derive(FromPyObject)]
pub(crate) struct Run {
    pub(crate) pace: String,
    pub(crate) speed: f64,
    pub(crate) rate_hz: Option<f64>,
    pub(crate) max_gap_ns: u64,
    pub(crate) events_max: Option<usize>,
    pub(crate) clock: String,
    feed: Thread,
    executor: Consumer,
    consumers: Vec<Consumer>,
    stamp_per: String,
    ack_capacity: Option<usize>,
    hold_back: bool,
    floor_window_ns: u64,
    touch_memory: bool,
    huge_pages: bool,
    lock_memory: bool,
    faults: bool,
}

/// Refuse what a stage cannot be called, with an ``ArgumentValueError`` that says what it can.
#[pyfunction]
pub(crate) fn check_stage_name(py: Python<'_>, name: &str) -> PyResult<()> {
    let alone = Settings {
        executor: ReaderSettings::named(name),
        ..Settings::default()
    };
    checked(py, &alone)
}

/// Refuse stages that make no sense together (a name taken twice, an unknown one in ``after``, a circle)
/// with an ``ArgumentValueError``. ``settings`` is a ``tickpath.config.engine.EngineSettings``.
#[pyfunction]
#[pyo3(signature = (settings: "tickpath.config.engine.EngineSettings"))]
pub(crate) fn check_stages(settings: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = settings.py();
    checked(py, &Run::of(settings)?.settings(py, None)?)
}

/// The core's own rules.
pub(crate) fn checked(py: Python<'_>, settings: &Settings) -> PyResult<()> {
    let graph = settings.graph().map_err(EngineError::from);
    graph.map(drop).map_err(|e| raised(py, &e))
}

impl Run {
    /// The settings, field by field.
    pub(crate) fn of(settings: &Bound<'_, PyAny>) -> PyResult<Self> {
        settings
            .extract()
            .map_err(|e| errors::argument_type(settings.py(), format!("settings: {e}")))
    }

    /// Whether the clock is the processor's counter, where it can be trusted.
    pub(crate) fn counter(&self, py: Python<'_>) -> PyResult<bool> {
        match self.clock.as_str() {
            "auto" => Ok(true),
            "monotonic" => Ok(false),
            other => Err(unknown(py, "clock", other, "auto or monotonic")),
        }
    }

    /// How the feed is paced.
    pub(crate) fn pace(&self, py: Python<'_>) -> PyResult<Pace> {
        Ok(match self.pace.as_str() {
            "recorded" => Pace::Recorded {
                speed: self.speed,
                max_gap_ns: self.max_gap_ns,
            },
            "constant" => Pace::Constant {
                rate_hz: self.rate_hz.unwrap_or(f64::NAN),
            },
            "max" => Pace::Max,
            other => return Err(unknown(py, "pace", other, "recorded, constant or max")),
        })
    }

    /// Everything that is set about threads, stages and memory.
    pub(crate) fn settings(self, py: Python<'_>, hold_at: Option<usize>) -> PyResult<Settings> {
        let stamping = match self.stamp_per.as_str() {
            "event" => Stamping::PerEvent,
            "batch" => Stamping::PerBatch,
            other => return Err(unknown(py, "stamp_per", other, "event or batch")),
        };
        let consumers = self.consumers.into_iter();
        let settings = Settings {
            feed: self.feed.settings(py)?,
            executor: self.executor.settings(py)?,
            consumers: consumers
                .map(|consumer| consumer.settings(py))
                .collect::<PyResult<_>>()?,
            stamping,
            ack_slots: self.ack_capacity,
            hold_back: self.hold_back,
            floor_window_ns: self.floor_window_ns,
            hold_at,
            epoch_rows: EPOCH_ROWS,
            memory: MemoryWishes {
                touch: self.touch_memory,
                huge_pages: self.huge_pages,
                lock: self.lock_memory,
            },
            faults: None,
        };
        Ok(if self.faults {
            settings.with_faults()
        } else {
            settings
        })
    }
}

impl Thread {
    fn settings(self, py: Python<'_>) -> PyResult<ThreadSettings> {
        let core = match self.core {
            None => CoreChoice::Unpinned,
            Some(CoreWord::Index(core)) => CoreChoice::Core(core),
            Some(CoreWord::Word(word)) if word == "auto" => CoreChoice::Auto,
            Some(CoreWord::Word(word)) => {
                return Err(unknown(py, "core", &word, "\"auto\", a number or None"));
            }
        };
        let wait = match self.wait.as_str() {
            "auto" => None,
            "spin" => Some(Wait::Spin {
                pauses: self.spin_pauses,
            }),
            "yield" => Some(Wait::Yield),
            "park" => Some(Wait::Park {
                sleep_ns: self.park_ns,
            }),
            other => return Err(unknown(py, "wait", other, "auto, spin, yield or park")),
        };
        let realtime = self.realtime_priority.map(Priority::Realtime);
        Ok(ThreadSettings {
            core,
            wait,
            priority: realtime.or_else(|| self.nice.map(Priority::Nice)),
        })
    }
}

impl Consumer {
    pub(crate) fn settings(self, py: Python<'_>) -> PyResult<ReaderSettings> {
        let policy = OverrunPolicy::ALL
            .into_iter()
            .find(|policy| policy.name() == self.overrun)
            .ok_or_else(|| {
                let words = "raise, oldest, head or detach";
                unknown(py, "overrun", &self.overrun, words)
            })?;
        Ok(ReaderSettings {
            name: self.name,
            after: self.after,
            policy,
            thread: self.thread.settings(py)?,
            service: self.service.time(py)?,
            seed: self.seed,
            claim_lines: self.claim_lines,
            latency_limit_ns: self.latency_limit_ns,
            load_factor: self.load_factor,
        })
    }
}

impl Service {
    /// The core checks the numbers.
    fn time(self, py: Python<'_>) -> PyResult<ServiceTime> {
        Ok(match self.kind.as_str() {
            "none" => ServiceTime::None,
            "constant" => ServiceTime::Constant(self.ns as u64),
            "exponential" => ServiceTime::Exponential { mean_ns: self.ns },
            "lognormal" => ServiceTime::Lognormal {
                median_ns: self.ns,
                sigma: self.sigma,
            },
            "empirical" => ServiceTime::Empirical(self.samples_ns.into()),
            other => {
                let words = "none, constant, exponential, lognormal or empirical";
                return Err(unknown(py, "a service time's kind", other, words));
            }
        })
    }
}
