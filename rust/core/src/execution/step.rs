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
