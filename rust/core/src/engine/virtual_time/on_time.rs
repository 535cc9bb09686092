//! Latencies of a run whose feed is never late: without faults an event is published at its intended moment.

use crate::state::StateCode;

use super::super::{KeepsLatency, Recorder, Stage, StageHistograms, StageRecorder, Stamps};

/// Records what has to be recorded, and adds what follows from it in the end: that no event was late, and
/// that everything took as long against the plan as from the publication on.
#[derive(Debug)]
pub(super) struct OnTime(StageRecorder<false>);

impl OnTime {
    /// A recorder that keeps the states apart.
    pub(super) fn by_state() -> Self {
        Self(StageRecorder::by_state())
    }

    /// A recorder to which every state is the same.
    pub(super) fn overall() -> Self {
        Self(StageRecorder::overall())
    }
}

impl Recorder for OnTime {
    fn enter(&mut self, state: StateCode) {
        self.0.enter(state);
    }

    #[inline(always)]
    fn record(&mut self, stamps: Stamps) {
        debug_assert_eq!(stamps.intended_ns, stamps.published_ns, "a late feed");
        self.0.record(stamps);
    }

    fn record_shared(&mut self, stamps: Stamps, times: u64) {
        self.0.record_shared(stamps, times);
    }
}

impl KeepsLatency for OnTime {
    fn touch(&mut self) {
        self.0.touch();
    }

    fn into_latency(self) -> Box<[StageHistograms]> {
        let mut latency = self.0.into_latency();
        for by_stage in &mut latency {
            let whole = &by_stage[Stage::PublishedToCompleted as usize];
            let (events, mut planned) = (whole.count(), Stage::IntendedToCompleted.histogram());
            planned.add(whole);
            by_stage[Stage::IntendedToCompleted as usize] = planned;
            by_stage[Stage::IntendedToPublished as usize].record_n(0, events);
        }
        latency
    }
}
