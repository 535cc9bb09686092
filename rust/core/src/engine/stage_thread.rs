//! The life of a stage's thread: get ready, meet the other one, run, watch the machine, report.

use std::sync::mpsc::Sender;
use std::time::Duration;

use crate::bus::Payload;
use crate::ingest::Event;
use crate::metrics::EpochTable;
use crate::os::{self, Refusal};
use crate::state::{Gate, StateCode};
use crate::sync::{Arc, thread};
use crate::time::{Clock, cost_ns};

use super::floor::Window;
use super::{
    Control, ExecutorStage, FeedStage, Ledger, Publish, Recover, StageHistograms, Wait,
    drive_executor, drive_feed,
};

/// How often a thread that is ready looks whether the other one is.
const LOOK_EVERY: Duration = Duration::from_micros(50);

/// What a stage's thread is given besides its stage.
pub(super) struct Shared<C> {
    pub(super) control: Arc<Control>,
    pub(super) clock: C,
    pub(super) wait: Wait,
    pub(super) core: Option<usize>,
    pub(super) floor_window_ns: u64,
    /// Let go of by the end of the thread, however it ends.
    pub(super) held_open: Sender<()>,
}

/// What the feed's thread leaves behind.
#[derive(Debug)]
pub(super) struct FeedEnd {
    pub(super) begin_ns: Option<u64>,
    pub(super) published: u64,
    pub(super) clock_cost_ns: u64,
    pub(super) windows: Vec<Window>,
    pub(super) refused: Vec<Refusal>,
}

/// What the executor's thread leaves behind.
#[derive(Debug)]
pub(super) struct ExecutorEnd {
    pub(super) end_ns: u64,
    pub(super) ledger: Ledger,
    pub(super) records: (Box<[StageHistograms; StateCode::ALL.len()]>, EpochTable),
    pub(super) clock_cost_ns: u64,
    pub(super) windows: Vec<Window>,
    pub(super) refused: Vec<Refusal>,
}

/// Ends the run if its thread is unwound: the other stage would wait for ever.
struct EndOnPanic<'a>(&'a Control);

impl Drop for EndOnPanic<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            self.0.stop();
            self.0.set_feed_done();
        }
    }
}

impl<C: Clock> Shared<C> {
    /// The whole life of the feed's thread.
    pub(super) fn run_feed<S, P>(self, mut stage: FeedStage<S, P>) -> FeedEnd
    where
        S: AsRef<[Event]>,
        P: Publish,
    {
        let _guard = EndOnPanic(&self.control);
        let refused = self.pin();
        let clock_cost_ns = cost_ns(&self.clock);
        let mut windows = vec![self.watch(clock_cost_ns)];
        let begin_ns = self.meet().then(|| {
            self.control.set_running();
            self.clock.now_ns()
        });
        drive_feed(&mut stage, &self.clock, self.wait, &self.control);
        windows.push(self.watch(clock_cost_ns));
        drop(self.held_open);
        FeedEnd {
            begin_ns,
            published: stage.published(),
            clock_cost_ns,
            windows,
            refused,
        }
    }

    /// The whole life of the executor's thread. With `watches` false it leaves watching the machine
    /// to the feed: on a shared core they would see each other.
    pub(super) fn run_executor<R>(
        self,
        mut stage: ExecutorStage<R>,
        gate: &Gate,
        watches: bool,
    ) -> ExecutorEnd
    where
        R: Recover<Item = Payload>,
    {
        let _guard = EndOnPanic(&self.control);
        let refused = self.pin();
        stage.touch();
        let clock_cost_ns = cost_ns(&self.clock);
        let mut windows = Vec::new();
        if watches {
            windows.push(self.watch(clock_cost_ns));
        }
        self.meet();
        drive_executor(&mut stage, gate, &self.clock, self.wait, &self.control);
        let end_ns = self.clock.now_ns();
        if watches {
            windows.push(self.watch(clock_cost_ns));
        }
        drop(self.held_open);
        ExecutorEnd {
            end_ns,
            ledger: stage.ledger(),
            records: stage.into_records(),
            clock_cost_ns,
            windows,
            refused,
        }
    }

    fn pin(&self) -> Vec<Refusal> {
        self.core
            .and_then(|core| os::pin_current_thread(core).err())
            .into_iter()
            .collect()
    }

    fn watch(&self, clock_cost_ns: u64) -> Window {
        let stopped = || self.control.is_stopped();
        Window::watch(&self.clock, self.floor_window_ns, clock_cost_ns, stopped)
    }

    /// Waits until both threads are ready; false if the run was stopped first.
    fn meet(&self) -> bool {
        self.control.arrive();
        while !self.control.is_stopped() {
            if self.control.has_everyone_arrived() {
                return true;
            }
            thread::sleep(LOOK_EVERY);
        }
        false
    }
}
