//! The live driver: each stage on a native thread of its own, pinned where the machine allows it.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::Duration;

use crate::bus::{EventRing, Producer};
use crate::ingest::Event;
use crate::os::{MemoryState, Topology};
use crate::state::Gate;
use crate::sync::{Arc, thread};
use crate::time::{Clock, Stepped};

use super::build::{ReaderEnd, ReaderPlan};
use super::build_feed::{FeedEnd, FeedPlan};
use super::placement::Placement;
use super::record::{Ends, Outline};
use super::stage_thread::{StageThread, ThreadEnd};
use super::watcher::{Watcher, WatcherEnd};
use super::{
    Control, EngineError, Faults, Phase, Plan, RunRecord, Settings, SettingsError, Snapshot,
    ThreadSettings, Upstreams,
};

/// A run under way.
///
/// Dropping it stops the run and waits for its threads, which see the stop at once.
#[derive(Debug)]
pub struct LiveEngine {
    control: Arc<Control>,
    outline: Outline,
    ack_ring: Option<Arc<EventRing>>,
    threads: Option<Threads>,
    /// Let go of when the threads have ended.
    _locked: LockedRings,
    /// Nothing is ever sent: it is closed when the last thread has let go of its end.
    ended: Receiver<()>,
}

#[derive(Debug)]
struct Threads {
    feed: thread::JoinHandle<ThreadEnd<FeedEnd>>,
    readers: Vec<thread::JoinHandle<ThreadEnd<ReaderEnd>>>,
    watcher: Option<thread::JoinHandle<WatcherEnd>>,
}

/// Rings whose memory was locked for the run, and is unlocked with this: freeing it would not do that.
#[derive(Debug, Default)]
struct LockedRings(Vec<Arc<EventRing>>);

impl LockedRings {
    /// Does what is wished with the memory of `ring`, and remembers it if it was locked.
    fn prepare(&mut self, ring: &Arc<EventRing>, settings: &Settings) -> MemoryState {
        let state = ring.prepare_memory(settings.memory);
        if state.locked {
            self.0.push(Arc::clone(ring));
        }
        state
    }
}

impl Drop for LockedRings {
    fn drop(&mut self) {
        for ring in &self.0 {
            // Nobody is left to hear that it stays locked.
            drop(ring.unlock_memory());
        }
    }
}

impl LiveEngine {
    /// Starts the threads and returns at once; `producer` is the writing end of the run's ring, whose
    /// events so far are nobody's here.
    ///
    /// The run begins when all are ready. It ends by itself when everything was published and
    /// processed: with the gate in INIT nothing is read, so it then only ends by [`Self::stop`].
    ///
    /// # Errors
    /// Returns an error if the settings make no sense or do not fit the machine, if they ask for faults, or if there
    /// is not the memory or the thread for it. The producer is lost with it, and its ring then has none.
    ///
    /// # Panics
    /// Panics if the source has fewer events than the plan.
    pub fn start<S, C>(
        source: S,
        plan: Plan,
        producer: Producer,
        gate: Arc<Gate>,
        settings: Settings,
        clock: C,
    ) -> Result<Self, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
        C: Clock + Clone + Send + 'static,
    {
        if settings.faults.is_some() {
            return Err(EngineError::Misused("a run with faults is started as one"));
        }
        Self::launch(source, plan, producer, gate, settings, clock)
    }

    /// The same with the faults that the settings ask for, which are stages of other types: nothing of this is in
    /// the code of a run without. The reading stages go by `clock` as the faults step it.
    ///
    /// # Errors
    /// As [`Self::start`], and if the settings do not ask for faults.
    ///
    /// # Panics
    /// Panics if the source has fewer events than the plan.
    pub fn start_with_faults<S, C>(
        source: S,
        plan: Plan,
        producer: Producer,
        gate: Arc<Gate>,
        settings: Settings,
        clock: C,
    ) -> Result<Self, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
        C: Clock + Clone + Send + 'static,
    {
        let Some(faults) = &settings.faults else {
            return Err(EngineError::Misused("the settings ask for no faults"));
        };
        let clock = Stepped::new(clock, Arc::clone(faults.clock()));
        Self::launch(source, plan, producer, gate, settings, clock)
    }

