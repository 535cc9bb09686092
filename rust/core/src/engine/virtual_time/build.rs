//! From settings to stages: each combination of service time and ack ring of the executor is code of its own.

use core::cmp::Ordering;

use crate::bus::{EventReader, Payload, Producer, Start};
use crate::ingest::Event;
use crate::state::Gate;
use crate::sync::Arc;
use crate::time::{Clock, Stepped};

use super::super::settings::in_order;
use super::super::{
    Acks, ConsumerStage, Control, EngineError, ExecutorStage, Faults, Faulty, FaultyReader,
    FeedFaults, FeedStage, Intake, KeepsLatency, Limited, Loaded, NoAcks, NoFaults, NoService, Plan,
    Planned, ReaderSettings, Recover, Sampled, Settings, Slowed, StageRecorder, StampsEach,
    Upstreams,
};
use super::clock::{Arrivals, VirtualClock};
use super::desk::{Desk, Reading};
use super::digest::DigestedAcks;
use super::feeding::Feeding;
use super::simulation::{Executing, Simulation, Stages};

/// Latency against the plan too: there always is one.
type Latency = StageRecorder<true>;

/// What the stages of a run are built from.
pub(super) struct Building<'a> {
    pub(super) control: &'a Arc<Control>,
    pub(super) gate: &'a Arc<Gate>,
    pub(super) settings: &'a Settings,
    pub(super) plan: &'a Arc<Plan>,
    /// The upstreams of each reading stage.
    pub(super) after: &'a [Vec<usize>],
}

/// The ends of a run's ring.
struct Ring<S> {
    source: S,
    producer: Producer,
    reader: EventReader,
}

