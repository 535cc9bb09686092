//! What a live run leaves behind.

use crate::bus::{Overrun, Producer};
use crate::metrics::{EpochTable, LatencyHistogram, PauseLog, Provenance, Window};
use crate::os::{MemoryState, Refusal};
use crate::sync::Arc;

use super::build::ReaderEnd;
use super::build_feed::FeedEnd;
use super::placement::{Place, Placement};
use super::stage_thread::ThreadEnd;
use super::watcher::WatcherEnd;
use super::{
    FeedCounts, Floor, Ledger, OverrunLog, OverrunPolicy, Plan, RunSpan, Settings, Shifts, Stage,
    StageHistograms, Stamping,
};

/// A reading stage whose thread has ended.
#[derive(Debug)]
pub struct ReaderRecord {
    /// Its name.
    pub name: String,
    /// Its books.
    pub ledger: Ledger,
    /// Latency by state code and stage for the executor, by stage alone for a plain consumer.
    pub latency: Box<[StageHistograms]>,
    /// What it did about overruns.
    pub policy: OverrunPolicy,
    /// The overrun after which it read no further, if its policy was such and one happened.
    pub ended_by: Option<Overrun>,
    /// Events whose latency from publication to completion was above its limit; `None` without one.
    pub over_limit: Option<u64>,
    /// When it found that it had been overrun.
    pub overruns: OverrunLog,
    /// Where it ran and how it waited; the core is `None` if it was not pinned.
    pub place: Place,
}

impl ReaderRecord {
    /// Latency by stage over all states.
    pub fn latency_overall(&self) -> StageHistograms {
        Stage::ALL.map(|stage| self.latency_of(stage))
    }

    /// The histogram of one stage over all states.
    pub fn latency_of(&self, stage: Stage) -> LatencyHistogram {
        let mut sum = stage.histogram();
        for by_stage in &*self.latency {
            sum.add(&by_stage[stage as usize]);
        }
        sum
    }

    /// Events whose latency is missing: lost, skipped, or left at the end.
    pub const fn dropped(&self) -> u64 {
        self.ledger.lost + self.ledger.shed + self.ledger.unread
    }
}

/// The outcome of a run whose threads have ended.
#[derive(Debug)]
pub struct RunRecord {
    /// Whether the run was stopped before the feed was done, or before everything was read. A feed whose
    /// intake was stopped is done.
    pub stopped: bool,
    /// Whether the intake was stopped before every event had come due.
    pub intake_stopped: bool,
    /// The feed's books.
    pub feed: FeedCounts,
    /// From the start of the feed to the end of the executor, in nanoseconds; `None` if the run was
    /// stopped before the feed had started.
    pub wall_ns: Option<u64>,
    /// From the start of the feed to its last publication, in nanoseconds; `None` if the run was stopped
    /// before the feed had started.
    pub feed_ns: Option<u64>,
    /// When the feed started, on the run's clock; `None` if the run was stopped before.
    pub begin_ns: Option<u64>,
    /// When the executor ended.
    pub end_ns: u64,
    /// The sequence of the run's first event.
    pub first_seq: u64,
    /// Whether events carried an intended stamp.
    pub planned: bool,
    /// What one stamp was taken for.
    pub stamping: Stamping,
    /// The executor, then each consumer.
    pub readers: Vec<ReaderRecord>,
    /// What was executed under which epoch.
    pub epochs: EpochTable,
    /// The machine's own pauses.
    pub floor: Floor,
    /// What the plan's arrivals would have waited on the feed's core and then on the executor's; empty
    /// without a plan, or where one of them shares its core: see [`Floor::path`].
    pub floor_path: LatencyHistogram,
    /// The cost of one stamp, in nanoseconds.
    pub clock_cost_ns: u64,
    /// What became of the wishes for the ring's memory.
    pub memory: MemoryState,
    /// Where the feed ran and how it waited.
    pub feed_place: Place,
    /// What the machine would not do.
    pub refused: Vec<Refusal>,
}

impl RunRecord {
    /// The executor.
    ///
    /// # Panics
    /// Never: a run has an executor.
    pub fn executor(&self) -> &ReaderRecord {
        &self.readers[0]
    }

