//! A steady run with waiting by spinning, each stage between two marks in the trace of its system
//! calls; for `make syscalls`.
//!
//! `steady_run EVENTS [feed|executor]`: the second argument plants a system call in that stage's clock.

use std::env;

use tickpath_core::bus::{EventReader, EventRing, Start};
use tickpath_core::engine::{
    Control, Drive, ExecutorStage, FeedStage, Intake, LoopNotes, OverrunPolicy, Pace, Plan,
    Planned, Sampled, ServiceTime, StageRecorder, StampsEach, Upstreams, Wait, drive_feed,
    drive_reader,
};
use tickpath_core::ingest::Event;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::{Arc, thread};
use tickpath_core::time::{CALIBRATION_SPAN_NS, Clock, CounterClock, EngineClock, MonotonicClock};

/// A system call that nothing else here makes.
fn mark() {
    let _ = rustix::process::getppid();
}

/// A clock, with a system call in every look if one is planted.
#[derive(Debug, Clone)]
struct Planted<C>(C, bool);

impl<C: Clock> Clock for Planted<C> {
    fn now_ns(&self) -> u64 {
        if self.1 {
            let _ = rustix::process::getuid();
        }
        self.0.now_ns()
    }
}

fn run<C: Clock + Clone + Send + 'static>(clock: &C, events: usize, plant: &str) {
    let source = vec![Event::default(); events];
    let plan = Plan::of(&source, None, Pace::Constant { rate_hz: 2e6 }).expect("a good pace");
    let (producer, ring) = EventRing::try_new(65_536).expect("memory");
    let reader = EventReader::new(ring, Start::Oldest).expect("oldest exists");
    let timetable = Planned::new(Arc::new(plan)).expect("it has offsets");
    let mut feed = FeedStage::new(source, events, producer, timetable, None);
    let (acks, _ack_ring) = EventRing::try_new(1_024).expect("memory");
    let intake = Intake::new(reader, Upstreams::default(), OverrunPolicy::Oldest);
    let recorder = StageRecorder::<true>::by_state();
    let service = Sampled::new(ServiceTime::Exponential { mean_ns: 50.0 }, 1);
    let mut executor = StampsEach(ExecutorStage::new(intake, service, acks, recorder, 16));
    let control = Arc::new(Control::new(0, 0));
    let gate = Arc::new(Gate::new());
    let warmup = GateWord::new(1, StateCode::Warmup);
    assert!(gate.compare_exchange(gate.read(), warmup));

    let feeding = thread::spawn({
        let (control, gate) = (Arc::clone(&control), Arc::clone(&gate));
        let clock = Planted(clock.clone(), plant == "feed");
        move || {
            let drive = Drive {
                gate: &gate,
                clock: &clock,
                wait: Wait::SPIN,
                control: &control,
            };
            let mut notes = LoopNotes::new(drive.wait);
            mark();
            drive_feed(&mut feed, drive, 1, &mut notes);
            mark();
        }
    });
    let clock = Planted(clock.clone(), plant == "executor");
    let executing = thread::spawn(move || {
        let drive = Drive {
            gate: &gate,
            clock: &clock,
            wait: Wait::SPIN,
            control: &control,
        };
        let mut notes = LoopNotes::new(drive.wait);
        mark();
        let stopped_by = drive_reader(&mut executor, drive, control.stage(0), &mut notes);
        mark();
        assert_eq!(stopped_by, None);
        let mut ledger = executor.0.ledger();
        ledger.published = events as u64;
        assert!(ledger.is_balanced(), "{ledger:?}");
    });
    feeding.join().expect("no panic");
    executing.join().expect("no panic");
}

fn main() {
    let mut arguments = env::args().skip(1);
    let events = arguments.next().and_then(|text| text.parse().ok());
    let events: usize = events.expect("steady_run EVENTS [feed|executor]");
    let plant = arguments.next().unwrap_or_default();
    match EngineClock::calibrate(CALIBRATION_SPAN_NS).clock {
        EngineClock::Counter(clock) => run::<CounterClock>(&clock, events, &plant),
        EngineClock::Monotonic(clock) => run::<MonotonicClock>(&clock, events, &plant),
    }
}
