//! From settings to threads: what a constructor can decide is decided here, once, and becomes a type.
//!
//! Each combination of service time, ack ring, plan, latency limit and stamping is code of its own, so that a
//! stage's loop asks nothing about what it is. With faults, which a clock that can be stepped stands for, there is
//! one kind of stage for all: what is slowed on demand has a service time, and a stamp of its own.

use crate::bus::{EventReader, EventRing, Overrun, Producer, Start};
use crate::metrics::EpochTable;
use crate::sync::{Arc, thread};
use crate::time::Clock;

use super::drive::{Drive, ReadingStage, StampShared, StampsEach, drive_reader};
use super::leaves::Leaves;
use super::stage_thread::{StageThread, ThreadEnd};
use super::{
    Acks, ConsumerStage, EngineError, ExecutorStage, Faults, FaultyReader, Intake, KeepsLatency,
    Ledger, Limited, Load, LoopNotes, NoAcks, NoService, ReaderSettings, Sampled, Service, Slowed,
    StageHistograms, StageRecorder, Stamping, Upstreams,
};

/// What a reading stage leaves behind.
#[derive(Debug)]
pub(super) struct ReaderEnd {
    pub(super) ledger: Ledger,
    pub(super) ended_by: Option<Overrun>,
    pub(super) over_limit: Option<u64>,
    pub(super) latency: Box<[StageHistograms]>,
    pub(super) epochs: Option<EpochTable>,
    pub(super) notes: LoopNotes,
}

pub(super) type Handle<V> = Result<thread::JoinHandle<ThreadEnd<V>>, EngineError>;

/// A reading stage before it has a thread.
pub(super) struct ReaderPlan<'a, C> {
    pub(super) settings: &'a ReaderSettings,
    pub(super) ring: &'a Arc<EventRing>,
    /// The ring's head when the run begins.
    pub(super) first_seq: u64,
    pub(super) upstreams: Upstreams,
    /// Its index among the reading stages.
    pub(super) index: usize,
    /// There with a clock that can be stepped, and only there.
    pub(super) faults: Option<&'a Arc<Faults>>,
    pub(super) thread: StageThread<C>,
}

/// An executor's parts that do not depend on what it reads by and how long it works.
struct Executor<A, M> {
    acks: A,
    recorder: M,
    stamping: Stamping,
    epoch_rows: usize,
}

impl<A: Acks, M: KeepsLatency> Executor<A, M> {
    fn limited(self, limit_ns: u64) -> Executor<A, Limited<M>> {
        Executor {
            acks: self.acks,
            recorder: Limited::new(self.recorder, limit_ns),
            stamping: self.stamping,
            epoch_rows: self.epoch_rows,
        }
    }

    fn stage<R, S>(self, intake: Intake<R>, service: S) -> ExecutorStage<R, S, A, M>
    where
        R: super::Recover<Item = crate::bus::Payload>,
        S: Service,
    {
        ExecutorStage::new(intake, service, self.acks, self.recorder, self.epoch_rows)
    }
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

    fn sampled(&self) -> Sampled {
        let service = Sampled::new(self.settings.service.clone(), self.settings.seed);
        let factor = self.settings.load_factor;
        if factor > 0.0 {
            let control = Arc::clone(&self.thread.control);
            service.under(Load::new(control, factor, self.ring.capacity() as u64))
        } else {
            service
        }
    }

    /// The service of a stage with faults, and what they are.
    fn slowed(&self) -> Result<(Slowed<Sampled>, Arc<Faults>), EngineError> {
        let faults = self
            .faults
            .ok_or(EngineError::Misused("a stepped clock without faults"))?;
        let service = Slowed::new(self.sampled(), Arc::clone(faults), self.index);
        Ok((service, Arc::clone(faults)))
    }

