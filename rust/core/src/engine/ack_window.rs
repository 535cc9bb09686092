//! What the acks of the last while say: how many there were, and how long the events took.
//!
//! Threads: one at a time; the executor is never waited for and never waits. Blocking: never. Allocation: in
//! [`AckWindow::new`], a megabyte of histograms; [`AckWindow::take`] allocates nothing. Lossy: acks that were
//! overwritten before they were read are counted and skipped.

use crate::bus::{EventReader, Payload};
use crate::metrics::LatencyHistogram;

use super::{StampedAck, Stamping};

/// The percentiles that are told.
const SHOWN: [f64; 2] = [0.5, 0.99];

/// Folds the acks since it was last asked into a few figures.
#[derive(Debug)]
pub struct AckWindow {
    acks: EventReader,
    stamping: Stamping,
    late: LatencyHistogram,
    in_ring: LatencyHistogram,
    to_completed: LatencyHistogram,
    service: LatencyHistogram,
    /// Acks missed before the window under way.
    dropped_before: u64,
}

/// What a window holds. A percentile is `None` with fewer than ten acks beyond it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct AckWindowFigures {
    /// Acks that were read.
    pub count: u64,
    /// Those among them of events that were executed.
    pub executed: u64,
    /// The median from publication to completion, in nanoseconds.
    pub p50_ns: Option<u64>,
    /// From publication to completion, in nanoseconds.
    pub p99_ns: Option<u64>,
    /// The longest from publication to completion, in nanoseconds, exact; `None` without acks.
    pub max_ns: Option<u64>,
    /// The median from decision to completion, in nanoseconds; unknown where stamps are shared.
    pub service_p50_ns: Option<u64>,
    /// Its p99.
    pub service_p99_ns: Option<u64>,
    /// The median from publication to decision, in nanoseconds; unknown where stamps are shared.
    pub in_ring_p50_ns: Option<u64>,
    /// Its p99.
    pub in_ring_p99_ns: Option<u64>,
    /// The median of how late the feed published, in nanoseconds; unknown without a plan.
    pub late_p50_ns: Option<u64>,
    /// Its p99.
    pub late_p99_ns: Option<u64>,
    /// Acks that were overwritten before they were read.
    pub dropped: u64,
}

impl AckWindow {
    /// A window over what `acks` reads from now on; `stamping` is that of the run which writes them.
    pub fn new(acks: EventReader, stamping: Stamping) -> Self {
        Self {
            dropped_before: acks.lost(),
            acks,
            stamping,
            late: LatencyHistogram::new(),
            in_ring: LatencyHistogram::new(),
            to_completed: LatencyHistogram::new(),
            service: LatencyHistogram::new(),
        }
    }

