//! How much processor time a container may use (control groups, versions 1 and 2).

use std::fs;
use std::path::Path;

use super::groups::group_folders;

/// Processor time this process may use.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Quota {
    /// As much as there is.
    Unlimited,
    /// As much as so many cores give; who uses more is stopped for the rest of the period (usually 100 ms).
    Cores(f64),
}

/// The smallest quota of this process's group and those above it; unknown if the machine shows neither
/// a group nor that there are none. `proc` is `/proc`, and `base` stands before every mount point
/// (`/`).
pub(super) fn quota(proc: &Path, base: &Path) -> Option<Quota> {
    let mut least: Option<Quota> = None;
    for group in group_folders(proc, base, "cpu")? {
        if let Some(found) = quota_of(&group.path, group.version) {
            least = Some(match (least, found) {
                (Some(Quota::Cores(a)), Quota::Cores(b)) => Quota::Cores(a.min(b)),
                (Some(Quota::Cores(a)), Quota::Unlimited) => Quota::Cores(a),
                (_, found) => found,
            });
        }
    }
    // A group without a file of the quota is a root, which has none.
    least.or(Some(Quota::Unlimited))
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

#[cfg(test)]
mod tests {
    use super::*;

    /// The quota of a machine made of files, each with its text.
    fn of(files: &[(&str, &str)]) -> Option<Quota> {
        let base = tempfile::tempdir().expect("a folder");
        for (name, text) in files {
            let path = base.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, format!("{text}\n")).expect("a file");
        }
        quota(&base.path().join("proc"), base.path())
    }

    const V2: (&str, &str) = (
        "proc/self/mountinfo",
        "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate",
    );

    #[test]
    fn version_2_is_held_by_the_strictest_of_its_groups() {
        let group = ("proc/self/cgroup", "0::/a/b");
        let found = of(&[
            group,
            V2,
            ("sys/fs/cgroup/a/cpu.max", "150000 100000"),
            ("sys/fs/cgroup/a/b/cpu.max", "300000 100000"),
        ]);
        assert_eq!(found, Some(Quota::Cores(1.5)));
        let max = ("sys/fs/cgroup/a/b/cpu.max", "max 100000");
        assert_eq!(of(&[group, V2, max]), Some(Quota::Unlimited));
    }

    #[test]
    fn version_1_has_two_files_and_a_mount_of_its_own() {
        let files = |quota| {
            [
                (
                    "proc/self/cgroup",
                    "4:memory:/m\n3:cpu,cpuacct:/docker/x\n0::/",
                ),
                (
                    "proc/self/mountinfo",
                    "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw\n\
                     32 31 0:29 /docker/x /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
                     33 31 0:30 / /sys/fs/cgroup/cpuset rw - cgroup cgroup rw,cpuset",
                ),
                ("sys/fs/cgroup/cpu/cpu.cfs_quota_us", quota),
                ("sys/fs/cgroup/cpu/cpu.cfs_period_us", "50000"),
            ]
        };
        assert_eq!(of(&files("125000")), Some(Quota::Cores(2.5)));
        assert_eq!(of(&files("-1")), Some(Quota::Unlimited));
    }

    #[test]
    fn a_group_the_container_cannot_name_is_found_at_the_mount() {
        let group = ("proc/self/cgroup", "0::/../outside");
        let limit = ("sys/fs/cgroup/cpu.max", "400000 100000");
        assert_eq!(of(&[group, V2, limit]), Some(Quota::Cores(4.0)));
    }

    #[test]
    fn a_root_has_no_file_and_no_quota_and_no_files_at_all_are_unknown() {
        assert_eq!(
            of(&[("proc/self/cgroup", "0::/"), V2]),
            Some(Quota::Unlimited)
        );
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[V2]), None);
        for odd in ["", "lots", "0 100000", "1 0", "-7 100000"] {
            let found = of(&[
                ("proc/self/cgroup", "0::/"),
                V2,
                ("sys/fs/cgroup/cpu.max", odd),
            ]);
            assert!(!matches!(found, Some(Quota::Cores(_))), "{odd}: {found:?}");
        }
    }
}
