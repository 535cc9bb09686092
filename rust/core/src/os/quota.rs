//! How much processor time a container may use (control groups, versions 1 and 2).

use std::fs;
use std::path::{Path, PathBuf};

/// Processor time this process may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quota {
    /// As much as there is.
    Unlimited,
    /// As much as so many cores give; who uses more is stopped for the rest of the period (usually 100 ms).
    Cores(f64),
}

/// A mounted hierarchy of groups.
struct Mount {
    /// The group at the mount point.
    root: PathBuf,
    point: PathBuf,
    version: u8,
}

/// The smallest quota of this process's group and those above it; unknown if the machine shows neither a group nor that there
/// are none. `proc` is `/proc`, and `base` stands before every mount point (`/`).
pub(super) fn quota(proc: &Path, base: &Path) -> Option<Quota> {
    let groups = fs::read_to_string(proc.join("self/cgroup")).ok()?;
    let mounts = fs::read_to_string(proc.join("self/mountinfo")).ok()?;
    let mut least: Option<Quota> = None;
    for line in mounts.lines() {
        let Some(mount) = mount_of(line) else {
            continue;
        };
        let Some(group) = group_of(&groups, mount.version) else {
            continue;
        };
        // A container may see its group under the host's name, but mounted as the root.
        let below = Path::new(group)
            .strip_prefix(&mount.root)
            .unwrap_or(Path::new(""));
        let point = base.join(mount.point.strip_prefix("/").unwrap_or(&mount.point));
        for folder in below.ancestors().map(|part| point.join(part)) {
            if let Some(found) = quota_of(&folder, mount.version) {
                least = Some(match (least, found) {
                    (Some(Quota::Cores(a)), Quota::Cores(b)) => Quota::Cores(a.min(b)),
                    (Some(Quota::Cores(a)), Quota::Unlimited) => Quota::Cores(a),
                    (_, found) => found,
                });
            }
        }
    }
    // A group without a file of the quota is a root, which has none.
    least.or_else(|| (!groups.trim().is_empty()).then_some(Quota::Unlimited))
}

/// `31 23 0:28 ROOT POINT options… - TYPE source options`.
fn mount_of(line: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let mut right = right.split(' ');
    let version = match (right.next()?, right.nth(1)?) {
        ("cgroup2", _) => 2,
        ("cgroup", options) if options.split(',').any(|option| option == "cpu") => 1,
        _ => return None,
    };
    let mut left = left.split(' ').skip(3);
    Some(Mount {
        root: left.next()?.into(),
        point: left.next()?.into(),
        version,
    })
}

/// `9:cpu,cpuacct:/group`, or `0::/group` in version 2.
fn group_of(groups: &str, version: u8) -> Option<&str> {
    groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (number, controllers, group) = (parts.next()?, parts.next()?, parts.next()?);
        let ours = match version {
            2 => number == "0" && controllers.is_empty(),
            _ => controllers.split(',').any(|name| name == "cpu"),
        };
        ours.then_some(group)
    })
}

fn quota_of(folder: &Path, version: u8) -> Option<Quota> {
    let read = |name: &str| fs::read_to_string(folder.join(name)).ok();
    let (quota, period) = if version == 2 {
        let text = read("cpu.max")?;
        let (quota, period) = text.trim().split_once(' ')?;
        (quota.to_owned(), period.to_owned())
    } else {
        (read("cpu.cfs_quota_us")?, read("cpu.cfs_period_us")?)
    };
    match quota.trim() {
        "max" | "-1" => Some(Quota::Unlimited),
        quota => {
            let cores = quota.parse::<f64>().ok()? / period.trim().parse::<f64>().ok()?;
            (cores.is_finite() && cores > 0.0).then_some(Quota::Cores(cores))
        }
    }
}
