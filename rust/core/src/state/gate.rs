//! One atomic word, `epoch << 8 | state`: written by the control plane, read once per event.

use crate::planted;
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
        GateWord(self.word.load(planted::order(17, Ordering::Acquire)))
    }

    /// Replaces `expected` by `target`; false if the word had changed meanwhile. Either way what was written before
    /// the word that was met is visible: the history to whoever moves on, the winner's reasons to whoever lost.
    pub fn compare_exchange(&self, expected: GateWord, target: GateWord) -> bool {
        // SYNC POINT gate: pairs with the load in `read`, and with itself.
        let publishes = planted::order_or(6, Ordering::AcqRel, Ordering::Acquire);
        let won = planted::order_or(18, publishes, Ordering::Release);
        let lost = planted::order(19, Ordering::Acquire);
        self.word
            .compare_exchange(expected.0, target.0, won, lost)
            .is_ok()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn a_word_says_its_epoch_and_its_state() {
        for epoch in [0, 1, 255, 256, (1 << 56) - 1] {
            for (code, state) in (0..).zip(StateCode::ALL) {
                let word = GateWord::new(epoch, state);
                assert_eq!(word.bits(), epoch << 8 | code);
                assert_eq!(word, GateWord::from_bits(word.bits()));
                assert_eq!((word.epoch(), word.state()), (epoch, state));
                assert_eq!(word.is_init(), state == StateCode::Init);
                assert_eq!(word.is_ready(), state == StateCode::Ready);
            }
        }
    }

    #[test]
    fn a_transition_is_made_from_what_was_expected_and_from_nothing_else() {
        let gate = Gate::default();
        let [init, warmup, ready] = [(0, 0), (1, 1), (2, 2)]
            .map(|(epoch, code)| GateWord::new(epoch, StateCode::ALL[code]));
        assert_eq!(gate.read(), init);
        assert!(gate.compare_exchange(init, warmup));
        assert!(!gate.compare_exchange(init, ready));
        assert_eq!(gate.read(), warmup);
        assert!(gate.compare_exchange(warmup, ready));
        assert_eq!(gate.read(), ready);
    }
}
