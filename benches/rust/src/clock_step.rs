//! What the stamps of round trips move in. They are the engine's: the processor's counter where it can
//! be trusted, for it costs least.

use std::collections::BTreeMap;

use tickpath_core::time::tsc::{ProcessorTicks, Ticks as _};
use tickpath_core::time::{Clock as _, EngineClock};

/// Stamps behind the measurement of a step.
const STEPS: usize = 10_000;
/// Ticks that a multiple of a coarse step may be off by.
const ROUNDING: u64 = 1;

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

/// The step whose multiples all usual spans between stamps are, give or take a tick or two for rounding; 1
/// if there is none. Rare spans are corrections.
fn step_of(stamps: &[u64]) -> u64 {
    let mut counts: BTreeMap<u64, usize> = BTreeMap::new();
    for pair in stamps.windows(2) {
        *counts.entry(pair[1].saturating_sub(pair[0])).or_default() += 1;
    }
    counts.retain(|&span, count| span > ROUNDING && *count * 100 >= stamps.len());
    let Some((&step, _)) = counts.first_key_value() else {
        return 1;
    };
    let is_multiple = |&span: &u64| {
        let times = (span + step / 2) / step;
        span.abs_diff(times * step) <= ROUNDING * times
    };
    // Spans one after the other are those of a counter that is slow to read, not of a coarse one.
    if step > 4 * ROUNDING && counts.keys().all(is_multiple) {
        step
    } else {
        1
    }
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
        assert_eq!(
            step_of(&stamps((0..1_000).map(|i| 26 * (i % 3) + i % 2))),
            26
        );
        assert_eq!(step_of(&stamps((0..1_000).map(|i| 25 + i % 9))), 1);
    }

    #[test]
    fn a_rare_correction_changes_nothing() {
        let spans = (0..1_000).map(|i| if i == 500 { 7 } else { 26 });
        assert_eq!(step_of(&stamps(spans)), 26);
    }
}
