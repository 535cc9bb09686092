//! Watching the machine without a run: its floor, core by core.
//!
//! What a run would find before and after itself ([`super::Floor`]), by the same windows, the same clock and
//! the same fold. Cores that are watched together are watched at once, a thread on each, as a run's stages
//! are: on a machine with few cores that is what they would meet.
//!
//! - **Threads**: one per core for as long as a window lasts; one owner, that blocks meanwhile.
//! - **Allocation**: a megabyte a window, before it begins.

use crate::metrics::{Figures, QUANTILES, Window};
use crate::os::{Refusal, involuntary_switches, pin_current_thread};
use crate::sync::thread;
use crate::time::{Clock, Unmoved, cost_ns};

use super::{EngineError, Floor};

/// What was seen of a machine so far.
#[derive(Debug)]
pub struct MachineWatch<C> {
    clock: C,
    cores: Vec<Core>,
}

/// What was seen of one core.
#[derive(Debug)]
struct Core {
    /// None is wherever the system puts a thread.
    number: Option<usize>,
    windows: Vec<Window>,
    switches: Option<u64>,
}

/// The floor of some cores, with what it rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WatchedFloor {
    /// The remaining pause at moments of arrival that are evenly spread; see [`Floor::fold`].
    pub floor: Floor,
    /// For each of [`QUANTILES`], the pauses that were longer than it: how many moments it rests on.
    pub pauses_beyond: [Option<u64>; QUANTILES.len()],
    /// How often the scheduler took the thread that watched off its core for another one; unknown where the
    /// machine does not say.
    pub switches: Option<u64>,
}

/// What a thread that watched came back with.
struct Seen {
    window: Window,
    switches: Option<u64>,
}

impl<C: Clock + Clone + Send + Sync> MachineWatch<C> {
    /// Nothing was seen yet.
    pub const fn new(clock: C) -> Self {
        let cores = Vec::new();
        Self { clock, cores }
    }

    /// Watches `cores` at once for `length_ns`, besides what was seen of them before; what it could not tie
    /// a thread to is refused, and not watched.
    ///
    /// # Errors
    /// Returns an error if there is no thread to be had; nothing was seen then.
    pub fn watch(
        &mut self,
        cores: &[Option<usize>],
        length_ns: u64,
    ) -> Result<Vec<Refusal>, EngineError> {
        let clock = &self.clock;
        let seen = thread::scope(|scope| {
            let started: Vec<_> = cores
                .iter()
                .map(|&core| {
                    let named = thread::Builder::new().name("tickpath-watch".to_owned());
                    named.spawn_scoped(scope, move || look(clock, core, length_ns))
                })
                .collect();
            let ends = started.into_iter().map(|thread| {
                let thread = thread.map_err(|e| EngineError::NoThread(e.to_string()))?;
                let end = thread.join();
                end.map_err(|panic| EngineError::panicked("watch", &*panic))
            });
            ends.collect::<Result<Vec<_>, _>>()
        })?;
        let mut refused = Vec::new();
        for (&core, seen) in cores.iter().zip(seen) {
            match seen {
                Ok(seen) => self.keep(core, seen),
                Err(refusal) => refused.push(refusal),
            }
        }
        Ok(refused)
    }

    fn keep(&mut self, number: Option<usize>, seen: Seen) {
        let known = self.cores.iter_mut().find(|core| core.number == number);
        match known {
            Some(core) => {
                core.windows.push(seen.window);
                core.switches = core.switches.zip(seen.switches).map(|(a, b)| a + b);
            }
            None => self.cores.push(Core {
                number,
                windows: vec![seen.window],
                switches: seen.switches,
            }),
        }
    }

