//! Latency by stage, recorded by the stage itself into fixed memory.

use crate::metrics::{Basis, LatencyHistogram};
use crate::state::StateCode;

use super::stage_books::NO_LIMIT;

/// The stages of an event's way, in the order of the histograms.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// How late the feed was.
    IntendedToPublished,
    /// How long the event lay in the ring.
    PublishedToPolled,
    /// How long it took to process.
    PolledToCompleted,
    /// From the bus to the acknowledgement.
    PublishedToCompleted,
    /// Everything, against the plan.
    IntendedToCompleted,
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 5] = [
        Self::IntendedToPublished,
        Self::PublishedToPolled,
        Self::PolledToCompleted,
        Self::PublishedToCompleted,
        Self::IntendedToCompleted,
    ];

    /// The name in reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::IntendedToPublished => "intended_to_published",
            Self::PublishedToPolled => "published_to_polled",
            Self::PolledToCompleted => "polled_to_completed",
            Self::PublishedToCompleted => "published_to_completed",
            Self::IntendedToCompleted => "intended_to_completed",
        }
    }

    /// What its latencies are counted from: those against the plan omit nothing, and cannot be corrected.
    pub const fn basis(self) -> Basis {
        match self {
            Self::IntendedToPublished | Self::IntendedToCompleted => Basis::Planned,
            Self::PublishedToPolled | Self::PolledToCompleted | Self::PublishedToCompleted => {
                Basis::Observed
            }
        }
    }

    /// A histogram for its latencies, with all its memory.
    pub fn histogram(self) -> LatencyHistogram {
        LatencyHistogram::with_basis(self.basis())
    }
}

/// A histogram per stage.
pub type StageHistograms = [LatencyHistogram; Stage::ALL.len()];

/// The stamps of one event, in nanoseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamps {
    /// When the plan wanted it published.
    pub intended_ns: u64,
    /// When it was published.
    pub published_ns: u64,
    /// When it was read and decided on.
    pub polled_ns: u64,
    /// When that was done.
    pub completed_ns: u64,
}

/// Where a stage's latencies go.
pub trait Recorder {
    /// What follows happens in this state.
    fn enter(&mut self, state: StateCode);

    /// Counts one event.
    fn record(&mut self, stamps: Stamps);

    /// Counts `times` events which one stamp was taken for: nothing is known of what lies between
    /// reading and completing one.
    fn record_shared(&mut self, stamps: Stamps, times: u64);

    /// Events above the limit; `u64::MAX` where there is none.
    #[inline(always)]
    fn over_limit(&self) -> u64 {
        NO_LIMIT
    }

    /// Whether the last event is counted there.
    #[inline(always)]
    fn was_last_over(&self) -> bool {
        false
    }
}

/// A recorder that leaves histograms behind.
pub trait KeepsLatency: Recorder {
    /// Writes every page that recording may write, so that none is touched first in a run.
    fn touch(&mut self);

    /// Hands the histograms over, by state code (or in one part) and stage.
    fn into_latency(self) -> Box<[StageHistograms]>;
}

/// Histograms by state and stage; `PLANNED` says whether events carry an intended stamp.
///
/// All its memory is allocated in [`Self::by_state`] or [`Self::overall`].
#[derive(Debug)]
pub struct StageRecorder<const PLANNED: bool> {
    latency: Box<[StageHistograms]>,
    current: usize,
}

/// Two cores read the same clock, and may disagree by the last few nanoseconds.
#[inline(always)]
const fn since(from_ns: u64, to_ns: u64) -> u64 {
    to_ns.saturating_sub(from_ns)
}

impl<const PLANNED: bool> StageRecorder<PLANNED> {
    /// A recorder that keeps the states apart.
    pub fn by_state() -> Self {
        Self::with(StateCode::ALL.len())
    }

    /// A recorder to which every state is the same.
    pub fn overall() -> Self {
        Self::with(1)
    }

    fn with(parts: usize) -> Self {
        Self {
            latency: (0..parts)
                .map(|_| Stage::ALL.map(Stage::histogram))
                .collect(),
            current: 0,
        }
    }

    /// Forgets everything, and touches only what was used: for one that is emptied often.
    pub fn forget(&mut self) {
        self.latency
            .iter_mut()
            .flatten()
            .for_each(LatencyHistogram::forget);
    }

    /// Latency by state code (or in one part) and stage.
    pub const fn latency(&self) -> &[StageHistograms] {
        &self.latency
    }
}

impl<const PLANNED: bool> KeepsLatency for StageRecorder<PLANNED> {
    fn touch(&mut self) {
        self.latency
            .iter_mut()
            .flatten()
            .for_each(LatencyHistogram::touch);
    }

    fn into_latency(self) -> Box<[StageHistograms]> {
        self.latency
    }
}

impl<const PLANNED: bool> Recorder for StageRecorder<PLANNED> {
    fn enter(&mut self, state: StateCode) {
        self.current = (state as usize).min(self.latency.len() - 1);
    }

    #[inline(always)]
    fn record(&mut self, stamps: Stamps) {
        let Stamps {
            intended_ns,
            published_ns,
            polled_ns,
            completed_ns,
        } = stamps;
        let [lateness, in_ring, processing, bus_to_ack, whole] = &mut self.latency[self.current];
        in_ring.record(since(published_ns, polled_ns));
        processing.record(since(polled_ns, completed_ns));
        bus_to_ack.record(since(published_ns, completed_ns));
        if PLANNED {
            lateness.record(since(intended_ns, published_ns));
            whole.record(since(intended_ns, completed_ns));
        }
    }

    #[inline(always)]
    fn record_shared(&mut self, stamps: Stamps, times: u64) {
        let [lateness, _, _, bus_to_ack, whole] = &mut self.latency[self.current];
        bus_to_ack.record_n(since(stamps.published_ns, stamps.completed_ns), times);
        if PLANNED {
            lateness.record_n(since(stamps.intended_ns, stamps.published_ns), times);
            whole.record_n(since(stamps.intended_ns, stamps.completed_ns), times);
        }
    }
}