impl Building<'_> {
    /// All stages, with the order in which they act.
    pub(super) fn stages<S>(
        &self,
        source: S,
        producer: Producer,
        acks: Option<Producer>,
    ) -> Result<Box<dyn Simulation>, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
    {
        let ring = Ring {
            source,
            reader: reader(&producer)?,
            producer,
        };
        match acks {
            Some(acks) => self.with_acks(ring, acks),
            None => self.with_acks(ring, NoAcks),
        }
    }

    fn with_acks<S, A>(&self, ring: Ring<S>, acks: A) -> Result<Box<dyn Simulation>, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
        A: Acks + Send + 'static,
    {
        match self.settings.executor.latency_limit_ns {
            Some(limit_ns) => {
                let recorder = Limited::new(Latency::by_state(), limit_ns);
                self.with_recorder(ring, acks, recorder)
            }
            None => self.with_recorder(ring, acks, Latency::by_state()),
        }
    }

    fn with_recorder<S, A, M>(
        &self,
        ring: Ring<S>,
        acks: A,
        recorder: M,
    ) -> Result<Box<dyn Simulation>, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
        A: Acks + Send + 'static,
        M: KeepsLatency + Send + 'static,
    {
        let clock = VirtualClock::new();
        let intake = self.intake(0, Arrivals::new(ring.reader, clock.clone()));
        let acks = DigestedAcks::new(acks);
        let (rows, settings) = (self.settings.epoch_rows, &self.settings.executor);
        let ends = (ring.source, ring.producer);
        if let Some(faults) = &self.settings.faults {
            let service = self.slowed(settings, faults, 0, &ends.1);
            let stage = ExecutorStage::new(intake, service, acks, recorder, rows);
            let stage = FaultyReader::new(StampsEach(stage), Arc::clone(faults), 0);
            let stepped = Stepped::new(clock.clone(), Arc::clone(faults.clock()));
            self.in_order(ends, Faulty::new(Arc::clone(faults)), stage, clock, stepped)
        } else if settings.service.is_none() {
            let stage = ExecutorStage::new(intake, NoService, acks, recorder, rows);
            self.in_order(ends, NoFaults, StampsEach(stage), clock.clone(), clock)
        } else if settings.load_factor > 0.0 {
            let service = self.loaded(settings, &ends.1);
            let stage = ExecutorStage::new(intake, service, acks, recorder, rows);
            self.in_order(ends, NoFaults, StampsEach(stage), clock.clone(), clock)
        } else {
            let stage = ExecutorStage::new(intake, sampled(settings), acks, recorder, rows);
            self.in_order(ends, NoFaults, StampsEach(stage), clock.clone(), clock)
        }
    }

    fn in_order<S, F, E, C>(
        &self,
        (source, producer): (S, Producer),
        faults: F,
        executor: E,
        clock: VirtualClock,
        stage_clock: C,
    ) -> Result<Box<dyn Simulation>, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
        F: FeedFaults + Send + 'static,
        E: Executing + 'static,
        C: Clock + Clone + Send + 'static,
    {
        let timetable = Planned::new(Arc::clone(self.plan))
            .ok_or(EngineError::Misused("virtual time needs a plan"))?;
        let order = in_order(self.after).unwrap_or_default();
        let place_of_executor = order.iter().position(|&index| index == 0);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (place, &index) in order.iter().enumerate() {
            let consumer = || self.consumer(index, &producer, stage_clock.clone());
            match Some(place).cmp(&place_of_executor) {
                Ordering::Less => before.push((index, consumer()?)),
                Ordering::Equal => {}
                Ordering::Greater => after.push((index, consumer()?)),
            }
        }
        let hold_at = self.settings.hold_at;
        let ring_slots = producer.ring().capacity() as u64;
        let first_seq = producer.next_seq();
        let feed = FeedStage::new(source, self.plan.len(), producer, timetable, hold_at);
        let feed = feed.with_faults(faults);
        let is_watched = self.settings.readers().any(|stage| stage.load_factor > 0.0);
        let has_limit = self.settings.executor.latency_limit_ns.is_some();
        Ok(Box::new(Stages {
            gate: Arc::clone(self.gate),
            control: Arc::clone(self.control),
            clock,
            feed: Feeding::new(feed, first_seq, ring_slots),
            is_plain: !F::IS_FAULTY
                && !is_watched
                && !has_limit
                && before.is_empty()
                && after.is_empty(),
            before,
            executor: Desk::new(executor, stage_clock, 0),
            after,
            is_watched,
            is_over: false,
        }))
    }

    fn consumer<C>(
        &self,
        index: usize,
        producer: &Producer,
        clock: C,
    ) -> Result<Box<dyn Reading>, EngineError>
    where
        C: Clock + Send + 'static,
    {
        match self.settings.consumers[index - 1].latency_limit_ns {
            Some(limit_ns) => {
                let recorder = Limited::new(Latency::overall(), limit_ns);
                self.consumer_with(index, producer, clock, recorder)
            }
            None => self.consumer_with(index, producer, clock, Latency::overall()),
        }
    }

    fn consumer_with<C, M>(
        &self,
        index: usize,
        producer: &Producer,
        clock: C,
        recorder: M,
    ) -> Result<Box<dyn Reading>, EngineError>
    where
        C: Clock + Send + 'static,
        M: KeepsLatency + Send + 'static,
    {
        let settings = &self.settings.consumers[index - 1];
        let intake = self.intake(index, reader(producer)?);
        Ok(if let Some(faults) = &self.settings.faults {
            let service = self.slowed(settings, faults, index, producer);
            let stage = StampsEach(ConsumerStage::new(intake, service, recorder));
            let stage = FaultyReader::new(stage, Arc::clone(faults), index);
            Box::new(Desk::new(stage, clock, index))
        } else if settings.service.is_none() {
            let stage = ConsumerStage::new(intake, NoService, recorder);
            Box::new(Desk::new(StampsEach(stage), clock, index))
        } else {
            let service = self.loaded(settings, producer);
            let stage = ConsumerStage::new(intake, service, recorder);
            Box::new(Desk::new(StampsEach(stage), clock, index))
        })
    }

    fn loaded(&self, settings: &ReaderSettings, producer: &Producer) -> Loaded<Sampled> {
        let capacity_slots = producer.ring().capacity() as u64;
        let control = Arc::clone(self.control);
        Loaded::new(sampled(settings), control, settings.load_factor, capacity_slots)
    }

    fn slowed(
        &self,
        settings: &ReaderSettings,
        faults: &Arc<Faults>,
        index: usize,
        producer: &Producer,
    ) -> Slowed<Loaded<Sampled>> {
        Slowed::new(self.loaded(settings, producer), Arc::clone(faults), index)
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
}

fn sampled(settings: &ReaderSettings) -> Sampled {
    Sampled::new(settings.service.clone(), settings.seed)
}

/// A reader from the run's first event on.
fn reader(producer: &Producer) -> Result<EventReader, EngineError> {
    let start = Start::Sequence(producer.next_seq());
    let reader = EventReader::new(Arc::clone(producer.ring()), start);
    reader.map_err(|_| EngineError::Misused("the ring changed hands"))
}
