//! The live driver: each stage on a native thread of its own, pinned where the machine allows it.

use core::fmt;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crate::bus::{EventReader, EventRing, Producer, Start};
use crate::ingest::Event;
use crate::os::{self, Refusal};
use crate::state::Gate;
use crate::sync::{Arc, thread};
use crate::time::Clock;

use super::placement::Placement;
use super::stage_thread::{ExecutorEnd, FeedEnd, Shared};
use super::{
    Control, ExecutorStage, FeedStage, Floor, Ledger, Phase, Plan, RunRecord, Snapshot, Wait,
};

/// What can be set about a live run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Slots of the ring.
    pub capacity: usize,
    /// How both stages wait. Spinning falls back to yielding where there are too few cores.
    pub wait: Wait,
    /// How long the machine is watched before the run, and again after it, in nanoseconds.
    pub floor_window_ns: u64,
    /// The feed stops before the event of this index until [`LiveEngine::release`].
    pub hold_at: Option<usize>,
    /// Epochs the executor has room for.
    pub epoch_rows: usize,
}

/// Why there is no run, or no record of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EngineError {
    /// Not the memory for a ring of so many slots.
    OutOfMemory(usize),
    /// The operating system gave no thread.
    NoThread(String),
    /// It was asked for what a run does once, a second time, or by another process.
    Misused(&'static str),
    /// A stage ended by a bug; the other was stopped.
    Panicked {
        /// Which.
        stage: &'static str,
        /// What it said.
        message: String,
    },
}

impl fmt::Display for EngineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::OutOfMemory(slots) => {
                write!(
                    f,
                    "not enough memory for a ring of {slots} slots of 64 bytes"
                )
            }
            Self::NoThread(reason) => write!(f, "the machine gave no thread: {reason}"),
            Self::Misused(how) => f.write_str(how),
            Self::Panicked { stage, message } => {
                write!(f, "the {stage} ended by a bug in tickpath: {message}")
            }
        }
    }
}

impl core::error::Error for EngineError {}

/// A run under way.
///
/// Dropping it stops the run and waits for its threads, which see the stop at once.
#[derive(Debug)]
pub struct LiveEngine {
    control: Arc<Control>,
    plan: Arc<Plan>,
    placement: Placement,
    threads: Option<Threads>,
    /// Nothing is ever sent: it is closed when the last thread has let go of its end.
    ended: Receiver<()>,
}

#[derive(Debug)]
struct Threads {
    feed: thread::JoinHandle<FeedEnd>,
    executor: thread::JoinHandle<ExecutorEnd>,
}

impl LiveEngine {
    /// Starts the threads and returns at once.
    ///
    /// The run begins when both are ready. It ends by itself when everything was published and
    /// processed: with the gate in INIT nothing is read, so it then only ends by [`Self::stop`].
    ///
    /// # Errors
    /// Returns an error if there is not the memory or the thread for it.
    ///
    /// # Panics
    /// Panics if the capacity is 0 or the source has fewer events than the plan.
    pub fn start<S, C>(
        source: S,
        plan: Plan,
        gate: Arc<Gate>,
        settings: Settings,
        clock: C,
    ) -> Result<Self, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
        C: Clock + Clone + Send + 'static,
    {
        let (producer, reader) = ring(settings.capacity)?;
        let plan = Arc::new(plan);
        let planned = plan.offsets_ns().is_some();
        let feed = FeedStage::new(source, Arc::clone(&plan), producer, settings.hold_at);
        let executor = ExecutorStage::new(reader, planned, settings.epoch_rows);
        let placement = Placement::choose(os::available_cores(), settings.wait);
        let control = Arc::new(Control::default());
        let (held_open, ended) = channel();
        let shared = |core| Shared {
            control: Arc::clone(&control),
            clock: clock.clone(),
            wait: placement.wait,
            core,
            floor_window_ns: settings.floor_window_ns,
            held_open: Sender::clone(&held_open),
        };
        let [feed_core, executor_core] = placement.cores;
        let (shared_feed, shared_executor) = (shared(feed_core), shared(executor_core));
        let alone = placement.is_core_each();
        let feed = spawn("tickpath-feed", move || shared_feed.run_feed(feed))?;
        let executor = spawn("tickpath-exec", move || {
            shared_executor.run_executor(executor, &gate, alone)
        })
        .inspect_err(|_| control.stop())?;
        Ok(Self {
            control,
            plan,
            placement,
            threads: Some(Threads { feed, executor }),
            ended,
        })
    }

