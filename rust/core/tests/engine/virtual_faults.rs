//! Virtual time with faults, load and a stop of the intake: to the nanosecond again.

use tickpath_core::engine::{Advance, Faults, Horizon, ReaderSettings, ServiceTime, Settings};
use tickpath_core::sync::Arc;

use crate::virtual_time::{Virtual, serving};

/// A run with faults, and what asks for them.
fn faulty(moments_ns: &[u64], service_ns: u64) -> (Virtual, Arc<Faults>) {
    let run = Virtual::ready(moments_ns, 16, serving(service_ns).with_faults());
    let faults = Arc::clone(run.engine.faults().expect("asked for"));
    (run, faults)
}

/// Six events 100 ns apart.
const MOMENTS_NS: [u64; 6] = [0, 100, 200, 300, 400, 500];

fn over(run: &mut Virtual) -> u64 {
    assert_eq!(run.engine.advance(Horizon::END), Advance::Over);
    run.engine.now_ns()
}

fn decisions(run: &Virtual) -> Vec<u64> {
    run.stamps().iter().map(|stamps| stamps.0).collect()
}

#[test]
fn a_stalled_stage_takes_no_turn_and_goes_on_at_the_moment_it_may() {
    let (mut run, faults) = faulty(&MOMENTS_NS, 10);
    run.until(105);
    faults.stage_stall("executor", true).expect("known");
    run.until(350);
    assert_eq!(run.books(), (4, 2, 2), "what was under way was finished");
    faults.stage_stall("executor", false).expect("known");
    assert_eq!(over(&mut run), 510);
    assert_eq!(decisions(&run), [0, 100, 350, 360, 400, 500]);
}

#[test]
fn a_slowed_stage_is_slow_from_its_next_event_on() {
    let (mut run, faults) = faulty(&MOMENTS_NS, 10);
    run.until(105);
    faults.stage_slow("executor", 5.0, 7).expect("known");
    run.until(210);
    faults.stage_slow("executor", 1.0, 0).expect("known");
    over(&mut run);
    let worked: Vec<u64> = run.stamps().iter().map(|(from, to)| to - from).collect();
    assert_eq!(worked, [10, 10, 57, 10, 10, 10]);
}

#[test]
fn a_frozen_feed_comes_at_once_and_late_and_one_that_is_out_never() {
    let (mut run, faults) = faulty(&MOMENTS_NS, 10);
    run.until(150);
    faults.feed_freeze(true);
    run.until(350);
    assert_eq!(run.books(), (2, 2, 2));
    faults.feed_freeze(false);
    run.until(350);
    assert_eq!(run.books().0, 4);
    faults.feed_outage(true);
    run.until(450);
    faults.feed_outage(false);
    over(&mut run);
    assert_eq!(decisions(&run), [0, 100, 350, 360, 500]);
    let (record, _) = run.end();
    assert_eq!((record.feed.withheld, record.feed.gaps), (1, 1));
}

#[test]
fn a_burst_is_due_at_the_moment_it_is_asked_for() {
    let (mut run, faults) = faulty(&MOMENTS_NS, 10);
    run.until(150);
    faults.feed_burst(3);
    run.until(150);
    assert_eq!(run.books().0, 5);
    over(&mut run);
    assert_eq!(decisions(&run), [0, 100, 150, 160, 170, 500]);
}

#[test]
fn a_step_of_the_clock_moves_the_stamps_and_not_the_work() {
    let (mut run, faults) = faulty(&MOMENTS_NS, 10);
    run.until(150);
    faults.clock_step(1_000);
    run.until(250);
    faults.clock_step(-100_000);
    run.until(350);
    faults.clock_step(0);
    assert_eq!(over(&mut run), 510);
    let stamps = [
        (0, 10),
        (100, 110),
        (1_200, 1_210),
        (0, 0),
        (400, 410),
        (500, 510),
    ];
    assert_eq!(run.stamps(), stamps);
}

