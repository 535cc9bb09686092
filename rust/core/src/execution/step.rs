//! One step of the executor, generic over the ring and the clock.

use bytemuck::{Pod, Zeroable};

use crate::bus::{Overrun, Reader};
use crate::state::GateWord;
use crate::time::Clock;

/// The acknowledgement of one event: a row of `ACK_DTYPE`, 40 bytes, little-endian.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct Ack {
    /// Sequence of the event.
    pub seq: u64,
    /// When the decision ran, in nanoseconds.
    pub decision_ts: u64,
    /// When the acknowledgement was made, in nanoseconds; never before `decision_ts`.
    pub completion_ts: u64,
    /// Epoch of the gate word the decision was taken under.
    pub epoch: u64,
    /// 1 if the state was READY, else 0.
    pub executed: u8,
    /// Zero.
    pub padding: [u8; 7],
}

const _: () = assert!(size_of::<Ack>() == 40);

impl Ack {
    /// From decision to completion, in nanoseconds.
    #[inline]
    pub const fn latency_ns(&self) -> u64 {
        self.completion_ts.saturating_sub(self.decision_ts)
    }
}

/// An event and its acknowledgement.
#[derive(Debug)]
pub struct Step<T> {
    /// The event that was read.
    pub item: T,
    /// Its acknowledgement.
    pub ack: Ack,
}

/// Why a step did not happen; the cursor is where it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StepError {
    /// The lifecycle is in INIT.
    NotReady,
    /// The next event was overwritten before it was read.
    Overrun(Overrun),
}

/// Processes the next event of `reader`: `Ok(None)` when caught up.
///
/// `word` is one reading of the gate, taken by the caller for this event and no other. INIT refuses
/// before the ring is looked at.
///
/// # Errors
/// Returns an error in INIT and on overrun.
#[inline]
pub fn step<R: Reader, C: Clock>(
    reader: &mut R,
    word: GateWord,
    clock: &C,
) -> Result<Option<Step<R::Item>>, StepError> {
    step_with(reader, word, clock, |_| clock.now_ns())
}

/// [`step`] with something to do between its two stamps: `work` is told when the decision was taken
/// and says when it is completed, never before.
///
/// # Errors
/// Returns an error in INIT and on overrun; then nothing was worked on.
#[inline(always)]
pub fn step_with<R: Reader, C: Clock>(
    reader: &mut R,
    word: GateWord,
    clock: &C,
    work: impl FnOnce(u64) -> u64,
) -> Result<Option<Step<R::Item>>, StepError> {
    if word.is_init() {
        return Err(StepError::NotReady);
    }
    let seq = reader.next_seq();
    let Some(item) = reader.poll().map_err(StepError::Overrun)? else {
        return Ok(None);
    };
    let decision_ts = clock.now_ns();
    let executed = u8::from(word.is_ready());
    let completion_ts = work(decision_ts);
    Ok(Some(Step {
        item,
        ack: Ack {
            seq,
            decision_ts,
            completion_ts,
            epoch: word.epoch(),
            executed,
            padding: [0; 7],
        },
    }))
}

#[cfg(all(test, not(loom)))]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::bus::{Cursor, CursorOn, ObjectRing};
    use crate::state::StateCode;

    /// Ten nanoseconds pass with every look.
    struct Ticking(Cell<u64>);

    impl Clock for Ticking {
        fn now_ns(&self) -> u64 {
            self.0.set(self.0.get() + 10);
            self.0.get()
        }
    }

    /// A step over a ring of four slots with the sequences `[2, 6)`, and where it left the cursor.
    fn taken(next: u64, word: GateWord) -> (Result<Option<(u64, Ack)>, StepError>, u64) {
        let mut ring = ObjectRing::try_new(4).expect("memory for four slots");
        (0..6).for_each(|seq| drop(ring.publish(10 * seq)));
        let mut cursor = Cursor::new(next);
        let mut reader = CursorOn {
            ring: &ring,
            cursor: &mut cursor,
        };
        let step = step(&mut reader, word, &Ticking(Cell::new(100)));
        (
            step.map(|step| step.map(|s| (s.item, s.ack))),
            cursor.next(),
        )
    }

    #[test]
    fn every_event_is_acknowledged_and_executed_in_ready_only() {
        for state in [StateCode::Warmup, StateCode::Ready, StateCode::Degraded] {
            let ack = Ack {
                seq: 3,
                decision_ts: 110,
                completion_ts: 120,
                epoch: 7,
                executed: u8::from(state == StateCode::Ready),
                padding: [0; 7],
            };
            assert_eq!(ack.latency_ns(), 10);
            let step = taken(3, GateWord::new(7, state));
            assert_eq!(step, (Ok(Some((30, ack))), 4), "{state:?}");
        }
    }

    #[test]
    fn init_refuses_before_the_ring_is_looked_at() {
        for next in [0, 3, 6] {
            let step = taken(next, GateWord::new(7, StateCode::Init));
            assert_eq!(step, (Err(StepError::NotReady), next));
        }
    }

    #[test]
    fn a_step_without_an_event_leaves_the_reader_where_it_is() {
        let ready = GateWord::new(7, StateCode::Ready);
        assert_eq!(taken(6, ready), (Ok(None), 6));
        let overrun = Overrun {
            requested: 1,
            oldest: 2,
            head: 6,
        };
        assert_eq!(taken(1, ready), (Err(StepError::Overrun(overrun)), 1));
    }

    #[test]
    fn work_is_told_when_the_decision_was_taken_and_says_when_it_is_done() {
        let mut ring = ObjectRing::try_new(1).expect("memory for a slot");
        drop(ring.publish(5));
        let mut reader = CursorOn {
            ring: &ring,
            cursor: &mut Cursor::new(0),
        };
        let word = GateWord::new(2, StateCode::Ready);
        let clock = Ticking(Cell::new(0));
        let step = step_with(&mut reader, word, &clock, |decision_ns| decision_ns + 7);
        let ack = step.expect("no overrun").expect("an event").ack;
        assert_eq!((ack.decision_ts, ack.completion_ts), (10, 17));
        assert_eq!(ack.latency_ns(), 7);
    }
}