    fn launch<S, C>(
        source: S,
        plan: Plan,
        producer: Producer,
        gate: Arc<Gate>,
        settings: Settings,
        clock: C,
    ) -> Result<Self, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
        C: Clock + Clone + Send + 'static,
    {
        let after = settings.graph()?;
        let placement = Placement::choose(&Topology::read(), &settings)?;
        let (acks, ack_ring) = ack_ring(settings.ack_slots)?.unzip();
        let mut locked = LockedRings::default();
        let mut memory = locked.prepare(producer.ring(), &settings);
        if let Some(acks) = &ack_ring {
            memory
                .refused
                .extend(locked.prepare(acks, &settings).refused);
        }
        let control = Control::new(settings.consumers.len(), producer.next_seq());
        control.release(settings.hold_at);
        let control = Arc::new(match placement.watcher {
            Some(_) => control.watched(),
            None => control,
        });
        let (held_open, ended) = channel();
        let outline = Outline {
            first_seq: producer.next_seq(),
            plan: Arc::new(plan),
            settings,
            placement,
            memory,
        };
        let starting = Starting {
            control: &control,
            outline: &outline,
            gate,
            clock,
            held_open,
        };
        // The threads that are there see the stop, and end by themselves.
        let threads = starting
            .start(source, producer, acks, &after)
            .inspect_err(|_| control.stop())?;
        drop(starting);
        Ok(Self {
            control,
            outline,
            ack_ring,
            threads: Some(threads),
            _locked: locked,
            ended,
        })
    }

    /// What the control side shares with the stages.
    pub const fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// The acks of the run, if it has a ring for them.
    pub const fn ack_ring(&self) -> Option<&Arc<EventRing>> {
        self.ack_ring.as_ref()
    }

    /// The run as of now.
    pub fn snapshot(&self) -> Snapshot {
        self.control.snapshot()
    }

    /// What can go wrong in this run, if it was asked for.
    pub const fn faults(&self) -> Option<&Arc<Faults>> {
        self.outline.settings.faults.as_ref()
    }

    /// Lets a held feed go on, up to the event of index `hold_at`, if there is one.
    pub fn release(&self, hold_at: Option<usize>) {
        self.control.release(hold_at);
    }

    /// Ends the feed where it is; what is in the ring is still processed.
    pub fn stop_intake(&self) {
        self.control.stop_intake();
    }

    /// Asks the run to end as soon as it can.
    pub fn stop(&self) {
        self.control.stop();
    }

    /// Waits up to `timeout` for the threads to end; whether they have.
    pub fn wait(&self, timeout: Duration) -> bool {
        self.ended.recv_timeout(timeout) == Err(RecvTimeoutError::Disconnected)
    }

    /// Waits for the end and hands over what the run left behind, and the ring's writing end.
    ///
    /// # Errors
    /// Returns an error if a stage panicked.
    ///
    /// # Panics
    /// Never: the threads are there until the engine is consumed.
    pub fn finish(mut self) -> Result<(RunRecord, Producer), EngineError> {
        let threads = self.threads.take().expect("only finish takes them");
        let feed = threads.feed.join();
        let readers: Vec<_> = (threads.readers.into_iter())
            .map(thread::JoinHandle::join)
            .collect();
        let watcher = threads.watcher.map(thread::JoinHandle::join);
        self.control.set_phase(Phase::Finished);
        let feed = feed.map_err(|panic| EngineError::panicked("feed", &*panic))?;
        let names = self.outline.settings.readers().map(|reader| &reader.name);
        let readers = (readers.into_iter().zip(names))
            .map(|(end, name)| end.map_err(|panic| EngineError::panicked(name, &*panic)))
            .collect::<Result<Vec<_>, _>>()?;
        let watcher =
            (watcher.transpose()).map_err(|panic| EngineError::panicked("floor", &*panic))?;
        let watcher = watcher.unwrap_or_default();
        let ends = Ends {
            feed,
            readers,
            watcher,
        };
        Ok(self.outline.record(ends))
    }
}

