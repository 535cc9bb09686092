//! The executor: one event at a time under the gate, timed, counted, acknowledged.

use crate::bus::Payload;
use crate::execution::{Ack, StepError, step_with};
use crate::metrics::EpochTable;
use crate::planted;
use crate::state::{Gate, GateWord, StateCode};
use crate::time::Clock;

use super::{
    Acks, Intake, Ledger, OverrunPolicy, Recorder, Recover, Scheduler, Service, StampedAck, Stamps,
    Turn,
};

/// Events that one shared stamp is taken for, at most.
pub const SHARED_STAMP_EVENTS_MAX: usize = 64;

/// Turns that a whole batch is waited for before what is there is taken: at the producer's heels every event
/// would cost a line's way from core to core, and a batch costs little more.
const TURNS_FOR_A_BATCH: u32 = if cfg!(loom) { 0 } else { 64 };

/// An executor that reads through `intake`.
///
/// It has no thread and takes its stamps from the clock it is given. All its memory is allocated in
/// [`Self::new`]; a turn allocates nothing. What it is built of decides what its code contains: no
/// ack ring, no service time, no plan is no instruction.
#[derive(Debug)]
pub struct ExecutorStage<R, S, A, M> {
    intake: Intake<R>,
    service: S,
    acks: A,
    recorder: M,
    word: GateWord,
    executed: u64,
    gated: [u64; StateCode::ALL.len()],
    epochs: EpochTable,
    /// For one turn under a shared stamp.
    batch: Box<[Payload]>,
    /// Turns since a batch was read.
    waited: u32,
}

