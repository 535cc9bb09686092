//! Latency histograms with fixed memory: recorded on the hot path, merged and read off it.

use core::ops::Range;

use hdrhistogram::Histogram;

use super::buckets::Buckets;
use super::percentile::rank;
use super::{CorrectedHistogram, Figures, QUANTILES};

/// What the latencies of a histogram were counted from, which decides whether a correction for
/// coordinated omission makes sense.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Basis {
    /// From the moment something really began: what should have begun meanwhile was not counted.
    #[default]
    Observed,
    /// From the moment it was planned for: what a pause held up is counted in full, nothing is omitted.
    Planned,
}

/// Why a histogram was not corrected or merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CorrectionError {
    /// It was recorded by plan: nothing was omitted.
    RecordedByPlan,
    /// No interval.
    ZeroInterval,
}

impl core::fmt::Display for CorrectionError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::RecordedByPlan => {
                "these latencies were recorded by plan, from the intended time of each event: nothing was \
                 omitted, and a correction would count the same delay twice; read them as they are"
            }
            Self::ZeroInterval => "expected_interval_ns must be at least 1, got 0",
        })
    }
}

impl core::error::Error for CorrectionError {}

/// A histogram of latencies.
///
/// One writer. [`Self::record`] is O(1), never allocates, never fails: what is longer than the last
/// bucket is counted there ([`super::HIGHEST_NS`]); smallest and largest stay exact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LatencyHistogram {
    buckets: Buckets,
    min_ns: u64,
    max_ns: u64,
    basis: Basis,
}

impl Default for LatencyHistogram {
    fn default() -> Self {
        Self::new()
    }
}

impl LatencyHistogram {
    /// An empty histogram of observed latencies, with all its memory.
    pub fn new() -> Self {
        Self::with_basis(Basis::Observed)
    }

    /// An empty histogram with all its memory.
    pub fn with_basis(basis: Basis) -> Self {
        Self {
            buckets: Buckets::new(),
            min_ns: u64::MAX,
            max_ns: 0,
            basis,
        }
    }

    /// The histogram behind what the crate read from elsewhere. Its extremes may be known more exactly:
    /// what does not fit its buckets is not believed.
    pub fn from_hdr(
        histogram: &Histogram<u64>,
        extremes_ns: Option<(u64, u64)>,
        basis: Basis,
    ) -> Self {
        let mut read = Self::with_basis(basis);
        if histogram.is_empty() {
            return read;
        }
        let (min_ns, max_ns) = (histogram.min(), histogram.max());
        (read.min_ns, read.max_ns) = extremes_ns
            .filter(|&(min, max)| min <= max)
            .filter(|&(min, _)| histogram.equivalent(min.min(max_ns), min_ns))
            .filter(|&(_, max)| histogram.equivalent(max.min(max_ns), max_ns))
            .unwrap_or((min_ns, max_ns));
        read.buckets = Buckets::of_hdr(histogram, read.max_ns);
        read
    }

    /// Forgets everything, and writes every page of its memory, so that recording meets no page fault.
    pub fn touch(&mut self) {
        self.buckets.clear();
        self.min_ns = u64::MAX;
        self.max_ns = 0;
    }

    /// Forgets everything as well, and touches only what was used: for a histogram that is emptied often.
    pub fn forget(&mut self) {
        self.buckets.clear_span(self.span());
        self.min_ns = u64::MAX;
        self.max_ns = 0;
    }

    /// Counts one latency.
    #[inline]
    pub fn record(&mut self, latency_ns: u64) {
        self.buckets.count(latency_ns, 1);
        self.widen(latency_ns);
    }

    /// Counts one latency `times` times, for the price of one.
    #[inline]
    pub fn record_n(&mut self, latency_ns: u64, times: u64) {
        if times == 0 {
            return;
        }
        self.buckets.count(latency_ns, times);
        self.widen(latency_ns);
    }

    /// Branches rather than `min` and `max`: both are nearly never taken.
    #[inline]
    pub(super) const fn widen(&mut self, latency_ns: u64) {
        if latency_ns < self.min_ns {
            self.min_ns = latency_ns;
        }
        if latency_ns > self.max_ns {
            self.max_ns = latency_ns;
        }
    }