impl Drop for LiveEngine {
    fn drop(&mut self) {
        self.control.stop();
        if let Some(threads) = self.threads.take() {
            // A panic of a stage has nobody left to hear of it.
            drop(threads.feed.join());
            for reader in threads.readers {
                drop(reader.join());
            }
            drop(threads.watcher.map(thread::JoinHandle::join));
        }
    }
}

/// What every thread of a run is started with.
struct Starting<'a, C> {
    control: &'a Arc<Control>,
    outline: &'a Outline,
    gate: Arc<Gate>,
    clock: C,
    held_open: Sender<()>,
}

impl<C: Clock + Clone + Send + 'static> Starting<'_, C> {
    /// Starts the feed, then each reading stage behind those that `after` names.
    fn start<S>(
        &self,
        source: S,
        producer: Producer,
        mut acks: Option<Producer>,
        after: &[Vec<usize>],
    ) -> Result<Threads, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
    {
        let settings = &self.outline.settings;
        let planned = self.outline.plan.offsets_ns().is_some();
        let ring = Arc::clone(producer.ring());
        let feed = FeedPlan {
            source,
            plan: Arc::clone(&self.outline.plan),
            stamping: settings.stamping,
            faults: settings.faults.as_ref(),
            thread: self.thread(0, settings.feed),
        };
        let held_by = settings
            .hold_back
            .then(|| Upstreams::new(self.control.progress().cloned()));
        let feed = feed.start(producer, held_by)?;
        let mut readers = Vec::with_capacity(after.len());
        for (index, reader) in settings.readers().enumerate() {
            let upstreams = after[index].iter().map(|&upstream| {
                let books = self.control.stage(upstream);
                Arc::clone(books.progress())
            });
            let plan = ReaderPlan {
                settings: reader,
                ring: &ring,
                first_seq: self.outline.first_seq,
                upstreams: Upstreams::new(upstreams),
                index,
                faults: settings.faults.as_ref(),
                thread: self.thread(index + 1, reader.thread),
            };
            readers.push(if index == 0 {
                let acks = acks.take();
                plan.start_executor(planned, settings.stamping, acks, settings.epoch_rows)?
            } else {
                plan.start_consumer(planned)?
            });
        }
        // Last: it ends when every stage has left, so each of them has to be there.
        let watcher = self.outline.placement.watcher.map(|core| {
            let watcher = Watcher {
                control: Arc::clone(self.control),
                clock: self.clock.clone(),
                core,
            };
            watcher.start()
        });
        Ok(Threads {
            feed,
            readers,
            watcher: watcher.transpose()?,
        })
    }

    fn thread(&self, index: usize, asked: ThreadSettings) -> StageThread<C> {
        StageThread {
            control: Arc::clone(self.control),
            gate: Arc::clone(&self.gate),
            clock: self.clock.clone(),
            place: self.outline.placement.places[index],
            is_feed: index == 0,
            priority: asked.priority,
            watch_ns: self.outline.watch_ns(index),
            held_open: Sender::clone(&self.held_open),
        }
    }
}

fn ack_ring(slots: Option<usize>) -> Result<Option<(Producer, Arc<EventRing>)>, EngineError> {
    let Some(slots) = slots else {
        return Ok(None);
    };
    if slots == 0 {
        let text = "the ack ring needs at least 1 slot: got 0".to_owned();
        return Err(SettingsError(text).into());
    }
    let ring = EventRing::try_new(slots).ok_or(EngineError::OutOfMemory(slots))?;
    Ok(Some(ring))
}
