//! From settings to the feed's thread: held back or not, planned or not, with faults or without.

use crate::bus::Producer;
use crate::ingest::Event;
use crate::sync::Arc;
use crate::time::Clock;

use super::build::{Handle, spawn};
use super::drive::{Drive, drive_feed};
use super::executor::SHARED_STAMP_EVENTS_MAX;
use super::stage_thread::StageThread;
use super::{
    EngineError, Faults, Faulty, FeedCounts, FeedFaults, FeedStage, HeldBack, LoopNotes, Plan,
    Planned, Publish, Shifts, Stamping, Timetable, Unplanned, Upstreams,
};

/// What the feed leaves behind: its books, how its plan was shifted, and the ring's writing end.
#[derive(Debug)]
pub(super) struct FeedEnd {
    /// When its plan began; `None` if it was stopped before.
    pub(super) begin_ns: Option<u64>,
    pub(super) counts: FeedCounts,
    /// Whether its intake was stopped before it was done.
    pub(super) intake_stopped: bool,
    pub(super) shifts: Shifts,
    pub(super) notes: LoopNotes,
    pub(super) producer: Producer,
}

/// A feed before it has a thread.
pub(super) struct FeedPlan<'a, S, C> {
    pub(super) source: S,
    pub(super) plan: Arc<Plan>,
    pub(super) stamping: Stamping,
    /// There with a clock that can be stepped, and only there.
    pub(super) faults: Option<&'a Arc<Faults>>,
    pub(super) thread: StageThread<C>,
}

impl<S, C> FeedPlan<'_, S, C>
where
    S: AsRef<[Event]> + Send + 'static,
    C: Clock + Send + 'static,
{
    /// The feed's thread; held back by `readers`, if that is given.
    pub(super) fn start(self, producer: Producer, readers: Option<Upstreams>) -> Handle<FeedEnd> {
        match readers {
            Some(readers) => {
                let control = Arc::clone(&self.thread.control);
                let held = HeldBack::new(producer, readers, control);
                self.by_plan(held, HeldBack::into_producer)
            }
            None => self.by_plan(producer, |producer| producer),
        }
    }

    fn by_plan<P>(self, ring: P, give_back: fn(P) -> Producer) -> Handle<FeedEnd>
    where
        P: Publish + Send + 'static,
    {
        match Planned::new(Arc::clone(&self.plan)) {
            Some(timetable) => self.by_faults(ring, timetable, give_back),
            None => self.by_faults(ring, Unplanned, give_back),
        }
    }

    fn by_faults<P, T>(self, ring: P, timetable: T, give_back: fn(P) -> Producer) -> Handle<FeedEnd>
    where
        P: Publish + Send + 'static,
        T: Timetable + Send + 'static,
    {
        let hold_at = self.thread.control.hold_at();
        let stage = FeedStage::new(self.source, self.plan.len(), ring, timetable, hold_at);
        if C::IS_STEPPED {
            let faults = self
                .faults
                .ok_or(EngineError::Misused("a stepped clock without faults"))?;
            let stage = stage.with_faults(Faulty::new(Arc::clone(faults)));
            run(stage, self.stamping, self.thread, give_back)
        } else {
            run(stage, self.stamping, self.thread, give_back)
        }
    }
}

fn run<S, P, T, F, C>(
    stage: FeedStage<S, P, T, F>,
    stamping: Stamping,
    thread: StageThread<C>,
    give_back: fn(P) -> Producer,
) -> Handle<FeedEnd>
where
    S: AsRef<[Event]> + Send + 'static,
    P: Publish + Send + 'static,
    T: Timetable + Send + 'static,
    F: FeedFaults + Send + 'static,
    C: Clock + Send + 'static,
{
    let per_stamp = match stamping {
        Stamping::PerEvent => 1,
        Stamping::PerBatch => SHARED_STAMP_EVENTS_MAX,
    };
    spawn("tickpath-feed", move || {
        let mut notes = LoopNotes::new(thread.place.wait);
        thread.live(
            stage,
            |_| (),
            |mut stage, drive: Drive<'_, C>| {
                let control = drive.control;
                let intake_stopped = drive_feed(&mut stage, drive, per_stamp, &mut notes);
                let counts = stage.counts();
                let (ring, shifts) = stage.into_parts();
                FeedEnd {
                    begin_ns: control.begin_ns(),
                    counts,
                    intake_stopped,
                    shifts,
                    notes,
                    producer: give_back(ring),
                }
            },
        )
    })
}
