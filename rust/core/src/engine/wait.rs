//! What a stage does while it has nothing to do.

use std::time::Duration;

use crate::sync::{sleep, spin_loop, thread};

/// How a stage waits. The producer never wakes anyone: a waiting stage looks again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wait {
    /// Looks again at once, after `pauses` PAUSE instructions. Needs a core of its own.
    Spin {
        /// PAUSE instructions between two looks.
        pauses: u32,
    },
    /// Lets another thread run before it looks again.
    Yield,
    /// Sleeps between two looks.
    Park {
        /// Length of a sleep, in nanoseconds.
        sleep_ns: u64,
    },
}

impl Wait {
    /// Spinning as it is done where nothing else is asked for: one PAUSE is the soonest in a round trip
    /// (docs/COMPARE.md).
    pub const SPIN: Self = Self::Spin { pauses: 1 };
    /// Parking as it is done where nothing else is asked for.
    pub const PARK: Self = Self::Park { sleep_ns: 50_000 };

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Spin { .. } => "spin",
            Self::Yield => "yield",
            Self::Park { .. } => "park",
        }
    }

    /// One turn of waiting for something that may come at any time.
    #[inline]
    pub fn idle(self) {
        match self {
            Self::Spin { pauses } => (0..pauses).for_each(|_| spin_loop()),
            Self::Yield => thread::yield_now(),
            Self::Park { sleep_ns } => sleep(Duration::from_nanos(sleep_ns)),
        }
    }

    /// One turn of waiting for a moment `remaining_ns` away. Ends early rather than late: a sleep
    /// comes back some time after it should, so the last part is waited for awake.
    #[inline]
    pub fn until_due(self, remaining_ns: u64) {
        match self {
            // The clock is read between two turns, which is pause enough.
            Self::Spin { .. } => {}
            Self::Park { sleep_ns } if remaining_ns > sleep_ns.saturating_mul(3) => {
                sleep(Duration::from_nanos(sleep_ns));
            }
            Self::Yield | Self::Park { .. } => thread::yield_now(),
        }
    }
}
