//! Count, total, extremes and, if asked for, a histogram of latencies.

use super::LatencyHistogram;

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
    histogram: Option<LatencyHistogram>,
}

impl Counters {
    /// Empty counters, with a histogram if asked for.
    pub fn new(histogram: bool) -> Self {
        Self {
            summary: Summary::EMPTY,
            histogram: histogram.then(LatencyHistogram::new),
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
            h.record(latency_ns);
        }
    }

    /// What was observed so far.
    pub const fn summary(&self) -> Summary {
        self.summary
    }

    /// The histogram, where one is kept.
    pub const fn histogram(&self) -> Option<&LatencyHistogram> {
        self.histogram.as_ref()
    }

    /// Forgets everything observed.
    pub fn clear(&mut self) {
        self.summary = Summary::EMPTY;
        if let Some(h) = &mut self.histogram {
            h.touch();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_observed_is_in_the_summary_and_in_the_histogram_if_there_is_one() {
        for with_histogram in [false, true] {
            let mut counters = Counters::new(with_histogram);
            assert_eq!(counters.summary(), Summary::EMPTY);
            for latency_ns in [30, u64::MAX, 20] {
                counters.observe(latency_ns);
            }
            let expected = Summary {
                count: 3,
                total_latency_ns: u128::from(u64::MAX) + 50,
                min_latency_ns: 20,
                max_latency_ns: u64::MAX,
            };
            assert_eq!(counters.summary(), expected);
            let counted = |counters: &Counters| counters.histogram().map(LatencyHistogram::count);
            assert_eq!(counted(&counters), with_histogram.then_some(3));
            counters.clear();
            assert_eq!(counters.summary(), Summary::EMPTY);
            assert_eq!(counted(&counters), with_histogram.then_some(0));
        }
    }
}
