//! Two cache lines between two threads: one asks on the first and is answered on the second.
//!
//! - **Threads**: two, one at each end. **Blocking**: a wait goes on until its caller gives up. **Allocation**: none.
//! - Whoever sees a turn, or its answer, sees what the other end did before.

use crate::planted;
use crate::sync::{AtomicU64, Ordering};

/// The turn that ends the echo.
#[cfg(not(loom))]
pub(super) const LAST: u64 = u64::MAX;

/// A word on a line of its own, and on the pair of lines that some processors fetch together.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line(AtomicU64);

/// The two lines. Turns are numbered from 1 and rise.
#[derive(Debug, Default)]
pub struct TwoLines {
    there: Line,
    back: Line,
}

impl TwoLines {
    /// Sends `turn` and waits until it was answered; `idle` is called between two looks.
    ///
    /// # Errors
    /// Returns what `idle` gives up with.
    #[inline(always)]
    pub fn trip<E>(&self, turn: u64, idle: impl FnMut() -> Result<(), E>) -> Result<(), E> {
        // SYNC POINT ping: pairs with the wait in `answer`.
        let order = planted::order(29, Ordering::Release);
        self.there.0.store(turn, order);
        // SYNC POINT pong: pairs with the store in `answer`.
        reached(&self.back, turn, idle).map(drop)
    }

    /// Waits for `turn`, answers it, and returns the turn that was answered: `turn` or a later one.
    ///
    /// # Errors
    /// Returns what `idle` gives up with.
    #[inline(always)]
    pub fn answer<E>(&self, turn: u64, idle: impl FnMut() -> Result<(), E>) -> Result<u64, E> {
        // SYNC POINT ping: pairs with the store in `trip`.
        let seen = reached(&self.there, turn, idle)?;
        // SYNC POINT pong: pairs with the wait in `trip`.
        let order = planted::order(31, Ordering::Release);
        self.back.0.store(seen, order);
        Ok(seen)
    }

    /// Ends the echo, which is waiting for the next turn. Nothing comes with it.
    #[cfg(not(loom))]
    pub(super) fn end(&self) {
        self.there.0.store(LAST, Ordering::Relaxed);
    }
}

/// Waits until `line` has reached `turn`.
#[inline(always)]
fn reached<E>(line: &Line, turn: u64, mut idle: impl FnMut() -> Result<(), E>) -> Result<u64, E> {
    loop {
        let seen = line.0.load(planted::order(30, Ordering::Acquire));
        if seen >= turn {
            return Ok(seen);
        }
        idle()?;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_given_when_its_turn_was_sent_and_not_before() {
        let lines = TwoLines::default();
        let give_up = || Err("nothing there");
        assert_eq!(lines.answer(1, give_up), Err("nothing there"));
        assert_eq!(lines.trip(1, give_up), Err("nothing there"));
        assert_eq!(lines.answer(1, give_up), Ok(1));
        assert_eq!(lines.trip(1, give_up), Ok(()));
        assert_eq!(lines.answer(2, give_up), Err("nothing there"));
    }
}
