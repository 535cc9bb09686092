//! Latencies with what coordinated omission left out put back in: once.

use hdrhistogram::Histogram;

use super::{Basis, CorrectionError, Figures, LatencyHistogram};

/// A histogram that has been corrected for coordinated omission.
///
/// Read-only, and without a correction of its own: correcting twice does not compile.
///
/// ```compile_fail
/// # use tickpath_core::metrics::LatencyHistogram;
/// let corrected = LatencyHistogram::new().corrected(1_000).expect("observed");
/// corrected.corrected(1_000); // no such method
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CorrectedHistogram {
    latencies: LatencyHistogram,
    expected_interval_ns: u64,
}

impl CorrectedHistogram {
    /// The correction of HdrHistogram: a latency above the interval stands for the ones that would have
    /// been observed meanwhile, each shorter by one interval, down to the interval itself.
    pub(super) fn of(
        observed: &LatencyHistogram,
        expected_interval_ns: u64,
    ) -> Result<Self, CorrectionError> {
        if observed.basis() == Basis::Planned {
            return Err(CorrectionError::RecordedByPlan);
        }
        if expected_interval_ns == 0 {
            return Err(CorrectionError::ZeroInterval);
        }
        let corrected = observed.with_omitted(expected_interval_ns);
        // What is put in lies between the interval and the longest latency.
        let extremes_ns = observed.min_ns().zip(observed.max_ns());
        let least = |(min, max): (u64, u64)| (min.min(corrected.min()), max);
        Ok(Self::from_hdr(
            &corrected,
            extremes_ns.map(least),
            expected_interval_ns,
        ))
    }

    /// What was corrected elsewhere, for an interval that is known.
    pub fn from_hdr(
        corrected: &Histogram<u64>,
        extremes_ns: Option<(u64, u64)>,
        expected_interval_ns: u64,
    ) -> Self {
        Self {
            latencies: LatencyHistogram::from_hdr(corrected, extremes_ns, Basis::Observed),
            expected_interval_ns,
        }
    }

    /// The interval at which latencies were expected.
    pub const fn expected_interval_ns(&self) -> u64 {
        self.expected_interval_ns
    }

    /// Number of latencies, those put in included.
    pub fn count(&self) -> u64 {
        self.latencies.count()
    }

    /// The smallest, exact unless it was put in.
    pub fn min_ns(&self) -> Option<u64> {
        self.latencies.min_ns()
    }

    /// The largest, exact.
    pub fn max_ns(&self) -> Option<u64> {
        self.latencies.max_ns()
    }

    /// The same counts as the crate's histogram, for its readers and formats. Allocates.
    pub fn to_hdr(&self) -> Histogram<u64> {
        self.latencies.to_hdr()
    }

    /// The latency at `quantile`; see [`LatencyHistogram::percentile`].
    pub fn percentile(&self, quantile: f64) -> Option<u64> {
        self.latencies.percentile(quantile)
    }

    /// What may be said about them.
    pub fn figures(&self) -> Figures {
        self.latencies.figures()
    }
}

#[cfg(test)]
mod tests {
    use super::super::HIGHEST_NS;
    use super::super::histogram::tests::of;
    use super::*;

    #[test]
    fn a_long_latency_stands_for_those_that_were_not_taken_meanwhile() {
        let corrected = of([90, 1_000]).corrected(200).expect("observed");
        // 800, 600, 400 and 200 beside the two observed.
        assert_eq!(corrected.count(), 6);
        assert_eq!(corrected.expected_interval_ns(), 200);
        let figures = corrected.figures();
        assert_eq!((figures.min_ns, figures.max_ns), (Some(90), Some(1_000)));
    }

    #[test]
    fn what_is_put_in_is_what_the_crate_puts_in() {
        let spread = (0..300).map(|i: u64| i.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (46 + i % 18));
        let observed = of(spread.chain([0, 1, 2_047, 2_048, 5_000, 5_000]));
        for interval_ns in [1, 2, 7, 999, 1_000, 2_048, 4_099, 1 << 20, u64::MAX] {
            let mut expected = super::super::buckets::empty_hdr();
            expected
                .add_correct(observed.to_hdr(), interval_ns)
                .expect("the same bounds");
            let corrected = observed.corrected(interval_ns).expect("observed");
            assert_eq!(corrected.to_hdr(), expected, "{interval_ns}");
        }
    }

    /// Millions of millions, which nobody could wait for one by one.
    #[test]
    fn a_correction_takes_no_time_however_much_it_puts_in() {
        let corrected = of([u64::MAX]).corrected(1).expect("observed");
        assert_eq!(
            (corrected.count(), corrected.min_ns()),
            (HIGHEST_NS, Some(1))
        );
        let corrected = of([u64::MAX; 3]).corrected(1_000).expect("observed");
        assert_eq!(corrected.count(), 3 * (HIGHEST_NS / 1_000));
    }

    #[test]
    fn nothing_is_put_in_where_nothing_was_omitted() {
        assert_eq!(of([90, 200]).corrected(200).map(|c| c.count()), Ok(2));
        assert_eq!(of([]).corrected(200).map(|c| c.count()), Ok(0));
    }

    #[test]
    fn the_smallest_may_be_one_that_was_put_in() {
        let corrected = of([1_000]).corrected(300).expect("observed");
        assert_eq!(corrected.figures().min_ns, Some(400));
    }

    #[test]
    fn latencies_recorded_by_plan_are_refused_and_so_is_no_interval() {
        let planned = LatencyHistogram::with_basis(Basis::Planned);
        assert_eq!(planned.corrected(200), Err(CorrectionError::RecordedByPlan));
        assert_eq!(of([1]).corrected(0), Err(CorrectionError::ZeroInterval));
        let why = CorrectionError::RecordedByPlan.to_string();
        assert!(why.contains("by plan") && why.contains("twice"), "{why}");
    }

    #[test]
    fn what_was_corrected_is_read_as_a_histogram_is() {
        let corrected = of([90, 10_000]).corrected(100).expect("observed");
        // The two observed and 9,900 down to 100.
        assert_eq!(
            (corrected.min_ns(), corrected.max_ns()),
            (Some(90), Some(10_000))
        );
        assert_eq!(
            corrected.percentile(0.5),
            Some(corrected.to_hdr().value_at_quantile(0.5))
        );
        assert_eq!(corrected.percentile(0.99), None);
        assert_eq!((corrected.count(), corrected.to_hdr().len()), (101, 101));
        let none = of([]).corrected(100).expect("observed");
        assert_eq!(
            (none.min_ns(), none.max_ns(), none.percentile(0.0)),
            (None, None, None)
        );
    }
}
