//! One atomic word, `epoch << 8 | state`: written by the control plane, read once per event.

use crate::planted::is_planted;
use crate::sync::{AtomicU64, Ordering};

/// The four states by their codes. `tests/contract` compares them with the Python enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum StateCode {
    /// Nothing may be processed.
    Init = 0,
    /// Events are processed and not executed; figures are not to be relied on.
    Warmup = 1,
    /// Events are executed.
    Ready = 2,
    /// Events are processed and not executed.
    Degraded = 3,
}

impl StateCode {
    /// All states, in the order of their codes.
    pub const ALL: [Self; 4] = [Self::Init, Self::Warmup, Self::Ready, Self::Degraded];
}

/// A reading of the gate: the state and the number of transitions that led to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GateWord(u64);

impl GateWord {
    /// The word of `state` after `epoch` transitions.
    #[inline]
    pub const fn new(epoch: u64, state: StateCode) -> Self {
        Self(epoch << 8 | state as u64)
    }

    /// The word stored as `bits`.
    #[inline]
    pub const fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// The word as stored.
    #[inline]
    pub const fn bits(self) -> u64 {
        self.0
    }

    /// The number of transitions so far.
    #[inline]
    pub const fn epoch(self) -> u64 {
        self.0 >> 8
    }

    /// The state.
    #[inline]
    pub const fn state(self) -> StateCode {
        StateCode::ALL[(self.0 & 3) as usize]
    }

    /// Whether an event decided under this word is executed.
    #[inline]
    pub const fn is_ready(self) -> bool {
        self.0 & 0xff == StateCode::Ready as u64
    }

    /// Whether nothing may be processed yet.
    #[inline]
    pub const fn is_init(self) -> bool {
        self.0 & 0xff == StateCode::Init as u64
    }
}

/// Planted bug 6 (`make loom`): a transition does not carry with it what was written before it.
const TRANSITION: Ordering = if cfg!(feature = "planted-bug-6") {
    Ordering::Acquire
} else {
    Ordering::AcqRel
};

/// The shared word.
///
/// Any thread may read; writers race through [`Self::compare_exchange`], and one wins.
#[derive(Debug)]
pub struct Gate {
    word: AtomicU64,
}

impl Default for Gate {
    fn default() -> Self {
        Self::new()
    }
}

impl Gate {
    /// A gate in INIT at epoch 0.
    pub fn new() -> Self {
        Self {
            word: AtomicU64::new(GateWord::new(0, StateCode::Init).bits()),
        }
    }

    /// The current word.
    #[inline]
    pub fn read(&self) -> GateWord {
        // SYNC POINT gate: pairs with the store in `compare_exchange`; what the control plane wrote
        // before a transition is visible to whoever acts on it.
        GateWord(self.word.load(Ordering::Acquire))
    }

    /// Replaces `expected` by `target`; false if the word had changed meanwhile.
    pub fn compare_exchange(&self, expected: GateWord, target: GateWord) -> bool {
        if is_planted(41) {
            let is_expected = self.read() == expected;
            self.word.store(target.0, TRANSITION);
            return is_expected;
        }
        // SYNC POINT gate: pairs with the load in `read`.
        self.word
            .compare_exchange(expected.0, target.0, TRANSITION, Ordering::Acquire)
            .is_ok()
    }
}
