//! From settings to stages: each combination of service time and ack ring of the executor is code of its own.

use core::cmp::Ordering;

use crate::bus::{EventReader, Producer, Start};
use crate::ingest::Event;
use crate::state::Gate;
use crate::sync::Arc;

use super::super::settings::in_order;
use super::super::{
    Acks, ConsumerStage, Control, EngineError, ExecutorStage, FeedStage, Intake, NoAcks, NoService,
    Plan, Planned, ReaderSettings, Sampled, Service, Settings, StageRecorder, StampsEach, Upstreams,
    VirtualClock,
};
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
        let executor = &self.settings.executor;
        if executor.service.is_none() {
            self.with_service(ring, acks, NoService)
        } else {
            self.with_service(ring, acks, sampled(executor))
        }
    }

    fn with_service<S, A, V>(
        &self,
        ring: Ring<S>,
        acks: A,
        service: V,
    ) -> Result<Box<dyn Simulation>, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
        A: Acks + Send + 'static,
        V: Service + Send + 'static,
    {
        let intake = self.intake(0, ring.reader);
        let acks = DigestedAcks::new(acks);
        let rows = self.settings.epoch_rows;
        let executor = ExecutorStage::new(intake, service, acks, Latency::by_state(), rows);
        self.in_order(ring.source, ring.producer, StampsEach(executor))
    }

    fn in_order<S, E>(
        &self,
        source: S,
        producer: Producer,
        executor: E,
    ) -> Result<Box<dyn Simulation>, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
        E: Executing + 'static,
    {
        let timetable = Planned::new(Arc::clone(self.plan))
            .ok_or(EngineError::Misused("virtual time needs a plan"))?;
        let order = in_order(self.after).unwrap_or_default();
        let place_of_executor = order.iter().position(|&index| index == 0);
        let (mut before, mut after) = (Vec::new(), Vec::new());
        for (place, &index) in order.iter().enumerate() {
            let consumer = || self.consumer(index, reader(&producer)?);
            match Some(place).cmp(&place_of_executor) {
                Ordering::Less => before.push((index, consumer()?)),
                Ordering::Equal => {}
                Ordering::Greater => after.push((index, consumer()?)),
            }
        }
        let hold_at = self.settings.hold_at;
        let feed = FeedStage::new(source, self.plan.len(), producer, timetable, hold_at);
        Ok(Box::new(Stages {
            gate: Arc::clone(self.gate),
            control: Arc::clone(self.control),
            clock: VirtualClock::default(),
            feed: Feeding::new(feed),
            before,
            executor: Desk::new(executor, 0),
            after,
            is_over: false,
        }))
    }

    fn consumer(&self, index: usize, reader: EventReader) -> Result<Box<dyn Reading>, EngineError> {
        let settings = &self.settings.consumers[index - 1];
        let intake = self.intake(index, reader);
        Ok(if settings.service.is_none() {
            let stage = ConsumerStage::new(intake, NoService, Latency::overall());
            Box::new(Desk::new(StampsEach(stage), index))
        } else {
            let stage = ConsumerStage::new(intake, sampled(settings), Latency::overall());
            Box::new(Desk::new(StampsEach(stage), index))
        })
    }

    fn intake(&self, index: usize, reader: EventReader) -> Intake<EventReader> {
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
