//! What the control side sees of a run that goes on beside it.

use std::cell::Cell;

use super::exploration::{model, model_within};
use super::run::{Counting, PREEMPTIONS_MAX, Run, ring};
use tickpath_core::bus::EventRing;
use tickpath_core::engine::{Control, Faults, Faulty, Progress, Upstreams};
use tickpath_core::sync::{Arc, AtomicU64, Ordering, thread};

/// Starts the feed of `run`, of two events, into a ring nobody reads.
fn feeding(run: &Run) -> (thread::JoinHandle<u64>, Arc<EventRing>) {
    let (producer, ring) = ring(2);
    let run = run.clone();
    let feeding = thread::spawn(move || run.feed(2, producer, &Counting(Cell::new(0))));
    (feeding, ring)
}

#[test]
fn whoever_sees_a_feed_held_sees_what_it_has_published() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let run = Run::ready(0);
            run.control.release(Some(1));
            let (feeding, ring) = feeding(&run);
            let held = run.control.is_held();
            if held {
                assert_eq!(ring.head(), 1);
                assert_eq!(run.control.snapshot().feed.published, 1);
            }
            run.control.release(None);
            assert!(!run.control.is_held(), "it was just released");
            assert_eq!(feeding.join().expect("no panic"), 2);
            outcomes.met(held);
        },
        &[false, true],
    );
}

/// A session looks once: what one snapshot shows of a feed that it says is held has to be all of it.
#[test]
fn a_snapshot_of_a_feed_that_is_held_shows_all_it_has_published() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let run = Run::ready(0);
            run.control.release(Some(1));
            let (feeding, _ring) = feeding(&run);
            let seen = run.control.snapshot().feed;
            if seen.held {
                assert_eq!(seen.published, 1);
            }
            run.control.release(None);
            assert_eq!(feeding.join().expect("no panic"), 2);
            outcomes.met((seen.published, seen.held));
        },
        &[(0, false), (1, false), (1, true)],
    );
}

/// A shutdown that finds the feed done and nothing behind it ends the run: it must not be told so while there are
/// events that it was not told of.
#[test]
fn whoever_sees_a_feed_done_sees_all_it_published() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let run = Run::ready(0);
            let (feeding, _ring) = feeding(&run);
            let seen = run.control.snapshot();
            let [executor] = &seen.stages[..] else {
                panic!("one stage");
            };
            if seen.feed.done {
                assert_eq!((seen.feed.published, executor.backlog), (2, 2));
            }
            feeding.join().expect("no panic");
            outcomes.met((seen.feed.published, seen.feed.done));
        },
        &[(0, false), (2, false), (2, true)],
    );
}

#[test]
fn whoever_sees_an_event_counted_sees_its_stamp_and_when_the_plan_began() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let run = Run::ready(0);
            let (feeding, _ring) = feeding(&run);
            let seen = run.control.snapshot();
            if seen.feed.published > 0 {
                // The clock of the feed counts its looks: one when it begins, one for each event.
                assert_eq!(seen.begin_ns, Some(1));
                assert!(seen.feed.newest_ns >= Some(seen.feed.published), "{seen:?}");
            }
            feeding.join().expect("no panic");
            outcomes.met(seen.feed.published);
        },
        &[0, 2],
    );
}

#[test]
fn the_figures_of_a_feed_with_faults_are_of_one_moment() {
    model_within(
        PREEMPTIONS_MAX,
        |outcomes| {
            let (run, faults) = (Run::ready(0), Arc::new(Faults::new([String::new()])));
            // One event is withheld and one is published, at the third look at the clock.
            faults.feed_gap(1);
            let (producer, _ring) = ring(2);
            let feeding = thread::spawn({
                let run = run.clone();
                let clock = Counting(Cell::new(0));
                move || run.feed_with(2, producer, &clock, Faulty::new(faults))
            });
            let seen = run.control.snapshot().feed;
            let newest_ns = (seen.published > 0).then_some(2);
            assert_eq!(seen.newest_ns, newest_ns, "{seen:?}");
            assert_eq!(feeding.join().expect("no panic"), 1);
            outcomes.met(seen.published);
        },
        &[0, 1],
    );
}

#[test]
fn whoever_sees_how_far_a_stage_is_sees_what_it_did() {
    model(
        |outcomes| {
            let progress = Arc::new(Progress::new(0));
            let done = Arc::new(AtomicU64::new(0));
            let stage = thread::spawn({
                let (progress, done) = (Arc::clone(&progress), Arc::clone(&done));
                move || {
                    for next in 1..=2 {
                        done.store(next, Ordering::Relaxed);
                        progress.set(next);
                    }
                }
            });
            let reached = Upstreams::new([progress]).reached();
            assert!(done.load(Ordering::Relaxed) >= reached, "{reached}");
            stage.join().expect("no panic");
            outcomes.met(reached);
        },
        &[0, 1, 2],
    );
}

/// Two threads do something and say so by `say`; a third looks by `has_everyone` and then finds both done.
fn meet(say: fn(&Control), has_everyone: fn(&Control) -> bool) {
    model(
        move |outcomes| {
            let control = Arc::new(Control::new(0, 0));
            let done = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
            let threads = [0, 1].map(|own| {
                let (control, done) = (Arc::clone(&control), Arc::clone(&done));
                thread::spawn(move || {
                    done[own].store(1, Ordering::Relaxed);
                    say(&control);
                })
            });
            let everyone = has_everyone(&control);
            if everyone {
                for done in done.iter() {
                    assert_eq!(done.load(Ordering::Relaxed), 1, "said before it was");
                }
            }
            for thread in threads {
                thread.join().expect("no panic");
            }
            assert!(has_everyone(&control));
            outcomes.met(everyone);
        },
        &[false, true],
    );
}

#[test]
fn when_everyone_has_arrived_what_each_prepared_is_there() {
    meet(Control::arrive, Control::has_everyone_arrived);
}

#[test]
fn when_everyone_has_left_what_each_did_is_there() {
    meet(Control::leave, Control::has_everyone_left);
}
