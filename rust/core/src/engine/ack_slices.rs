//! Latencies over time: the acks of a run folded into slices of run time, by state and stage.
//!
//! Threads: one at a time; the executor is never waited for and never waits. Blocking: never. Allocation: some
//! 1.5 MB in [`AckSlices::new`], and little for each slice that is over; none on the hot path, which knows
//! nothing of this. Lossy: acks that were overwritten before they were folded are counted, in their slice.

use crate::bus::{EventReader, Payload};
use crate::metrics::{LatencyHistogram, SparseHistogram};

use super::{Recorder, Stage, StageRecorder, StampedAck, Stamping, Stamps};

/// Slices that are kept at most, for each state that was met: one for each transition could be many.
const PARTS_MAX: usize = 4_096;

/// Folds acks into slices of equal length, which double when there would be too many.
#[derive(Debug)]
pub struct AckSlices {
    acks: EventReader,
    folder: Folder,
}

/// A slice of run time, as far as the executor was in one state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AckSlice {
    /// Its number: it begins at so many times the length of a slice.
    pub number: u64,
    /// The code of the state.
    pub state: u8,
    /// Acks completed in it.
    pub count: u64,
    /// Those among them of events that were executed.
    pub executed: u64,
    /// Acks that were overwritten before they were folded.
    pub dropped: u64,
    /// Their latencies by stage, put away.
    pub latency: [SparseHistogram; Stage::ALL.len()],
}

/// What is being folded, and what was.
#[derive(Debug)]
struct Folder {
    stamping: Stamping,
    begin_ns: u64,
    slice_ns: u64,
    slices_max: u64,
    open: Option<Open>,
    recorder: StageRecorder<true>,
    /// Under the epoch, in the place of the state.
    over: Vec<(u64, AckSlice)>,
    dropped: u64,
}

/// The part under way.
#[derive(Debug, Clone, Copy)]
struct Open {
    number: u64,
    epoch: u64,
    count: u64,
    executed: u64,
}

impl AckSlices {
    /// Slices of `slice_ns` of what `acks` reads from now on, no more than `slices_max`; the first begins at
    /// `begin_ns` on the clock of the stamps. `stamping` is that of the run.
    ///
    /// # Panics
    /// Panics if `slice_ns` or `slices_max` is 0.
    pub fn new(
        acks: EventReader,
        stamping: Stamping,
        begin_ns: u64,
        slice_ns: u64,
        slices_max: u64,
    ) -> Self {
        assert!(slice_ns > 0 && slices_max > 0, "a slice has a length");
        Self {
            acks,
            folder: Folder {
                stamping,
                begin_ns,
                slice_ns,
                slices_max,
                open: None,
                recorder: StageRecorder::overall(),
                over: Vec::new(),
                dropped: 0,
            },
        }
    }

    /// How long a slice is by now, in nanoseconds.
    pub const fn slice_ns(&self) -> u64 {
        self.folder.slice_ns
    }

    /// Folds the acks that are there now; what comes meanwhile is the next call's.
    pub fn fold(&mut self) {
        let mut left = self.acks.available();
        while left > 0 {
            let folder = &mut self.folder;
            let limit = usize::try_from(left).unwrap_or(usize::MAX);
            let fold = |payload: Payload| folder.fold(StampedAck::from_payload(payload));
            left = match self.acks.read_with(limit, fold) {
                // It was there: nothing means that it is gone, and the next read says so.
                Ok(read) => left.saturating_sub(read.max(1) as u64),
                Err(_) => {
                    let gone = self.acks.reset_to_oldest();
                    self.folder.dropped += gone;
                    left.saturating_sub(gone)
                }
            };
        }
    }

    /// What was folded, by slice and state, in order; `states` has the state's code of each epoch.
    ///
    /// An epoch beyond `states` counts as the last of them. Nothing is left: what is folded from then on
    /// begins anew.
    pub fn take(&mut self, states: &[u8]) -> Vec<AckSlice> {
        self.folder.close();
        let mut slices: Vec<AckSlice> = Vec::new();
        for (epoch, mut part) in core::mem::take(&mut self.folder.over) {
            let epoch = usize::try_from(epoch).unwrap_or(usize::MAX);
            part.state = states.get(epoch).or(states.last()).copied().unwrap_or(0);
            let same =
                |slice: &&mut AckSlice| slice.number == part.number && slice.state == part.state;
            // Those of one slice lie side by side, and are few.
            let recent = slices.iter_mut().rev();
            match recent
                .take_while(|slice| slice.number == part.number)
                .find(same)
            {
                Some(slice) => slice.add(&part),
                None => slices.push(part),
            }
        }
        // Missed after the last that was read.
        if let Some(last) = slices.last_mut() {
            last.dropped += core::mem::take(&mut self.folder.dropped);
        }
        slices
    }
}

