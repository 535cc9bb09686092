//! From settings to stages: each combination of service time, latency limit and ack ring of the executor is
//! code of its own. With faults there is one kind of stage for all, as in the live engine.

use core::cmp::Ordering;

use crate::bus::{EventReader, Payload, Producer, Start};
use crate::ingest::Event;
use crate::state::Gate;
use crate::sync::Arc;
use crate::time::{Clock, Stepped};

use super::super::leaves::Leaves;
use super::super::settings::in_order;
use super::super::{
    Acks, ConsumerStage, Control, EngineError, ExecutorStage, Faults, Faulty, FaultyReader,
    FeedFaults, FeedStage, Intake, KeepsLatency, Limited, Load, NoAcks, NoFaults, NoService, Plan,
    Planned, ReaderSettings, Recover, Sampled, Service, ServiceTime, Settings, Slowed,
    StageRecorder, StampsEach, Upstreams,
};
use super::clock::{Arrivals, VirtualClock};
use super::desk::{Desk, OneBack, Reading};
use super::digest::DigestedAcks;
use super::feeding::Feeding;
use super::fixed::Fixed;
use super::on_time::OnTime;
use super::simulation::{Executing, Simulation, Stages};

/// Latency against the plan too: there always is one, and with faults a feed may be late.
type Late = StageRecorder<true>;

/// An executor that may run ahead.
type Executor<V, A, M> = StampsEach<ExecutorStage<Arrivals, V, DigestedAcks<A>, M>>;

type Built = Result<Box<dyn Simulation>, EngineError>;

/// What the stages of a run are built from.
pub(super) struct Building<'a> {
    pub(super) control: &'a Arc<Control>,
    pub(super) gate: &'a Arc<Gate>,
    pub(super) settings: &'a Settings,
    pub(super) plan: &'a Arc<Plan>,
    pub(super) ring_slots: u64,
    /// The upstreams of each reading stage.
    pub(super) after: &'a [Vec<usize>],
}

/// What the feed reads and writes, and the clock by which it does.
struct Outside<S> {
    source: S,
    producer: Producer,
    now: VirtualClock,
}

