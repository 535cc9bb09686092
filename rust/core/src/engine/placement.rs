//! Which core each stage gets, and how it may wait there.

use crate::os::Refusal;

use super::Wait;

/// Threads that spin in a run: feed and executor.
const SPINNING: usize = 2;

/// The decision for one run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placement {
    /// Cores of feed and executor; `None` is wherever the operating system likes.
    pub(super) cores: [Option<usize>; SPINNING],
    /// How the stages wait.
    pub(super) wait: Wait,
    /// What could not be had.
    pub(super) refused: Vec<Refusal>,
}

impl Placement {
    /// Places the stages on the last two of `available`: the first core is where a machine likes to
    /// handle its interrupts. With fewer than two nothing is pinned and nothing spins, because a
    /// thread that spins on the core another one needs is waited for a whole time slice.
    pub(super) fn choose(available: Result<Vec<usize>, Refusal>, wait: Wait) -> Self {
        let mut refused = Vec::new();
        let count = match &available {
            Ok(cores) => cores.len(),
            Err(_) => std::thread::available_parallelism().map_or(1, usize::from),
        };
        let cores = match available {
            Ok(cores) if cores.len() >= SPINNING => {
                let last = &cores[cores.len() - SPINNING..];
                [Some(last[0]), Some(last[1])]
            }
            Ok(_) => [None; SPINNING],
            Err(refusal) => {
                refused.push(refusal);
                [None; SPINNING]
            }
        };
        let spins = matches!(wait, Wait::Spin { .. });
        if count < SPINNING {
            refused.push(Refusal::new(
                "a core for each stage",
                if spins {
                    "only 1 core available: both stages yield instead of spinning"
                } else {
                    "only 1 core available: the stages share it"
                },
            ));
        }
        Self {
            cores,
            wait: if spins && count < SPINNING {
                Wait::Yield
            } else {
                wait
            },
            refused,
        }
    }

    /// Whether no stage can be in the other's way.
    pub(super) fn is_core_each(&self) -> bool {
        self.cores.iter().all(Option::is_some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_cores_or_more_one_for_each_from_the_end() {
        let placement = Placement::choose(Ok(vec![0, 2, 5]), Wait::SPIN);
        assert_eq!(placement.cores, [Some(2), Some(5)]);
        assert_eq!(placement.wait, Wait::SPIN);
        assert!(placement.refused.is_empty() && placement.is_core_each());
    }

    #[test]
    fn one_core_yields_and_says_so() {
        let placement = Placement::choose(Ok(vec![3]), Wait::SPIN);
        assert_eq!(placement.cores, [None, None]);
        assert_eq!(placement.wait, Wait::Yield);
        assert_eq!(placement.refused.len(), 1);
        assert!(placement.refused[0].to_string().contains("yield"));
        let parked = Placement::choose(Ok(vec![3]), Wait::PARK);
        assert_eq!(parked.wait, Wait::PARK);
        assert_eq!(parked.refused.len(), 1);
    }

    #[test]
    fn a_machine_that_does_not_say_is_not_pinned_on() {
        let refusal = Refusal::new("list the available cores", "no");
        let placement = Placement::choose(Err(refusal.clone()), Wait::Yield);
        assert_eq!(placement.cores, [None, None]);
        assert!(placement.refused.contains(&refusal));
    }
}