    /// What the control side shares with the stages.
    pub const fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// The run as of now.
    pub fn snapshot(&self) -> Snapshot {
        self.control.snapshot()
    }

    /// Lets a held feed go on.
    pub fn release(&self) {
        self.control.release();
    }

    /// Asks the run to end as soon as it can.
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Waits up to `timeout` for the threads to end; whether they have.
    pub fn wait(&self, timeout: Duration) -> bool {
        self.ended.recv_timeout(timeout) == Err(RecvTimeoutError::Disconnected)
    }

    /// Waits for the end and hands over what the run left behind.
    ///
    /// # Errors
    /// Returns an error if a stage panicked.
    ///
    /// # Panics
    /// Never: the threads are there until the engine is consumed.
    pub fn finish(mut self) -> Result<RunRecord, EngineError> {
        let threads = self.threads.take().expect("only finish takes them");
        let (feed, executor) = (threads.feed.join(), threads.executor.join());
        self.control.set_phase(Phase::Finished);
        let feed = feed.map_err(|panic| panicked("feed", &*panic))?;
        let executor = executor.map_err(|panic| panicked("executor", &*panic))?;
        Ok(self.record(feed, executor))
    }

    fn record(&self, feed: FeedEnd, executor: ExecutorEnd) -> RunRecord {
        let (latency, epochs) = executor.records;
        let mut windows = feed.windows;
        windows.extend(executor.windows);
        let mut refused = self.placement.refused.clone();
        refused.extend(feed.refused.iter().cloned());
        refused.extend(executor.refused.iter().cloned());
        let pinned = |core: Option<usize>, refused: &[Refusal]| core.filter(|_| refused.is_empty());
        let [feed_core, executor_core] = self.placement.cores;
        RunRecord {
            stopped: feed.published < self.plan.len() as u64 || executor.ledger.unread > 0,
            wall_ns: feed
                .begin_ns
                .map(|begin| executor.end_ns.saturating_sub(begin)),
            ledger: Ledger {
                published: feed.published,
                ..executor.ledger
            },
            planned: self.plan.offsets_ns().is_some(),
            latency,
            epochs,
            floor: Floor::fold(&windows, self.plan.offsets_ns(), self.plan.len()),
            clock_cost_ns: feed.clock_cost_ns.max(executor.clock_cost_ns),
            cores: [
                pinned(feed_core, &feed.refused),
                pinned(executor_core, &executor.refused),
            ],
            wait: self.placement.wait.name(),
            refused,
        }
    }
}

impl Drop for LiveEngine {
    fn drop(&mut self) {
        self.control.stop();
        if let Some(threads) = self.threads.take() {
            // A panic of a stage has nobody left to hear of it.
            drop(threads.feed.join());
            drop(threads.executor.join());
        }
    }
}

fn ring(capacity: usize) -> Result<(Producer, EventReader), EngineError> {
    let (producer, ring) =
        EventRing::try_new(capacity).ok_or(EngineError::OutOfMemory(capacity))?;
    let reader =
        EventReader::new(ring, Start::Oldest).map_err(|_| EngineError::OutOfMemory(capacity))?;
    Ok((producer, reader))
}

fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<thread::JoinHandle<T>, EngineError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|e| EngineError::NoThread(e.to_string()))
}

fn panicked(stage: &'static str, panic: &(dyn core::any::Any + Send)) -> EngineError {
    let message = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("no message");
    EngineError::Panicked {
        stage,
        message: message.to_owned(),
    }
}
