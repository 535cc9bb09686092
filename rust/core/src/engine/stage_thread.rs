//! The life of a stage's thread: get ready, meet the others, run, watch the machine, report.

use std::time::Duration;

use crate::os::{self, Priority, Refusal};
use crate::state::Gate;
use crate::sync::mpsc::Sender;
use crate::sync::{Arc, sleep, thread};
use crate::time::{Clock, Unmoved, cost_ns};

use super::Control;
use super::drive::Drive;
use super::floor::Window;
use super::placement::Place;

/// How often a thread that is ready looks whether the others are.
const LOOK_EVERY: Duration = Duration::from_micros(50);

/// What a stage's thread is given besides its stage.
pub(super) struct StageThread<C> {
    pub(super) control: Arc<Control>,
    pub(super) gate: Arc<Gate>,
    pub(super) clock: C,
    pub(super) place: Place,
    /// Whether its stage is the feed.
    pub(super) is_feed: bool,
    pub(super) priority: Option<Priority>,
    /// How long it watches the machine, before and after; 0 on a core it shares, where it would see the
    /// others.
    pub(super) watch_ns: u64,
    /// Let go of by the end of the thread, however it ends.
    pub(super) held_open: Sender<()>,
}

/// What a stage's thread leaves behind.
#[derive(Debug)]
pub(super) struct ThreadEnd<V> {
    pub(super) end_ns: u64,
    pub(super) clock_cost_ns: u64,
    pub(super) windows: Vec<Window>,
    pub(super) refused: Vec<Refusal>,
    pub(super) is_pinned: bool,
    /// What the stage itself has to say.
    pub(super) value: V,
}

/// Says that its stage has left, and ends the run if its thread is unwound: the others would wait for ever.
struct Attendance<'a> {
    control: &'a Control,
    is_feed: bool,
}

impl Drop for Attendance<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.control.stop();
            // Another's thread cannot say this of a feed that goes on until it has seen the stop.
            if self.is_feed {
                self.control.set_feed_done();
            }
        }
        self.control.leave();
    }
}

impl<C: Clock> StageThread<C> {
    /// The whole life: `stage` is prepared on its own core, driven, and asked for what it leaves behind.
    pub(super) fn live<E, V>(
        self,
        mut stage: E,
        prepare: impl FnOnce(&mut E),
        drive: impl FnOnce(E, Drive<'_, C>) -> V,
    ) -> ThreadEnd<V> {
        let attendance = Attendance {
            control: &self.control,
            is_feed: self.is_feed,
        };
        let (refused, is_pinned) = self.ask_the_machine();
        prepare(&mut stage);
        let clock_cost_ns = cost_ns(&self.clock);
        let mut windows = Vec::new();
        self.watch(clock_cost_ns, &mut windows);
        if let Some(before) = windows.first() {
            self.control
                .note_pause(before.longest_pause_ns().unwrap_or(0));
        }
        if self.meet() {
            self.control.set_running();
        }
        let value = drive(
            stage,
            Drive {
                gate: &self.gate,
                clock: &self.clock,
                wait: self.place.wait,
                control: &self.control,
            },
        );
        let end_ns = self.clock.true_ns();
        // From here on nobody waits for it, and it only watches the machine.
        drop(attendance);
        self.watch(clock_cost_ns, &mut windows);
        drop(self.held_open);
        ThreadEnd {
            end_ns,
            clock_cost_ns,
            windows,
            refused,
            is_pinned,
            value,
        }
    }

    /// Its core and its priority; what it does not get.
    fn ask_the_machine(&self) -> (Vec<Refusal>, bool) {
        let pinned = self.place.core.map_or(Ok(()), os::pin_current_thread);
        let raised = self.priority.map_or(Ok(()), os::raise_priority);
        let is_pinned = self.place.core.is_some() && pinned.is_ok();
        let refused = [pinned, raised].into_iter().filter_map(Result::err);
        (refused.collect(), is_pinned)
    }

    fn watch(&self, clock_cost_ns: u64, windows: &mut Vec<Window>) {
        if self.watch_ns > 0 {
            let stopped = || self.control.is_stopped();
            windows.push(Window::watch(
                &Unmoved(&self.clock),
                self.watch_ns,
                clock_cost_ns,
                stopped,
            ));
        }
    }

    /// Waits until all threads are ready; false if the run was stopped first.
    fn meet(&self) -> bool {
        self.control.arrive();
        while !self.control.is_stopped() {
            if self.control.has_everyone_arrived() {
                return true;
            }
            sleep(LOOK_EVERY);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What a run is told of a stage whose thread is unwound: whether it is stopped, and whether the feed is done.
    fn unwound(is_feed: bool) -> (bool, bool) {
        let control = Control::new(0, 0);
        let died = thread::scope(|scope| {
            let stage = scope.spawn(|| {
                let _attendance = Attendance {
                    control: &control,
                    is_feed,
                };
                panic!("planted");
            });
            stage.join().is_err()
        });
        assert!(died);
        (control.is_stopped(), control.is_feed_done())
    }

    #[test]
    fn a_stage_that_dies_stops_the_run_and_only_the_feeds_own_thread_ends_the_feed() {
        assert_eq!(unwound(true), (true, true));
        assert_eq!(unwound(false), (true, false));
    }
}
