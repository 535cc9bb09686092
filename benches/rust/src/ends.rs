//! What a contender must be able to do, and how its ends wait.

use tickpath_core::engine::Wait;
use tickpath_core::time::{Clock as _, MonotonicClock};

use crate::item::Check;

/// The writing end.
pub(crate) trait Sending: Send {
    /// Sends the events from `first` on: as many as there is room for, at most `count`. Returns how
    /// many; never waits.
    fn send(&mut self, first: u64, count: usize) -> usize;
}

/// A reading end.
pub(crate) trait Receiving: Send {
    /// Hands what is there to `check`, at most `limit` events. Returns how many; never waits.
    fn receive(&mut self, limit: usize, check: &mut Check) -> usize;

    /// Events this end says it lost, where it says so.
    fn lost(&self) -> Option<u64> {
        None
    }
}

/// A ring or queue as the benchmark drives it.
pub(crate) trait Contender {
    /// The writing end.
    type Tx: Sending;
    /// A reading end.
    type Rx: Receiving;

    /// Whether a full ring overwrites. Then nothing is lost only because the benchmark holds the
    /// producer back.
    const OVERWRITES: bool;

    /// A new one of `slots` slots; only broadcast rings are asked for more than one reader.
    fn open(slots: usize, readers: usize) -> (Self::Tx, Vec<Self::Rx>);
}

/// How long nothing may move before a contender counts as stuck.
const STUCK_NS: u64 = 4_000_000_000;
/// Turns between two looks at the clock; a power of two.
const TURNS: u32 = 1 << 14;

/// Waiting, with an end: a peer that gets stuck must not hang the run.
#[derive(Debug)]
pub(crate) struct Idle {
    wait: Wait,
    turns: u32,
    deadline_ns: u64,
}

impl Idle {
    /// Waits as `wait` says, from now on.
    pub(crate) fn new(wait: Wait) -> Self {
        Self {
            wait,
            turns: 0,
            deadline_ns: MonotonicClock.now_ns() + STUCK_NS,
        }
    }

    /// One turn of waiting.
    ///
    /// # Errors
    /// Returns an error if this has been going on for too long.
    #[inline(always)]
    pub(crate) fn turn(&mut self) -> Result<(), String> {
        self.wait.idle();
        self.turns = self.turns.wrapping_add(1);
        if self.turns.is_multiple_of(TURNS) {
            return self.look();
        }
        Ok(())
    }

    #[cold]
    fn look(&self) -> Result<(), String> {
        if MonotonicClock.now_ns() < self.deadline_ns {
            return Ok(());
        }
        Err(format!(
            "stuck: not done after {} s",
            STUCK_NS / 1_000_000_000
        ))
    }
}