impl Building<'_> {
    /// All stages, with the order in which they act.
    pub(super) fn stages<S>(&self, source: S, producer: Producer, acks: Option<Producer>) -> Built
    where
        S: AsRef<[Event]> + Send + 'static,
    {
        let outside = Outside {
            source,
            producer,
            now: VirtualClock::new(),
        };
        match acks {
            Some(acks) => self.with_acks(outside, DigestedAcks::new(acks)),
            None => self.with_acks(outside, DigestedAcks::new(NoAcks)),
        }
    }

    fn with_acks<S, A>(&self, outside: Outside<S>, acks: DigestedAcks<A>) -> Built
    where
        S: AsRef<[Event]> + Send + 'static,
        A: Acks + Send + 'static,
    {
        let limit_ns = self.settings.executor.latency_limit_ns;
        match (&self.settings.faults, limit_ns) {
            (Some(faults), None) => self.faulty(outside, acks, Late::by_state(), faults),
            (Some(faults), Some(limit_ns)) => {
                let recorder = Limited::new(Late::by_state(), limit_ns);
                self.faulty(outside, acks, recorder, faults)
            }
            (None, None) => self.healthy(outside, acks, OnTime::by_state()),
            (None, Some(limit_ns)) => {
                self.healthy(outside, acks, Limited::new(OnTime::by_state(), limit_ns))
            }
        }
    }

    fn faulty<S, A, M>(
        &self,
        outside: Outside<S>,
        acks: DigestedAcks<A>,
        recorder: M,
        faults: &Arc<Faults>,
    ) -> Built
    where
        S: AsRef<[Event]> + Send + 'static,
        A: Acks + Send + 'static,
        M: KeepsLatency + Send + 'static,
    {
        let service = self.slowed(0, &self.settings.executor, faults);
        let stage = self.executor(&outside, service, acks, recorder)?;
        let stage = FaultyReader::new(stage, Arc::clone(faults), 0);
        let clock = Stepped::new(outside.now.clone(), Arc::clone(faults.clock()));
        self.in_order(outside, Faulty::new(Arc::clone(faults)), stage, clock)
    }

    fn healthy<S, A, M>(&self, outside: Outside<S>, acks: DigestedAcks<A>, recorder: M) -> Built
    where
        S: AsRef<[Event]> + Send + 'static,
        A: Acks + Send + 'static,
        M: KeepsLatency + Send + 'static,
    {
        let (clock, settings) = (outside.now.clone(), &self.settings.executor);
        match settings.service {
            ServiceTime::None => {
                let stage = self.executor(&outside, NoService, acks, recorder)?;
                self.in_order(outside, NoFaults, stage, clock)
            }
            ServiceTime::Constant(ns) if settings.load_factor == 0.0 => {
                let stage = self.executor(&outside, Fixed(ns), acks, recorder)?;
                self.in_order(outside, NoFaults, stage, clock)
            }
            _ => {
                let stage = self.executor(&outside, self.sampled(settings), acks, recorder)?;
                self.in_order(outside, NoFaults, stage, clock)
            }
        }
    }

    fn executor<S, V, A, M>(
        &self,
        outside: &Outside<S>,
        service: V,
        acks: DigestedAcks<A>,
        recorder: M,
    ) -> Result<Executor<V, A, M>, EngineError>
    where
        V: Service,
        A: Acks,
        M: KeepsLatency,
    {
        let reader = Arrivals::new(self.reader(&outside.producer)?, outside.now.clone());
        let (intake, rows) = (self.intake(0, reader), self.settings.epoch_rows);
        let stage = ExecutorStage::new(intake, service, acks, recorder, rows);
        Ok(StampsEach(stage))
    }

    fn in_order<S, F, E, C>(&self, outside: Outside<S>, faults: F, executor: E, clock: C) -> Built
    where
        S: AsRef<[Event]> + Send + 'static,
        F: FeedFaults + Send + 'static,
        E: Executing + 'static,
        C: Clock + Send + 'static,
    {
        let Outside {
            source,
            producer,
            now,
        } = outside;
        let timetable = Planned::new(Arc::clone(self.plan))
            .ok_or(EngineError::Misused("virtual time needs a plan"))?;
        let order = in_order(self.after).unwrap_or_default();
        let place_of_executor = order.iter().position(|&index| index == 0);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (place, &index) in order.iter().enumerate() {
            let consumer = || self.consumer(index, self.reader(&producer)?);
            match Some(place).cmp(&place_of_executor) {
                Ordering::Less => before.push((index, consumer()?)),
                Ordering::Equal => {}
                Ordering::Greater => after.push((index, consumer()?)),
            }
        }
        let ring_slots = producer.ring().capacity() as u64;
        let first_seq = producer.next_seq();
        let hold_at = self.settings.hold_at;
        let feed = FeedStage::new(source, self.plan.len(), producer, timetable, hold_at);
        let mut stages = Stages {
            gate: Arc::clone(self.gate),
            control: Arc::clone(self.control),
            now,
            clock,
            feed: Feeding::new(feed.with_faults(faults), first_seq, ring_slots),
            // Who works longer under load, or has faults, depends on more than the order of its own events.
            may_run_ahead: self.settings.consumers.is_empty()
                && self.settings.faults.is_none()
                && self.settings.executor.load_factor == 0.0,
            before,
            executor: Desk::new(executor, 0),
            after,
            is_over: false,
        };
        // That there is a limit can be seen from the beginning.
        stages.show();
        Ok(Box::new(stages))
    }

    fn consumer<C: Clock>(
        &self,
        index: usize,
        reader: EventReader,
    ) -> Result<Box<dyn Reading<C>>, EngineError> {
        let limit_ns = self.settings.consumers[index - 1].latency_limit_ns;
        let is_faulty = self.settings.faults.is_some();
        Ok(match (is_faulty, limit_ns) {
            (true, None) => self.consumer_with(index, reader, Late::overall()),
            (true, Some(limit_ns)) => {
                self.consumer_with(index, reader, Limited::new(Late::overall(), limit_ns))
            }
            (false, None) => self.consumer_with(index, reader, OnTime::overall()),
            (false, Some(limit_ns)) => {
                self.consumer_with(index, reader, Limited::new(OnTime::overall(), limit_ns))
            }
        })
    }

    fn consumer_with<C: Clock, M>(
        &self,
        index: usize,
        reader: EventReader,
        recorder: M,
    ) -> Box<dyn Reading<C>>
    where
        M: KeepsLatency + Send + 'static,
    {
        let settings = &self.settings.consumers[index - 1];
        let intake = self.intake(index, reader);
        if let Some(faults) = &self.settings.faults {
            let service = self.slowed(index, settings, faults);
            let stage = StampsEach(ConsumerStage::new(intake, service, recorder));
            desk(FaultyReader::new(stage, Arc::clone(faults), index), index)
        } else if settings.service.is_none() {
            let stage = ConsumerStage::new(intake, NoService, recorder);
            desk(StampsEach(stage), index)
        } else {
            let stage = ConsumerStage::new(intake, self.sampled(settings), recorder);
            desk(StampsEach(stage), index)
        }
    }

    fn sampled(&self, settings: &ReaderSettings) -> Sampled {
        let service = Sampled::new(settings.service.clone(), settings.seed);
        if settings.load_factor > 0.0 {
            let control = Arc::clone(self.control);
            service.under(Load::new(control, settings.load_factor, self.ring_slots))
        } else {
            service
        }
    }

    fn slowed(
        &self,
        index: usize,
        settings: &ReaderSettings,
        faults: &Arc<Faults>,
    ) -> Slowed<Sampled> {
        Slowed::new(self.sampled(settings), Arc::clone(faults), index)
    }

    fn intake<R: Recover<Item = Payload>>(&self, index: usize, reader: R) -> Intake<R> {
        let upstreams = self.after[index].iter().map(|&upstream| {
            let books = self.control.stage(upstream);
            Arc::clone(books.progress())
        });
        let settings = self.settings.readers().nth(index);
        let policy = settings.map_or_else(Default::default, |settings| settings.policy);
        Intake::new(reader, Upstreams::new(upstreams), policy)
    }

    /// A reader from the run's first event on.
    fn reader(&self, producer: &Producer) -> Result<EventReader, EngineError> {
        let start = Start::Sequence(producer.next_seq());
        let reader = EventReader::new(Arc::clone(producer.ring()), start);
        reader.map_err(|_| EngineError::Misused("the ring changed hands"))
    }
}

fn desk<E, C>(stage: E, index: usize) -> Box<dyn Reading<C>>
where
    E: OneBack + Leaves + Send + 'static,
    C: Clock,
{
    Box::new(Desk::new(stage, index))
}
