//! What the stamps of round trips move in. They are the engine's: the processor's counter where it can
//! be trusted, for it costs least.

use std::collections::BTreeMap;

use tickpath_core::time::tsc::{ProcessorTicks, Ticks as _};
use tickpath_core::time::{Clock as _, EngineClock};

/// Stamps behind the measurement of a step.
const STEPS: usize = 10_000;

/// What `clock` moves in, in nanoseconds: some counters move by many ticks at once. 1 for the machine's
/// clock, which is computed.
pub(crate) fn step_ns(clock: &EngineClock) -> u64 {
    if matches!(clock, EngineClock::Monotonic(_)) {
        return 1;
    }
    let counter = ProcessorTicks::new();
    let (from_ns, from) = (clock.now_ns(), counter.ticks());
    let stamps: Vec<_> = (0..STEPS).map(|_| counter.ticks()).collect();
    let (ns, ticks) = (clock.now_ns() - from_ns, counter.ticks() - from);
    (step_of(&stamps) * ns).div_ceil(ticks.max(1)).max(1)
}

/// The greatest common divisor of the spans between stamps, but for rare ones: those are corrections.
fn step_of(stamps: &[u64]) -> u64 {
    let mut spans: BTreeMap<u64, usize> = BTreeMap::new();
    for pair in stamps.windows(2) {
        *spans.entry(pair[1].saturating_sub(pair[0])).or_default() += 1;
    }
    let usual = spans
        .into_iter()
        .filter(|span| span.1 * 100 >= stamps.len());
    usual.fold(0, |step, (span, _)| divisor(step, span))
}

const fn divisor(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stamps(spans: impl Iterator<Item = u64>) -> Vec<u64> {
        spans
            .scan(1_000, |at, span| {
                *at += span;
                Some(*at)
            })
            .collect()
    }

    #[test]
    fn a_coarse_counter_is_told_from_one_that_is_slow_to_read() {
        assert_eq!(step_of(&stamps((0..1_000).map(|i| 26 * (i % 3)))), 26);
        assert_eq!(step_of(&stamps((0..1_000).map(|i| 25 + i % 3))), 1);
    }

    #[test]
    fn a_rare_correction_changes_nothing() {
        let spans = (0..1_000).map(|i| if i == 500 { 7 } else { 26 });
        assert_eq!(step_of(&stamps(spans)), 26);
    }
}
