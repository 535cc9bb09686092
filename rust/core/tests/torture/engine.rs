//! Whole engines on threads: their feed, ring, executor, consumers and ack ring, with readers from outside that check
//! every event; the books of every stage balance, and nothing is executed outside READY.

use std::time::Duration;

use tickpath_core::bus::{EventReader, EventRing, Payload, Producer, Reader, Start};
use tickpath_core::engine::{
    LiveEngine, OverrunPolicy, Pace, Plan, ReaderSettings, RunRecord, Settings, ThreadSettings,
    Wait,
};
use tickpath_core::ingest::Event;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::{Arc, AtomicBool, Ordering, spin_loop, thread};
use tickpath_core::time::MonotonicClock;

use crate::account::Account;
use crate::ring::named;
use crate::words::checksum;

/// Events of one run at most; a case is as many runs as it takes, on one ring.
const RUN_EVENTS_MAX: u64 = 1_000_000;
/// Between two looks of the control side at a run that goes on.
const CONTROL_INTERVAL: Duration = Duration::from_micros(100);
/// The last word that a feed leaves as it is.
const SUM: usize = 6;

/// What engines of a case are like.
#[derive(Debug, Clone, Copy)]
pub(crate) struct EngineCase {
    pub(crate) name: &'static str,
    capacity: usize,
    flips: bool,
    faults: bool,
}

pub(crate) fn cases() -> [EngineCase; 4] {
    let case = |name, capacity, flips, faults| EngineCase {
        name,
        capacity,
        flips,
        faults,
    };
    [
        case("engine, 64 slots", 64, false, false),
        case("engine, 1,000 slots, the gate flips", 1_000, true, false),
        case("engine, 65,536 slots, the gate flips", 65_536, true, false),
        case(
            "engine, 1,024 slots, the gate flips, faults",
            1_024,
            true,
            true,
        ),
    ]
}

/// Event `index`: the feed writes two stamps over its first words; the others check themselves.
fn event(index: u64, key: u64) -> Event {
    let mut words = crate::words::event(index, key);
    words[5] = index;
    words[SUM] = checksum(&words[2..SUM], key);
    bytemuck::cast(words)
}

/// Sends `sent` events through engines that follow each other on one ring.
pub(crate) fn run(case: &EngineCase, sent: u64, key: u64) -> Account {
    let source = (0..sent.min(RUN_EVENTS_MAX)).map(|index| event(index, key));
    let mut runs = Runs {
        case: *case,
        source: source.collect(),
        key,
        draw: key | 1,
        account: Account::default(),
    };
    let (mut producer, _) = EventRing::try_new(case.capacity).expect("memory for the slots");
    let mut left = sent;
    while left > 0 {
        let events = left.min(RUN_EVENTS_MAX);
        producer = runs.run(events, producer);
        left -= events;
    }
    runs.account
}

/// The engines of a case, one after the other.
struct Runs {
    case: EngineCase,
    source: Arc<[Event]>,
    key: u64,
    /// The state of a generator.
    draw: u64,
    account: Account,
}

impl Runs {
    fn run(&mut self, events: u64, producer: Producer) -> Producer {
        let gate = Arc::new(Gate::new());
        move_on(&gate);
        let ring = Arc::clone(producer.ring());
        let first_seq = producer.next_seq();
        let is_over = Arc::new(AtomicBool::new(false));
        let engine = self.start(events, producer, &gate);
        let (key, is_faulty) = (self.key, self.case.faults);
        let outside = [0, 300].map(|pauses| {
            let reader = reader(&ring, first_seq);
            let is_over = Arc::clone(&is_over);
            named(format_args!("outside"), move || {
                watch(reader, &is_over, pauses, |payload, seq, account| {
                    let index = (!is_faulty).then(|| seq - first_seq);
                    check(payload, index, key, account);
                })
            })
        });
        let acks = reader(engine.ack_ring().expect("it was asked for"), 0);
        let acks = named(format_args!("acks"), {
            let is_over = Arc::clone(&is_over);
            move || watch(acks, &is_over, 0, |_, _, _| ())
        });
        // The first event is decided when the gate opens.
        move_on(&gate);
        while !engine.wait(CONTROL_INTERVAL) {
            self.control(&engine, &gate);
        }
        let (record, producer) = engine.finish().expect("no stage panicked");
        is_over.store(true, Ordering::Release);
        let ledger = record.executor().ledger;
        self.account.sent += ledger.published;
        self.judge(&record);
        for reader in outside {
            self.expect_all(reader, ledger.published, "events of the ring");
        }
        let decided = ledger.executed + ledger.gated_total();
        self.expect_all(acks, decided, "acks");
        producer
    }

    fn start(&self, events: u64, producer: Producer, gate: &Arc<Gate>) -> LiveEngine {
        let source = Arc::clone(&self.source);
        let plan = Plan::of(&source, Some(events as usize), Pace::Max).expect("a good pace");
        let (gate, settings) = (Arc::clone(gate), settings());
        let engine = if self.case.faults {
            let settings = settings.with_faults();
            LiveEngine::start_with_faults(source, plan, producer, gate, settings, MonotonicClock)
        } else {
            LiveEngine::start(source, plan, producer, gate, settings, MonotonicClock)
        };
        engine.expect("it starts")
    }