    /// What the latencies of `reader` have to be read with.
    pub const fn provenance(&self, reader: &ReaderRecord) -> Provenance {
        Provenance {
            clock_cost_ns: Some(self.clock_cost_ns),
            floor: self.floor.figures,
            floor_continuous: self.floor.continuous,
            dropped: reader.dropped(),
        }
    }

    /// Whether every event is accounted for once, by the feed and by every consumer.
    pub fn is_balanced(&self) -> bool {
        let mut ledgers = self.readers.iter().map(|reader| &reader.ledger);
        self.feed.is_balanced() && ledgers.all(Ledger::is_balanced)
    }
}

/// What is known of a run before it ends.
#[derive(Debug)]
pub(super) struct Outline {
    pub(super) settings: Settings,
    pub(super) plan: Arc<Plan>,
    pub(super) placement: Placement,
    /// The ring's head when the run began.
    pub(super) first_seq: u64,
    pub(super) memory: MemoryState,
}

/// What the threads left behind.
#[derive(Debug)]
pub(super) struct Ends {
    pub(super) feed: ThreadEnd<FeedEnd>,
    pub(super) readers: Vec<ThreadEnd<ReaderEnd>>,
    pub(super) watcher: WatcherEnd,
}

/// What is known of the machine's pauses.
struct Watched {
    /// From the stages' cores, before and after.
    windows: Vec<Window>,
    /// From a core of its own, during.
    during: Option<Window>,
    /// By the stages themselves.
    noted: Vec<PauseLog>,
}

impl Outline {
    /// How long a stage watches the machine: on a core it shares it would see the others. Where nothing
    /// is pinned, so that nobody is alone, the feed does (`index` 0).
    pub(super) fn watch_ns(&self, index: usize) -> u64 {
        let places = &self.placement.places;
        let nobody_alone = places.iter().all(|place| !place.alone);
        if places[index].alone || (nobody_alone && index == 0) {
            self.settings.floor_window_ns
        } else {
            0
        }
    }

    /// The record of the run, and the ring's writing end.
    pub(super) fn record(&self, ends: Ends) -> (RunRecord, Producer) {
        let (feed, readers, watcher) = (ends.feed, ends.readers, ends.watcher);
        let counts = feed.value.counts;
        let floor_path = self.floor_path(&feed.windows, &readers);
        let (paused, _) = feed.value.notes.into_parts();
        let mut watched = Watched {
            windows: feed.windows,
            during: watcher.window,
            noted: vec![paused],
        };
        let mut refused = [&self.placement.refused[..], &self.memory.refused].concat();
        refused.extend(feed.refused);
        refused.extend(watcher.refused);
        let mut clock_cost_ns = feed.clock_cost_ns;
        let mut epochs = None;
        let executor = readers.first();
        let end_ns = executor.map_or(feed.end_ns, |executor| executor.end_ns);
        let mut records = Vec::with_capacity(readers.len());
        for ((end, settings), place) in (readers.into_iter())
            .zip(self.settings.readers())
            .zip(&self.placement.places[1..])
        {
            let (paused, overruns) = end.value.notes.into_parts();
            watched.windows.extend(end.windows);
            watched.noted.push(paused);
            refused.extend(end.refused);
            clock_cost_ns = clock_cost_ns.max(end.clock_cost_ns);
            epochs = epochs.or(end.value.epochs);
            let reader = ReaderRecord {
                name: settings.name.clone(),
                ledger: Ledger {
                    published: counts.published,
                    ..end.value.ledger
                },
                latency: end.value.latency,
                policy: settings.policy,
                ended_by: end.value.ended_by,
                over_limit: end.value.over_limit,
                overruns,
                place: place.really(end.is_pinned),
            };
            records.push(reader);
        }
        let (begin_ns, shifts) = (feed.value.begin_ns, feed.value.shifts);
        let floor = watched.floor(&self.plan, begin_ns.unwrap_or(end_ns), end_ns, &shifts);
        // One that was dropped left its events on purpose.
        let unread = |reader: &ReaderRecord| reader.ledger.unread > 0 && reader.ended_by.is_none();
        let record = RunRecord {
            stopped: (counts.unpublished() > 0 && !feed.value.intake_stopped)
                || records.iter().any(unread),
            intake_stopped: feed.value.intake_stopped,
            feed: counts,
            wall_ns: begin_ns.map(|begin_ns| end_ns.saturating_sub(begin_ns)),
            feed_ns: begin_ns.map(|begin_ns| feed.end_ns.saturating_sub(begin_ns)),
            begin_ns,
            end_ns,
            first_seq: self.first_seq,
            planned: self.plan.offsets_ns().is_some(),
            stamping: self.settings.stamping,
            readers: records,
            epochs: epochs.unwrap_or_else(|| EpochTable::with_capacity(0)),
            floor,
            floor_path,
            clock_cost_ns,
            memory: self.memory.clone(),
            feed_place: self.placement.places[0].really(feed.is_pinned),
            refused,
        };
        (record, feed.value.producer)
    }

