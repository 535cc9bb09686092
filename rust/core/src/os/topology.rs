//! What the machine offers to threads that want a core each: cores, which of them are halves of one,
//! which are kept free, and a container's share.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::groups::{GroupFolder, group_folders};
use super::quota::{Quota, quota};
use super::{Refusal, available_cores};

/// The machine as this process may use it. What the machine does not say is `None`.
#[derive(Debug, Clone, PartialEq)]
pub struct Topology {
    /// Cores this process may run on, ascending.
    pub available: Option<Vec<usize>>,
    /// The available cores by physical core: those of one group share its units and slow each other down.
    pub physical: Option<Vec<Vec<usize>>>,
    /// Available cores on which the kernel puts nothing by itself (`isolcpus`).
    pub isolated: Option<Vec<usize>>,
    /// What a container is held to.
    pub quota: Option<Quota>,
}

impl Topology {
    /// Looks at the machine.
    pub fn read() -> Self {
        Self::read_below(Path::new("/"), available_cores().ok())
    }

    /// The same of a machine whose `/proc` and `/sys` lie below `base`, and which lets this process run on
    /// `available`.
    pub fn read_below(base: &Path, available: Option<Vec<usize>>) -> Self {
        let cpus = base.join("sys/devices/system/cpu");
        let list = |path: &Path| parse_list(&fs::read_to_string(path).ok()?);
        let cores = available.as_deref().unwrap_or(&[]);
        let here = |found: Vec<usize>| -> Vec<usize> {
            found
                .into_iter()
                .filter(|core| cores.contains(core))
                .collect()
        };
        let groups: Option<BTreeSet<Vec<usize>>> = cores
            .iter()
            .map(|core| {
                list(&cpus.join(format!("cpu{core}/topology/thread_siblings_list"))).map(here)
            })
            .collect();
        Self {
            physical: groups
                .filter(|groups| !groups.is_empty())
                .map(|groups| groups.into_iter().collect()),
            isolated: list(&cpus.join("isolated")).map(here),
            quota: quota(&base.join("proc"), base),
            available,
        }
    }

    /// What a container may use, in cores; nothing if that is unlimited or unknown.
    pub fn quota_cores(&self) -> Option<f64> {
        match self.quota {
            Some(Quota::Cores(cores)) => Some(cores),
            _ => None,
        }
    }

    /// How many threads can spin without one waiting for another's time slice, or for a quota's next period.
    pub fn spinning_max(&self) -> usize {
        let cores = self.available.as_ref().map_or_else(
            || std::thread::available_parallelism().map_or(1, usize::from),
            Vec::len,
        );
        // A quota is a positive number; more cores than fit into a word are as many as there are.
        self.quota_cores()
            .map_or(cores, |quota| cores.min(quota as usize))
    }

    /// Whether `threads` can spin at once.
    ///
    /// # Errors
    /// Returns a refusal that says what there is, and what to do instead.
    pub fn check_spinning(&self, threads: usize) -> Result<(), Refusal> {
        let most = self.spinning_max();
        if threads <= most {
            return Ok(());
        }
        let why = match (self.quota_cores(), &self.available) {
            (Some(quota), _) if (quota as usize) == most => {
                format!("the container's quota is {quota} cores")
            }
            (_, Some(cores)) => format!("{} cores are available ({cores:?})", cores.len()),
            (_, None) => format!("the machine has {most} cores"),
        };
        Err(Refusal::new(
            format!("{threads} spinning threads"),
            format!(
                "{why}, and a thread that spins on a core another one needs holds it for whole time slices: \
                 let them yield or park, have at most {most} of them spin, or allow more cores"
            ),
        ))
    }

    /// The available cores, best first for threads that spin: one of each physical core, then their other
    /// halves; in each of these those kept free before the rest, and the last before the first, where a
    /// machine likes to handle its interrupts.
    pub fn best_first(&self) -> Vec<usize> {
        let mut cores = self.available.clone().unwrap_or_default();
        let isolated = self.isolated.as_deref().unwrap_or(&[]);
        let groups = self.physical.as_deref().unwrap_or(&[]);
        let rank = |core: usize| (!isolated.contains(&core), core);
        let half = |core: usize| {
            let before =
                |group: &Vec<usize>| group.iter().filter(|&&c| rank(c) < rank(core)).count();
            groups
                .iter()
                .find(|group| group.contains(&core))
                .map_or(0, before)
        };
        cores.sort_by_key(|&core| (half(core), !isolated.contains(&core), usize::MAX - core));
        cores
    }

    /// Cores of `chosen` that share a physical core with another of `chosen`: facts for the report.
    pub fn shared_halves(&self, chosen: &[usize]) -> Vec<usize> {
        let groups = self.physical.as_deref().unwrap_or(&[]);
        let taken = |group: &&Vec<usize>| group.iter().filter(|c| chosen.contains(c)).count() > 1;
        groups
            .iter()
            .filter(taken)
            .flatten()
            .copied()
            .filter(|core| chosen.contains(core))
            .collect()
    }
}

/// The folders of the groups that hold this process to what `controller` (`cpu`, `memory`) limits, its own
/// first, on a machine whose `/proc` and `/sys` lie below `base`; unknown where it does not show them.
pub fn control_groups(base: &Path, controller: &str) -> Option<Vec<GroupFolder>> {
    group_folders(&base.join("proc"), base, controller)
}