    /// Adds what `other` counted. The sum counts as planned if either was: it must not be corrected.
    pub fn add(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if other.basis == Basis::Planned {
            self.basis = Basis::Planned;
        }
        self.buckets.add(&other.buckets);
        self.min_ns = self.min_ns.min(other.min_ns);
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// Whether nothing was counted; O(1).
    pub const fn is_empty(&self) -> bool {
        self.min_ns > self.max_ns
    }

    /// Number of latencies counted. O(number of buckets): for off the hot path.
    pub fn count(&self) -> u64 {
        self.buckets.total(self.span())
    }

    /// The buckets in which every latency counted lies.
    fn span(&self) -> Range<usize> {
        if self.is_empty() {
            return 0..0;
        }
        Buckets::span(self.min_ns, self.max_ns)
    }

    /// The buckets that hold something, and how much.
    pub(super) fn filled(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.buckets.filled(self.span())
    }

    /// Adds counts by bucket; the extremes are left to the caller.
    pub(super) fn fill(&mut self, counts: &[(u32, u64)]) {
        self.buckets.fill(counts);
    }

    /// The smallest, exact.
    pub fn min_ns(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.min_ns)
    }

    /// The largest, exact.
    pub fn max_ns(&self) -> Option<u64> {
        (!self.is_empty()).then_some(self.max_ns)
    }

    /// What the latencies were counted from.
    pub const fn basis(&self) -> Basis {
        self.basis
    }

    /// The latency at `quantile` (0.99 for p99), or `None` with fewer than ten samples beyond it.
    pub fn percentile(&self, quantile: f64) -> Option<u64> {
        let [ns] = self.percentiles([quantile]);
        ns
    }

    /// The latency at each of `quantiles`, as [`Self::percentile`], in one pass. Allocates nothing.
    pub fn percentiles<const N: usize>(&self, quantiles: [f64; N]) -> [Option<u64>; N] {
        self.percentiles_of(self.count(), quantiles)
    }

    /// The same for those who have counted along and know that there are `count` latencies.
    pub fn percentiles_of<const N: usize>(
        &self,
        count: u64,
        quantiles: [f64; N],
    ) -> [Option<u64>; N] {
        let ranks = quantiles.map(|quantile| rank(count, quantile));
        let found = self.buckets.at_ranks(self.span(), ranks);
        found.map(|ns| ns.map(|ns| self.exact(ns)))
    }

    /// What may be said about them.
    pub fn figures(&self) -> Figures {
        if self.is_empty() {
            return Figures::default();
        }
        Figures {
            count: self.count(),
            min_ns: self.min_ns(),
            percentiles_ns: self.percentiles(QUANTILES),
            max_ns: self.max_ns(),
        }
    }

    /// A bucket's highest value may be above the largest sample.
    fn exact(&self, ns: u64) -> u64 {
        ns.min(self.max_ns)
    }

    /// The same counts as the crate's histogram, for its readers and formats. Allocates.
    pub fn to_hdr(&self) -> Histogram<u64> {
        self.buckets.to_hdr()
    }

    /// The same with what coordinated omission left out. Allocates.
    pub(super) fn with_omitted(&self, interval_ns: u64) -> Histogram<u64> {
        self.buckets.with_omitted(interval_ns).to_hdr()
    }

