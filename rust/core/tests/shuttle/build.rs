//! The threads of a run: what the scenario says becomes stages of these types, as in the live engine.

use shuttle::rand::{Rng, thread_rng};
use tickpath_core::bus::{EventReader, EventRing, Producer, Reader, Start};
use tickpath_core::engine::{
    ConsumerStage, Control, Drive, ExecutorStage, Faulty, FaultyReader, FeedFaults, FeedStage,
    HeldBack, Intake, LoopNotes, NoService, Pace, Plan, Planned, Publish, ReadingStage, Sampled,
    Service, ServiceTime, Slowed, StampShared, StampsEach, Timetable, Unplanned, Upstreams, Wait,
    drive_feed, drive_reader,
};
use tickpath_core::ingest::Event;
use tickpath_core::metrics::EpochTable;
use tickpath_core::state::Gate;
use tickpath_core::sync::{Arc, Ordering, thread};

use crate::checked::{Checked, CheckedAcks, Looks, Unrecorded, Watched, event};
use crate::run::{FeedThread, ReaderEnd, Run};

impl Run {
    pub(crate) fn start_feed(&mut self, producer: Producer) {
        self.feed = Some(if self.scenario.held_back {
            let readers = Upstreams::new(self.control.progress().cloned());
            let held = HeldBack::new(producer, readers, Arc::clone(&self.control));
            self.feed_into(held, HeldBack::into_producer)
        } else {
            self.feed_into(producer, |producer| producer)
        });
    }

    fn feed_into<P>(&self, ring: P, give_back: fn(P) -> Producer) -> FeedThread
    where
        P: Publish + Send + 'static,
    {
        if !self.scenario.planned {
            return self.feed_by(ring, Unplanned, give_back);
        }
        let pace = Pace::Recorded {
            speed: 1.0,
            max_gap_ns: u64::MAX,
        };
        let plan = Plan::of(&self.source(), None, pace).expect("a good pace");
        let timetable = Planned::new(Arc::new(plan)).expect("it has offsets");
        self.feed_by(ring, timetable, give_back)
    }

    fn source(&self) -> Vec<Event> {
        (0..self.scenario.events as u64).map(event).collect()
    }

    fn feed_by<P, T>(&self, ring: P, timetable: T, give_back: fn(P) -> Producer) -> FeedThread
    where
        P: Publish + Send + 'static,
        T: Timetable + Send + 'static,
    {
        let (source, hold_at) = (self.source(), self.control.hold_at());
        let ring = Watched {
            ring,
            certain: self.certain.clone(),
        };
        let stage = FeedStage::new(source, self.scenario.events, ring, timetable, hold_at);
        if self.scenario.faults {
            let faults = Faulty::new(Arc::clone(&self.faults));
            self.spawn_feed(stage.with_faults(faults), give_back)
        } else {
            self.spawn_feed(stage, give_back)
        }
    }

    fn spawn_feed<P, T, F>(
        &self,
        mut stage: FeedStage<Vec<Event>, Watched<P>, T, F>,
        give_back: fn(P) -> Producer,
    ) -> FeedThread
    where
        P: Publish + Send + 'static,
        T: Timetable + Send + 'static,
        F: FeedFaults + Send + 'static,
    {
        let drive = self.driven();
        thread::spawn(move || {
            let mut notes = LoopNotes::new(Wait::Yield);
            drive.with(|drive| drive_feed(&mut stage, drive, 1, &mut notes));
            let counts = stage.counts();
            assert!(counts.is_balanced(), "{counts:?}");
            (counts.published, give_back(stage.into_parts().0.ring))
        })
    }

    /// A ring for the acks, and a thread that reads them until the run is over or it has had enough.
    pub(crate) fn start_recorder(&mut self, slots: usize) -> Producer {
        let (acks, ring) = EventRing::try_new(slots).expect("a few slots");
        let mut reader = EventReader::new(ring, Start::Oldest).expect("the oldest exists");
        let is_over = Arc::clone(&self.is_over);
        let patience = thread_rng().gen_range(0..40);
        self.recorder = Some(thread::spawn(move || {
            let mut seen = 0;
            for _ in 0..patience {
                // Looked at before the ring.
                let is_over = is_over.load(Ordering::Acquire);
                match reader.poll() {
                    Ok(Some(_)) => seen += 1,
                    Ok(None) if is_over => break,
                    Ok(None) => thread::yield_now(),
                    Err(_) => assert!(reader.reset_to_oldest() > 0),
                }
            }
            // One that fails in mid-run leaves the rest unread.
            (seen, reader.next_seq() - reader.lost())
        }));
        acks
    }