    /// The executor's thread.
    pub(super) fn start_executor(
        self,
        planned: bool,
        stamping: Stamping,
        acks: Option<Producer>,
        epoch_rows: usize,
    ) -> Handle<ReaderEnd> {
        match (planned, acks) {
            (true, Some(acks)) => self.executor_with::<true, _>(acks, stamping, epoch_rows),
            (true, None) => self.executor_with::<true, _>(NoAcks, stamping, epoch_rows),
            (false, Some(acks)) => self.executor_with::<false, _>(acks, stamping, epoch_rows),
            (false, None) => self.executor_with::<false, _>(NoAcks, stamping, epoch_rows),
        }
    }

    fn executor_with<const PLANNED: bool, A>(
        self,
        acks: A,
        stamping: Stamping,
        epoch_rows: usize,
    ) -> Handle<ReaderEnd>
    where
        A: Acks + Send + 'static,
    {
        let recorder = StageRecorder::<PLANNED>::by_state();
        let parts = Executor {
            acks,
            recorder,
            stamping,
            epoch_rows,
        };
        let reader = self.reader()?;
        match self.settings.latency_limit_ns {
            Some(limit_ns) => self.executor(reader, parts.limited(limit_ns)),
            None if self.settings.claim_lines && !C::IS_STEPPED => {
                self.executor_by_service(reader.claiming(), parts)
            }
            None => self.executor(reader, parts),
        }
    }

    fn executor<A, M>(self, reader: EventReader, parts: Executor<A, M>) -> Handle<ReaderEnd>
    where
        A: Acks + Send + 'static,
        M: KeepsLatency + Send + 'static,
    {
        if C::IS_STEPPED {
            let (service, faults) = self.slowed()?;
            let stage = StampsEach(parts.stage(self.intake(reader), service));
            let index = self.index;
            self.spawn(FaultyReader::new(stage, faults, index))
        } else {
            self.executor_by_service(reader, parts)
        }
    }

    fn executor_by_service<const CLAIMS: bool, A, M>(
        self,
        reader: EventReader<CLAIMS>,
        parts: Executor<A, M>,
    ) -> Handle<ReaderEnd>
    where
        A: Acks + Send + 'static,
        M: KeepsLatency + Send + 'static,
    {
        let (intake, stamping) = (self.intake(reader), parts.stamping);
        if self.settings.service.is_none() {
            let stage = parts.stage(intake, NoService);
            match stamping {
                Stamping::PerEvent => self.spawn(StampsEach(stage)),
                Stamping::PerBatch => self.spawn(StampShared(stage)),
            }
        } else {
            let service = self.sampled();
            self.spawn(StampsEach(parts.stage(intake, service)))
        }
    }

    /// A plain consumer's thread.
    pub(super) fn start_consumer(self, planned: bool) -> Handle<ReaderEnd> {
        if planned {
            self.consumer_with::<true>()
        } else {
            self.consumer_with::<false>()
        }
    }

    fn consumer_with<const PLANNED: bool>(self) -> Handle<ReaderEnd> {
        let recorder = StageRecorder::<PLANNED>::overall();
        match self.settings.latency_limit_ns {
            Some(limit_ns) => self.consumer(Limited::new(recorder, limit_ns)),
            None => self.consumer(recorder),
        }
    }

    fn consumer<M>(self, recorder: M) -> Handle<ReaderEnd>
    where
        M: KeepsLatency + Send + 'static,
    {
        let intake = self.intake(self.reader()?);
        if C::IS_STEPPED {
            let (service, faults) = self.slowed()?;
            let stage = StampsEach(ConsumerStage::new(intake, service, recorder));
            let index = self.index;
            self.spawn(FaultyReader::new(stage, faults, index))
        } else if self.settings.service.is_none() {
            self.spawn(StampsEach(ConsumerStage::new(intake, NoService, recorder)))
        } else {
            let service = self.sampled();
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

/// A thread of this name.
pub(super) fn spawn<T: Send + 'static>(
    name: &str,
    body: impl FnOnce() -> T + Send + 'static,
) -> Result<thread::JoinHandle<T>, EngineError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(body)
        .map_err(|e| EngineError::NoThread(e.to_string()))
}
