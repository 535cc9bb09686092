//! A limit for the latency of a stage's events: how many were above it, exactly.

use crate::state::StateCode;

use super::stage_books::NO_LIMIT;
use super::{KeepsLatency, Recorder, StageHistograms, Stamps};

/// Records into `inner`, and counts the events whose latency from publication to completion is above a limit.
#[derive(Debug)]
pub struct Limited<M> {
    inner: M,
    limit_ns: u64,
    over: u64,
    /// Whether the last one was.
    last: bool,
}

impl<M> Limited<M> {
    /// A latency of exactly `limit_ns` is within the limit.
    pub const fn new(inner: M, limit_ns: u64) -> Self {
        Self {
            inner,
            limit_ns,
            over: 0,
            last: false,
        }
    }

    #[inline(always)]
    const fn count(&mut self, stamps: &Stamps, times: u64) {
        let latency_ns = stamps.completed_ns.saturating_sub(stamps.published_ns);
        self.last = latency_ns > self.limit_ns;
        self.over += self.last as u64 * times;
    }
}

impl<M: Recorder> Recorder for Limited<M> {
    fn enter(&mut self, state: StateCode) {
        self.inner.enter(state);
    }

    #[inline(always)]
    fn record(&mut self, stamps: Stamps) {
        self.count(&stamps, 1);
        self.inner.record(stamps);
    }

    #[inline(always)]
    fn record_shared(&mut self, stamps: Stamps, times: u64) {
        self.count(&stamps, times);
        self.inner.record_shared(stamps, times);
    }

    #[inline(always)]
    fn over_limit(&self) -> u64 {
        // A count is no mark.
        self.over.min(NO_LIMIT - 1)
    }

    #[inline]
    fn was_last_over(&self) -> bool {
        self.last
    }
}

impl<M: KeepsLatency> KeepsLatency for Limited<M> {
    fn touch(&mut self) {
        self.inner.touch();
    }

    fn into_latency(self) -> Box<[StageHistograms]> {
        self.inner.into_latency()
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::engine::{Stage, StageRecorder};

    #[test]
    fn what_is_above_the_limit_is_counted_and_everything_is_recorded() {
        let mut recorder = Limited::new(StageRecorder::<false>::overall(), 100);
        let stamps = |completed_ns| Stamps {
            intended_ns: 0,
            published_ns: 1_000,
            polled_ns: 1_050,
            completed_ns,
        };
        // A step back of the clock makes a latency of 0.
        for completed_ns in [1_099, 1_100, 1_101, 900] {
            recorder.record(stamps(completed_ns));
        }
        assert_eq!(recorder.over_limit(), 1);
        recorder.record_shared(stamps(1_100), 5);
        recorder.record_shared(stamps(1_200), 7);
        recorder.record_shared(stamps(1_200), 0);
        assert_eq!(recorder.over_limit(), 8);
        let latency = recorder.into_latency();
        assert_eq!(latency[0][Stage::PublishedToCompleted as usize].count(), 16);
    }

    #[test]
    fn without_a_limit_nothing_is_said() {
        assert_eq!(StageRecorder::<false>::overall().over_limit(), NO_LIMIT);
    }
}