    /// Counts what coordinated omission left out, if one latency was expected every
    /// `expected_interval_ns`.
    ///
    /// The result is of another type, which has no such method: it cannot be done twice.
    ///
    /// # Errors
    /// Returns an error for latencies recorded by plan, where nothing was left out, and for no interval.
    pub fn corrected(
        &self,
        expected_interval_ns: u64,
    ) -> Result<CorrectedHistogram, CorrectionError> {
        CorrectedHistogram::of(self, expected_interval_ns)
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{HIGHEST_NS, percentile};
    use super::*;

    /// A histogram that has recorded these.
    pub(in crate::metrics) fn of(samples: impl IntoIterator<Item = u64>) -> LatencyHistogram {
        let mut histogram = LatencyHistogram::new();
        samples.into_iter().for_each(|ns| histogram.record(ns));
        histogram
    }

    #[test]
    fn nothing_counted_is_unknown_and_not_zero() {
        let empty = LatencyHistogram::new();
        assert_eq!(empty.figures(), Figures::default());
        assert_eq!((empty.min_ns(), empty.max_ns()), (None, None));
        assert_eq!((empty.count(), empty.percentile(0.0)), (0, None));
    }

    #[test]
    fn a_percentile_needs_ten_samples_beyond_it() {
        let p99 = |count: u64| of(1..=count).figures().percentiles_ns[2];
        assert_eq!(p99(999), None);
        assert_eq!(p99(1_000), Some(990));
        assert_eq!(of(1..=1_000).percentile(0.99), Some(990));
        assert_eq!(of(1..=1_000).percentile(0.991), None);
        assert_eq!(of(1..=19).figures().percentiles_ns[0], None);
        assert_eq!(of(1..=20).figures().percentiles_ns[0], Some(10));
    }

    #[test]
    fn what_is_too_long_is_counted_and_its_maximum_exact() {
        let figures = of([1, u64::MAX]).figures();
        assert_eq!((figures.count, figures.max_ns), (2, Some(u64::MAX)));
    }

    #[test]
    fn no_percentile_is_larger_than_the_largest_sample() {
        let figures = of((0..100).map(|_| 1_000_001)).figures();
        assert_eq!(figures.percentiles_ns[0], Some(1_000_001));
    }

    #[test]
    fn a_run_of_equal_latencies_counts_as_often_and_none_of_them_not_at_all() {
        let mut runs = LatencyHistogram::new();
        runs.record_n(70, 3);
        runs.record_n(5, 0);
        assert_eq!(runs, of([70, 70, 70]));
    }

    #[test]
    fn adding_keeps_counts_and_extremes() {
        let mut sum = of([5, 7]);
        sum.add(&of([3]));
        sum.add(&LatencyHistogram::new());
        assert_eq!(sum, of([3, 5, 7]));
        assert_eq!(
            (sum.count(), sum.min_ns(), sum.max_ns()),
            (3, Some(3), Some(7))
        );
    }

    #[test]
    fn a_sum_with_something_planned_is_planned() {
        let mut planned = LatencyHistogram::with_basis(Basis::Planned);
        planned.record(1);
        let mut sum = of([2]);
        sum.add(&LatencyHistogram::with_basis(Basis::Planned));
        assert_eq!(sum.basis(), Basis::Observed);
        sum.add(&planned);
        assert_eq!(sum.basis(), Basis::Planned);
    }

    #[test]
    fn there_and_back_through_the_crate() {
        let histogram = of([0, 1, 12_345, 999_999_999]);
        let extremes = histogram.min_ns().zip(histogram.max_ns());
        let back = LatencyHistogram::from_hdr(&histogram.to_hdr(), extremes, Basis::Observed);
        assert_eq!(back, histogram);
        for wrong in [(1, 999_999_999), (0, 12_345), (u64::MAX, 0)] {
            let read =
                LatencyHistogram::from_hdr(&histogram.to_hdr(), Some(wrong), Basis::Observed);
            assert_eq!(read.min_ns(), Some(0), "{wrong:?}");
            assert!(read.max_ns() >= Some(999_999_999), "{wrong:?}");
        }
        // One bucket, and extremes of it the wrong way round.
        let swapped = Some((1_000_100, 1_000_001));
        let read = LatencyHistogram::from_hdr(&of([1_000_001]).to_hdr(), swapped, Basis::Observed);
        assert!(!read.is_empty());
        // Wide buckets, and a maximum that is known better.
        let mut coarse = Histogram::new_with_bounds(1, HIGHEST_NS, 1).expect("good bounds");
        coarse += 1_000_001;
        let known = Some((1_000_001, 1_000_001));
        let read = LatencyHistogram::from_hdr(&coarse, known, Basis::Observed);
        assert_eq!((read.count(), read.max_ns()), (1, Some(1_000_001)));
        let long = of([u64::MAX]);
        let extremes = long.min_ns().zip(long.max_ns());
        let back = LatencyHistogram::from_hdr(&long.to_hdr(), extremes, Basis::Observed);
        assert_eq!(back, long);
        let empty = LatencyHistogram::from_hdr(&of([]).to_hdr(), None, Basis::Planned);
        assert!(empty.is_empty());
    }

    #[test]
    fn touching_forgets_and_forgetting_leaves_nothing_behind() {
        for forget in [LatencyHistogram::touch, LatencyHistogram::forget] {
            let mut histogram = of([0, 1, 70_000, HIGHEST_NS, u64::MAX]);
            forget(&mut histogram);
            assert_eq!(histogram, LatencyHistogram::new());
            forget(&mut histogram);
            assert_eq!(histogram, LatencyHistogram::new());
        }
    }

    #[test]
    fn percentiles_are_those_of_the_crate() {
        let spread =
            (0..4_000).map(|i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (10 + i % 50));
        let histogram = of(spread.chain([u64::MAX]));
        let hdr = histogram.to_hdr();
        for step in 0..=1_000 {
            let quantile = f64::from(step) / 1_000.0;
            let expected = percentile(&hdr, quantile).map(|ns| histogram.exact(ns));
            assert_eq!(histogram.percentile(quantile), expected, "{quantile}");
        }
    }
}
