//! The executor: one event at a time under the gate, timed, counted, acknowledged.

use crate::bus::Payload;
use crate::execution::{Ack, StepError, step};
use crate::metrics::{EpochTable, LatencyHistogram};
use crate::state::{GateWord, StateCode};
use crate::time::Clock;

use super::{Ledger, Recover};

/// The stages of an event's way, in the order of the histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// How late the feed was.
    IntendedToPublished,
    /// How long the event lay in the ring.
    PublishedToPolled,
    /// How long it took to process.
    PolledToCompleted,
    /// From the bus to the acknowledgement.
    PublishedToCompleted,
    /// Everything, against the plan.
    IntendedToCompleted,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 5] = [
        Self::IntendedToPublished,
        Self::PublishedToPolled,
        Self::PolledToCompleted,
        Self::PublishedToCompleted,
        Self::IntendedToCompleted,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IntendedToPublished => "intended_to_published",
            Self::PublishedToPolled => "published_to_polled",
            Self::PolledToCompleted => "polled_to_completed",
            Self::PublishedToCompleted => "published_to_completed",
            Self::IntendedToCompleted => "intended_to_completed",
        }
    }
}

/// A histogram per stage.
pub type StageHistograms = [LatencyHistogram; Stage::ALL.len()];

/// What one step of the executor came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExecutorStep {
    /// An event was processed.
    Processed(Ack),
    /// Caught up.
    Idle,
    /// The lifecycle is in INIT: nothing was read.
    NotReady,
    /// The reader had been overrun and now stands at the oldest event; so many were lost.
    Recovered(u64),
}

/// An executor that reads from `reader`.
///
/// It has no thread and takes its stamps from the clock it is given. All its memory is allocated in
/// [`Self::new`]; a step allocates nothing.
#[derive(Debug)]
pub struct ExecutorStage<R> {
    reader: R,
    planned: bool,
    executed: u64,
    gated: [u64; StateCode::ALL.len()],
    unread: u64,
    /// The books of a reader that was begun anew.
    lost_before: u64,
    shed_before: u64,
    /// By the code of the state; INIT never has an event.
    latency: Box<[StageHistograms; StateCode::ALL.len()]>,
    epochs: EpochTable,
}

impl<R: Recover<Item = Payload>> ExecutorStage<R> {
    /// An executor with room for `epoch_rows` epochs; `planned` says whether events carry an
    /// intended stamp.
    pub fn new(reader: R, planned: bool, epoch_rows: usize) -> Self {
        Self {
            reader,
            planned,
            executed: 0,
            gated: [0; StateCode::ALL.len()],
            unread: 0,
            lost_before: 0,
            shed_before: 0,
            latency: Box::new(core::array::from_fn(|_| {
                core::array::from_fn(|_| LatencyHistogram::new())
            })),
            epochs: EpochTable::with_capacity(epoch_rows),
        }
    }

    /// Writes every page that a step may write, so that none is touched first in the run.
    pub fn touch(&mut self) {
        self.latency
            .iter_mut()
            .flatten()
            .for_each(LatencyHistogram::touch);
    }

    /// Processes the next event under `word`, one reading of the gate taken for it.
    #[inline]
    pub fn step<C: Clock>(&mut self, word: GateWord, clock: &C) -> ExecutorStep {
        match step(&mut self.reader, word, clock) {
            Ok(Some(done)) => {
                self.count(word, done.item, done.ack);
                ExecutorStep::Processed(done.ack)
            }
            Ok(None) => ExecutorStep::Idle,
            Err(StepError::NotReady) => ExecutorStep::NotReady,
            Err(StepError::Overrun(_)) => ExecutorStep::Recovered(self.reader.recover_to_oldest()),
        }
    }

    #[inline]
    fn count(&mut self, word: GateWord, payload: Payload, ack: Ack) {
        let [published_ns, intended_ns, ..] = payload;
        let executed = ack.executed != 0;
        if executed {
            self.executed += 1;
        } else {
            self.gated[word.state() as usize] += 1;
        }
        self.epochs.record(ack.seq, ack.epoch, executed);
        // Two cores read the same clock, and may disagree by the last few nanoseconds.
        let since = |from: u64, to: u64| to.saturating_sub(from);
        let [lateness, in_ring, processing, bus_to_ack, whole] =
            &mut self.latency[word.state() as usize];
        in_ring.record(since(published_ns, ack.decision_ts));
        processing.record(since(ack.decision_ts, ack.completion_ts));
        bus_to_ack.record(since(published_ns, ack.completion_ts));
        if self.planned {
            lateness.record(since(intended_ns, published_ns));
            whole.record(since(intended_ns, ack.completion_ts));
        }
    }

    /// Reads what is left and counts it as unread; what was overwritten meanwhile is lost.
    ///
    /// For after the feed has ended.
    pub fn drain_unread(&mut self) {
        loop {
            match self.reader.poll() {
                Ok(Some(_)) => self.unread += 1,
                Ok(None) => return,
                Err(_) => {
                    let (lost, shed) = self.missed();
                    self.shed_before = shed;
                    self.lost_before = lost + self.reader.restart_at_oldest();
                }
            }
        }
    }

    /// The next sequence expected.
    pub fn cursor(&self) -> u64 {
        self.reader.next_seq()
    }

    /// What was lost, and what was shed.
    #[inline]
    fn missed(&self) -> (u64, u64) {
        let shed = self.reader.shed();
        let lost = self.reader.lost() - shed;
        (self.lost_before + lost, self.shed_before + shed)
    }

    /// The executor's side of the books; `published` is for the feed to say.
    #[inline]
    pub fn ledger(&self) -> Ledger {
        let (lost, shed) = self.missed();
        Ledger {
            published: 0,
            executed: self.executed,
            gated: self.gated,
            lost,
            shed,
            unread: self.unread,
        }
    }

    /// What was executed under which epoch.
    pub const fn epochs(&self) -> &EpochTable {
        &self.epochs
    }

    /// Latency by state code and stage.
    pub const fn latency(&self) -> &[StageHistograms; StateCode::ALL.len()] {
        &self.latency
    }

    /// Hands over the records when the run is over.
    pub fn into_records(self) -> (Box<[StageHistograms; StateCode::ALL.len()]>, EpochTable) {
        (self.latency, self.epochs)
    }
}