impl AckSlice {
    /// Takes `other` in.
    fn add(&mut self, other: &Self) {
        self.count += other.count;
        self.executed += other.executed;
        self.dropped += other.dropped;
        for (own, more) in self.latency.iter_mut().zip(&other.latency) {
            let mut sum = LatencyHistogram::new();
            sum.add_sparse(own);
            sum.add_sparse(more);
            *own = sum.sparse();
        }
    }
}

impl Folder {
    fn fold(&mut self, stamped: StampedAck) {
        let StampedAck {
            ack,
            published_ns,
            intended_ns,
        } = stamped;
        let since_ns = ack.completion_ts.saturating_sub(self.begin_ns);
        while since_ns / self.slice_ns >= self.slices_max {
            self.coarsen();
        }
        // A clock that is set back does not lead into a slice that is over.
        let before = self.open.map_or(0, |open| open.number);
        let number = (since_ns / self.slice_ns).max(before);
        if (self.open).is_none_or(|open| open.number != number || open.epoch != ack.epoch) {
            self.close();
        }
        let open = self.open.get_or_insert(Open {
            number,
            epoch: ack.epoch,
            count: 0,
            executed: 0,
        });
        open.count += 1;
        open.executed += u64::from(ack.executed);
        let stamps = Stamps {
            intended_ns,
            published_ns,
            polled_ns: ack.decision_ts,
            completed_ns: ack.completion_ts,
        };
        match self.stamping {
            Stamping::PerEvent => self.recorder.record(stamps),
            Stamping::PerBatch => self.recorder.record_shared(stamps, 1),
        }
    }

    /// Ends the part under way.
    fn close(&mut self) {
        let Some(open) = self.open.take() else { return };
        if self.over.len() < PARTS_MAX {
            let [latency] = self.recorder.latency() else {
                return;
            };
            let part = AckSlice {
                number: open.number,
                state: 0,
                count: open.count,
                executed: open.executed,
                dropped: core::mem::take(&mut self.dropped),
                latency: core::array::from_fn(|stage| latency[stage].sparse()),
            };
            self.over.push((open.epoch, part));
        } else {
            self.dropped += open.count;
        }
        self.recorder.forget();
    }

