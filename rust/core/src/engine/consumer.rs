//! A plain consumer: reads every event, works on it as long as its service time says, and keeps books.

use crate::bus::Payload;
use crate::state::{Gate, GateWord, StateCode};
use crate::time::Clock;

use super::{Intake, Ledger, OverrunPolicy, Recorder, Recover, Scheduler, Service, Stamps, Turn};

/// A consumer that reads through `intake`. The gate does not stop it; it only notes the epoch.
///
/// It has no thread, and allocates nothing after [`Self::new`].
#[derive(Debug)]
pub struct ConsumerStage<R, S, M> {
    intake: Intake<R>,
    service: S,
    recorder: M,
    word: GateWord,
    read: u64,
}

impl<R, S, M> ConsumerStage<R, S, M>
where
    R: Recover<Item = Payload>,
    S: Service,
    M: Recorder,
{
    /// A consumer that has read nothing.
    pub const fn new(intake: Intake<R>, service: S, recorder: M) -> Self {
        Self {
            intake,
            service,
            recorder,
            word: GateWord::new(0, StateCode::Init),
            read: 0,
        }
    }

    /// Reads up to `limit` events. A new word of the gate ends the turn before anything is read under it.
    #[inline]
    pub fn turn<C: Clock, T: Scheduler>(
        &mut self,
        gate: &Gate,
        clock: &C,
        scheduler: &T,
        limit: usize,
    ) -> Turn {
        let word = gate.read();
        if word != self.word {
            self.word = word;
            self.recorder.enter(word.state());
            return Turn::NewEpoch;
        }
        let allowed = self.intake.allowed(limit);
        let mut done = 0;
        let stopped_by = loop {
            if done == allowed {
                break Turn::Behind;
            }
            let cursor = self.intake.cursor();
            match self.intake.reader().poll() {
                Ok(Some([published_ns, intended_ns, ..])) => {
                    let polled_ns = clock.now_ns();
                    let completed_ns = if S::IS_TIMED {
                        let until_ns = polled_ns.saturating_add(self.service.draw_ns(cursor));
                        scheduler.occupy(clock, until_ns)
                    } else {
                        clock.now_ns()
                    };
                    self.recorder.record(Stamps {
                        intended_ns,
                        published_ns,
                        polled_ns,
                        completed_ns,
                    });
                    done += 1;
                }
                Ok(None) => break Turn::Idle,
                Err(_) if done > 0 => break Turn::Idle,
                Err(overrun) => break self.intake.overrun(overrun),
            }
        };
        if done == 0 {
            return stopped_by;
        }
        self.read += done as u64;
        Turn::Processed(done)
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

    /// The epoch that was seen last.
    pub const fn epoch(&self) -> u64 {
        self.word.epoch()
    }

    /// What is done about an overrun.
    pub const fn policy(&self) -> OverrunPolicy {
        self.intake.policy()
    }

    /// The consumer's side of the books; `published` is for the feed to say.
    #[inline]
    pub fn ledger(&self) -> Ledger {
        let (lost, shed) = self.intake.missed();
        Ledger {
            read: self.read,
            lost,
            shed,
            unread: self.intake.unread(),
            ..Ledger::default()
        }
    }

    /// Where its latencies are.
    pub const fn recorder(&self) -> &M {
        &self.recorder
    }

    /// The same, to be prepared for a run.
    pub const fn recorder_mut(&mut self) -> &mut M {
        &mut self.recorder
    }

    /// Hands over the records when the run is over.
    pub fn into_recorder(self) -> M {
        self.recorder
    }
}
