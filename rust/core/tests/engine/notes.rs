//! What the loops of the stages note of themselves, and what a run leaves of it.

use std::cell::{Cell, RefCell};

use tickpath_core::bus::{EventRing, Producer};
use tickpath_core::engine::{
    Control, Drive, FeedStage, LoopNotes, OverrunMoment, OverrunPolicy, Pace, Plan, Planned,
    StampsEach, Wait, drive_feed, drive_reader,
};
use tickpath_core::metrics::Pause;
use tickpath_core::state::StateCode::Ready;
use tickpath_core::sync::Arc;
use tickpath_core::time::{Clock, MonotonicClock};

use crate::common::{evenly, executor, gate, reader, ring, settings};
use crate::live::{end, fast, start};

const SPIN: Wait = Wait::Spin { pauses: 0 };

/// Every look takes 10 ns; before the n-th the event `publish_at` comes, the `jump_at`-th takes 50 µs, and at
/// the `end_at`-th the feed is done.
struct Scripted<'a> {
    control: &'a Control,
    producer: RefCell<Option<Producer>>,
    now_ns: Cell<u64>,
    looks: Cell<u32>,
    publish_at: u32,
    jump_at: u32,
    end_at: u32,
}

impl Clock for Scripted<'_> {
    fn now_ns(&self) -> u64 {
        let look = self.looks.get() + 1;
        self.looks.set(look);
        if look == self.publish_at {
            let mut producer = self.producer.borrow_mut();
            producer.as_mut().expect("a producer").publish([1; 7]);
        }
        if look == self.end_at {
            self.control.set_feed_done();
        }
        let step_ns = if look == self.jump_at { 50_000 } else { 10 };
        self.now_ns.set(self.now_ns.get() + step_ns);
        self.now_ns.get()
    }
}

/// The pauses that an executor notes; the ring's only event comes before the look `publish_at`.
fn executor_notes(publish_at: u32, jump_at: u32, wait: Wait) -> Vec<Pause> {
    let control = Control::new(0, 0);
    let (producer, reader) = ring(8);
    let clock = Scripted {
        control: &control,
        producer: RefCell::new(Some(producer)),
        now_ns: Cell::new(1_000),
        looks: Cell::new(0),
        publish_at,
        jump_at,
        end_at: 12,
    };
    let gate = gate(Ready);
    let drive = Drive {
        gate: &gate,
        clock: &clock,
        wait,
        control: &control,
    };
    let mut stage = StampsEach(executor::<true>(reader, 4));
    let mut notes = LoopNotes::new(SPIN);
    let ended = drive_reader(&mut stage, drive, control.stage(0), &mut notes);
    assert_eq!(ended, None);
    notes.pauses().pauses().to_vec()
}

#[test]
fn a_pause_between_two_idle_looks_of_the_executor_is_noted_with_its_moment() {
    let pause = Pause {
        start_ns: 1_040,
        length_ns: 50_000,
    };
    assert_eq!(executor_notes(u32::MAX, 5, SPIN), [pause]);
}

#[test]
fn what_passes_while_an_event_is_processed_is_the_executor_s_own() {
    // Look 4 finds nothing to do, and then there is an event: look 5 decides on it, look 6 completes it.
    for jump_at in [5, 6, 7] {
        assert_eq!(executor_notes(4, jump_at, SPIN), [], "look {jump_at}");
    }
    assert_eq!(executor_notes(4, 8, SPIN).len(), 1);
}

#[test]
fn an_overrun_is_noted_with_its_moment_and_what_it_skipped() {
    let control = Control::new(0, 0);
    let (mut producer, reader) = ring(4);
    producer.publish_many((0..10).map(|_| [1; 7]));
    control.set_feed_done();
    let clock = Scripted {
        control: &control,
        producer: RefCell::new(None),
        now_ns: Cell::new(1_000),
        looks: Cell::new(0),
        publish_at: u32::MAX,
        jump_at: u32::MAX,
        end_at: u32::MAX,
    };
    let gate = gate(Ready);
    let drive = Drive {
        gate: &gate,
        clock: &clock,
        wait: SPIN,
        control: &control,
    };
    let mut stage = StampsEach(executor::<true>(reader, 4));
    let mut notes = LoopNotes::new(SPIN);
    drive_reader(&mut stage, drive, control.stage(0), &mut notes);
    // Half a ring behind the head of 10.
    let moment = OverrunMoment {
        at_ns: 1_010,
        skipped: 8,
    };
    assert_eq!(notes.overruns().moments(), [moment]);
}

