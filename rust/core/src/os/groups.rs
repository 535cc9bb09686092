//! The control groups this process is in (versions 1 and 2): where their files lie.

use std::fs;
use std::path::{Path, PathBuf};

/// A group's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupFolder {
    /// Where its files lie.
    pub path: PathBuf,
    /// 1 or 2: which names they have.
    pub version: u8,
}

/// A mounted hierarchy of groups.
struct Mount {
    /// The group at the mount point.
    root: PathBuf,
    point: PathBuf,
    version: u8,
}

/// The folders of the groups that hold this process to what `controller` (`cpu`, `memory`) limits: its own
/// first, then those above it. Unknown where the machine does not show which groups it is in. `proc` is
/// `/proc`, and `base` stands before every mount point (`/`).
pub(super) fn group_folders(
    proc: &Path,
    base: &Path,
    controller: &str,
) -> Option<Vec<GroupFolder>> {
    let groups = fs::read_to_string(proc.join("self/cgroup")).ok()?;
    let mounts = fs::read_to_string(proc.join("self/mountinfo")).ok()?;
    if groups.trim().is_empty() {
        return None;
    }
    let mut folders = Vec::new();
    for line in mounts.lines() {
        let Some(mount) = mount_of(line, controller) else {
            continue;
        };
        let Some(group) = group_of(&groups, mount.version, controller) else {
            continue;
        };
        // A container may see its group under the host's name, but mounted as the root.
        let below = Path::new(group)
            .strip_prefix(&mount.root)
            .unwrap_or(Path::new(""));
        let point = base.join(mount.point.strip_prefix("/").unwrap_or(&mount.point));
        folders.extend(below.ancestors().map(|part| GroupFolder {
            path: point.join(part),
            version: mount.version,
        }));
    }
    Some(folders)
}

/// `31 23 0:28 ROOT POINT options… - TYPE source options`.
fn mount_of(line: &str, controller: &str) -> Option<Mount> {
    let (left, right) = line.split_once(" - ")?;
    let mut right = right.split(' ');
    let version = match (right.next()?, right.nth(1)?) {
        ("cgroup2", _) => 2,
        ("cgroup", options) if options.split(',').any(|option| option == controller) => 1,
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
fn group_of<'a>(groups: &'a str, version: u8, controller: &str) -> Option<&'a str> {
    groups.lines().find_map(|line| {
        let mut parts = line.splitn(3, ':');
        let (number, controllers, group) = (parts.next()?, parts.next()?, parts.next()?);
        let ours = match version {
            2 => number == "0" && controllers.is_empty(),
            _ => controllers.split(',').any(|name| name == controller),
        };
        ours.then_some(group)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folders of a machine with these two files, below its base.
    fn folders(groups: &str, mounts: &str, controller: &str) -> Option<Vec<(PathBuf, u8)>> {
        let base = tempfile::tempdir().expect("a folder");
        let own = base.path().join("proc/self");
        fs::create_dir_all(&own).expect("a folder");
        fs::write(own.join("cgroup"), groups).expect("a file");
        fs::write(own.join("mountinfo"), mounts).expect("a file");
        let found = group_folders(&base.path().join("proc"), base.path(), controller)?;
        let below = |folder: GroupFolder| {
            let path = folder.path.strip_prefix(base.path()).expect("below");
            (path.to_owned(), folder.version)
        };
        Some(found.into_iter().map(below).collect())
    }

    const BOTH: &str = "32 31 0:29 / /sys/fs/cgroup/memory rw - cgroup cgroup rw,memory\n\
        33 31 0:30 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu,cpuacct\n\
        34 31 0:31 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";

    #[test]
    fn a_controller_has_its_own_group_and_every_one_above_it() {
        let of = |controller| folders("4:memory:/m/a\n3:cpu,cpuacct:/c\n0::/", BOTH, controller);
        let at = |path: &str, version| (PathBuf::from(path), version);
        let unified = at("sys/fs/cgroup/unified/", 2);
        let memory = ["m/a", "m", ""].map(|group| at(&format!("sys/fs/cgroup/memory/{group}"), 1));
        let mut expected = memory.to_vec();
        expected.push(unified.clone());
        assert_eq!(of("memory"), Some(expected));
        let cpu = ["c", ""].map(|group| at(&format!("sys/fs/cgroup/cpu/{group}"), 1));
        assert_eq!(of("cpu"), Some([&cpu[..], &[unified]].concat()));
    }

    #[test]
    fn a_process_of_which_no_group_is_known_is_in_unknown_ones() {
        assert_eq!(folders("", BOTH, "cpu"), None);
        assert_eq!(folders("0::/", "", "cpu"), Some(vec![]));
        assert_eq!(folders("odd\n::\n", "odd - cgroup\n", "cpu"), Some(vec![]));
    }
}
