//! A run as its models need it: the loops of the engine, with stages of few events and a clock of their own.

use std::cell::Cell;
use std::sync::{Arc as PlainArc, Mutex};

use tickpath_core::bus::{EventReader, EventRing, Producer, Start};
use tickpath_core::engine::{
    Acks, Control, Drive, ExecutorStage, FeedFaults, FeedStage, Intake, LoopNotes, NoFaults,
    NoService, OverrunPolicy, Publish, ReadingStage, Recorder, StampedAck, Stamps, StampsEach,
    Unplanned, Upstreams, Wait, drive_feed, drive_reader,
};
use tickpath_core::ingest::Event;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::Arc;
use tickpath_core::time::Clock;

pub(super) const INIT: GateWord = GateWord::new(0, StateCode::Init);
pub(super) const WARMUP: GateWord = GateWord::new(1, StateCode::Warmup);
pub(super) const READY: GateWord = GateWord::new(2, StateCode::Ready);
pub(super) const DEGRADED: GateWord = GateWord::new(3, StateCode::Degraded);

/// Whole loops have so many steps that the orders with a second preemption would take hours.
pub(super) const PREEMPTIONS_MAX: usize = 1;

/// A clock of one thread: each look is one later.
pub(super) struct Counting(pub(super) Cell<u64>);

impl Clock for Counting {
    fn now_ns(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

/// What no model asks for.
pub(super) struct Unrecorded;

impl Recorder for Unrecorded {
    fn enter(&mut self, _state: StateCode) {}
    fn record(&mut self, _stamps: Stamps) {}
    fn record_shared(&mut self, _stamps: Stamps, _times: u64) {}
}

/// Every ack, for the end of the model.
#[derive(Clone, Default)]
pub(super) struct Kept(pub(super) PlainArc<Mutex<Vec<StampedAck>>>);

impl Acks for Kept {
    fn publish(&mut self, ack: StampedAck) {
        self.0.lock().expect("not poisoned").push(ack);
    }
}

/// What all threads of a run have.
#[derive(Clone)]
pub(super) struct Run {
    pub(super) gate: Arc<Gate>,
    pub(super) control: Arc<Control>,
}

impl Run {
    /// A run of an executor and `consumers` others, in INIT.
    pub(super) fn at_init(consumers: usize) -> Self {
        Self {
            gate: Arc::new(Gate::new()),
            control: Arc::new(Control::new(consumers, 0)),
        }
    }

    /// The same, READY at epoch 2.
    pub(super) fn ready(consumers: usize) -> Self {
        let run = Self::at_init(consumers);
        for (from, to) in [(INIT, WARMUP), (WARMUP, READY)] {
            assert!(run.gate.compare_exchange(from, to));
        }
        run
    }

    pub(super) fn drive<'a, C>(&'a self, clock: &'a C) -> Drive<'a, C> {
        Drive {
            gate: &self.gate,
            clock,
            wait: Wait::Yield,
            control: &self.control,
        }
    }

    /// The whole life of a reading stage, whose books have this index.
    pub(super) fn read<E: ReadingStage>(&self, stage: &mut E, index: usize) {
        let clock = Counting(Cell::new(0));
        let ended = drive_reader(
            stage,
            self.drive(&clock),
            self.control.stage(index),
            &mut LoopNotes::new(Wait::Yield),
        );
        assert!(ended.is_none(), "no policy of these models ends a stage");
    }

    /// The whole life of a feed of so many events into `ring`, stamped by `clock`, with an order looked for after each;
    /// how many it published.
    pub(super) fn feed(&self, events: usize, ring: impl Publish, clock: &impl Clock) -> u64 {
        self.feed_with(events, ring, clock, NoFaults)
    }

    /// The same, with what may go wrong.
    pub(super) fn feed_with(
        &self,
        events: usize,
        ring: impl Publish,
        clock: &impl Clock,
        faults: impl FeedFaults,
    ) -> u64 {
        let source = vec![Event::default(); events];
        let feed = FeedStage::new(source, events, ring, Unplanned, self.control.hold_at());
        let mut feed = feed.with_faults(faults);
        let mut notes = LoopNotes::new(Wait::Yield);
        drive_feed(&mut feed, self.drive(clock), 1, &mut notes);
        feed.published()
    }
}

pub(super) fn ring(capacity: usize) -> (Producer, Arc<EventRing>) {
    EventRing::try_new(capacity).expect("memory for a few slots")
}

pub(super) fn reader(ring: &Arc<EventRing>) -> EventReader {
    EventReader::new(Arc::clone(ring), Start::Oldest).expect("the oldest exists")
}

pub(super) fn executor<A: Acks>(
    ring: &Arc<EventRing>,
    acks: A,
) -> StampsEach<ExecutorStage<EventReader, NoService, A, Unrecorded>> {
    let intake = Intake::new(reader(ring), Upstreams::default(), OverrunPolicy::Oldest);
    StampsEach(ExecutorStage::new(intake, NoService, acks, Unrecorded, 4))
}