    fn floor_path(&self, feed: &[Window], readers: &[ThreadEnd<ReaderEnd>]) -> LatencyHistogram {
        let executor = readers.first().map_or(&[][..], |end| &end.windows);
        let arrivals_ns = self.plan.offsets_ns();
        let events = arrivals_ns.map_or(0, <[u64]>::len);
        Floor::path(&[feed, executor], arrivals_ns, events)
    }
}

impl Watched {
    /// The floor of a run.
    fn floor(&self, plan: &Plan, begin_ns: u64, end_ns: u64, shifts: &Shifts) -> Floor {
        let span = RunSpan {
            begin_ns,
            end_ns,
            shifts: shifts.shifts(),
        };
        let (offsets_ns, events) = (plan.offsets_ns(), plan.len());
        let floor = Floor::fold(&self.windows, offsets_ns, events);
        let floor = match &self.during {
            Some(window) => floor.with_during(window, span, offsets_ns, events),
            None => floor,
        };
        let mut floor = self.noted.iter().fold(floor, |floor, paused| {
            floor.with_noted(paused.pauses(), paused.forgotten())
        });
        // When the last arrivals were due is not known then.
        floor.continuous &= shifts.forgotten() == 0;
        floor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::Pace;
    use crate::ingest::Event;
    use crate::sync::{AtomicU64, Ordering};
    use crate::time::Clock;

    /// Every look takes 10 ns, and the hundredth 5,000.
    struct Scripted(AtomicU64, AtomicU64);

    impl Clock for Scripted {
        fn now_ns(&self) -> u64 {
            let looks = self.1.fetch_add(1, Ordering::Relaxed);
            let step_ns = if looks == 100 { 5_000 } else { 10 };
            self.0.fetch_add(step_ns, Ordering::Relaxed) + step_ns
        }
    }

    #[test]
    fn a_floor_is_of_what_was_watched_before_during_and_noted_by_the_stages() {
        let events = vec![Event::default(); 10];
        let plan = Plan::of(&events, None, Pace::Constant { rate_hz: 1e9 }).expect("a good pace");
        let window = || Window::watch(&Scripted(0.into(), 0.into()), 10_000, 10, || false);
        let mut paused = PauseLog::new(1, 100);
        paused.note(20_000);
        paused.note(50_000);
        let mut watched = Watched {
            windows: vec![window()],
            during: None,
            noted: vec![paused],
        };
        let shifts = Shifts::default();
        let before_only = watched.floor(&plan, 1_000, 2_000, &shifts);
        assert!(!before_only.continuous);
        assert_eq!(before_only.figures.count, 10);
        let lengths = |floor: &Floor| -> Vec<u64> {
            floor.pauses_longer_than(0).map(|p| p.length_ns).collect()
        };
        assert_eq!(lengths(&before_only), [5_000, 30_000]);
        watched.during = Some(window());
        let during_too = watched.floor(&plan, 1_000, 2_000, &shifts);
        assert!(during_too.continuous);
        // When the last arrivals were due is not known if a shift was forgotten.
        let forgetful = Shifts::forgetful();
        assert!(!watched.floor(&plan, 1_000, 2_000, &forgetful).continuous);
        assert_eq!(during_too.figures.count, 20);
        assert_eq!(lengths(&during_too), [5_000, 5_000, 30_000]);
    }
}