    fn reader(&self, ring: &Arc<EventRing>, stage: usize) -> Intake<Checked> {
        let first_seq = self.scenario.first_seq;
        let reader = EventReader::new(Arc::clone(ring), Start::Sequence(first_seq));
        let upstreams: Vec<_> = (self.scenario.after[stage].iter())
            .map(|&upstream| {
                (
                    upstream,
                    Arc::clone(self.control.stage(upstream).progress()),
                )
            })
            .collect();
        let progress = upstreams.iter().map(|(_, progress)| Arc::clone(progress));
        let graph = Upstreams::new(progress);
        let reader = Checked {
            reader: reader.expect("not beyond the head"),
            certain: self.certain.clone(),
            stage,
            progress: Arc::clone(self.control.stage(stage).progress()),
            upstreams,
            first_seq,
            in_order: !self.scenario.faults,
        };
        Intake::new(reader, graph, self.scenario.policies[stage])
    }

    pub(crate) fn start_executor(&mut self, ring: &Arc<EventRing>, acks: Option<Producer>) {
        self.readers.push(if self.scenario.shared_stamps {
            let stage = self.executor(ring, acks, NoService);
            self.spawn_reader(StampShared(stage), 0, |stage| {
                Some(stage.0.into_records().1)
            })
        } else if self.scenario.faults {
            let stage = StampsEach(self.executor(ring, acks, self.slowed(0)));
            let stage = FaultyReader::new(stage, Arc::clone(&self.faults), 0);
            self.spawn_reader(stage, 0, |stage| {
                Some(stage.into_stage().0.into_records().1)
            })
        } else if self.scenario.service_ns > 0 {
            let stage = StampsEach(self.executor(ring, acks, self.service()));
            self.spawn_reader(stage, 0, |stage| Some(stage.0.into_records().1))
        } else {
            let stage = StampsEach(self.executor(ring, acks, NoService));
            self.spawn_reader(stage, 0, |stage| Some(stage.0.into_records().1))
        });
    }

    fn executor<S: Service>(
        &self,
        ring: &Arc<EventRing>,
        acks: Option<Producer>,
        service: S,
    ) -> ExecutorStage<Checked, S, CheckedAcks, Unrecorded> {
        let acks = CheckedAcks {
            certain: self.certain.clone(),
            ring: acks,
        };
        ExecutorStage::new(self.reader(ring, 0), service, acks, Unrecorded, 64)
    }

    fn service(&self) -> Sampled {
        Sampled::new(ServiceTime::Constant(self.scenario.service_ns), 0)
    }

    fn slowed(&self, stage: usize) -> Slowed<Sampled> {
        Slowed::new(self.service(), Arc::clone(&self.faults), stage)
    }

    pub(crate) fn start_consumer(&mut self, ring: &Arc<EventRing>, index: usize) {
        let reader = self.reader(ring, index);
        self.readers.push(if self.scenario.faults {
            let stage = ConsumerStage::new(reader, self.slowed(index), Unrecorded);
            let stage = FaultyReader::new(StampsEach(stage), Arc::clone(&self.faults), index);
            self.spawn_reader(stage, index, |_| None)
        } else if self.scenario.service_ns > 0 {
            let stage = ConsumerStage::new(reader, self.service(), Unrecorded);
            self.spawn_reader(StampsEach(stage), index, |_| None)
        } else {
            let stage = ConsumerStage::new(reader, NoService, Unrecorded);
            self.spawn_reader(StampsEach(stage), index, |_| None)
        });
    }

    fn spawn_reader<E: ReadingStage + Send + 'static>(
        &self,
        mut stage: E,
        index: usize,
        epochs: fn(E) -> Option<EpochTable>,
    ) -> thread::JoinHandle<ReaderEnd> {
        let drive = self.driven();
        thread::spawn(move || {
            let mut notes = LoopNotes::new(Wait::Yield);
            let books = Arc::clone(&drive.control);
            let ended =
                drive.with(|drive| drive_reader(&mut stage, drive, books.stage(index), &mut notes));
            ReaderEnd {
                ledger: stage.ledger(),
                cursor: stage.cursor(),
                ended,
                epochs: epochs(stage),
            }
        })
    }

    fn driven(&self) -> Driven {
        Driven {
            gate: Arc::clone(&self.gate),
            control: Arc::clone(&self.control),
            clock: self.clock.clone(),
        }
    }
}

/// What a thread drives its stage with.
struct Driven {
    gate: Arc<Gate>,
    control: Arc<Control>,
    clock: Looks,
}

impl Driven {
    fn with<V>(self, body: impl FnOnce(Drive<'_, Looks>) -> V) -> V {
        body(Drive {
            gate: &self.gate,
            clock: &self.clock,
            wait: Wait::Yield,
            control: &self.control,
        })
    }
}
