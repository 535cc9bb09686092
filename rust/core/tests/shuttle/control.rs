//! Several threads on the control side of one engine at once, under shuttle: orders that cross each other, and what is
//! handed from one owner to the next.

use crate::run::{Run, Scenario};
use crate::schedules::{explore, one_of};
use tickpath_core::bus::{EventReader, EventRing, Producer, Reader, Start};
use tickpath_core::engine::{Ledger, OverrunPolicy};
use tickpath_core::state::StateCode::{Degraded, Ready, Warmup};
use tickpath_core::state::{Gate, GateWord};
use tickpath_core::sync::{Arc, thread};

/// A run that is READY.
fn ready(scenario: Scenario) -> Run {
    let run = Run::start(scenario);
    run.move_to(Warmup);
    run.move_to(Ready);
    run
}

/// In WARMUP already, for some.
fn decided(ledger: &Ledger) -> u64 {
    ledger.executed + ledger.gated_total()
}

#[test]
fn a_stop_is_not_taken_back_by_an_order_that_comes_with_it() {
    explore(
        |outcomes| {
            let run = ready(Scenario {
                hold_at: Some(3),
                ..Scenario::default()
            });
            let control = Arc::clone(&run.control);
            let other = thread::spawn(move || control.stop_intake());
            run.control.stop();
            other.join().expect("no panic");
            assert!(run.control.is_stopped() && !run.control.is_feeding());
            let end = run.end();
            assert!(end.published <= 3, "beyond the hold");
            outcomes.met(end.published);
        },
        &[0, 3],
    );
}

#[test]
fn whoever_releases_a_held_feed_sees_it_released() {
    explore(
        |outcomes| {
            let mut run = ready(Scenario {
                events: 4,
                hold_at: Some(1),
                ..Scenario::default()
            });
            let mut held = 0;
            for hold_at in [Some(2), Some(3), None] {
                // The last hold, or before it.
                let was_held = run.control.is_held();
                held += u64::from(was_held);
                run.control.release(hold_at);
                if was_held {
                    run.look();
                    let is_at_the_next = run.control.is_held();
                    assert!(!is_at_the_next || hold_at.is_some(), "released for good");
                }
            }
            assert!(!run.control.is_held(), "it was released");
            let end = run.end();
            assert_eq!(decided(&end.readers[0].ledger), 4);
            outcomes.met(held);
        },
        &[0, 1, 2, 3],
    );
}

/// The control side of a run whose state changes all the time, behind a fence each time.
#[test]
fn each_fence_of_a_flipping_gate_holds() {
    explore(
        |outcomes| {
            let mut run = ready(Scenario {
                capacity: 8,
                events: 8,
                policies: vec![OverrunPolicy::Raise; 2],
                after: vec![Vec::new(); 2],
                ..Scenario::default()
            });
            for state in [Degraded, Ready, Degraded] {
                let epoch = run.move_to(state);
                if one_of(&[true, false]) {
                    run.fence(epoch);
                }
                run.look();
            }
            let end = run.end();
            let ledger = end.readers[0].ledger;
            assert_eq!((ledger.lost, ledger.unread), (0, 0), "a ring for all");
            outcomes.met((ledger.executed > 0, ledger.gated_total() > 0));
        },
        &[(true, false), (false, true), (true, true)],
    );
}

#[test]
fn a_feed_that_waits_for_its_readers_loses_nothing_and_ends() {
    explore(
        |outcomes| {
            let run = ready(Scenario {
                capacity: one_of(&[1, 2, 4]),
                policies: vec![OverrunPolicy::Raise; 2],
                after: vec![Vec::new(), vec![0]],
                held_back: true,
                ..Scenario::default()
            });
            let end = run.end();
            for reader in &end.readers {
                assert_eq!(decided(&reader.ledger) + reader.ledger.read, 6);
            }
            outcomes.met(());
        },
        &[()],
    );
}

#[test]
fn a_detached_stage_holds_nobody_up() {
    explore(
        |outcomes| {
            let run = ready(Scenario {
                capacity: 2,
                policies: vec![OverrunPolicy::Oldest, OverrunPolicy::Detach],
                after: vec![vec![1], Vec::new()],
                ..Scenario::default()
            });
            let end = run.end();
            assert!(!end.is_stopped);
            outcomes.met(end.readers[1].ended.is_some());
        },
        &[false, true],
    );
}

