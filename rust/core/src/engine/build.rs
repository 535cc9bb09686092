//! From settings to threads: what a constructor can decide is decided here, once, and becomes a type.
//!
//! Each combination of service time, ack ring, plan and stamping is code of its own, so that a stage's
//! loop asks nothing about what it is.

use crate::bus::{EventReader, EventRing, Overrun, Payload, Producer, Start};
use crate::ingest::Event;
use crate::metrics::EpochTable;
use crate::sync::{Arc, thread};
use crate::time::Clock;

use super::drive::{Drive, ReadingStage, StampShared, StampsEach, drive_feed, drive_reader};
use super::executor::SHARED_STAMP_EVENTS_MAX;
use super::stage_thread::{StageThread, ThreadEnd};
use super::{
    Acks, ConsumerStage, EngineError, ExecutorStage, FeedStage, HeldBack, Intake, Ledger,
    LoopNotes, NoAcks, NoService, Plan, Planned, Publish, ReaderSettings, Rebased, Recover, Sampled,
    Service, StageHistograms, StageRecorder, Stamping, Timetable, Unplanned, Upstreams,
};

/// What a reading stage leaves behind.
#[derive(Debug)]
pub(super) struct ReaderEnd {
    pub(super) ledger: Ledger,
    pub(super) ended_by: Option<Overrun>,
    pub(super) latency: Box<[StageHistograms]>,
    pub(super) epochs: Option<EpochTable>,
    pub(super) notes: LoopNotes,
}

/// What the feed leaves behind: how much it published, how its plan was shifted, and the ring's writing end.
#[derive(Debug)]
pub(super) struct FeedEnd {
    pub(super) published: u64,
    pub(super) rebased: Option<Rebased>,
    pub(super) notes: LoopNotes,
    pub(super) producer: Producer,
}

type Handle<V> = Result<thread::JoinHandle<ThreadEnd<V>>, EngineError>;

/// A reading stage before it has a thread.
pub(super) struct ReaderPlan<'a, C> {
    pub(super) settings: &'a ReaderSettings,
    pub(super) ring: &'a Arc<EventRing>,
    /// The ring's head when the run begins.
    pub(super) first_seq: u64,
    pub(super) upstreams: Upstreams,
    /// Its index among the reading stages.
    pub(super) index: usize,
    pub(super) thread: StageThread<C>,
}

impl<C: Clock + Send + 'static> ReaderPlan<'_, C> {
    fn reader(&self) -> Result<EventReader, EngineError> {
        let reader = EventReader::new(Arc::clone(self.ring), Start::Sequence(self.first_seq));
        reader.map_err(|_| EngineError::Misused("the ring changed hands"))
    }

    fn intake<const CLAIMS: bool>(
        &self,
        reader: EventReader<CLAIMS>,
    ) -> Intake<EventReader<CLAIMS>> {
        Intake::new(reader, self.upstreams.clone(), self.settings.policy)
    }

    /// The executor's thread.
    pub(super) fn start_executor(
        self,
        planned: bool,
        stamping: Stamping,
        acks: Option<Producer>,
        epoch_rows: usize,
    ) -> Handle<ReaderEnd> {
        match acks {
            Some(acks) => self.executor_with(planned, stamping, acks, epoch_rows),
            None => self.executor_with(planned, stamping, NoAcks, epoch_rows),
        }
    }

    fn executor_with<A>(
        self,
        planned: bool,
        stamping: Stamping,
        acks: A,
        epoch_rows: usize,
    ) -> Handle<ReaderEnd>
    where
        A: Acks + Send + 'static,
    {
        let reader = self.reader()?;
        match (planned, self.settings.claim_lines) {
            (true, true) => {
                self.executor::<true, true, _>(reader.claiming(), stamping, acks, epoch_rows)
            }
            (true, false) => self.executor::<true, false, _>(reader, stamping, acks, epoch_rows),
            (false, true) => {
                self.executor::<false, true, _>(reader.claiming(), stamping, acks, epoch_rows)
            }
            (false, false) => self.executor::<false, false, _>(reader, stamping, acks, epoch_rows),
        }
    }

    fn executor<const PLANNED: bool, const CLAIMS: bool, A>(
        self,
        reader: EventReader<CLAIMS>,
        stamping: Stamping,
        acks: A,
        epoch_rows: usize,
    ) -> Handle<ReaderEnd>
    where
        A: Acks + Send + 'static,
    {
        let (intake, settings) = (self.intake(reader), self.settings);
        let recorder = StageRecorder::<PLANNED>::by_state();
        if settings.service.is_none() {
            let stage = ExecutorStage::new(intake, NoService, acks, recorder, epoch_rows);
            match stamping {
                Stamping::PerEvent => self.spawn(StampsEach(stage)),
                Stamping::PerBatch => self.spawn(StampShared(stage)),
            }
        } else {
            let service = Sampled::new(settings.service.clone(), settings.seed);
            let stage = ExecutorStage::new(intake, service, acks, recorder, epoch_rows);
            self.spawn(StampsEach(stage))
        }
    }

    /// A plain consumer's thread.
    pub(super) fn start_consumer(self, planned: bool) -> Handle<ReaderEnd> {
        if planned {
            self.consumer::<true>()
        } else {
            self.consumer::<false>()
        }
    }

