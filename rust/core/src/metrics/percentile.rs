//! Percentiles that say "unknown" rather than guess.

use hdrhistogram::Histogram;

/// A percentile needs this many samples beyond it to be worth saying.
pub const SAMPLES_BEYOND_MIN: u64 = 10;

/// The value at `quantile` (0.99 for p99), or `None` if fewer than [`SAMPLES_BEYOND_MIN`] samples lie
/// beyond it.
///
/// Precise to the histogram's bucket, of which it is the highest value; a caller that knows the largest
/// sample exactly takes the smaller of both. O(number of buckets).
pub fn percentile(histogram: &Histogram<u64>, quantile: f64) -> Option<u64> {
    rank(histogram.len(), quantile).map(|_| histogram.value_at_quantile(quantile))
}

/// Which of `count` samples, the smallest being the first, is the one at `quantile`; `None` if fewer than
/// [`SAMPLES_BEYOND_MIN`] lie beyond it.
pub(super) fn rank(count: u64, quantile: f64) -> Option<u64> {
    if !(0.0..=1.0).contains(&quantile) {
        return None;
    }
    // As HdrHistogram takes it: the smallest number of samples that make up the quantile.
    let rank = ((quantile * count as f64).ceil() as u64).max(1);
    (count.saturating_sub(rank) >= SAMPLES_BEYOND_MIN).then_some(rank)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rank_is_said_with_ten_samples_beyond_it_and_within_all_of_them() {
        assert_eq!([rank(20, 0.5), rank(19, 0.5)], [Some(10), None]);
        assert_eq!([rank(11, 0.0), rank(10, 0.0)], [Some(1), None]);
        assert_eq!([rank(1_000, 0.99), rank(1_000, 0.9901)], [Some(990), None]);
        for none in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
            assert_eq!(rank(1_000, none), None, "{none}");
        }
    }

    #[test]
    fn a_percentile_of_the_crates_histogram_is_its_own_or_unknown() {
        let mut histogram = Histogram::<u64>::new(3).expect("three digits are possible");
        (1..=1_000).for_each(|ns| histogram += ns);
        assert_eq!(percentile(&histogram, 0.5), Some(500));
        assert_eq!(percentile(&histogram, 0.99), Some(990));
        assert_eq!(percentile(&histogram, 0.991), None);
    }
}
