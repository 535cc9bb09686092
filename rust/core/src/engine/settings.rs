//! What can be set about a run, and what makes no sense.

use core::fmt;

use crate::os::{MemoryWishes, Priority};
use crate::sync::Arc;

use super::{Faults, OverrunPolicy, ServiceTime, Wait};

/// The name of the executor among the reading stages.
pub const EXECUTOR: &str = "executor";

/// How many times longer, beside once, the service of a full ring may take.
pub const LOAD_FACTOR_MAX: f64 = 1_000.0;

/// Where a stage's thread runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum CoreChoice {
    /// On a core of its own where there is one; no consumer ever shares the feed's.
    #[default]
    Auto,
    /// On this one.
    Core(usize),
    /// Wherever the operating system likes.
    Unpinned,
}

/// How a stage gets its thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ThreadSettings {
    /// Where it runs.
    pub core: CoreChoice,
    /// How it waits; `None` is by spinning where it has a core of its own, else by what disturbs the
    /// others least.
    pub wait: Option<Wait>,
    /// Before which others; `None` is like any thread.
    pub priority: Option<Priority>,
}

/// A reading stage: the executor, or a plain consumer.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ReaderSettings {
    /// Its name: in `after` of others, in reports, and of its thread.
    pub name: String,
    /// The stages that must have come to an event before this one may.
    pub after: Vec<String>,
    /// What it does when it was overrun.
    pub policy: OverrunPolicy,
    /// Its thread.
    pub thread: ThreadSettings,
    /// How long it works on an event.
    pub service: ServiceTime,
    /// Where the draws of its service time begin.
    pub seed: u64,
    /// Whether it takes lines over as it reads ([`crate::bus::EventReader::claiming`]): for the executor
    /// of a ring that nobody else reads, at full speed.
    pub claim_lines: bool,
    /// Events whose latency from publication to completion is above this are counted; `None` for no limit.
    pub latency_limit_ns: Option<u64>,
    /// How much longer it works on an event while the ring is full: see [`super::Load`]. 0 is off.
    pub load_factor: f64,
}

impl ReaderSettings {
    /// A stage of this name with nothing set.
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }
}

/// What one stamp is taken for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Stamping {
    /// Two stamps for each event in the executor, one in the feed.
    #[default]
    PerEvent,
    /// One stamp for up to 64 events in the executor, and one in the feed: what lies between reading
    /// and completing an event is not known then.
    PerBatch,
}

impl Stamping {
    /// The name in settings and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PerEvent => "event",
            Self::PerBatch => "batch",
        }
    }
}

/// What can be set about a live run.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The feed's thread.
    pub feed: ThreadSettings,
    /// The executor; its name is [`EXECUTOR`].
    pub executor: ReaderSettings,
    /// The plain consumers.
    pub consumers: Vec<ReaderSettings>,
    /// What one stamp is taken for.
    pub stamping: Stamping,
    /// Slots of the ack ring; `None` for no ack ring.
    pub ack_slots: Option<usize>,
    /// Holds the feed to three quarters of the ring: for measuring, see [`super::HeldBack`].
    pub hold_back: bool,
    /// How long the machine is watched before the run, and again after it, in nanoseconds.
    pub floor_window_ns: u64,
    /// The feed stops before the event of this index until [`super::LiveEngine::release`].
    pub hold_at: Option<usize>,
    /// Epochs the executor has room for.
    pub epoch_rows: usize,
    /// What is wished for the memory of ring and ack ring.
    pub memory: MemoryWishes,
    /// What can go wrong on demand: see [`Self::with_faults`]. `None` leaves nothing of it in the stages.
    pub faults: Option<Arc<Faults>>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            feed: ThreadSettings::default(),
            executor: ReaderSettings::named(EXECUTOR),
            consumers: Vec::new(),
            stamping: Stamping::PerEvent,
            ack_slots: None,
            hold_back: false,
            floor_window_ns: 100_000_000,
            hold_at: None,
            epoch_rows: 4_096,
            memory: MemoryWishes::default(),
            faults: None,
        }
    }
}

