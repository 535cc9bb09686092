//! Where and with what it was measured.

use serde::Serialize;
use std::collections::BTreeMap;
use tickpath_core::os::available_cores;
use tickpath_core::time::Calibrated;

use crate::clock_step::step_ns;

/// Crates whose versions belong to the result.
const CONTENDERS: [&str; 8] = [
    "crossbeam-channel",
    "crossbeam-queue",
    "disruptor",
    "hft-channel",
    "photon-ring",
    "rtrb",
    "tickpath-core",
    "tokio",
];

/// The machine, the compiler and the versions.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) cpu: Option<String>,
    pub(crate) kernel: Option<String>,
    /// Cores this process may use.
    pub(crate) cores_available: usize,
    /// The two it used.
    pub(crate) cores_used: [usize; 2],
    pub(crate) rustc: &'static str,
    pub(crate) target: &'static str,
    pub(crate) clock: &'static str,
    pub(crate) clock_cost_ns: u64,
    pub(crate) clock_step_ns: u64,
    pub(crate) versions: BTreeMap<&'static str, &'static str>,
}

/// The first two cores this process may use, and how many there are.
///
/// # Errors
/// Returns an error if there are fewer: what is measured here needs one core for each end.
pub(crate) fn two_cores() -> Result<([usize; 2], usize), String> {
    let cores = available_cores().map_err(|refusal| refusal.to_string())?;
    match cores[..] {
        [first, second, ..] => Ok(([first, second], cores.len())),
        _ => Err(format!(
            "two cores are needed, one for each end of a ring; this process may use {} (taskset, cgroup?)",
            cores.len()
        )),
    }
}

impl Machine {
    /// Looks at the machine.
    pub(crate) fn look(cores_used: [usize; 2], cores_available: usize, clock: &Calibrated) -> Self {
        Self {
            cpu: first_field("/proc/cpuinfo", "model name"),
            kernel: std::fs::read_to_string("/proc/sys/kernel/osrelease")
                .ok()
                .map(|release| release.trim_end().to_owned()),
            cores_available,
            cores_used,
            rustc: env!("BENCH_RUSTC"),
            target: std::env::consts::ARCH,
            clock: clock.source(),
            clock_cost_ns: clock.cost_ns,
            clock_step_ns: step_ns(&clock.clock),
            versions: versions(include_str!("../Cargo.lock")),
        }
    }
}

fn first_field(path: &str, name: &str) -> Option<String> {
    let text = std::fs::read_to_string(path).ok()?;
    let line = text.lines().find(|line| line.starts_with(name))?;
    Some(line.split_once(':')?.1.trim().to_owned())
}

/// The contenders' versions, from the text of a lock file: each name is followed by its version.
fn versions(lock: &'static str) -> BTreeMap<&'static str, &'static str> {
    let value = |line: &'static str, key: &str| line.strip_prefix(key)?.strip_suffix('"');
    let lines = lock.lines().zip(lock.lines().skip(1));
    lines
        .filter_map(|(name, version)| {
            Some((value(name, "name = \"")?, value(version, "version = \"")?))
        })
        .filter(|(name, _)| CONTENDERS.contains(name))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_contender_has_a_version() {
        let versions = versions(include_str!("../Cargo.lock"));
        assert_eq!(versions.keys().copied().collect::<Vec<_>>(), CONTENDERS);
    }
}