    /// Slices twice as long.
    fn coarsen(&mut self) {
        self.slice_ns = self.slice_ns.saturating_mul(2);
        if let Some(open) = &mut self.open {
            open.number /= 2;
        }
        let mut coarse: Vec<(u64, AckSlice)> = Vec::with_capacity(self.over.len());
        for (epoch, mut part) in core::mem::take(&mut self.over) {
            part.number /= 2;
            match coarse.last_mut() {
                Some((last, into)) if *last == epoch && into.number == part.number => {
                    into.add(&part)
                }
                _ => coarse.push((epoch, part)),
            }
        }
        self.over = coarse;
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::bus::{EventRing, Producer, Start};
    use crate::execution::Ack;

    const READY: u8 = 2;
    const DEGRADED: u8 = 3;

    fn slices(slots: usize, slice_ns: u64, slices_max: u64) -> (Producer, AckSlices) {
        let (producer, ring) = EventRing::try_new(slots).expect("memory");
        let reader = ring.reader(Start::Oldest).expect("oldest exists");
        let slices = AckSlices::new(reader, Stamping::PerEvent, 1_000, slice_ns, slices_max);
        (producer, slices)
    }

    /// An event planned for 40 before it was published, which waited 10 and took 5, done at `at_ns`.
    fn acknowledge(producer: &mut Producer, at_ns: u64, epoch: u64) {
        let ack = Ack {
            decision_ts: at_ns - 5,
            completion_ts: at_ns,
            epoch,
            executed: u8::from(epoch == 0),
            ..Ack::default()
        };
        producer.publish(bytemuck::cast(StampedAck {
            ack,
            published_ns: at_ns - 15,
            intended_ns: at_ns - 55,
        }));
    }

    fn told(slices: &[AckSlice]) -> Vec<(u64, u8, u64, u64, u64)> {
        let row = |s: &AckSlice| (s.number, s.state, s.count, s.executed, s.dropped);
        slices.iter().map(row).collect()
    }

    #[test]
    fn an_ack_is_in_the_slice_in_which_it_was_completed_and_in_its_state() {
        let (mut producer, mut slices) = slices(64, 100, 100);
        for (at_ns, epoch) in [(1_099, 0), (1_100, 0), (1_150, 1), (1_160, 2), (1_450, 2)] {
            acknowledge(&mut producer, at_ns, epoch);
            slices.fold();
        }
        let taken = slices.take(&[READY, DEGRADED, READY]);
        let expected = [
            (0, READY, 1, 1, 0),
            (1, READY, 2, 1, 0),
            (1, DEGRADED, 1, 0, 0),
            (4, READY, 1, 0, 0),
        ];
        assert_eq!(told(&taken), expected);
        assert_eq!(slices.take(&[READY]), []);
    }

    #[test]
    fn every_stage_has_its_own_latencies() {
        let (mut producer, mut slices) = slices(64, 100, 100);
        acknowledge(&mut producer, 1_060, 0);
        slices.fold();
        let taken = slices.take(&[READY]);
        let latencies_ns = taken[0]
            .latency
            .each_ref()
            .map(SparseHistogram::extremes_ns);
        let expected = [40, 10, 5, 15, 55].map(|ns| Some((ns, ns)));
        assert_eq!(latencies_ns, expected);
    }

    #[test]
    fn of_a_shared_stamp_nothing_is_known_between_reading_and_completing() {
        let (mut producer, mut slices) = slices(64, 100, 100);
        slices.folder.stamping = Stamping::PerBatch;
        acknowledge(&mut producer, 1_060, 0);
        slices.fold();
        let known = slices.take(&[READY])[0]
            .latency
            .each_ref()
            .map(|h| h.extremes_ns().is_some());
        assert_eq!(known, [true, false, false, true, true]);
    }

    #[test]
    fn slices_double_where_there_would_be_too_many() {
        let (mut producer, mut slices) = slices(64, 100, 4);
        for number in 0..9 {
            acknowledge(&mut producer, 1_000 + 100 * number, 0);
        }
        slices.fold();
        assert_eq!(slices.slice_ns(), 400);
        let taken = slices.take(&[READY]);
        let expected = [
            (0, READY, 4, 4, 0),
            (1, READY, 4, 4, 0),
            (2, READY, 1, 1, 0),
        ];
        assert_eq!(told(&taken), expected);
        let way = &taken[0].latency[Stage::PublishedToCompleted as usize];
        assert_eq!((way.count(), way.extremes_ns()), (4, Some((15, 15))));
    }

    #[test]
    fn what_was_overwritten_is_counted_in_the_slice_that_missed_it() {
        let (mut producer, mut slices) = slices(8, 100, 100);
        for _ in 0..20 {
            acknowledge(&mut producer, 1_010, 0);
        }
        slices.fold();
        acknowledge(&mut producer, 1_110, 0);
        slices.fold();
        let taken = slices.take(&[READY]);
        assert_eq!(told(&taken), [(0, READY, 4, 4, 16), (1, READY, 1, 1, 0)]);
    }

    #[test]
    fn a_clock_that_is_set_back_stays_in_the_slice_under_way() {
        let (mut producer, mut slices) = slices(64, 100, 100);
        for at_ns in [1_310, 1_110, 900, 1_320] {
            acknowledge(&mut producer, at_ns, 0);
        }
        slices.fold();
        assert_eq!(told(&slices.take(&[READY])), [(3, READY, 4, 4, 0)]);
    }

    #[test]
    fn more_changes_of_state_than_there_is_room_for_are_counted() {
        let (mut producer, mut slices) = slices(16_384, 100, 100);
        let changes = PARTS_MAX as u64 + 10;
        for epoch in 0..changes {
            acknowledge(&mut producer, 1_060, epoch);
        }
        slices.fold();
        let taken = slices.take(&[READY]);
        assert_eq!(told(&taken), [(0, READY, PARTS_MAX as u64, 1, 10)]);
    }
}
