//! The buckets of a latency histogram: HdrHistogram's layout, in an array that the recording path can
//! write with one shift and one add.
//!
//! The layout is that of the crate `hdrhistogram` for the same bounds, and a test holds the two equal:
//! everything but counting and ranks (exchange formats, correction) is left to the crate. Its own
//! `record` loads the bounds from memory and keeps extremes and a total: 2.3 ns where this one takes 0.7,
//! and 0.9 with exact extremes (five histograms in turn, 2.3 GHz).

use core::ops::Range;

use hdrhistogram::Histogram;

/// The longest latency told apart: 73 minutes. Longer ones are counted in the last bucket.
pub const HIGHEST_NS: u64 = (1 << 42) - 1;
/// Significant decimal digits of a bucket: a percentile is at most 0.1 % above the true one.
pub const DIGITS: u8 = 3;

/// The crate's histogram: what exchange formats and other readers take.
pub type Counts = Histogram<u64>;

/// Buckets of one octave: below 2 × this, a bucket is one nanosecond wide.
const OCTAVE_BITS: u32 = 10;
const OCTAVE: usize = 1 << OCTAVE_BITS;
const FINE_BITS: u32 = OCTAVE_BITS + 1;
/// The first 2 × `OCTAVE` values, then one octave for each further bit of `HIGHEST_NS`.
const LEN: usize = OCTAVE * (2 + 42 - FINE_BITS as usize);
const LAST: usize = LEN - 1;

/// How often each latency occurred. 270 kB, allocated once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Buckets(Box<[u64; LEN]>);

impl Buckets {
    /// All counts 0. The memory may not be there before it is written: see [`Self::clear`].
    pub(super) fn new() -> Self {
        let counts = vec![0; LEN].into_boxed_slice();
        Self(counts.try_into().expect("made with this length"))
    }

    /// Sets every count to 0, and so writes every page.
    pub(super) fn clear(&mut self) {
        self.0.fill(0);
    }

    /// The bucket of `ns`; beyond the last one for what is too long.
    #[inline]
    const fn index(ns: u64) -> usize {
        let shift = (u64::BITS - FINE_BITS) - (ns | ((1 << FINE_BITS) - 1)).leading_zeros();
        // At most 53 × 2¹⁰ + 2¹¹: neither operation can wrap.
        ((shift << OCTAVE_BITS) as usize).wrapping_add((ns >> shift) as usize)
    }

    /// The buckets of latencies from `min_ns` to `max_ns`; what is too long is in the last.
    pub(super) fn span(min_ns: u64, max_ns: u64) -> Range<usize> {
        Self::index(min_ns).min(LAST)..Self::index(max_ns).min(LAST) + 1
    }

    /// The smallest latency of a bucket.
    const fn lowest_ns(index: usize) -> u64 {
        let shift = (index >> OCTAVE_BITS).saturating_sub(1);
        ((index - (shift << OCTAVE_BITS)) as u64) << shift
    }

    /// The longest latency of a bucket.
    const fn highest_ns(index: usize) -> u64 {
        Self::lowest_ns(index + 1) - 1
    }

    /// Counts `ns` `times` times.
    #[inline]
    pub(super) fn count(&mut self, ns: u64, times: u64) {
        match self.0.get_mut(Self::index(ns)) {
            // One event at a time it would take 500 years to wrap.
            Some(count) => *count = count.wrapping_add(times),
            None => self.count_too_long(times),
        }
    }

    #[cold]
    fn count_too_long(&mut self, times: u64) {
        self.0[LAST] = self.0[LAST].saturating_add(times);
    }

    /// Adds the counts of `other`.
    pub(super) fn add(&mut self, other: &Self) {
        for (own, more) in self.0.iter_mut().zip(&*other.0) {
            *own = own.saturating_add(*more);
        }
    }

    /// The sum of the counts in `span`.
    pub(super) fn total(&self, span: Range<usize>) -> u64 {
        self.0[span]
            .iter()
            .fold(0, |sum, &count| sum.saturating_add(count))
    }

