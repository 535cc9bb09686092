//! Sources, clocks and gates for the engine's tests.

use std::cell::Cell;

use tickpath_core::bus::{EventReader, EventRing, Producer, Start};
use tickpath_core::engine::{
    ExecutorStage, Intake, NoAcks, NoService, OverrunPolicy, ReaderSettings, Recorder, Scheduler,
    Service, Settings, StageRecorder, ThreadSettings, Turn, Upstreams, Wait,
};
use tickpath_core::ingest::Event;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::Arc;
use tickpath_core::time::Clock;

/// A source that is shared and whose events lie `gap_ns` apart.
#[derive(Debug, Clone)]
pub(crate) struct Source(pub(crate) Arc<Vec<Event>>);

impl AsRef<[Event]> for Source {
    fn as_ref(&self) -> &[Event] {
        &self.0
    }
}

pub(crate) fn evenly(events: u64, gap_ns: u64) -> Source {
    stamped(&(0..events).map(|i| 1_000 + i * gap_ns).collect::<Vec<_>>())
}

pub(crate) fn stamped(stamps: &[u64]) -> Source {
    let event = |(i, &ts_ns): (usize, &u64)| Event {
        ts_ns,
        order_id: i as u64,
        ..Event::default()
    };
    Source(Arc::new(stamps.iter().enumerate().map(event).collect()))
}

/// A clock that stands where it was put, and moves on by `per_read_ns` with every look.
#[derive(Debug, Default)]
pub(crate) struct ManualClock {
    pub(crate) now_ns: Cell<u64>,
    pub(crate) per_read_ns: u64,
}

impl ManualClock {
    pub(crate) fn at(now_ns: u64, per_read_ns: u64) -> Self {
        Self {
            now_ns: Cell::new(now_ns),
            per_read_ns,
        }
    }
}

impl Clock for ManualClock {
    fn now_ns(&self) -> u64 {
        let now_ns = self.now_ns.get();
        self.now_ns.set(now_ns + self.per_read_ns);
        now_ns
    }
}

/// Moves the clock to the end of the work: time under a driver that has no threads.
#[derive(Debug)]
pub(crate) struct Moves<'a>(pub(crate) &'a ManualClock);

impl Scheduler for Moves<'_> {
    fn occupy<C: Clock>(&self, _clock: &C, until_ns: u64) -> u64 {
        self.0.now_ns.set(until_ns);
        until_ns
    }
}

pub(crate) fn ring(capacity: usize) -> (Producer, EventReader) {
    let (producer, ring) = EventRing::try_new(capacity).expect("memory");
    let reader = EventReader::new(ring, Start::Oldest).expect("oldest exists");
    (producer, reader)
}

pub(crate) fn intake(reader: EventReader, policy: OverrunPolicy) -> Intake<EventReader> {
    Intake::new(reader, Upstreams::default(), policy)
}

pub(crate) type Executor<const PLANNED: bool> =
    ExecutorStage<EventReader, NoService, NoAcks, StageRecorder<PLANNED>>;

/// An executor without service time and ack ring.
pub(crate) fn executor<const PLANNED: bool>(
    reader: EventReader,
    epoch_rows: usize,
) -> Executor<PLANNED> {
    let recorder = StageRecorder::by_state();
    let intake = intake(reader, OverrunPolicy::Oldest);
    ExecutorStage::new(intake, NoService, NoAcks, recorder, epoch_rows)
}

/// One turn of at most `limit` events in `state` at `epoch`, past the note of a new word.
pub(crate) fn turn<S: Service, A: tickpath_core::engine::Acks, M: Recorder>(
    executor: &mut ExecutorStage<EventReader, S, A, M>,
    word: GateWord,
    clock: &ManualClock,
    limit: usize,
) -> Turn {
    let gate = gate_at(word);
    let mut turn = executor.turn(&gate, clock, &Moves(clock), limit);
    if turn == Turn::NewEpoch {
        turn = executor.turn(&gate, clock, &Moves(clock), limit);
    }
    turn
}

pub(crate) const fn word(epoch: u64, state: StateCode) -> GateWord {
    GateWord::new(epoch, state)
}

/// A gate that shows `word`.
pub(crate) fn gate_at(word: GateWord) -> Gate {
    let gate = Gate::new();
    let before = gate.read();
    assert!(gate.compare_exchange(before, word));
    gate
}

/// A gate moved to `state` in one transition.
pub(crate) fn gate(state: StateCode) -> Arc<Gate> {
    let gate = Arc::new(Gate::new());
    transition(&gate, state);
    gate
}

/// One transition of `gate`.
pub(crate) fn transition(gate: &Gate, state: StateCode) {
    let before = gate.read();
    assert!(gate.compare_exchange(before, word(before.epoch() + 1, state)));
}

/// Settings for runs on a machine that is busy with other tests: nothing spins.
pub(crate) fn settings() -> Settings {
    let thread = ThreadSettings {
        wait: Some(Wait::Yield),
        ..ThreadSettings::default()
    };
    Settings {
        feed: thread,
        executor: ReaderSettings {
            thread,
            ..Settings::default().executor
        },
        floor_window_ns: 100_000,
        epoch_rows: 64,
        ..Settings::default()
    }
}

/// The same, with a plain consumer.
pub(crate) fn reader(name: &str, policy: OverrunPolicy, after: &[&str]) -> ReaderSettings {
    ReaderSettings {
        after: after.iter().map(|name| (*name).to_owned()).collect(),
        policy,
        thread: ThreadSettings {
            wait: Some(Wait::Yield),
            ..ThreadSettings::default()
        },
        ..ReaderSettings::named(name)
    }
}