impl<R, S, A, M> ExecutorStage<R, S, A, M>
where
    R: Recover<Item = Payload>,
    S: Service,
    A: Acks,
    M: Recorder,
{
    /// An executor with room for `epoch_rows` epochs.
    pub fn new(intake: Intake<R>, service: S, acks: A, recorder: M, epoch_rows: usize) -> Self {
        Self {
            intake,
            service,
            acks,
            recorder,
            word: GateWord::new(0, StateCode::Init),
            executed: 0,
            gated: [0; StateCode::ALL.len()],
            epochs: EpochTable::with_capacity(epoch_rows),
            batch: vec![Payload::default(); SHARED_STAMP_EVENTS_MAX].into_boxed_slice(),
            waited: 0,
        }
    }

    /// Processes up to `limit` events, each under a reading of the gate of its own.
    ///
    /// A new word of the gate ends the turn before anything is decided under it, so that the driver
    /// can say so first.
    #[inline]
    pub fn turn<C: Clock, T: Scheduler>(
        &mut self,
        gate: &Gate,
        clock: &C,
        scheduler: &T,
        limit: usize,
    ) -> Turn {
        let allowed = self.intake.allowed(limit);
        let first_seq = self.intake.cursor();
        let mut done = 0;
        let stopped_by = loop {
            let word = gate.read();
            if word != self.word {
                break self.see(word, done);
            }
            if done == allowed {
                break Turn::Behind;
            }
            let (service, cursor) = (&mut self.service, self.intake.cursor());
            let work = |decision_ts: u64| {
                if S::IS_TIMED {
                    scheduler.occupy(clock, decision_ts.saturating_add(service.draw_ns(cursor)))
                } else {
                    clock.now_ns()
                }
            };
            match step_with(self.intake.reader(), word, clock, work) {
                Ok(Some(stepped)) => {
                    self.acknowledge(&stepped.item, stepped.ack);
                    done += 1;
                }
                Ok(None) => break Turn::Idle,
                Err(StepError::NotReady) => break Turn::NotReady,
                // The cursor stays at the lost event: the next turn meets it again.
                Err(StepError::Overrun(_)) if done > 0 => break Turn::Idle,
                Err(StepError::Overrun(overrun)) => break self.intake.overrun(overrun),
            }
        };
        if done == 0 {
            return stopped_by;
        }
        self.count(first_seq, done as u64);
        Turn::Processed(done)
    }

    /// Processes up to [`SHARED_STAMP_EVENTS_MAX`] events under one stamp, taken when they have all been
    /// read; the gate is still read for each. While there are fewer it is [`Turn::Behind`], for a bounded number of
    /// turns. Without service time: what one event took is not known.
    #[inline]
    pub fn turn_shared<C: Clock>(&mut self, gate: &Gate, clock: &C) -> Turn {
        let word = gate.read();
        if word != self.word {
            return self.see(word, 0);
        }
        if word.is_init() {
            return Turn::NotReady;
        }
        let allowed = self.intake.allowed(self.batch.len());
        if allowed == 0 {
            return Turn::Behind;
        }
        if !self
            .intake
            .reader()
            .has_unread(SHARED_STAMP_EVENTS_MAX as u64)
            && self.waited < TURNS_FOR_A_BATCH
        {
            self.waited += 1;
            return Turn::Behind;
        }
        self.waited = 0;
        let first_seq = self.intake.cursor();
        let read = match self.intake.reader().read_batch(&mut self.batch[..allowed]) {
            Ok(0) => return Turn::Idle,
            Ok(read) => read,
            Err(overrun) => return self.intake.overrun(overrun),
        };
        let stamp = clock.now_ns();
        let (mut counted, mut run) = (0, 0);
        let mut of_run = Stamps::shared(&self.batch[0], stamp);
        for index in 0..read {
            let word = gate.read();
            if word != self.word {
                self.recorder.record_shared(of_run, run);
                run = 0;
                self.count(first_seq + counted, index as u64 - counted);
                counted = index as u64;
                self.see(word, 0);
            }
            let stamps = Stamps::shared(&self.batch[index], stamp);
            if stamps != of_run {
                self.recorder.record_shared(of_run, run);
                (of_run, run) = (stamps, 0);
            }
            run += 1;
            let ack = Ack {
                seq: first_seq + index as u64,
                decision_ts: stamp,
                completion_ts: stamp,
                epoch: word.epoch(),
                executed: u8::from(word.is_ready()),
                padding: [0; 7],
            };
            self.acks.publish(StampedAck {
                ack,
                published_ns: stamps.published_ns,
                intended_ns: stamps.intended_ns,
            });
        }
        self.recorder.record_shared(of_run, run);
        self.count(first_seq + counted, read as u64 - counted);
        Turn::Processed(read)
    }

    /// Takes note of a new word.
    #[cold]
    fn see(&mut self, word: GateWord, done: usize) -> Turn {
        // Planted bug 12: what was decided under the old word is counted under the new one.
        if done == 0 || planted::bug(12) {
            self.word = word;
            self.recorder.enter(word.state());
        }
        Turn::NewEpoch
    }

    #[inline(always)]
    fn acknowledge(&mut self, payload: &Payload, ack: Ack) {
        let [published_ns, intended_ns, ..] = *payload;
        self.recorder.record(Stamps {
            intended_ns,
            published_ns,
            polled_ns: ack.decision_ts,
            completed_ns: ack.completion_ts,
        });
        self.acks.publish(StampedAck {
            ack,
            published_ns,
            intended_ns,
        });
    }

    /// Counts `count` events from `first_seq` on, all decided under the word that is current.
    #[inline]
    fn count(&mut self, first_seq: u64, count: u64) {
        if count == 0 {
            return;
        }
        let executed = self.word.is_ready();
        if executed {
            self.executed += count;
        } else {
            self.gated[self.word.state() as usize] += count;
        }
        self.epochs
            .record_run(first_seq, count, self.word.epoch(), executed);
    }

    /// Reads what is left and counts it as unread; what was overwritten meanwhile is lost.
    ///
    /// For after the feed has ended.
    pub fn drain_unread(&mut self) {
        self.intake.drain_unread();
    }

    /// Goes on from the head and says how many events that skipped; what could still be read is shed.
    pub fn skip_to_head(&mut self) -> u64 {
        self.intake.skip_to_head()
    }

    /// Events above the latency limit; `u64::MAX` without one.
    #[inline]
    pub fn over_limit(&self) -> u64 {
        self.recorder.over_limit()
    }

    /// The next sequence expected.
    pub fn cursor(&self) -> u64 {
        self.intake.cursor()
    }

    /// The epoch that the last decision was taken under, or the next one will be.
    pub const fn epoch(&self) -> u64 {
        self.word.epoch()
    }

    /// The word that the last decision was taken under, or the next one will be.
    #[cfg(not(loom))]
    pub(super) const fn word(&self) -> GateWord {
        self.word
    }

    /// What is done about an overrun.
    pub const fn policy(&self) -> OverrunPolicy {
        self.intake.policy()
    }

    /// The executor's side of the books; `published` is for the feed to say.
    #[inline]
    pub fn ledger(&self) -> Ledger {
        let (lost, shed) = self.intake.missed();
        Ledger {
            executed: self.executed,
            gated: self.gated,
            lost,
            shed,
            unread: self.intake.unread(),
            ..Ledger::default()
        }
    }

    /// What was executed under which epoch.
    pub const fn epochs(&self) -> &EpochTable {
        &self.epochs
    }

    /// Where its latencies are.
    pub const fn recorder(&self) -> &M {
        &self.recorder
    }

    /// The same, to be prepared for a run.
    pub const fn recorder_mut(&mut self) -> &mut M {
        &mut self.recorder
    }

    /// Where its acks go.
    #[cfg(not(loom))]
    pub(super) const fn acks(&self) -> &A {
        &self.acks
    }

    /// The same, for its driver.
    #[cfg(not(loom))]
    pub(super) const fn acks_mut(&mut self) -> &mut A {
        &mut self.acks
    }

    /// Hands over the records when the run is over.
    pub fn into_records(self) -> (M, EpochTable) {
        (self.recorder, self.epochs)
    }
}

impl Stamps {
    /// Those of an event that shares its stamp with others.
    #[inline(always)]
    const fn shared(payload: &Payload, stamp_ns: u64) -> Self {
        let [published_ns, intended_ns, ..] = *payload;
        Self {
            intended_ns,
            published_ns,
            polled_ns: stamp_ns,
            completed_ns: stamp_ns,
        }
    }
}