    /// The buckets in `span` that hold something, and how much.
    pub(super) fn filled(&self, span: Range<usize>) -> impl Iterator<Item = (u32, u64)> + '_ {
        let first = span.start as u32;
        let counts = self.0[span].iter();
        (first..)
            .zip(counts.copied())
            .filter(|&(_, count)| count > 0)
    }

    /// Adds counts by bucket.
    pub(super) fn fill(&mut self, counts: &[(u32, u64)]) {
        for &(index, more) in counts {
            let own = &mut self.0[index as usize];
            *own = own.saturating_add(more);
        }
    }

    /// Sets the counts in `span` to 0.
    pub(super) fn clear_span(&mut self, span: Range<usize>) {
        self.0[span].fill(0);
    }

    /// The longest latency of the bucket that each of these ranks falls into (the smallest sample has rank 1),
    /// in one pass over `span`, in which every sample lies.
    pub(super) fn at_ranks<const N: usize>(
        &self,
        span: Range<usize>,
        ranks: [Option<u64>; N],
    ) -> [Option<u64>; N] {
        let mut found = [None; N];
        let last = ranks.into_iter().flatten().max().unwrap_or(0);
        let mut reached = 0_u64;
        for index in span {
            if reached >= last {
                break;
            }
            let count = self.0[index];
            if count == 0 {
                continue;
            }
            reached = reached.saturating_add(count);
            for (rank, found) in ranks.iter().zip(&mut found) {
                if found.is_none() && rank.is_some_and(|rank| rank <= reached) {
                    *found = Some(Self::highest_ns(index));
                }
            }
        }
        found
    }

    /// These and what coordinated omission left out: a latency above `interval_ns` (at least 1) stands for the ones
    /// shorter by one interval, by two, …, down to the interval itself.
    ///
    /// O(buckets) for each that holds something, however many there are to put in: the crate's own correction
    /// counts one after the other, and takes a day for an hour and an interval of a nanosecond.
    pub(super) fn with_omitted(&self, interval_ns: u64) -> Self {
        let mut whole = self.clone();
        for (index, count) in self.filled(0..LEN) {
            let mut omitted_ns = Self::highest_ns(index as usize).saturating_sub(interval_ns);
            while omitted_ns >= interval_ns {
                // All that fall into one bucket at once.
                let bucket = Self::index(omitted_ns);
                let least_ns = Self::lowest_ns(bucket).max(interval_ns);
                let times = (omitted_ns - least_ns) / interval_ns + 1;
                let own = &mut whole.0[bucket];
                *own = own.saturating_add(count.saturating_mul(times));
                omitted_ns -= times * interval_ns;
            }
        }
        whole
    }

    /// The same counts in the crate's histogram. Allocates; for after a run.
    pub(super) fn to_hdr(&self) -> Histogram<u64> {
        let mut histogram = empty_hdr();
        for (index, &count) in self.0.iter().enumerate().filter(|&(_, &count)| count > 0) {
            histogram
                .record_n(Self::lowest_ns(index), count)
                .expect("every bucket is within the bounds");
        }
        histogram
    }

    /// The counts of a histogram of the crate, whatever its bounds; nothing was longer than `max_ns`, which
    /// a histogram with wider buckets does not know.
    pub(super) fn of_hdr(histogram: &Histogram<u64>, max_ns: u64) -> Self {
        let mut buckets = Self::new();
        for step in histogram.iter_recorded() {
            buckets.count(step.value_iterated_to().min(max_ns), step.count_at_value());
        }
        buckets
    }
}

/// An empty histogram of the crate with our bounds.
pub(super) fn empty_hdr() -> Histogram<u64> {
    Histogram::new_with_bounds(1, HIGHEST_NS, DIGITS).expect("constant bounds are valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every edge of every bucket, and its neighbours.
    fn edges() -> impl Iterator<Item = u64> {
        (0..LEN).flat_map(|index| {
            let lowest = Buckets::lowest_ns(index);
            [lowest.saturating_sub(1), lowest, lowest + 1]
        })
    }

    #[test]
    fn the_layout_is_that_of_the_crate() {
        assert_eq!(empty_hdr().distinct_values(), LEN);
        let crates = empty_hdr();
        for ns in edges().chain([HIGHEST_NS]) {
            let lowest = Buckets::lowest_ns(Buckets::index(ns).min(LAST));
            assert_eq!(lowest, crates.lowest_equivalent(ns), "{ns}");
            let highest = Buckets::highest_ns(Buckets::index(ns).min(LAST));
            assert_eq!(highest, crates.highest_equivalent(ns), "{ns}");
        }
    }

    #[test]
    fn there_and_back_keeps_every_count() {
        let mut buckets = Buckets::new();
        for (turn, ns) in edges().enumerate() {
            buckets.count(ns, 1 + turn as u64 % 3);
        }
        assert_eq!(buckets.to_hdr().len(), buckets.total(0..LEN));
        assert_eq!(Buckets::of_hdr(&buckets.to_hdr(), u64::MAX), buckets);
    }

    #[test]
    fn what_is_too_long_is_counted_in_the_last_bucket() {
        let mut buckets = Buckets::new();
        for ns in [HIGHEST_NS, HIGHEST_NS + 1, u64::MAX] {
            buckets.count(ns, 1);
        }
        assert_eq!(buckets.0[LAST], 3);
    }
}