#[test]
fn of_two_racing_transitions_one_wins_and_the_other_is_told() {
    explore(
        |outcomes| {
            let gate = Arc::new(Gate::new());
            let from = gate.read();
            let move_to = move |gate: &Gate, state| {
                gate.compare_exchange(from, GateWord::new(from.epoch() + 1, state))
            };
            let rival = thread::spawn({
                let gate = Arc::clone(&gate);
                move || move_to(&gate, Degraded)
            });
            let won = move_to(&gate, Warmup);
            assert_ne!(won, rival.join().expect("no panic"), "one wins, one loses");
            assert_eq!(gate.read().state(), if won { Warmup } else { Degraded });
            outcomes.met(won);
        },
        &[false, true],
    );
}

#[test]
fn a_ring_has_one_producer_at_a_time_and_the_next_goes_on_where_it_was() {
    explore(
        |outcomes| {
            let (producer, ring) = EventRing::try_new(8).expect("a few slots");
            let claimants: Vec<_> = [1, 2]
                .map(|_| {
                    let ring = Arc::clone(&ring);
                    thread::spawn(move || {
                        let Some(mut producer) = Producer::claim(&ring) else {
                            return 0;
                        };
                        producer.publish_many([[1; 7]; 2]);
                        2
                    })
                })
                .into();
            drop(producer);
            let published: u64 = (claimants.into_iter())
                .map(|claimant| claimant.join().expect("no panic"))
                .sum();
            assert_eq!(ring.head(), published, "two wrote to one place");
            outcomes.met(published);
        },
        &[0, 2, 4],
    );
}

/// Loom lets something come between the two halves of an exchange, and cannot ask this.
#[test]
fn a_reader_that_takes_lines_over_takes_no_stamp_back() {
    explore(
        |outcomes| {
            let (mut producer, ring) = EventRing::try_new(one_of(&[1, 2])).expect("a few slots");
            let reader = EventReader::new(Arc::clone(&ring), Start::Oldest);
            let mut claiming = reader.expect("the oldest exists").claiming();
            let reading = thread::spawn(move || {
                for _ in 0..4 {
                    let expected = claiming.next_seq();
                    match claiming.poll() {
                        Ok(read) => assert!(read.is_none_or(|payload| payload == [expected; 7])),
                        Err(_) => assert!(claiming.reset_to_oldest() > 0),
                    }
                }
                (claiming.next_seq() > 0, claiming.lost() > 0)
            });
            for seq in 0..6 {
                assert_eq!(producer.publish([seq; 7]), seq);
            }
            let met = reading.join().expect("its asserts hold");
            assert_eq!(ring.head(), 6, "a stamp that the producer stored is gone");
            outcomes.met(met);
        },
        &[(false, false), (true, false), (true, true)],
    );
}

#[test]
fn a_reader_that_joins_in_mid_run_and_leaves_again_disturbs_nobody() {
    explore(
        |outcomes| {
            let (mut producer, ring) = EventRing::try_new(3).expect("a few slots");
            let guest = thread::spawn(move || {
                let start = one_of(&[Start::Oldest, Start::Head]);
                let mut reader = EventReader::new(ring, start).expect("not beyond the head");
                let first = reader.next_seq();
                let mut seen = 0;
                for _ in 0..4 {
                    let expected = reader.next_seq();
                    match reader.poll() {
                        Ok(Some(payload)) => {
                            assert_eq!(payload, [expected; 7], "torn, or another event");
                            seen += 1;
                        }
                        Ok(None) => {}
                        Err(overrun) => {
                            assert!(overrun.lost() > 0 && reader.reset_to_oldest() > 0);
                        }
                    }
                }
                assert_eq!(first + seen + reader.lost(), reader.next_seq());
                (first > 0, seen > 0, reader.lost() > 0)
            });
            for seq in 0..9 {
                assert_eq!(producer.publish([seq; 7]), seq);
            }
            outcomes.met(guest.join().expect("its asserts hold"));
        },
        &[(false, true, true), (true, true, false), (true, true, true)],
    );
}
