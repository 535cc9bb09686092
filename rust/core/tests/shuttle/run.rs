//! A whole run of the engine's stages, each driven by the loop that a live thread drives it with, on shuttle's threads.
//! What to do, and when, is drawn by shuttle and so repeats with its schedule.

use tickpath_core::bus::{EventRing, Overrun, Producer};
use tickpath_core::engine::{Control, Faults, Ledger, OverrunPolicy, Snapshot};
use tickpath_core::execution::Ack;
use tickpath_core::metrics::EpochTable;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::{Arc, AtomicBool, Ordering, thread};

use crate::checked::{Certain, Looks};

/// Looks at a fence, after which a stage that has not seen the epoch is stalled.
const FENCE_LOOKS_MAX: usize = 200;
/// Without faults no stage is, and the run hangs.
const FENCE_LOOKS_ENOUGH: usize = 20_000;

/// What a run is like.
#[derive(Debug, Clone)]
pub(crate) struct Scenario {
    pub(crate) capacity: usize,
    pub(crate) events: usize,
    /// Events that were in the ring before.
    pub(crate) first_seq: u64,
    /// Of the executor, then of each consumer.
    pub(crate) policies: Vec<OverrunPolicy>,
    /// The stages that each comes after, by index.
    pub(crate) after: Vec<Vec<usize>>,
    pub(crate) hold_at: Option<usize>,
    pub(crate) shared_stamps: bool,
    pub(crate) faults: bool,
    pub(crate) ack_slots: Option<usize>,
    /// Whether the feed waits for the slowest reader.
    pub(crate) held_back: bool,
    /// Whether there is a plan, by which events are due one after the other.
    pub(crate) planned: bool,
    /// What every reading stage takes for an event.
    pub(crate) service_ns: u64,
}

impl Default for Scenario {
    /// An executor, and nothing that is in its way.
    fn default() -> Self {
        Self {
            capacity: 4,
            events: 6,
            first_seq: 0,
            policies: vec![OverrunPolicy::Oldest],
            after: vec![Vec::new()],
            hold_at: None,
            shared_stamps: false,
            faults: false,
            ack_slots: None,
            held_back: false,
            planned: false,
            service_ns: 0,
        }
    }
}

/// The feed's thread: events published, and the writing end.
pub(crate) type FeedThread = thread::JoinHandle<(u64, Producer)>;

/// A run under way, as the control side sees it.
pub(crate) struct Run {
    pub(crate) scenario: Scenario,
    pub(crate) gate: Arc<Gate>,
    pub(crate) control: Arc<Control>,
    pub(crate) faults: Arc<Faults>,
    pub(crate) certain: Certain,
    pub(crate) clock: Looks,
    pub(crate) feed: Option<FeedThread>,
    pub(crate) readers: Vec<thread::JoinHandle<ReaderEnd>>,
    pub(crate) recorder: Option<thread::JoinHandle<(u64, u64)>>,
    pub(crate) is_over: Arc<AtomicBool>,
    last_look: Option<Snapshot>,
}

/// What a reading stage leaves behind.
pub(crate) struct ReaderEnd {
    pub(crate) ledger: Ledger,
    pub(crate) cursor: u64,
    pub(crate) ended: Option<Overrun>,
    /// The executor's.
    pub(crate) epochs: Option<EpochTable>,
}

/// What a run came to.
pub(crate) struct End {
    pub(crate) published: u64,
    /// Whether it was asked to stop, or a stage's policy did.
    pub(crate) is_stopped: bool,
    pub(crate) readers: Vec<ReaderEnd>,
    /// Acks that the recorder has read.
    pub(crate) recorded: u64,
}

/// The name of a reading stage.
pub(crate) fn name_of(stage: usize) -> String {
    format!("stage-{stage}")
}

impl Run {
    /// Starts every thread of it; the gate is in INIT.
    pub(crate) fn start(scenario: Scenario) -> Self {
        let stages = scenario.policies.len();
        let (mut producer, ring) = EventRing::try_new(scenario.capacity).expect("a few slots");
        producer.publish_many((0..scenario.first_seq).map(|_| [0; 7]));
        let control = Control::new(stages - 1, scenario.first_seq);
        control.release(scenario.hold_at);
        let mut run = Self {
            gate: Arc::new(Gate::new()),
            control: Arc::new(control),
            faults: Arc::new(Faults::new((0..stages).map(name_of))),
            certain: Certain::new(stages, scenario.first_seq),
            clock: Looks::default(),
            feed: None,
            readers: Vec::new(),
            recorder: None,
            is_over: Arc::default(),
            last_look: None,
            scenario,
        };
        run.start_feed(producer);
        let acks = run
            .scenario
            .ack_slots
            .map(|slots| run.start_recorder(slots));
        run.start_executor(&ring, acks);
        for stage in 1..stages {
            run.start_consumer(&ring, stage);
        }
        run
    }

    /// Moves the gate, as the only one who does.
    pub(crate) fn move_to(&self, state: StateCode) -> u64 {
        let (epoch, before) = self.certain.will_move(state);
        let (from, to) = (
            GateWord::new(epoch - 1, before),
            GateWord::new(epoch, state),
        );
        assert!(self.gate.compare_exchange(from, to), "nobody else moves it");
        self.certain.has_moved();
        epoch
    }

