//! The only door to the operating system: what is asked of the machine, and its refusals as facts.
//!
//! Nothing here fails a run: a machine that does not let a thread be pinned is told about in the
//! report, and the run goes on.

use core::fmt;
use std::borrow::Cow;

/// Something the machine would not do. A fact of the run, not an error of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// What was asked for: `"pin thread to core 3"`.
    pub asked: Cow<'static, str>,
    /// What the machine said, or what was done instead.
    pub reason: Cow<'static, str>,
}

impl Refusal {
    /// A refusal of `asked`, because of `reason`.
    pub fn new(asked: impl Into<Cow<'static, str>>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            asked: asked.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.asked, self.reason)
    }
}

/// The cores this process may run on, in ascending order (`sched_getaffinity`).
///
/// # Errors
/// Returns a refusal where the machine does not say which; what is known then is only
/// [`core_count`].
pub fn available_cores() -> Result<Vec<usize>, Refusal> {
    imp::available_cores()
}

/// How many cores this process may use; 1 where even that is unknown.
pub fn core_count() -> usize {
    available_cores().map_or_else(
        |_| std::thread::available_parallelism().map_or(1, usize::from),
        |cores| cores.len().max(1),
    )
}

/// Ties the calling thread to `core`.
///
/// # Errors
/// Returns a refusal if the machine does not allow it; the thread then runs wherever it did before.
pub fn pin_current_thread(core: usize) -> Result<(), Refusal> {
    imp::pin_current_thread(core)
}

/// What the kernel keeps time by (`"tsc"`, `"kvm-clock"`, …), where it says so.
pub fn clock_source() -> Option<String> {
    let path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let name = std::fs::read_to_string(path).ok()?;
    Some(name.trim_end().to_owned())
}

#[cfg(target_os = "linux")]
mod imp {
    use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

    use super::Refusal;

    pub(super) fn available_cores() -> Result<Vec<usize>, Refusal> {
        let set = sched_getaffinity(None)
            .map_err(|e| Refusal::new("list the available cores", e.to_string()))?;
        Ok((0..CpuSet::MAX_CPU)
            .filter(|&core| set.is_set(core))
            .collect())
    }

    pub(super) fn pin_current_thread(core: usize) -> Result<(), Refusal> {
        let asked = || format!("pin thread to core {core}");
        if core >= CpuSet::MAX_CPU {
            return Err(Refusal::new(asked(), "no such core"));
        }
        let mut set = CpuSet::new();
        set.set(core);
        sched_setaffinity(None, &set).map_err(|e| Refusal::new(asked(), e.to_string()))
    }
}

#[cfg(not(target_os = "linux"))]
mod imp {
    use super::Refusal;

    const WHY: &str = "not supported on this operating system";

    pub(super) fn available_cores() -> Result<Vec<usize>, Refusal> {
        Err(Refusal::new("list the available cores", WHY))
    }

    pub(super) fn pin_current_thread(core: usize) -> Result<(), Refusal> {
        Err(Refusal::new(format!("pin thread to core {core}"), WHY))
    }
}

/// Opens a file so that no read of it waits for data: some files of the kernel's (`/proc/kmsg`) call
/// themselves regular and do, and a pipe may have taken a file's place since it was looked at.
///
/// # Errors
/// As [`std::fs::File::open`]; reads that would wait fail with [`std::io::ErrorKind::WouldBlock`].
pub fn open_without_waiting(path: &std::path::Path) -> std::io::Result<std::fs::File> {
    let mut options = std::fs::File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(
        &mut options,
        rustix::fs::OFlags::NONBLOCK.bits().cast_signed(),
    );
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[test]
    fn a_thread_can_be_tied_to_each_core_it_may_use() {
        let cores = available_cores().expect("linux says");
        assert_eq!(cores.len(), core_count());
        std::thread::spawn(move || {
            for &core in &cores {
                pin_current_thread(core).expect("an available core");
                assert_eq!(available_cores().expect("linux says"), [core]);
            }
        })
        .join()
        .expect("no panic");
    }

    #[test]
    fn a_core_that_does_not_exist_is_a_fact_and_not_a_panic() {
        let refusal = pin_current_thread(usize::MAX).expect_err("no such core");
        assert!(refusal.to_string().contains("pin thread to core"));
    }
}
