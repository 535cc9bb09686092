//! Which cores there are for this process, and tying a thread to one.

use super::Refusal;

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

#[cfg(all(target_os = "linux", not(elsewhere)))]
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

#[cfg(any(not(target_os = "linux"), elsewhere))]
mod imp {
    use super::super::{NOT_HERE, Refusal};

    pub(super) fn available_cores() -> Result<Vec<usize>, Refusal> {
        Err(Refusal::new("list the available cores", NOT_HERE))
    }

    pub(super) fn pin_current_thread(core: usize) -> Result<(), Refusal> {
        Err(Refusal::new(format!("pin thread to core {core}"), NOT_HERE))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(all(target_os = "linux", not(elsewhere)))]
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