    /// Waits until nothing of an older epoch is in flight; not for ever, since a stalled stage sees nothing.
    pub(crate) fn fence(&self, epoch: u64) {
        let looks = if self.scenario.faults {
            FENCE_LOOKS_MAX
        } else {
            FENCE_LOOKS_ENOUGH
        };
        for _ in 0..looks {
            if self.control.has_seen(epoch) {
                self.certain.set_fenced(epoch);
                return;
            }
            thread::yield_now();
        }
        assert!(
            self.scenario.faults,
            "no stage is stalled, and the fence does not let {epoch} pass: {:?}, {:?}",
            self.scenario,
            self.control.snapshot()
        );
    }

    /// A snapshot: each tuple is one moment's, and none is older than the last.
    pub(crate) fn look(&mut self) {
        let snapshot = self.control.snapshot();
        let started = self.certain.published();
        let first_seq = self.scenario.first_seq;
        assert!(
            first_seq + snapshot.feed.published <= started,
            "{snapshot:?}"
        );
        for stage in &snapshot.stages {
            let accounted = stage.ledger.accounted();
            assert_eq!(
                accounted,
                u128::from(stage.cursor - first_seq),
                "{snapshot:?}"
            );
            assert!(
                accounted <= u128::from(stage.ledger.published),
                "{snapshot:?}"
            );
        }
        if let Some(last) = self.last_look.replace(snapshot.clone()) {
            assert!(
                last.feed.published <= snapshot.feed.published,
                "{last:?}, {snapshot:?}"
            );
            for (before, now) in last.stages.iter().zip(&snapshot.stages) {
                assert!(
                    before.cursor <= now.cursor && before.epoch_seen <= now.epoch_seen,
                    "{before:?}, then {now:?}"
                );
            }
        }
    }

    /// Waits for every thread and checks what they left behind.
    pub(crate) fn end(mut self) -> End {
        let feed = self.feed.take().expect("it was started").join();
        let (published, producer) = feed.expect("its asserts hold");
        let readers: Vec<_> = core::mem::take(&mut self.readers)
            .into_iter()
            .map(|thread| thread.join().expect("its asserts hold"))
            .collect();
        self.is_over.store(true, Ordering::Release);
        let first_seq = self.scenario.first_seq;
        assert_eq!(producer.ring().head(), first_seq + published);
        let mut end = End {
            published,
            is_stopped: self.control.is_stopped(),
            readers,
            recorded: 0,
        };
        self.look();
        self.check(&end);
        if let Some(recorder) = self.recorder.take() {
            let (seen, counted) = recorder.join().expect("its asserts hold");
            assert_eq!(seen, counted, "seen + lost == its place");
            end.recorded = seen;
        }
        end
    }

    fn check(&self, end: &End) {
        let known = self.certain.known();
        let snapshot = self.last_look.as_ref().expect("the last look");
        assert!(snapshot.feed.done && !snapshot.feed.held);
        for (index, reader) in end.readers.iter().enumerate() {
            let ledger = Ledger {
                published: end.published,
                ..reader.ledger
            };
            assert!(ledger.is_balanced(), "stage {index}: {ledger:?}");
            assert_eq!(
                snapshot.stages[index].ledger, ledger,
                "the books say another"
            );
            assert_eq!(reader.cursor, self.scenario.first_seq + end.published);
            let handled = ledger.executed + ledger.gated_total() + ledger.read;
            assert_eq!(known.read[index], handled + ledger.unread, "{ledger:?}");
            if !end.is_stopped && reader.ended.is_none() {
                assert_eq!(ledger.unread, 0, "stage {index} ended before its work did");
            }
        }
        let executor = &end.readers[0];
        check_table(
            executor.epochs.as_ref().expect("the executor's"),
            &known.acks,
        );
        let executed = known.acks.iter().filter(|ack| ack.executed == 1).count() as u64;
        assert_eq!(executor.ledger.executed, executed);
        let gated = known.acks.len() as u64 - executed;
        assert_eq!(executor.ledger.gated_total(), gated);
    }
}

/// Every ack is in the row of its epoch, and nothing else is.
fn check_table(table: &EpochTable, acks: &[Ack]) {
    assert_eq!(table.overflow(), 0);
    let mut left = acks;
    for row in table.rows() {
        let count = left.iter().take_while(|ack| ack.epoch == row.epoch).count();
        let (own, rest) = left.split_at(count);
        let executed = own.iter().filter(|ack| ack.executed == 1).count() as u64;
        assert_eq!(
            (row.executed, row.gated),
            (executed, count as u64 - executed),
            "{row:?}"
        );
        let ends = own
            .first()
            .zip(own.last())
            .map(|(first, last)| (first.seq, last.seq));
        assert_eq!(ends, Some((row.first_seq, row.last_seq)), "{row:?}");
        left = rest;
    }
    assert!(left.is_empty(), "acks without a row: {left:?}");
}
