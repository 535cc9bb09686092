//! Which core each stage gets, how it may wait there, and what is refused before a thread is started.

use crate::os::{Refusal, Topology};

use super::{CoreChoice, Settings, SettingsError, ThreadSettings, Wait};

/// Where a stage runs and how it waits there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Its core; `None` is wherever the operating system likes.
    pub core: Option<usize>,
    /// How it waits.
    pub wait: Wait,
    /// Whether it has its core to itself.
    pub alone: bool,
}

/// The decision for one run: the feed, the executor, then each consumer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Placement {
    pub(super) places: Vec<Place>,
    /// A core that no stage needs, to watch the machine from during the run.
    pub(super) watcher: Option<usize>,
    /// What could not be had.
    pub(super) refused: Vec<Refusal>,
}

impl Placement {
    /// Places the stages of `settings` on the cores of `machine`.
    ///
    /// The executor gets the best, the feed the next, consumers what is left; then they share what is not
    /// the feed's. With a single core nothing is pinned.
    ///
    /// # Errors
    /// Returns an error if more threads would spin than there are cores for them, or two of them on one
    /// core: a thread that spins on the core another one needs is waited for a whole time slice.
    pub(super) fn choose(machine: &Topology, settings: &Settings) -> Result<Self, SettingsError> {
        let mut refused = Vec::new();
        let cores = machine.best_first();
        if machine.available.is_none() {
            refused.push(Refusal::new(
                "a core for each stage",
                "the machine does not say which cores there are: nothing is pinned",
            ));
        }
        let single = machine.spinning_max() < 2;
        if single {
            refused.push(Refusal::new(
                "a core for each stage",
                "only 1 core can be used: the stages share it, and do not spin",
            ));
        }
        let asked: Vec<ThreadSettings> = core::iter::once(settings.feed)
            .chain(settings.readers().map(|reader| reader.thread))
            .collect();
        let chosen = choose_cores(&cores, &asked, &mut refused);
        let shared = machine.shared_halves(&chosen.iter().copied().flatten().collect::<Vec<_>>());
        if !shared.is_empty() {
            refused.push(Refusal::new(
                "a physical core for each stage",
                format!("cores {shared:?} are halves of one: they slow each other down"),
            ));
        }
        let places = (0..asked.len())
            .map(|index| {
                let core = chosen[index];
                let twins = chosen.iter().filter(|other| **other == core).count();
                let alone = core.is_some() && twins == 1;
                let wait = asked[index].wait.unwrap_or_else(|| {
                    // Feed and executor spin where nothing is known of the cores but that there are two.
                    match index {
                        0 | 1 if !single && (alone || core.is_none()) => Wait::SPIN,
                        0 | 1 => Wait::Yield,
                        _ if alone => Wait::SPIN,
                        _ => Wait::PARK,
                    }
                });
                Place { core, wait, alone }
            })
            .collect();
        let mut placement = Self {
            places,
            watcher: None,
            refused,
        };
        placement.check_spinning(machine)?;
        if settings.floor_window_ns > 0 {
            placement.watcher = placement.spare_core(machine);
        }
        Ok(placement)
    }

    /// A core on which one more thread can spin without being in any stage's way: there are more of them than
    /// stages, no stage is on it or on its other half, and the quota has room for it.
    fn spare_core(&self, machine: &Topology) -> Option<usize> {
        let cores = machine.best_first();
        let spinning = self.places.iter().filter(|place| place.spins()).count();
        if cores.len() <= self.places.len() || machine.check_spinning(spinning + 1).is_err() {
            return None;
        }
        let taken: Vec<usize> = self.places.iter().filter_map(|place| place.core).collect();
        let apart = |core: usize| {
            let with_it: Vec<usize> = taken.iter().copied().chain([core]).collect();
            !taken.contains(&core) && !machine.shared_halves(&with_it).contains(&core)
        };
        cores.into_iter().find(|&core| apart(core))
    }

    /// Refuses more spinning threads than there are cores for them, and one on a core that another stage
    /// needs and does not sleep on.
    fn check_spinning(&self, machine: &Topology) -> Result<(), SettingsError> {
        let places = &self.places;
        let spinning = places.iter().filter(|place| place.spins()).count();
        machine
            .check_spinning(spinning)
            .map_err(|refusal| SettingsError(refusal.to_string()))?;
        for (index, place) in places.iter().enumerate().filter(|(_, place)| place.spins()) {
            let Some(core) = place.core else { continue };
            let needs_it = |other: &Place| {
                other.core == Some(core) && !matches!(other.wait, Wait::Park { .. })
            };
            let others = places.iter().enumerate().filter(|(i, _)| *i != index);
            if others.map(|(_, other)| other).any(needs_it) {
                return Err(SettingsError(format!(
                    "a thread would spin on core {core}, which another one needs: give it another core, or let \
                     it wait by \"yield\" or \"park\""
                )));
            }
        }
        Ok(())
    }
}

