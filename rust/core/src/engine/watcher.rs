//! A thread that does nothing but look at the clock while a run is under way, on a core that no stage needs.

use crate::metrics::Window;
use crate::os::{self, Refusal};
use crate::sync::{Arc, thread};
use crate::time::{Clock, Unmoved, cost_ns};

use super::{Control, EngineError};

/// A watcher before it has its thread.
pub(super) struct Watcher<C> {
    pub(super) control: Arc<Control>,
    pub(super) clock: C,
    /// A core of its own.
    pub(super) core: usize,
}

/// What a watcher leaves behind.
#[derive(Debug, Default)]
pub(super) struct WatcherEnd {
    /// What it saw; nothing if it did not get its core, where it would have been in a stage's way.
    pub(super) window: Option<Window>,
    pub(super) refused: Option<Refusal>,
}

impl<C: Clock + Send + 'static> Watcher<C> {
    /// Starts it, after the stages: it watches until the last of them has left.
    pub(super) fn start(self) -> Result<thread::JoinHandle<WatcherEnd>, EngineError> {
        thread::Builder::new()
            .name("tickpath-floor".to_owned())
            .spawn(move || self.live())
            .map_err(|e| EngineError::NoThread(e.to_string()))
    }

    fn live(self) -> WatcherEnd {
        match os::pin_current_thread(self.core) {
            Ok(()) => WatcherEnd {
                window: Some(self.watch()),
                refused: None,
            },
            Err(refused) => {
                self.control.arrive();
                WatcherEnd {
                    window: None,
                    refused: Some(refused),
                }
            }
        }
    }

    /// Arrives once it has looked at the clock: the run begins when it is watched.
    fn watch(&self) -> Window {
        let step_ns = cost_ns(&self.clock);
        let has_begun = core::cell::Cell::new(false);
        Window::watch(&Unmoved(&self.clock), u64::MAX, step_ns, || {
            if !has_begun.replace(true) {
                self.control.arrive();
            }
            self.control.has_everyone_left()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::{AtomicU64, Ordering};

    /// Every look takes 10 ns, and one of them 5,000: the first after it was told to.
    #[derive(Clone, Default)]
    struct Scripted {
        now_ns: Arc<AtomicU64>,
        pause: Arc<AtomicU64>,
    }

    impl Clock for Scripted {
        fn now_ns(&self) -> u64 {
            let step_ns = match self.pause.swap(0, Ordering::Relaxed) {
                0 => 10,
                pause_ns => pause_ns,
            };
            self.now_ns.fetch_add(step_ns, Ordering::Relaxed) + step_ns
        }
    }

    fn watcher(core: usize, clock: &Scripted) -> Watcher<Scripted> {
        Watcher {
            control: Arc::new(Control::new(0, 0).watched()),
            clock: clock.clone(),
            core,
        }
    }

    /// A watcher watches a core of its own, and elsewhere nobody has one.
    #[cfg(all(target_os = "linux", not(elsewhere)))]
    fn some_core() -> usize {
        os::available_cores().map_or(0, |cores| cores[0])
    }

    #[test]
    #[cfg(all(target_os = "linux", not(elsewhere)))]
    fn it_watches_from_before_the_first_event_until_the_last_stage_has_left() {
        let clock = Scripted::default();
        let watcher = watcher(some_core(), &clock);
        let control = Arc::clone(&watcher.control);
        control.arrive();
        control.arrive();
        let thread = watcher.start().expect("a thread");
        while !control.has_everyone_arrived() {
            thread::yield_now();
        }
        // The run begins.
        let begin_ns = clock.now_ns.load(Ordering::Relaxed);
        clock.pause.store(5_000, Ordering::Relaxed);
        while clock.pause.load(Ordering::Relaxed) > 0 {
            thread::yield_now();
        }
        // One stage left is not the end of the run.
        control.leave();
        let end_ns = clock.now_ns.load(Ordering::Relaxed);
        while clock.now_ns.load(Ordering::Relaxed) < end_ns + 1_000 {
            assert!(!thread.is_finished(), "it left before the last stage");
            thread::yield_now();
        }
        control.leave();
        let end = thread.join().expect("no panic");
        let window = end.window.expect("it had its core");
        assert!(window.start_ns() <= begin_ns, "{window:?}");
        assert!(
            window.start_ns() + window.length_ns() >= end_ns,
            "{window:?}"
        );
        let pauses: Vec<u64> = window.pauses().iter().map(|p| p.length_ns).collect();
        assert_eq!(pauses, [5_000]);
        assert_eq!(end.refused, None);
    }

    #[test]
    fn without_its_core_it_watches_nothing_and_holds_nobody_up() {
        let clock = Scripted::default();
        let watcher = watcher(usize::MAX, &clock);
        let control = Arc::clone(&watcher.control);
        control.arrive();
        control.arrive();
        let end = watcher.start().expect("a thread").join().expect("no panic");
        assert!(control.has_everyone_arrived());
        assert!(end.window.is_none());
        assert!(end.refused.is_some());
    }
}
