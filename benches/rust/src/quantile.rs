//! Percentiles of stamps that move in steps.

use hdrhistogram::Histogram;
use tickpath_core::metrics::percentile;

/// The value at `quantile`, or `None` if fewer than ten samples lie beyond it.
///
/// Where the clock moves in steps of `step_ns`, a span of 123 is measured as 120 most times and as 130
/// the others: the samples of a step are taken to lie evenly around it, and the percentile is found among
/// them. With a step of 1 this is the histogram's own answer, to half a nanosecond.
pub(crate) fn quantile_ns(latencies: &Histogram<u64>, quantile: f64, step_ns: u64) -> Option<f64> {
    let found = percentile(latencies, quantile)?;
    let rank = (quantile * latencies.len() as f64).max(1.0);
    let below = latencies
        .iter_recorded()
        .take_while(|v| v.value_iterated_to() < found);
    let below = below.map(|v| v.count_since_last_iteration()).sum::<u64>() as f64;
    let here = latencies.count_at(found).max(1) as f64;
    let share = ((rank - below) / here).clamp(0.0, 1.0);
    Some(found as f64 + (share - 0.5) * step_ns as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::round_trip::latencies;

    fn of(counts: &[(u64, u64)]) -> Histogram<u64> {
        let mut all = latencies();
        counts
            .iter()
            .for_each(|&(ns, count)| all.saturating_record_n(ns, count));
        all
    }

    #[test]
    fn within_a_step_the_share_of_the_samples_decides() {
        // 70 % at 120 and 30 % at 130: the truth is 123, and so is the middle of these samples' middle.
        let all = of(&[(110, 150), (120, 700), (130, 150)]);
        assert_eq!(quantile_ns(&all, 0.5, 10), Some(120.0));
        let all = of(&[(120, 700), (130, 300)]);
        let p50 = quantile_ns(&all, 0.5, 10).expect("samples enough");
        assert!((p50 - 122.142).abs() < 0.01, "{p50}");
    }

    #[test]
    fn nine_beyond_are_too_few() {
        assert_eq!(quantile_ns(&of(&[(5, 999)]), 0.99, 1), None);
        assert!(quantile_ns(&of(&[(5, 1_000)]), 0.99, 1).is_some());
    }
}