    fn consumer<const PLANNED: bool>(self) -> Handle<ReaderEnd> {
        let (intake, settings) = (self.intake(self.reader()?), self.settings);
        let recorder = StageRecorder::<PLANNED>::overall();
        if settings.service.is_none() {
            self.spawn(StampsEach(ConsumerStage::new(intake, NoService, recorder)))
        } else {
            let service = Sampled::new(settings.service.clone(), settings.seed);
            self.spawn(StampsEach(ConsumerStage::new(intake, service, recorder)))
        }
    }

    fn spawn<E>(self, stage: E) -> Handle<ReaderEnd>
    where
        E: ReadingStage + Leaves + Send + 'static,
    {
        let (thread, index) = (self.thread, self.index);
        let name = format!("tickpath-{}", self.settings.name);
        spawn(&name, move || {
            let mut notes = LoopNotes::new(thread.place.wait);
            thread.live(stage, Leaves::touch, |mut stage, drive: Drive<'_, C>| {
                let books = drive.control.stage(index);
                let ended_by = drive_reader(&mut stage, drive, books, &mut notes);
                stage.leave(ended_by, notes)
            })
        })
    }
}

/// What a stage leaves behind when its thread ends.
pub(super) trait Leaves {
    /// Writes every page that a turn may write.
    fn touch(&mut self);
    /// The records.
    fn leave(self, ended_by: Option<Overrun>, notes: LoopNotes) -> ReaderEnd;
}

impl<R, S: Service, A: Acks, const PLANNED: bool> Leaves
    for ExecutorStage<R, S, A, StageRecorder<PLANNED>>
where
    R: Recover<Item = Payload>,
{
    fn touch(&mut self) {
        self.recorder_mut().touch();
    }

    fn leave(self, ended_by: Option<Overrun>, notes: LoopNotes) -> ReaderEnd {
        let ledger = self.ledger();
        let (recorder, epochs) = self.into_records();
        ReaderEnd {
            ledger,
            ended_by,
            latency: recorder.into_latency(),
            epochs: Some(epochs),
            notes,
        }
    }
}

impl<S: Service, const PLANNED: bool> Leaves
    for ConsumerStage<EventReader, S, StageRecorder<PLANNED>>
{
    fn touch(&mut self) {
        self.recorder_mut().touch();
    }

    fn leave(self, ended_by: Option<Overrun>, notes: LoopNotes) -> ReaderEnd {
        ReaderEnd {
            ledger: self.ledger(),
            ended_by,
            latency: self.into_recorder().into_latency(),
            epochs: None,
            notes,
        }
    }
}

impl<E: Leaves> Leaves for StampsEach<E> {
    fn touch(&mut self) {
        self.0.touch();
    }

    fn leave(self, ended_by: Option<Overrun>, notes: LoopNotes) -> ReaderEnd {
        self.0.leave(ended_by, notes)
    }
}

impl<E: Leaves> Leaves for StampShared<E> {
    fn touch(&mut self) {
        self.0.touch();
    }

    fn leave(self, ended_by: Option<Overrun>, notes: LoopNotes) -> ReaderEnd {
        self.0.leave(ended_by, notes)
    }
}

/// A feed before it has a thread.
pub(super) struct FeedPlan<S, C> {
    pub(super) source: S,
    pub(super) plan: Arc<Plan>,
    pub(super) hold_at: Option<usize>,
    pub(super) stamping: Stamping,
    pub(super) thread: StageThread<C>,
}

impl<S, C> FeedPlan<S, C>
where
    S: AsRef<[Event]> + Send + 'static,
    C: Clock + Send + 'static,
{
    /// The feed's thread; held back by `readers`, if that is given.
    pub(super) fn start(self, producer: Producer, readers: Option<Upstreams>) -> Handle<FeedEnd> {
        match readers {
            Some(readers) => {
                let control = Arc::clone(&self.thread.control);
                let held = HeldBack::new(producer, readers, control);
                self.by_plan(held, HeldBack::into_producer)
            }
            None => self.by_plan(producer, |producer| producer),
        }
    }

    fn by_plan<P>(self, ring: P, give_back: fn(P) -> Producer) -> Handle<FeedEnd>
    where
        P: Publish + Send + 'static,
    {
        match Planned::new(Arc::clone(&self.plan)) {
            Some(timetable) => self.spawn(ring, timetable, give_back),
            None => self.spawn(ring, Unplanned, give_back),
        }
    }

    fn spawn<P, T>(self, ring: P, timetable: T, give_back: fn(P) -> Producer) -> Handle<FeedEnd>
    where
        P: Publish + Send + 'static,
        T: Timetable + Send + 'static,
    {
        let stage = FeedStage::new(self.source, self.plan.len(), ring, timetable, self.hold_at);
        let per_stamp = match self.stamping {
            Stamping::PerEvent => 1,
            Stamping::PerBatch => SHARED_STAMP_EVENTS_MAX,
        };
        let thread = self.thread;
        spawn("tickpath-feed", move || {
            let mut notes = LoopNotes::new(thread.place.wait);
            thread.live(
                stage,
                |_| (),
                |mut stage, drive: Drive<'_, C>| {
                    drive_feed(&mut stage, drive, per_stamp, &mut notes);
                    FeedEnd {
                        published: stage.published(),
                        rebased: stage.rebased(),
                        notes,
                        producer: give_back(stage.into_ring()),
                    }
                },
            )
        })
    }
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