/// Settings that make no sense together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError(pub(super) String);

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl core::error::Error for SettingsError {}

impl Settings {
    /// The executor, then the consumers: the order of every list of reading stages.
    pub fn readers(&self) -> impl Iterator<Item = &ReaderSettings> {
        core::iter::once(&self.executor).chain(&self.consumers)
    }

    /// What excludes each other in the executor, and in a run with faults.
    fn check_executor(&self) -> Result<(), SettingsError> {
        let shares_stamps = self.stamping == Stamping::PerBatch;
        let wrong = if self.executor.claim_lines && self.executor.latency_limit_ns.is_some() {
            "an executor that takes lines over and a latency limit exclude each other: the one is for full speed, \
             where every event waits"
        } else if shares_stamps && !self.executor.service.is_none() {
            "one stamp per batch and a service time of the executor exclude each other: \
             what one event took would not be known"
        } else if self.faults.is_none() {
            return Ok(());
        } else if shares_stamps {
            "one stamp per batch and faults exclude each other: what a slowed executor took for one event \
             would not be known"
        } else if self.executor.claim_lines {
            "an executor that takes lines over and faults exclude each other: the one is for full speed, the \
             other is not"
        } else {
            return self.check_faults();
        };
        Err(SettingsError(wrong.to_owned()))
    }

    /// Whether the faults are of these stages.
    fn check_faults(&self) -> Result<(), SettingsError> {
        let names = self.readers().map(|reader| &reader.name);
        match &self.faults {
            Some(faults) if !names.eq(faults.names()) => Err(SettingsError(format!(
                "the faults are of other stages: {}; make them from these settings",
                faults.names().join(", ")
            ))),
            _ => Ok(()),
        }
    }

    /// The same with faults of its stages.
    #[must_use]
    pub fn with_faults(self) -> Self {
        let names = self.readers().map(|reader| reader.name.clone());
        let faults = Some(Arc::new(Faults::new(names)));
        Self { faults, ..self }
    }

    /// The indices of each reading stage's upstreams, in the order of [`Self::readers`].
    ///
    /// # Errors
    /// Returns an error for a name that is missing, taken twice or unknown, for a circle, and for
    /// service times that make no sense.
    pub fn graph(&self) -> Result<Vec<Vec<usize>>, SettingsError> {
        let readers: Vec<_> = self.readers().collect();
        for (index, reader) in readers.iter().enumerate() {
            if !is_name(&reader.name) {
                return Err(SettingsError(format!(
                    "{:?} is no name of a consumer: expected 1 to 64 letters, digits, '_', '-' or '.'",
                    reader.name
                )));
            }
            if readers[..index]
                .iter()
                .any(|other| other.name == reader.name)
            {
                return Err(SettingsError(format!(
                    "two stages are called {:?}: give each a name of its own",
                    reader.name
                )));
            }
            if reader.claim_lines && index > 0 {
                return Err(SettingsError(format!(
                    "{}: only the executor can take lines over: readers would take them from each other",
                    reader.name
                )));
            }
            reader.check_service()?;
        }
        self.check_executor()?;
        let after = readers
            .iter()
            .map(|reader| upstreams_of(reader, &readers))
            .collect::<Result<Vec<_>, _>>()?;
        in_order(&after).ok_or_else(|| {
            SettingsError(
                "the consumers wait for each other in a circle: look at `after`".to_owned(),
            )
        })?;
        Ok(after)
    }
}