    /// One look of the control side: it moves the gate, and switches some fault on or off.
    fn control(&mut self, engine: &LiveEngine, gate: &Gate) {
        if self.case.flips {
            move_on(gate);
        }
        let snapshot = engine.snapshot();
        for stage in &snapshot.stages {
            let is_good = stage.ledger.accounted() <= u128::from(stage.ledger.published);
            self.account.expect(is_good, format_args!("{stage:?}"));
        }
        let Some(faults) = engine.faults() else {
            return;
        };
        self.draw = self
            .draw
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        let (kind, number) = (self.draw >> 61, (self.draw >> 40) & 63);
        let is_on = number & 1 == 0;
        match kind {
            0 => faults.feed_outage(is_on),
            1 => faults.feed_freeze(is_on),
            2 => faults.feed_gap(number),
            3 => faults.feed_duplicate(number),
            4 => faults.feed_reorder(number),
            5 => faults.feed_stale(is_on),
            6 => faults
                .stage_stall("log", is_on)
                .expect("there is such a stage"),
            _ => faults
                .stage_skip_to_head("executor")
                .expect("there is such a stage"),
        }
    }

    fn judge(&mut self, record: &RunRecord) {
        for (index, reader) in record.readers.iter().enumerate() {
            let ledger = reader.ledger;
            let is_good = ledger.is_balanced() && ledger.unread == 0;
            self.account
                .expect(is_good, format_args!("stage {index}: {ledger:?}"));
        }
        let feed = &record.feed;
        let is_good = feed.is_balanced() && feed.unpublished() == 0;
        self.account.expect(is_good, format_args!("{feed:?}"));
        let rows = record.epochs.rows();
        // WARMUP, READY, DEGRADED, READY …: every even epoch is READY.
        let outside_ready = rows
            .iter()
            .filter(|row| row.epoch % 2 == 1 && row.executed > 0);
        self.account
            .expect(outside_ready.count() == 0, format_args!("outside READY"));
        let executed: u64 = rows.iter().map(|row| row.executed).sum();
        let is_good =
            record.epochs.overflow() == 0 && executed == record.executor().ledger.executed;
        self.account
            .expect(is_good, format_args!("{executed} executed by the epochs"));
    }

    /// What a reader saw and lost is all that there was.
    fn expect_all(&mut self, reader: thread::JoinHandle<Account>, all: u64, of: &str) {
        let end = reader.join().expect("a reader has nothing to fail at");
        let (seen, lost) = (end.checked, end.lost);
        self.account.add(&end);
        self.account.expect(
            seen + lost == all,
            format_args!("{of}: {seen} + {lost} of {all}"),
        );
    }
}

fn reader(ring: &Arc<EventRing>, first_seq: u64) -> EventReader {
    EventReader::new(Arc::clone(ring), Start::Sequence(first_seq)).expect("not beyond the head")
}

fn settings() -> Settings {
    let thread = ThreadSettings {
        wait: Some(Wait::Yield),
        ..ThreadSettings::default()
    };
    let consumer = |name: &str, policy, after: &[&str]| ReaderSettings {
        policy,
        after: after.iter().map(|&name| name.to_owned()).collect(),
        thread,
        ..ReaderSettings::named(name)
    };
    Settings {
        feed: thread,
        executor: consumer("executor", OverrunPolicy::Oldest, &[]),
        consumers: vec![
            consumer("risk", OverrunPolicy::Head, &[]),
            consumer("log", OverrunPolicy::Oldest, &["executor"]),
        ],
        ack_slots: Some(1_024),
        floor_window_ns: 0,
        epoch_rows: 1 << 16,
        ..Settings::default()
    }
}

/// One transition further, by the only one who moves the gate.
fn move_on(gate: &Gate) {
    let word = gate.read();
    let next = match word.state() {
        StateCode::Init => StateCode::Warmup,
        StateCode::Warmup | StateCode::Degraded => StateCode::Ready,
        StateCode::Ready => StateCode::Degraded,
    };
    let moved = gate.compare_exchange(word, GateWord::new(word.epoch() + 1, next));
    assert!(moved, "nobody else moves it");
}

/// Reads from outside until the run is over and nothing is left.
fn watch(
    mut reader: EventReader,
    is_over: &AtomicBool,
    pauses: u32,
    mut visit: impl FnMut(Payload, u64, &mut Account),
) -> Account {
    let mut account = Account {
        readers: 1,
        ..Account::default()
    };
    loop {
        // Looked at before the ring: an empty one says nothing about events that come after.
        let last_look = is_over.load(Ordering::Acquire);
        let seq = reader.next_seq();
        match reader.poll() {
            Ok(Some(payload)) => {
                visit(payload, seq, &mut account);
                account.checked += 1;
                (0..pauses).for_each(|_| spin_loop());
            }
            Ok(None) if last_look => break,
            Ok(None) => thread::yield_now(),
            Err(overrun) => {
                let skipped = reader.reset_to_oldest();
                let is_good = overrun.requested == seq && skipped >= overrun.lost();
                account.expect(is_good, format_args!("skipped {skipped} after {overrun:?}"));
                account.overruns += 1;
            }
        }
    }
    account.lost = reader.lost();
    account
}

/// An event as the feed emitted it; of what index is known without faults.
fn check(payload: Payload, index: Option<u64>, key: u64, account: &mut Account) {
    if payload[SUM] != checksum(&payload[2..SUM], key) {
        account.torn(format_args!("{payload:x?}"));
    }
    if let Some(index) = index {
        let got = payload[5];
        account.expect(
            got == index,
            format_args!("event {got} in the place of {index}"),
        );
    }
}