#[test]
fn what_is_skipped_to_the_head_is_shed() {
    let (mut run, faults) = faulty(&MOMENTS_NS, 250);
    run.until(210);
    faults.stage_skip_to_head("executor").expect("known");
    // Done at 250, when event 2 is waiting since 200; 1 and 2 are skipped.
    over(&mut run);
    assert_eq!(decisions(&run), [0, 300, 550, 800]);
    let ledger = run.end().0.readers[0].ledger;
    assert_eq!((ledger.executed, ledger.shed, ledger.lost), (4, 2, 0));
}

#[test]
fn events_are_counted_to_the_one_with_faults_too() {
    let (mut run, faults) = faulty(&[0; 9], 1);
    faults.feed_gap(2);
    for events in 1..=7 {
        let to = Horizon {
            until_published: events,
            ..Horizon::END
        };
        assert_eq!(run.engine.advance(to), Advance::Reached);
        assert_eq!(run.books().0, events);
    }
    over(&mut run);
}

#[test]
fn events_that_are_withheld_count_among_those_that_were_due_and_repeats_do_not() {
    let (mut run, faults) = faulty(&[0; 9], 1);
    faults.feed_gap(3);
    faults.feed_duplicate(1);
    for due in 1..=6 {
        let to = Horizon {
            until_due: due,
            ..Horizon::END
        };
        assert_eq!(run.engine.advance(to), Advance::Reached);
        let feed = run.engine.snapshot().feed;
        let came = due.saturating_sub(3);
        assert_eq!((feed.withheld, feed.repeats), (due.min(3), came));
    }
    over(&mut run);
}

#[test]
fn a_stop_of_the_intake_ends_the_feed_at_its_moment_and_the_rest_is_processed() {
    for settings in [serving(150), serving(150).with_faults()] {
        let mut run = Virtual::ready(&MOMENTS_NS, 16, settings);
        run.until(310);
        run.engine.control().stop_intake();
        assert_eq!(over(&mut run), 600);
        let (record, _) = run.end();
        assert_eq!((record.stopped, record.intake_stopped), (false, true));
        assert_eq!((record.feed_ns, record.feed.unpublished()), (Some(310), 2));
        assert_eq!(record.executor().ledger.executed, 4);
    }
}

#[test]
fn load_makes_each_event_longer_by_what_is_waiting() {
    let settings = Settings {
        executor: ReaderSettings {
            load_factor: 4.0,
            service: ServiceTime::Constant(100),
            ..Settings::default().executor
        },
        ..serving(0)
    };
    // A ring of 8: one event in it makes 100 to 150, two 200, three 250.
    let mut run = Virtual::ready(&[0, 10, 20], 8, settings);
    assert_eq!(over(&mut run), 150 + 200 + 150);
    assert_eq!(run.stamps(), [(0, 150), (150, 350), (350, 500)]);
}

#[test]
fn a_limit_counts_an_event_when_it_is_completed_and_not_before() {
    for faults in [false, true] {
        let mut settings = serving(120);
        settings.executor.latency_limit_ns = Some(150);
        settings.consumers = vec![ReaderSettings {
            service: ServiceTime::Constant(160),
            latency_limit_ns: Some(159),
            ..ReaderSettings::named("log")
        }];
        if faults {
            settings = settings.with_faults();
        }
        let mut run = Virtual::ready(&[0, 10, 1_000], 8, settings);
        let mut over_limit = |until_ns| {
            run.until(until_ns);
            let stages = run.engine.snapshot().stages;
            (stages[0].over_limit, stages[1].over_limit)
        };
        assert_eq!(over_limit(0), (Some(0), Some(0)));
        assert_eq!(over_limit(239), (Some(0), Some(1)));
        assert_eq!(over_limit(240), (Some(1), Some(1)));
        assert_eq!(over_limit(320), (Some(1), Some(2)));
        let (record, _) = run.end();
        let counted: Vec<_> = record.readers.iter().map(|r| r.over_limit).collect();
        assert_eq!(counted, [Some(1), Some(3)]);
    }
}