#[test]
fn a_pause_of_the_feed_is_noted_while_nothing_is_due() {
    let noted = |jump_at| {
        let control = Control::new(0, 0);
        let source = evenly(2, 100_000);
        let pace = Pace::Constant { rate_hz: 1e4 };
        let plan = Plan::of(source.as_ref(), None, pace).expect("a good pace");
        let (producer, _) = EventRing::try_new(4).expect("memory");
        let timetable = Planned::new(Arc::new(plan)).expect("it has offsets");
        let mut feed = FeedStage::new(source, 2, producer, timetable, None);
        let clock = Scripted {
            control: &control,
            producer: RefCell::new(None),
            now_ns: Cell::new(1_000),
            looks: Cell::new(0),
            publish_at: u32::MAX,
            jump_at,
            end_at: u32::MAX,
        };
        let gate = gate(Ready);
        let drive = Drive {
            gate: &gate,
            clock: &clock,
            wait: SPIN,
            control: &control,
        };
        let mut notes = LoopNotes::new(SPIN);
        drive_feed(&mut feed, drive, 1, &mut notes);
        assert_eq!(feed.published(), 2);
        notes.pauses().pauses().len()
    };
    // The first look begins, the second publishes, and what passes until the third is the feed's own.
    assert_eq!((noted(2), noted(3)), (0, 0));
    assert_eq!((noted(4), noted(500)), (1, 1));
}

#[test]
fn a_run_leaves_the_moments_of_its_overruns() {
    let source = evenly(50_000, 0);
    let plan = fast(&source);
    let mut asked = settings();
    asked.consumers = vec![reader("slow", OverrunPolicy::Detach, &[])];
    asked.consumers[0].service = tickpath_core::engine::ServiceTime::Constant(1_000_000);
    let record = end(start(source, plan, 8, gate(Ready), asked, MonotonicClock));
    let slow = &record.readers[1];
    let [moment] = slow.overruns.moments() else {
        panic!("{slow:?}");
    };
    let begin_ns = record.begin_ns.expect("it began");
    assert!(moment.at_ns >= begin_ns);
    assert_eq!(Some(moment.skipped), slow.ended_by.map(|o| o.lost()));
    assert_eq!(slow.dropped(), slow.ledger.published - slow.ledger.read);
}

#[test]
fn latencies_against_the_plan_are_by_plan_and_cannot_be_corrected() {
    use tickpath_core::engine::Stage;
    use tickpath_core::metrics::CorrectionError;

    let source = evenly(100, 10);
    let plan = crate::live::recorded(&source);
    let record = end(start(
        source,
        plan,
        128,
        gate(Ready),
        settings(),
        MonotonicClock,
    ));
    for stage in Stage::ALL {
        let latency = record.executor().latency_of(stage);
        assert_eq!(latency.count(), 100);
        let corrected = latency.corrected(1_000);
        assert_eq!(
            corrected.err(),
            stage
                .name()
                .starts_with("intended")
                .then_some(CorrectionError::RecordedByPlan),
            "{stage:?}"
        );
    }
}

#[cfg(all(target_os = "linux", not(elsewhere)))]
#[test]
fn memory_that_was_locked_for_a_run_is_unlocked_after_it() {
    let locked_bytes = || {
        let status = std::fs::read_to_string("/proc/self/status").expect("linux says");
        let line = status.lines().find_map(|line| line.strip_prefix("VmLck:"));
        line.expect("linux says").trim().to_owned()
    };
    assert_eq!(locked_bytes(), "0 kB");
    // Finished, and dropped while it runs. Kept, for memory that is given back is unlocked by that.
    let mut rings = Vec::new();
    for dropped in [false, true] {
        let source = evenly(2, if dropped { 3_600_000_000_000 } else { 10 });
        let plan = crate::live::recorded(&source);
        let mut asked = settings();
        asked.memory.lock = true;
        let (producer, ring) = EventRing::try_new(64).expect("memory");
        let clock = MonotonicClock;
        let engine = tickpath_core::engine::LiveEngine::start(
            source,
            plan,
            producer,
            gate(Ready),
            asked,
            clock,
        )
        .expect("starts");
        if dropped {
            assert_ne!(locked_bytes(), "0 kB");
            drop(engine);
        } else {
            let record = end(engine);
            assert!(record.memory.locked, "{:?}", record.memory);
        }
        rings.push(ring);
        assert_eq!(locked_bytes(), "0 kB");
    }
}