/// `0-3,7` as a list; nothing if it is none. An empty text is an empty list.
fn parse_list(text: &str) -> Option<Vec<usize>> {
    let mut list = Vec::new();
    for part in text.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        list.extend(first.parse::<usize>().ok()?..=last.parse().ok()?);
    }
    Some(list)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A machine made of files.
    struct Machine(tempfile::TempDir);

    impl Machine {
        /// `siblings` are the lists of each core, from 0.
        fn with(siblings: &[&str], isolated: &str) -> Self {
            let machine = Self(tempfile::tempdir().expect("a folder"));
            for (core, list) in siblings.iter().enumerate() {
                let name = format!("cpu{core}/topology/thread_siblings_list");
                machine.write(&format!("sys/devices/system/cpu/{name}"), list);
            }
            machine.write("sys/devices/system/cpu/isolated", isolated);
            machine
        }

        fn write(&self, name: &str, text: &str) {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
            fs::write(path, format!("{text}\n")).expect("a file");
        }

        fn read(&self, available: &[usize]) -> Topology {
            Topology::read_below(self.0.path(), Some(available.to_vec()))
        }
    }

    #[test]
    fn halves_of_one_core_are_told_and_come_last() {
        let machine = Machine::with(&["0,2", "1,3", "0,2", "1,3"], "");
        let all = machine.read(&[0, 1, 2, 3]);
        assert_eq!(all.physical, Some(vec![vec![0, 2], vec![1, 3]]));
        assert_eq!(all.isolated, Some(vec![]));
        assert_eq!(all.best_first(), [1, 0, 3, 2]);
        assert!(all.shared_halves(&[1, 0]).is_empty());
        assert_eq!(all.shared_halves(&[1, 3, 0]), [1, 3]);
        // A half that is not ours is somebody's, and not told.
        let some = machine.read(&[0, 2, 3]);
        assert_eq!(some.physical, Some(vec![vec![0, 2], vec![3]]));
        assert_eq!(some.best_first(), [3, 0, 2]);
    }

    #[test]
    fn cores_kept_free_come_first() {
        let machine = Machine::with(&["0", "1", "2", "3"], "1-2");
        let topology = machine.read(&[0, 1, 3]);
        assert_eq!(topology.isolated, Some(vec![1]));
        assert_eq!(topology.best_first(), [1, 3, 0]);
        let halves = Machine::with(&["0-1", "0-1"], "1").read(&[0, 1]);
        assert_eq!(halves.best_first(), [1, 0]);
    }

    #[test]
    fn more_spinning_threads_than_cores_are_refused_with_the_way_out() {
        let topology = Machine::with(&["0", "1"], "").read(&[0, 1]);
        assert_eq!(
            (topology.spinning_max(), topology.check_spinning(2)),
            (2, Ok(()))
        );
        let refusal = topology.check_spinning(3).expect_err("two cores");
        assert_eq!(refusal.asked, "3 spinning threads");
        for word in [
            "2 cores are available ([0, 1])",
            "yield or park",
            "at most 2",
        ] {
            assert!(refusal.reason.contains(word), "{refusal}");
        }
    }

    #[test]
    fn a_quota_counts_as_fewer_cores_and_a_part_of_one_as_none() {
        let machine = Machine::with(&["0", "1", "2", "3"], "");
        machine.write("proc/self/cgroup", "0::/");
        machine.write(
            "proc/self/mountinfo",
            "30 23 0:26 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw",
        );
        for (limit, cores, most) in [
            ("max 100000", None, 4),
            ("250000 100000", Some(2.5), 2),
            ("50000 100000", Some(0.5), 0),
            ("900000 100000", Some(9.0), 4),
        ] {
            machine.write("sys/fs/cgroup/cpu.max", limit);
            let topology = machine.read(&[0, 1, 2, 3]);
            assert_eq!(
                (topology.quota_cores(), topology.spinning_max()),
                (cores, most),
                "{limit}"
            );
            let refusal = topology
                .check_spinning(5)
                .expect_err("four cores")
                .to_string();
            assert_eq!(refusal.contains("quota"), most < 4, "{refusal}");
        }
    }

    #[test]
    fn what_the_machine_does_not_say_is_unknown() {
        let empty = tempfile::tempdir().expect("a folder");
        for available in [None, Some(vec![0, 1])] {
            let topology = Topology::read_below(empty.path(), available.clone());
            assert_eq!(topology.physical, None);
            assert_eq!(topology.isolated, None);
            assert_eq!((topology.quota, topology.quota_cores()), (None, None));
            let mut cores = available.unwrap_or_default();
            cores.reverse();
            assert_eq!(topology.best_first(), cores);
            assert!(topology.spinning_max() >= 1);
        }
        let odd = Machine::with(&["0", "one"], "1-");
        assert_eq!(
            (odd.read(&[0, 1]).physical, odd.read(&[0, 1]).isolated),
            (None, None)
        );
    }

    #[cfg(all(target_os = "linux", not(elsewhere)))]
    #[test]
    fn this_machine_s_own_holds_together() {
        let topology = Topology::read();
        let cores = available_cores().expect("linux says");
        let mut ordered = topology.best_first();
        ordered.sort_unstable();
        assert_eq!(
            (topology.available.as_deref(), ordered),
            (Some(&cores[..]), cores.clone())
        );
        if let Some(groups) = &topology.physical {
            let mut grouped: Vec<usize> = groups.iter().flatten().copied().collect();
            grouped.sort_unstable();
            assert_eq!(grouped, cores);
        }
    }
}