impl Place {
    /// Where a stage really ran that asked for this.
    pub(super) const fn really(self, is_pinned: bool) -> Self {
        Self {
            core: if is_pinned { self.core } else { None },
            ..self
        }
    }

    /// Whether it never gives its core away.
    pub const fn spins(&self) -> bool {
        matches!(self.wait, Wait::Spin { .. })
    }
}

/// A core for each stage of `asked`, the feed first; `cores` are those there are, best first.
fn choose_cores(
    cores: &[usize],
    asked: &[ThreadSettings],
    refused: &mut Vec<Refusal>,
) -> Vec<Option<usize>> {
    let mut chosen: Vec<Option<usize>> = asked
        .iter()
        .map(|thread| match thread.core {
            CoreChoice::Core(core) if cores.contains(&core) || cores.is_empty() => Some(core),
            CoreChoice::Core(core) => {
                refused.push(Refusal::new(
                    format!("pin a stage to core {core}"),
                    format!("not one of the available cores {cores:?}: the stage is not pinned"),
                ));
                None
            }
            CoreChoice::Auto | CoreChoice::Unpinned => None,
        })
        .collect();
    if cores.len() < 2 {
        return chosen;
    }
    // Nothing asked for is given away twice.
    let stated = chosen.clone();
    let mut free = cores.iter().filter(|core| !stated.contains(&Some(**core)));
    let auto = |index: usize| asked[index].core == CoreChoice::Auto;
    // The executor first, then the feed, then the others.
    for index in [1, 0].into_iter().chain(2..asked.len()) {
        if auto(index) {
            chosen[index] = free.next().copied();
        }
    }
    // Nobody's own is left: share what is not the feed's, the worst core first.
    let feed = chosen[0];
    let mut shared = cores
        .iter()
        .rev()
        .filter(|core| feed != Some(**core))
        .cycle();
    for index in (1..asked.len()).filter(|&index| auto(index)) {
        if chosen[index].is_none() {
            chosen[index] = shared.next().copied();
        }
    }
    chosen
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::ReaderSettings;

    fn machine(cores: &[usize]) -> Topology {
        Topology {
            available: Some(cores.to_vec()),
            physical: None,
            isolated: None,
            quota: None,
        }
    }

    fn settings(consumers: usize) -> Settings {
        Settings {
            consumers: (0..consumers)
                .map(|index| ReaderSettings::named(format!("c{index}")))
                .collect(),
            ..Settings::default()
        }
    }

    fn cores(placement: &Placement) -> Vec<Option<usize>> {
        placement.places.iter().map(|place| place.core).collect()
    }

    #[test]
    fn two_cores_or_more_one_for_each_from_the_end() {
        let placement = Placement::choose(&machine(&[0, 2, 5]), &settings(0)).expect("fits");
        assert_eq!(cores(&placement), [Some(2), Some(5)]);
        assert!(
            placement
                .places
                .iter()
                .all(|place| place.spins() && place.alone)
        );
        assert!(placement.refused.is_empty());
    }

    #[test]
    fn consumers_get_what_is_left_and_never_the_feed_s_core() {
        let placement = Placement::choose(&machine(&[0, 1, 2]), &settings(3)).expect("fits");
        assert_eq!(
            cores(&placement),
            [Some(1), Some(2), Some(0), Some(0), Some(2)]
        );
        let waits: Vec<_> = placement.places.iter().map(|place| place.wait).collect();
        assert_eq!(waits[0], Wait::SPIN);
        assert_eq!(waits[3], Wait::PARK);
        let alone: Vec<_> = placement.places.iter().map(|place| place.alone).collect();
        assert_eq!(alone, [true, false, false, false, false]);
        // The executor spins all the same only if it is told to: a consumer shares its core.
        assert_eq!(waits[1], Wait::Yield);
    }

    #[test]
    fn the_machine_is_watched_from_a_core_that_no_stage_needs() {
        let watcher = |machine: &Topology, settings: &Settings| {
            let placement = Placement::choose(machine, settings).expect("fits");
            assert!(placement.refused.is_empty(), "{:?}", placement.refused);
            let places = placement.places.iter();
            assert!(
                places
                    .map(|place| place.core)
                    .all(|core| core.is_none() || core != placement.watcher)
            );
            placement.watcher
        };
        let three = machine(&[0, 1, 2]);
        assert_eq!(watcher(&three, &settings(0)), Some(0));
        // As many stages as cores, or nothing to measure.
        assert_eq!(watcher(&machine(&[0, 1]), &settings(0)), None);
        assert_eq!(watcher(&three, &settings(1)), None);
        assert_eq!(watcher(&machine(&[0, 1, 2, 3]), &settings(1)), Some(0));
        let unmeasured = Settings {
            floor_window_ns: 0,
            ..settings(0)
        };
        assert_eq!(watcher(&three, &unmeasured), None);
        // A stage that is not pinned may be anywhere, and is counted all the same.
        let mut unpinned = settings(0);
        unpinned.feed.core = CoreChoice::Unpinned;
        assert_eq!(watcher(&three, &unpinned), Some(1));
    }

    #[test]
    fn the_watcher_takes_no_other_half_and_no_more_than_the_quota() {
        let mut halves = machine(&[0, 1, 2, 3]);
        halves.physical = Some(vec![vec![0, 2], vec![1, 3]]);
        let choose = |machine: &Topology| Placement::choose(machine, &settings(0)).expect("fits");
        assert_eq!(choose(&halves).watcher, None);
        halves.physical = Some(vec![vec![0], vec![1], vec![2], vec![3]]);
        assert_eq!(choose(&halves).watcher, Some(1));
        let mut held = machine(&[0, 1, 2, 3]);
        for (quota, watcher) in [(2.5, None), (3.0, Some(1))] {
            held.quota = Some(crate::os::Quota::Cores(quota));
            assert_eq!(choose(&held).watcher, watcher, "{quota}");
        }
    }

    #[test]
    fn one_core_yields_and_says_so() {
        let placement = Placement::choose(&machine(&[3]), &settings(1)).expect("nothing spins");
        assert_eq!(cores(&placement), [None, None, None]);
        let waits: Vec<_> = placement.places.iter().map(|place| place.wait).collect();
        assert_eq!(waits, [Wait::Yield, Wait::Yield, Wait::PARK]);
        assert_eq!(placement.refused.len(), 1);
    }

    #[test]
    fn more_spinning_threads_than_cores_are_refused_with_the_alternative() {
        let mut asked = settings(1);
        asked.consumers[0].thread.wait = Some(Wait::SPIN);
        let shared = Placement::choose(&machine(&[0, 1]), &asked).expect_err("three on two");
        assert!(shared.to_string().contains("spin on core"), "{shared}");
        asked.feed.wait = Some(Wait::SPIN);
        asked.executor.thread.wait = Some(Wait::SPIN);
        let error = Placement::choose(&machine(&[0, 1]), &asked).expect_err("three on two");
        assert!(error.to_string().contains("3 spinning threads"), "{error}");
        assert!(error.to_string().contains("park"), "{error}");
        let mut single = settings(0);
        single.feed.wait = Some(Wait::SPIN);
        single.executor.thread.wait = Some(Wait::SPIN);
        assert!(Placement::choose(&machine(&[0]), &single).is_err());
    }

    #[test]
    fn two_that_spin_on_one_core_are_refused() {
        let mut asked = settings(0);
        asked.feed.core = CoreChoice::Core(1);
        asked.executor.thread.core = CoreChoice::Core(1);
        asked.feed.wait = Some(Wait::SPIN);
        asked.executor.thread.wait = Some(Wait::SPIN);
        let error = Placement::choose(&machine(&[0, 1]), &asked).expect_err("one core");
        assert!(error.to_string().contains("core 1"), "{error}");
    }

    #[test]
    fn a_stated_core_is_kept_and_one_that_is_not_there_is_a_fact() {
        let mut asked = settings(0);
        asked.feed.core = CoreChoice::Core(1);
        let placement = Placement::choose(&machine(&[0, 1]), &asked).expect("fits");
        assert_eq!(cores(&placement), [Some(1), Some(0)]);
        asked.feed.core = CoreChoice::Core(9);
        let placement = Placement::choose(&machine(&[0, 1]), &asked).expect("fits");
        assert_eq!(cores(&placement), [None, Some(1)]);
        assert!(placement.refused[0].to_string().contains("core 9"));
        asked.feed.core = CoreChoice::Unpinned;
        let placement = Placement::choose(&machine(&[0, 1]), &asked).expect("fits");
        assert_eq!(cores(&placement), [None, Some(1)]);
    }

    #[test]
    fn a_machine_that_does_not_say_is_not_pinned_on() {
        let unknown = Topology {
            available: None,
            ..machine(&[])
        };
        let mut asked = settings(0);
        asked.feed.wait = Some(Wait::Yield);
        asked.executor.thread.wait = Some(Wait::Yield);
        let placement = Placement::choose(&unknown, &asked).expect("nothing spins");
        assert_eq!(cores(&placement), [None, None]);
        assert!(!placement.refused.is_empty());
    }
}