    /// The floor of `cores` by what was seen of them, laid end to end as a run's is, for events that come
    /// evenly, `rate_hz` a second.
    pub fn floor(&self, cores: &[Option<usize>], rate_hz: u64) -> WatchedFloor {
        let of = |core: &&Core| cores.contains(&core.number);
        let windows = self.cores.iter().filter(of).flat_map(|core| &core.windows);
        let windows: Vec<Window> = windows.cloned().collect();
        let watched_ns: u64 = windows.iter().map(Window::length_ns).sum();
        let events = u128::from(watched_ns) * u128::from(rate_hz) / 1_000_000_000;
        let floor = Floor::fold(
            &windows,
            None,
            usize::try_from(events).unwrap_or(usize::MAX),
        );
        WatchedFloor {
            pauses_beyond: beyond(&windows, &floor.figures),
            switches: (self.cores.iter().filter(of))
                .map(|core| core.switches)
                .sum::<Option<u64>>()
                .filter(|_| !windows.is_empty()),
            floor,
        }
    }
}

/// One thread's turn.
fn look<C: Clock>(clock: &C, core: Option<usize>, length_ns: u64) -> Result<Seen, Refusal> {
    core.map_or(Ok(()), pin_current_thread)?;
    let step_ns = cost_ns(clock);
    let before = involuntary_switches();
    let window = Window::watch(&Unmoved(clock), length_ns, step_ns, || false);
    let after = involuntary_switches();
    Ok(Seen {
        window,
        switches: after
            .zip(before)
            .map(|(after, before)| after.saturating_sub(before)),
    })
}

/// How many pauses were longer than each percentile.
fn beyond(windows: &[Window], figures: &Figures) -> [Option<u64>; QUANTILES.len()] {
    figures.percentiles_ns.map(|percentile| {
        let longer = |ns: u64| {
            let pauses = windows.iter().flat_map(Window::pauses);
            pauses.filter(|pause| pause.length_ns > ns).count() as u64
        };
        percentile.map(longer)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::{Arc, AtomicU64, Ordering};

    /// Every look takes 10 ns, and the thousandth 5,000.
    #[derive(Clone, Default)]
    struct Scripted(Arc<AtomicU64>, Arc<AtomicU64>);

    impl Clock for Scripted {
        fn now_ns(&self) -> u64 {
            let looks = self.1.fetch_add(1, Ordering::Relaxed);
            let step_ns = if looks % 10_000 == 9_999 { 5_000 } else { 10 };
            self.0.fetch_add(step_ns, Ordering::Relaxed) + step_ns
        }
    }

    #[test]
    fn what_was_seen_of_a_core_adds_up_and_cores_are_told_apart() {
        let mut watch = MachineWatch::new(Scripted::default());
        let none = watch.floor(&[None], 1_000_000);
        assert_eq!((none.floor.watched_ns, none.switches), (0, None));
        assert_eq!(none.floor.figures, Figures::default());
        for _ in 0..2 {
            assert_eq!(watch.watch(&[None], 1_000_000).expect("a thread"), []);
        }
        let seen = watch.floor(&[None], 1_000_000_000);
        assert!(seen.floor.watched_ns >= 2_000_000, "{seen:?}");
        // A twentieth of the time is pause.
        let [p50, p90, p99, ..] = seen.floor.figures.percentiles_ns;
        assert!(p50 < Some(11) && p90 < Some(11), "{seen:?}");
        assert!(p99 > Some(2_000) && p99 < Some(5_000), "{seen:?}");
        assert!(seen.pauses_beyond[2] > Some(10), "{seen:?}");
        assert_eq!(seen.floor.longest_pause_ns, Some(5_000));
        assert_eq!(seen.switches.is_some(), involuntary_switches().is_some());
        let elsewhere = watch.floor(&[Some(0)], 1_000_000_000);
        assert_eq!(elsewhere.floor.watched_ns, 0);
    }

    #[test]
    fn a_core_that_cannot_be_had_is_refused_and_the_others_are_watched() {
        let mut watch = MachineWatch::new(Scripted::default());
        let refused = watch.watch(&[Some(usize::MAX), None], 1_000);
        assert_eq!(refused.expect("threads").len(), 1);
        assert!(watch.floor(&[Some(usize::MAX)], 1).floor.watched_ns == 0);
        assert!(watch.floor(&[None], 1).floor.watched_ns > 0);
    }
}
