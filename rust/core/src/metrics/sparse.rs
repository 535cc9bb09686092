//! A histogram put away: only the buckets that hold something, until it is added to another.

use super::LatencyHistogram;

/// What a [`LatencyHistogram`] counted, in as much memory as it has different latencies.
///
/// Off the hot path: [`LatencyHistogram::sparse`] allocates. Immutable.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SparseHistogram {
    /// Bucket and count, by bucket.
    counts: Box<[(u32, u64)]>,
    extremes_ns: Option<(u64, u64)>,
}

impl SparseHistogram {
    /// The smallest and the largest, exact; `None` if nothing was counted.
    pub const fn extremes_ns(&self) -> Option<(u64, u64)> {
        self.extremes_ns
    }

    /// Number of latencies counted.
    pub fn count(&self) -> u64 {
        (self.counts.iter()).fold(0, |sum, &(_, count)| sum.saturating_add(count))
    }
}

impl LatencyHistogram {
    /// What was counted, to be put away. O(buckets between the extremes); allocates.
    pub fn sparse(&self) -> SparseHistogram {
        SparseHistogram {
            counts: self.filled().collect(),
            extremes_ns: self.min_ns().zip(self.max_ns()),
        }
    }

    /// Adds what was put away. Allocates nothing.
    pub fn add_sparse(&mut self, sparse: &SparseHistogram) {
        let Some((min_ns, max_ns)) = sparse.extremes_ns else {
            return;
        };
        self.fill(&sparse.counts);
        self.widen(min_ns);
        self.widen(max_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::super::HIGHEST_NS;
    use super::super::histogram::tests::of;
    use super::*;

    #[test]
    fn there_and_back_is_the_same() {
        for samples in [
            &[][..],
            &[0],
            &[7, 7, 7],
            &[0, 1, 70_000, 70_001, HIGHEST_NS, u64::MAX],
        ] {
            let mut back = LatencyHistogram::new();
            back.add_sparse(&of(samples.iter().copied()).sparse());
            assert_eq!(back, of(samples.iter().copied()));
        }
    }

    #[test]
    fn adding_keeps_counts_and_extremes() {
        let mut sum = of([5, 900]);
        sum.add_sparse(&of([5, 70_001]).sparse());
        sum.add_sparse(&SparseHistogram::default());
        assert_eq!(sum, of([5, 5, 900, 70_001]));
    }

    #[test]
    fn it_holds_the_buckets_that_were_used_and_no_other() {
        let sparse = of([3, 3, 2_049, 2_048]).sparse();
        assert_eq!((sparse.counts.len(), sparse.count()), (2, 4));
        assert_eq!(sparse.extremes_ns(), Some((3, 2_049)));
        assert_eq!(of([]).sparse(), SparseHistogram::default());
    }
}
