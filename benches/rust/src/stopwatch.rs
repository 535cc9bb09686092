//! What the stamps of round trips move in. They are the engine's: the processor's counter where it can
//! be trusted, for it costs least.

use tickpath_core::time::Clock;

/// Stamps behind the measurement of a step.
const STEPS: u32 = 10_000;

/// The smallest step `clock` moves in, in nanoseconds: some counters move by many ticks at once.
pub(crate) fn step_ns(clock: &impl Clock) -> u64 {
    let mut step = u64::MAX;
    let mut before = clock.now_ns();
    for _ in 0..STEPS {
        let now = clock.now_ns();
        match now - before {
            0 => {}
            ns => step = step.min(ns),
        }
        before = now;
    }
    step
}
