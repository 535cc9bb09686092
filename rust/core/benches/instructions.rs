//! What `make instructions` counts: each kernel does one thing to a ring of 1,024 slots, a round of 1,024
//! events at a time. Run under callgrind with *n* and with 2 *n* rounds, the difference is what the events
//! of *n* rounds cost, without start-up and construction.
//!
//!     instructions                  names of all kernels, a line each
//!     instructions KERNEL ROUNDS    run one

use std::cell::Cell;
use std::hint::black_box;
use std::io::Write;

use tickpath_core::bus::{EventReader, EventRing, Payload, Producer, Reader, Start};
use tickpath_core::engine::{
    Control, ExecutorStage, Intake, NoAcks, NoService, OverrunPolicy, Spinning, StageRecorder,
    Turn, Upstreams,
};
use tickpath_core::execution::step;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::Arc;
use tickpath_core::time::Clock;

const SLOTS: usize = 1_024;
const BATCH: usize = 256;

/// The name in the table, and what runs so many rounds.
type Kernel = (&'static str, fn(usize));

const KERNELS: [Kernel; 7] = [
    ("publish", publish),
    ("publish_many", publish_many),
    ("poll", poll),
    ("read_into", read_into),
    ("step", executor_step),
    ("publish_and_turn", publish_and_turn),
    ("publish_with_planted_work", publish_with_planted_work),
];

/// A clock that costs an addition: what a stamp costs is the machine's affair, not this count's.
#[derive(Debug, Clone)]
struct Counting(Cell<u64>);

impl Clock for Counting {
    fn now_ns(&self) -> u64 {
        self.0.set(self.0.get() + 1);
        self.0.get()
    }
}

fn event(n: usize) -> Payload {
    [n as u64; 7]
}

fn ring() -> (Producer, Arc<EventRing>) {
    EventRing::try_new(SLOTS).expect("memory for the slots")
}

/// A ring that is full, and a reader at its oldest event for every round.
fn read_rounds(rounds: usize, mut read_all: impl FnMut(EventReader)) {
    let (mut producer, ring) = ring();
    producer.publish_many((0..SLOTS).map(event));
    for _ in 0..rounds {
        read_all(ring.reader(Start::Oldest).expect("the oldest exists"));
    }
}

fn publish(rounds: usize) {
    let (mut producer, _ring) = ring();
    for n in 0..rounds * SLOTS {
        black_box(producer.publish(black_box(event(n))));
    }
}

/// What a regression looks like: a look at two more cache lines' worth of words for each event.
fn publish_with_planted_work(rounds: usize) {
    let (mut producer, _ring) = ring();
    let words = black_box([1_u64; 16]);
    for n in 0..rounds * SLOTS {
        black_box(words.iter().fold(0, |sum, &word| black_box(sum ^ word)));
        black_box(producer.publish(black_box(event(n))));
    }
}

fn publish_many(rounds: usize) {
    let (mut producer, _ring) = ring();
    let batch = black_box([event(1); BATCH]);
    for _ in 0..rounds * SLOTS / BATCH {
        black_box(producer.publish_many(batch.iter().copied()));
    }
}

fn poll(rounds: usize) {
    read_rounds(rounds, |mut reader| {
        while let Ok(Some(payload)) = reader.poll() {
            black_box(payload);
        }
    });
}

fn read_into(rounds: usize) {
    let mut batch = [event(0); BATCH];
    read_rounds(rounds, |mut reader| {
        while let Ok(1..) = reader.read_into(&mut batch) {
            black_box(&batch);
        }
    });
}

fn executor_step(rounds: usize) {
    let gate = Gate::new();
    let ready = GateWord::new(2, StateCode::Ready);
    assert!(gate.compare_exchange(gate.read(), ready));
    let clock = Counting(Cell::new(0));
    read_rounds(rounds, |mut reader| {
        while let Ok(Some(done)) = step(&mut reader, gate.read(), &clock) {
            black_box((done.item, done.ack));
        }
    });
}

/// An event's whole way: published, then taken by the engine's executor with its books, its epoch table and its
/// histograms, without service time and ack ring.
fn publish_and_turn(rounds: usize) {
    let gate = Gate::new();
    let ready = GateWord::new(2, StateCode::Ready);
    assert!(gate.compare_exchange(gate.read(), ready));
    let clock = Counting(Cell::new(0));
    let control = Control::new(0, 0);
    let (mut producer, ring) = ring();
    let reader = ring.reader(Start::Oldest).expect("the oldest exists");
    let intake = Intake::new(reader, Upstreams::default(), OverrunPolicy::Oldest);
    let recorder = StageRecorder::<false>::by_state();
    let mut stage = ExecutorStage::new(intake, NoService, NoAcks, recorder, 4);
    for _ in 0..rounds {
        producer.publish_many((0..SLOTS).map(event));
        while !matches!(
            stage.turn(&gate, &clock, &Spinning::new(&control), 64),
            Turn::Idle
        ) {
            black_box(stage.ledger());
        }
    }
}

fn main() -> Result<(), String> {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        [kernel, rounds] => {
            let known = KERNELS.iter().find(|(name, _)| *name == kernel);
            let (_, run) = known.ok_or_else(|| format!("no kernel {kernel:?}"))?;
            run(rounds
                .parse()
                .map_err(|e| format!("ROUNDS is a number, not {rounds:?}: {e}"))?);
            Ok(())
        }
        // `cargo bench` says `--bench`: nothing to time here.
        _ => KERNELS.iter().try_for_each(|(name, _)| {
            writeln!(std::io::stdout(), "{name}").map_err(|e| e.to_string())
        }),
    }
}