impl ReaderSettings {
    /// Whether its service time makes sense.
    fn check_service(&self) -> Result<(), SettingsError> {
        let service = self.service.validate();
        service.map_err(|e| SettingsError(format!("{}: {e}", self.name)))?;
        let factor = self.load_factor;
        if !(0.0..=LOAD_FACTOR_MAX).contains(&factor) {
            return Err(SettingsError(format!(
                "{}: a load factor must lie between 0 and {LOAD_FACTOR_MAX}: got {factor}",
                self.name
            )));
        }
        if factor > 0.0 && self.service.is_none() {
            return Err(SettingsError(format!(
                "{}: a load factor makes a service time longer, and there is none: set one",
                self.name
            )));
        }
        Ok(())
    }
}

/// Names are shown in tables, are keys of JSON objects, and name threads.
fn is_name(text: &str) -> bool {
    let plain = |c: u8| c.is_ascii_alphanumeric() || b"_-.".contains(&c);
    (1..=64).contains(&text.len()) && text.bytes().all(plain)
}

fn upstreams_of(
    reader: &ReaderSettings,
    readers: &[&ReaderSettings],
) -> Result<Vec<usize>, SettingsError> {
    let find = |name: &String| {
        readers
            .iter()
            .position(|other| other.name == *name)
            .ok_or_else(|| {
                let names: Vec<_> = readers.iter().map(|other| other.name.as_str()).collect();
                SettingsError(format!(
                    "{} comes after {name:?}, and there is no such stage: expected one of {}",
                    reader.name,
                    names.join(", ")
                ))
            })
    };
    reader.after.iter().map(find).collect()
}

/// An order in which every stage comes after its upstreams; `None` if there is a circle.
pub(super) fn in_order(after: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut order = Vec::with_capacity(after.len());
    while order.len() < after.len() {
        let next = (0..after.len()).find(|index| {
            !order.contains(index)
                && after[*index]
                    .iter()
                    .all(|upstream| order.contains(upstream))
        })?;
        order.push(next);
    }
    Some(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(consumers: &[(&str, &[&str])], executor_after: &[&str]) -> Settings {
        let after = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Settings {
            executor: ReaderSettings {
                after: after(executor_after),
                ..ReaderSettings::named(EXECUTOR)
            },
            consumers: consumers
                .iter()
                .map(|(name, upstreams)| ReaderSettings {
                    after: after(upstreams),
                    ..ReaderSettings::named(*name)
                })
                .collect(),
            ..Settings::default()
        }
    }

    #[test]
    fn names_become_indices_and_the_executor_is_the_first() {
        let settings = settings(&[("risk", &[]), ("log", &["executor", "risk"])], &["risk"]);
        assert_eq!(settings.graph(), Ok(vec![vec![1], vec![], vec![0, 1]]));
    }

    #[test]
    fn only_the_executor_takes_lines_over() {
        let mut asked = settings(&[("log", &[])], &[]);
        asked.executor.claim_lines = true;
        assert!(asked.graph().is_ok());
        asked.consumers[0].claim_lines = true;
        let error = asked.graph().expect_err("a consumer").to_string();
        assert!(error.starts_with("log: only the executor"), "{error}");
    }

    #[test]
    fn what_makes_no_sense_is_named() {
        let wrong: [(Settings, &str); 5] = [
            (settings(&[("a\0", &[])], &[]), "no name"),
            (settings(&[("a", &[]), ("a", &[])], &[]), "two stages"),
            (settings(&[("executor", &[])], &[]), "two stages"),
            (settings(&[("a", &["b"])], &[]), "no such stage"),
            (settings(&[("a", &["executor"])], &["a"]), "circle"),
        ];
        for (settings, expected) in wrong {
            let error = settings.graph().expect_err(expected).to_string();
            assert!(error.contains(expected), "{error}");
        }
        let own = settings(&[("a", &["a"])], &[]);
        assert!(own.graph().is_err());
        let shared = Settings {
            stamping: Stamping::PerBatch,
            executor: ReaderSettings {
                service: ServiceTime::Constant(1),
                ..ReaderSettings::named(EXECUTOR)
            },
            ..Settings::default()
        };
        assert!(shared.graph().is_err());
    }
}
