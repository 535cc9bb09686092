//! The only door to the operating system: what is asked of the machine, and its refusals as facts.
//!
//! Nothing here fails a run: a machine that does not let a thread be pinned is told about in the
//! report, and the run goes on. On an operating system other than Linux most of it is refused.
//!
//! - **Threads**: any. Pinning and priority are the calling thread's, memory is the process's.
//! - **Blocking**, **allocation**: both, briefly: this is for before and after a run.

mod cores;
mod groups;
mod memory;
mod priority;
mod quota;
#[cfg(all(test, target_os = "linux", not(elsewhere)))]
mod rights;
#[cfg(all(target_os = "linux", not(elsewhere)))]
mod smaps;
mod switches;
mod topology;

use core::fmt;
use std::borrow::Cow;

pub use cores::{available_cores, core_count, pin_current_thread};
pub use groups::GroupFolder;
pub use memory::{
    MemoryRange, MemoryState, MemoryWishes, advise_huge_pages, huge_page_bytes, lock_memory,
    prefer_huge_pages, prepare_memory, touch_memory, unlock_memory,
};
pub use priority::{Priority, raise_priority};
pub use quota::Quota;
pub use switches::involuntary_switches;
pub use topology::{Topology, control_groups};

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

/// Why everything is refused elsewhere.
#[cfg(any(not(target_os = "linux"), elsewhere))]
const NOT_HERE: &str = "not supported on this operating system";

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.asked, self.reason)
    }
}

/// What the kernel keeps time by (`"tsc"`, `"kvm-clock"`, …), where it says so.
pub fn clock_source() -> Option<String> {
    let path = "/sys/devices/system/clocksource/clocksource0/current_clocksource";
    let name = std::fs::read_to_string(path).ok()?;
    Some(name.trim_end().to_owned())
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
