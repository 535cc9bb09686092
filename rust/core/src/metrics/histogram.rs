//! Latency histograms with fixed memory, and the percentiles that may honestly be read off them.

use hdrhistogram::Histogram;

use super::percentile;

/// The longest latency told apart: one hour. Longer ones land in the last bucket.
const HIGHEST_NS: u64 = 3_600_000_000_000;
/// Significant decimal digits of a bucket: a percentile is at most 0.1 % above the true one.
const DIGITS: u8 = 3;
/// The quantiles reported.
pub const QUANTILES: [f64; 5] = [0.5, 0.9, 0.99, 0.999, 0.9999];

/// A histogram of latencies.
///
/// One writer. [`Self::record`] is O(1), never allocates, never fails: what is beyond an hour is
/// counted as an hour, and `max` stays exact.
#[derive(Debug, Clone)]
pub struct LatencyHistogram {
    buckets: Histogram<u64>,
    min_ns: u64,
    max_ns: u64,
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self::new()
    }
}

impl LatencyHistogram {
    /// An empty histogram with all its memory.
    ///
    /// # Panics
    /// Never: the bounds are constants that the constructor accepts.
    pub fn new() -> Self {
        Self {
            buckets: Histogram::new_with_bounds(1, HIGHEST_NS, DIGITS)
                .expect("constant bounds are valid"),
            min_ns: u64::MAX,
            max_ns: 0,
        }
    }

    /// Writes every page of its memory, so that recording meets no page fault.
    pub fn touch(&mut self) {
        self.buckets.clear();
        self.min_ns = u64::MAX;
        self.max_ns = 0;
    }

    /// Counts one latency.
    #[inline]
    pub fn record(&mut self, latency_ns: u64) {
        self.record_n(latency_ns, 1);
    }

    /// Counts one latency `times` times.
    #[inline]
    pub fn record_n(&mut self, latency_ns: u64, times: u64) {
        self.buckets.saturating_record_n(latency_ns, times);
        self.min_ns = self.min_ns.min(latency_ns);
        self.max_ns = self.max_ns.max(latency_ns);
    }

    /// Adds what `other` counted.
    ///
    /// # Panics
    /// Never: every histogram of this type has the same bounds.
    pub fn add(&mut self, other: &Self) {
        if other.count() == 0 {
            return;
        }
        self.buckets
            .add(&other.buckets)
            .expect("same bounds everywhere");
        self.min_ns = self.min_ns.min(other.min_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// Number of latencies counted.
    pub fn count(&self) -> u64 {
        self.buckets.len()
    }

    /// What may be said about them.
    pub fn figures(&self) -> Figures {
        let count = self.count();
        if count == 0 {
            return Figures::default();
        }
        Figures {
            count,
            min_ns: Some(self.min_ns),
            percentiles_ns: QUANTILES
                .map(|quantile| percentile(&self.buckets, quantile).map(|ns| ns.min(self.max_ns))),
            max_ns: Some(self.max_ns),
        }
    }
}

/// What a histogram says; what it cannot say is `None`, never 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Figures {
    /// Number of samples.
    pub count: u64,
    /// The smallest, exact.
    pub min_ns: Option<u64>,
    /// The percentiles at [`QUANTILES`].
    pub percentiles_ns: [Option<u64>; QUANTILES.len()],
    /// The largest, exact.
    pub max_ns: Option<u64>,
}

impl Figures {
    /// For each of [`QUANTILES`], whether it is no more than the machine's own pauses explain: at most
    /// 1.25 × the same percentile of `floor`. An unknown percentile on either side is not.
    pub fn at_floor(&self, floor: &Self) -> [bool; QUANTILES.len()] {
        core::array::from_fn(
            |i| match (self.percentiles_ns[i], floor.percentiles_ns[i]) {
                (Some(own), Some(machine)) => u128::from(own) * 4 <= u128::from(machine) * 5,
                _ => false,
            },
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(samples: impl IntoIterator<Item = u64>) -> LatencyHistogram {
        let mut histogram = LatencyHistogram::new();
        samples.into_iter().for_each(|ns| histogram.record(ns));
        histogram
    }

    #[test]
    fn nothing_counted_is_unknown_and_not_zero() {
        let figures = LatencyHistogram::new().figures();
        assert_eq!(figures, Figures::default());
        assert_eq!(figures.min_ns, None);
    }

    #[test]
    fn a_percentile_needs_ten_samples_beyond_it() {
        let p99 = |count: u64| of(1..=count).figures().percentiles_ns[2];
        assert_eq!(p99(999), None);
        assert_eq!(p99(1_000), Some(990));
        assert_eq!(of(1..=19).figures().percentiles_ns[0], None);
        assert_eq!(of(1..=20).figures().percentiles_ns[0], Some(10));
    }

    #[test]
    fn beyond_an_hour_is_counted_and_its_maximum_exact() {
        let figures = of([1, u64::MAX]).figures();
        assert_eq!((figures.count, figures.max_ns), (2, Some(u64::MAX)));
    }

    #[test]
    fn no_percentile_is_larger_than_the_largest_sample() {
        let figures = of((0..100).map(|_| 1_000_001)).figures();
        assert_eq!(figures.percentiles_ns[0], Some(1_000_001));
    }

    #[test]
    fn adding_keeps_counts_and_extremes() {
        let mut sum = of([5, 7]);
        sum.add(&of([3]));
        sum.add(&LatencyHistogram::new());
        let figures = sum.figures();
        assert_eq!(
            (figures.count, figures.min_ns, figures.max_ns),
            (3, Some(3), Some(7))
        );
    }

    #[test]
    fn at_floor_up_to_a_quarter_above_it() {
        let figures = |p50| Figures {
            percentiles_ns: [p50, None, Some(1), None, None],
            ..Figures::default()
        };
        let floor = figures(Some(100));
        assert!(figures(Some(125)).at_floor(&floor)[0]);
        assert!(!figures(Some(126)).at_floor(&floor)[0]);
        assert!(!figures(None).at_floor(&floor)[0]);
        assert!(!figures(Some(1)).at_floor(&figures(None))[0]);
    }

    #[test]
    fn touching_forgets() {
        let mut histogram = of([1]);
        histogram.touch();
        assert_eq!(histogram.figures(), Figures::default());
    }
}
