//! The machine a run would find: what it offers to threads, and its floor, core by core.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use pyo3::prelude::*;
use tickpath_core::engine::{MachineWatch as Watch, WatchedFloor};
use tickpath_core::metrics::QUANTILES;
use tickpath_core::os::{self, Quota};
use tickpath_core::time::{CALIBRATION_SPAN_NS, Calibrated, EngineClock};

use crate::engine_owner::raised;
use crate::errors;
use crate::latency_figures::LatencyFigures;

/// What the machine offers to threads that want a core each; ``None`` is unknown.
#[pyclass(frozen, get_all, module = "tickpath.core.machine")]
#[derive(Debug)]
pub(crate) struct Topology {
    /// Cores this process may run on, ascending.
    available: Option<Vec<usize>>,
    /// The available cores by physical core: those of one group are halves of it.
    physical: Option<Vec<Vec<usize>>>,
    /// Available cores on which the kernel puts nothing by itself (``isolcpus``).
    isolated: Option<Vec<usize>>,
    /// What a container is held to, in cores; ``None`` if that is unlimited or unknown.
    quota_cores: Option<f64>,
    /// Whether it is known that there is a quota, or that there is none.
    quota_known: bool,
    /// The available cores, best first for threads that spin: the first two are those of executor and feed.
    best_first: Vec<usize>,
    /// How many threads can spin at once.
    spinning_max: usize,
}

#[pymethods]
impl Topology {
    /// Look at this machine; or at one whose ``/proc`` and ``/sys`` lie below ``root``, which lets a process run
    /// on the cores ``available``.
    #[staticmethod]
    #[pyo3(signature = (root = None, available = None))]
    fn read(root: Option<PathBuf>, available: Option<Vec<usize>>) -> Self {
        let found = match root {
            None => os::Topology::read(),
            Some(root) => os::Topology::read_below(&root, available),
        };
        Self {
            best_first: found.best_first(),
            spinning_max: found.spinning_max(),
            quota_cores: found.quota_cores(),
            quota_known: matches!(found.quota, Some(Quota::Cores(_) | Quota::Unlimited)),
            available: found.available,
            physical: found.physical,
            isolated: found.isolated,
        }
    }
}

/// The folders of the control groups that hold this process to what ``controller`` (``cpu``, ``memory``) limits.
///
/// Its own first, then those above it, each with the version of its hierarchy, 1 or 2; ``None`` where a machine
/// whose ``/proc`` and ``/sys`` lie below ``root`` does not show them.
#[pyfunction]
pub(crate) fn control_groups(root: PathBuf, controller: &str) -> Option<Vec<(PathBuf, u8)>> {
    let folders = os::control_groups(Path::new(&root), controller)?;
    Some(
        folders
            .into_iter()
            .map(|folder| (folder.path, folder.version))
            .collect(),
    )
}

/// The machine's floor without a run, core by core: what a run finds before and after itself.
///
/// The clock is that of a run, calibrated when this is made, which takes 50 ms.
#[pyclass(frozen, module = "tickpath.core.machine")]
pub(crate) struct MachineWatch {
    watch: Mutex<Watch<EngineClock>>,
    calibrated: Calibrated,
}

#[pymethods]
impl MachineWatch {
    #[new]
    fn new(py: Python<'_>) -> Self {
        let calibrated = py.detach(|| EngineClock::calibrate(CALIBRATION_SPAN_NS));
        Self {
            watch: Mutex::new(Watch::new(calibrated.clock)),
            calibrated,
        }
    }

    /// What the stamps of a run are taken by: ``"tsc"`` or ``"clock_gettime"``.
    #[getter]
    fn clock_source(&self) -> &'static str {
        self.calibrated.source()
    }

    /// The cost of a stamp, in nanoseconds.
    #[getter]
    const fn clock_cost_ns(&self) -> u64 {
        self.calibrated.cost_ns
    }

    /// Why the stamps are not the processor's counter's; ``None`` if they are.
    #[getter]
    fn clock_fallback(&self) -> Option<String> {
        self.calibrated.fallback.as_ref().map(ToString::to_string)
    }

    /// Watch ``cores`` at once for ``length_ns``, besides what was seen of them before; the cores that could
    /// not be had, each with the reason.
    ///
    /// ``None`` in the place of a core is wherever the system puts the thread. It takes each of the cores for
    /// as long, a signal waits until it is over, and other threads of Python run. Raises ``ArgumentValueError`` for
    /// more than a second, ``EngineFailed`` if there is no thread.
    fn watch(
        &self,
        py: Python<'_>,
        cores: Vec<Option<usize>>,
        length_ns: u64,
    ) -> PyResult<Vec<String>> {
        const LENGTH_NS_MAX: u64 = 1_000_000_000;
        if length_ns > LENGTH_NS_MAX {
            let text = format!(
                "length_ns must be at most {LENGTH_NS_MAX}, got {length_ns}: watch several times, what is seen adds up"
            );
            return Err(errors::argument_value(py, text));
        }
        let refused = py.detach(|| {
            let mut watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
            watch.watch(&cores, length_ns)
        });
        let refused = refused.map_err(|e| raised(py, &e))?;
        Ok(refused.iter().map(ToString::to_string).collect())
    }

    /// The floor of ``cores``, by what was seen of them, for events that come evenly, ``rate_hz`` a second.
    fn floor(&self, py: Python<'_>, cores: Vec<Option<usize>>, rate_hz: u64) -> CoreFloor {
        let floor = py.detach(|| {
            let watch = self.watch.lock().unwrap_or_else(PoisonError::into_inner);
            watch.floor(&cores, rate_hz)
        });
        floor.into()
    }
}

/// The floor of some cores; ``None`` is unknown.
#[pyclass(frozen, get_all, module = "tickpath.core.machine")]
#[derive(Debug)]
pub(crate) struct CoreFloor {
    /// What an event waits for the machine, in a run's own words.
    figures: LatencyFigures,
    /// The longest latency that the machine's own pauses explain, for p50, p90, p99, p99.9 and p99.99: what is
    /// no longer is ``at_floor`` in a run.
    explained_up_to_ns: [Option<u64>; QUANTILES.len()],
    /// For each of these, the pauses that were longer than the floor's percentile.
    pauses_beyond: [Option<u64>; QUANTILES.len()],
    /// How long was watched, in nanoseconds, over all cores.
    watched_ns: u64,
    /// In nanoseconds; of the pauses longer than 100 ns.
    longest_pause_ns: Option<u64>,
    /// Pauses that found no room to be remembered.
    forgotten: u64,
    /// How often another thread was given a core while it was watched.
    switches: Option<u64>,
}

impl From<WatchedFloor> for CoreFloor {
    fn from(watched: WatchedFloor) -> Self {
        let floor = watched.floor;
        Self {
            figures: LatencyFigures::of_floor(&floor.figures),
            explained_up_to_ns: floor.figures.explained_up_to_ns(),
            pauses_beyond: watched.pauses_beyond,
            watched_ns: floor.watched_ns,
            longest_pause_ns: floor.longest_pause_ns,
            forgotten: floor.forgotten,
            switches: watched.switches,
        }
    }
}