    /// Reads the acks that are there now, says what they came to, and begins the next window.
    ///
    /// What is acknowledged meanwhile belongs to the next: a window ends, however fast the executor is.
    pub fn take(&mut self) -> AckWindowFigures {
        let mut count = 0;
        let mut executed = 0;
        let mut planned = 0;
        let mut left = self.acks.available();
        while left > 0 {
            let Self {
                acks,
                late,
                in_ring,
                to_completed,
                service,
                ..
            } = self;
            let fold = |payload: Payload| {
                let StampedAck {
                    ack,
                    published_ns,
                    intended_ns,
                } = StampedAck::from_payload(payload);
                count += 1;
                executed += u64::from(ack.executed);
                // Two cores read the same clock, and may disagree by the last few nanoseconds.
                to_completed.record(ack.completion_ts.saturating_sub(published_ns));
                service.record(ack.latency_ns());
                in_ring.record(ack.decision_ts.saturating_sub(published_ns));
                if intended_ns > 0 {
                    planned += 1;
                    late.record(published_ns.saturating_sub(intended_ns));
                }
            };
            let limit = usize::try_from(left).unwrap_or(usize::MAX);
            left = match acks.read_with(limit, fold) {
                // It was there: nothing means that it is gone, and the next read says so.
                Ok(read) => left.saturating_sub(read.max(1) as u64),
                Err(_) => left.saturating_sub(acks.reset_to_oldest()),
            };
        }
        let [p50_ns, p99_ns] = self.to_completed.percentiles_of(count, SHOWN);
        let [late_p50_ns, late_p99_ns] = self.late.percentiles_of(planned, SHOWN);
        let within = |part: &LatencyHistogram| match self.stamping {
            Stamping::PerEvent => part.percentiles_of(count, SHOWN),
            Stamping::PerBatch => [None, None],
        };
        let [service_p50_ns, service_p99_ns] = within(&self.service);
        let [in_ring_p50_ns, in_ring_p99_ns] = within(&self.in_ring);
        let dropped = self.acks.lost() - self.dropped_before;
        let figures = AckWindowFigures {
            count,
            executed,
            p50_ns,
            p99_ns,
            max_ns: self.to_completed.max_ns(),
            service_p50_ns,
            service_p99_ns,
            in_ring_p50_ns,
            in_ring_p99_ns,
            late_p50_ns,
            late_p99_ns,
            dropped,
        };
        self.dropped_before += dropped;
        self.late.forget();
        self.in_ring.forget();
        self.to_completed.forget();
        self.service.forget();
        figures
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::bus::{EventRing, Producer, Start};
    use crate::execution::Ack;

    fn ring(slots: usize) -> (Producer, EventReader) {
        let (producer, ring) = EventRing::try_new(slots).expect("memory");
        let reader = ring.reader(Start::Oldest).expect("oldest exists");
        (producer, reader)
    }

    /// Acks of events published at 1,000 that waited 100 and then took `service_ns` each.
    fn acknowledge(producer: &mut Producer, services_ns: impl IntoIterator<Item = u64>) {
        for (seq, service_ns) in services_ns.into_iter().enumerate() {
            let ack = Ack {
                seq: seq as u64,
                decision_ts: 1_100,
                completion_ts: 1_100 + service_ns,
                executed: u8::from(seq % 2 == 0),
                ..Ack::default()
            };
            producer.publish(bytemuck::cast(StampedAck {
                ack,
                published_ns: 1_000,
                intended_ns: 0,
            }));
        }
    }

    #[test]
    fn a_window_holds_what_came_since_the_last_one() {
        let (mut producer, reader) = ring(64);
        let mut window = AckWindow::new(reader, Stamping::PerEvent);
        assert_eq!(window.take(), AckWindowFigures::default());
        acknowledge(&mut producer, 1..=40);
        let expected = AckWindowFigures {
            count: 40,
            executed: 20,
            p50_ns: Some(120),
            p99_ns: None,
            max_ns: Some(140),
            service_p50_ns: Some(20),
            in_ring_p50_ns: Some(100),
            ..AckWindowFigures::default()
        };
        assert_eq!(window.take(), expected);
        acknowledge(&mut producer, [7]);
        let one = window.take();
        assert_eq!((one.count, one.p50_ns, one.max_ns), (1, None, Some(107)));
        assert_eq!(window.take(), AckWindowFigures::default());
    }

    #[test]
    fn what_was_overwritten_is_counted_in_the_window_that_missed_it() {
        let (mut producer, reader) = ring(8);
        let mut window = AckWindow::new(reader, Stamping::PerEvent);
        acknowledge(&mut producer, [5; 20]);
        let overrun = window.take();
        assert_eq!((overrun.count, overrun.dropped), (4, 16));
        acknowledge(&mut producer, [5; 8]);
        let whole = window.take();
        assert_eq!((whole.count, whole.dropped), (8, 0));
    }

    #[test]
    fn the_service_of_shared_stamps_is_unknown() {
        let (mut producer, reader) = ring(64);
        let mut window = AckWindow::new(reader, Stamping::PerBatch);
        acknowledge(&mut producer, [0; 40]);
        let figures = window.take();
        assert_eq!(
            (figures.service_p50_ns, figures.in_ring_p50_ns),
            (None, None)
        );
        assert_eq!(figures.p50_ns, Some(100));
    }

    #[test]
    fn lateness_is_of_the_events_that_had_a_plan() {
        let (mut producer, reader) = ring(2_048);
        let mut window = AckWindow::new(reader, Stamping::PerEvent);
        for late_ns in 1..=1_000 {
            producer.publish(bytemuck::cast(StampedAck {
                ack: Ack {
                    decision_ts: 5_010,
                    completion_ts: 5_015,
                    ..Ack::default()
                },
                published_ns: 5_000,
                intended_ns: 5_000 - late_ns,
            }));
        }
        acknowledge(&mut producer, [5; 20]);
        let figures = window.take();
        assert_eq!(figures.count, 1_020);
        assert_eq!(
            (figures.late_p50_ns, figures.late_p99_ns),
            (Some(500), Some(990))
        );
        assert_eq!(
            (figures.in_ring_p50_ns, figures.in_ring_p99_ns),
            (Some(10), Some(100))
        );
        assert_eq!(
            (figures.service_p50_ns, figures.service_p99_ns),
            (Some(5), Some(5))
        );
        assert_eq!(window.take(), AckWindowFigures::default());
    }
}
