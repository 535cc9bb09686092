//! Count, total, extremes and, if asked for, a histogram of latencies.

use hdrhistogram::Histogram;

/// The longest latency a histogram tells apart: one hour. Longer ones land in its last bucket.
const HISTOGRAM_MAX_NS: u64 = 3_600_000_000_000;
/// Significant decimal digits of the histogram's buckets.
const HISTOGRAM_DIGITS: u8 = 3;

/// What was observed; `min` and `max` mean nothing while `count` is 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Summary {
    /// Number of observations.
    pub count: u64,
    /// Sum of all observations, in nanoseconds; wide enough never to wrap.
    pub total_latency_ns: u128,
    /// Smallest observation, in nanoseconds.
    pub min_latency_ns: u64,
    /// Largest observation, in nanoseconds.
    pub max_latency_ns: u64,
}

impl Summary {
    const EMPTY: Self = Self {
        count: 0,
        total_latency_ns: 0,
        min_latency_ns: u64::MAX,
        max_latency_ns: 0,
    };
}

/// An aggregator owned by one thread at a time.
///
/// [`Self::observe`] is O(1), takes no lock and allocates nothing; the histogram's memory is fixed
/// when it is built.
#[derive(Debug)]
pub struct Counters {
    summary: Summary,
    histogram: Option<Box<Histogram<u64>>>,
}

impl Counters {
    /// Empty counters, with a histogram if asked for.
    ///
    /// # Panics
    /// Never: the histogram's bounds are constants that its constructor accepts.
    pub fn new(histogram: bool) -> Self {
        let make = || {
            Histogram::new_with_bounds(1, HISTOGRAM_MAX_NS, HISTOGRAM_DIGITS)
                .expect("constant bounds are valid")
        };
        Self {
            summary: Summary::EMPTY,
            histogram: histogram.then(|| Box::new(make())),
        }
    }

    /// Counts one latency.
    #[inline]
    pub fn observe(&mut self, latency_ns: u64) {
        let s = &mut self.summary;
        s.count += 1;
        s.total_latency_ns += u128::from(latency_ns);
        s.min_latency_ns = s.min_latency_ns.min(latency_ns);
        s.max_latency_ns = s.max_latency_ns.max(latency_ns);
        if let Some(h) = &mut self.histogram {
            h.saturating_record(latency_ns);
        }
    }

    /// What was observed so far.
    pub const fn summary(&self) -> Summary {
        self.summary
    }

    /// The histogram, where one is kept.
    pub fn histogram(&self) -> Option<&Histogram<u64>> {
        self.histogram.as_deref()
    }

    /// Forgets everything observed.
    pub fn clear(&mut self) {
        self.summary = Summary::EMPTY;
        if let Some(h) = &mut self.histogram {
            h.clear();
        }
    }
}
