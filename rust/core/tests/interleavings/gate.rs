//! The gate: what a reading of it brings with it, and who wins a race for it.

use super::exploration::model;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::{Arc, AtomicU64, Ordering, thread};

const INIT: GateWord = GateWord::new(0, StateCode::Init);
const WARMUP: GateWord = GateWord::new(1, StateCode::Warmup);
const READY: GateWord = GateWord::new(2, StateCode::Ready);
const DEGRADED: GateWord = GateWord::new(2, StateCode::Degraded);

/// The control plane writes down why before it moves; the executor looks at the gate, then at the reason.
#[test]
fn what_was_written_before_a_transition_is_there_for_whoever_acts_on_it() {
    model(
        |outcomes| {
            let gate = Arc::new(Gate::new());
            let reason = Arc::new(AtomicU64::new(0));
            let executor = thread::spawn({
                let (gate, reason, outcomes) =
                    (Arc::clone(&gate), Arc::clone(&reason), outcomes.clone());
                move || {
                    let epoch = gate.read().epoch();
                    assert!(
                        reason.load(Ordering::Relaxed) >= epoch,
                        "a reason of an older epoch"
                    );
                    outcomes.met(epoch);
                }
            });
            for (from, to) in [(INIT, WARMUP), (WARMUP, READY)] {
                reason.store(to.epoch(), Ordering::Relaxed);
                assert!(gate.compare_exchange(from, to), "nobody else moves");
            }
            executor.join().expect("its asserts hold");
        },
        &[INIT.epoch(), WARMUP.epoch(), READY.epoch()],
    );
}

#[test]
fn a_reading_is_one_word_of_the_history_and_never_an_earlier_one() {
    model(
        |outcomes| {
            let gate = Arc::new(Gate::new());
            let executor = thread::spawn({
                let (gate, outcomes) = (Arc::clone(&gate), outcomes.clone());
                move || {
                    let [first, second] = [gate.read(), gate.read()];
                    for word in [first, second] {
                        assert!([INIT, WARMUP, READY].contains(&word), "{word:?} never was");
                    }
                    assert!(
                        first.epoch() <= second.epoch(),
                        "{first:?}, then {second:?}"
                    );
                    outcomes.met((first.epoch(), second.epoch()));
                }
            });
            assert!(gate.compare_exchange(INIT, WARMUP));
            assert!(gate.compare_exchange(WARMUP, READY));
            executor.join().expect("its asserts hold");
        },
        &[(0, 0), (0, 2), (1, 2), (2, 2)],
    );
}

/// Two control threads see WARMUP and want to move on; who loses can see that, by what, and why.
#[test]
fn of_two_racing_transitions_one_wins() {
    model(
        |outcomes| {
            let gate = Arc::new(Gate::new());
            assert!(gate.compare_exchange(INIT, WARMUP));
            let reasons = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
            let race = |gate: &Gate, reasons: &[AtomicU64; 2], own: usize| {
                let targets = [READY, DEGRADED];
                reasons[own].store(1, Ordering::Relaxed);
                let won = gate.compare_exchange(WARMUP, targets[own]);
                let winner = if won { own } else { 1 - own };
                assert_eq!(gate.read(), targets[winner]);
                assert_eq!(
                    reasons[winner].load(Ordering::Relaxed),
                    1,
                    "moved without its reason"
                );
                won
            };
            let rival = thread::spawn({
                let (gate, reasons) = (Arc::clone(&gate), Arc::clone(&reasons));
                move || race(&gate, &reasons, 1)
            });
            let won = race(&gate, &reasons, 0);
            assert_ne!(
                won,
                rival.join().expect("its asserts hold"),
                "one wins, one loses"
            );
            outcomes.met(gate.read().state());
        },
        &[READY.state(), DEGRADED.state()],
    );
}

/// Nothing but the exchange itself tells the second thread of what the first did.
#[test]
fn whoever_moves_on_sees_the_history_of_what_it_moves() {
    model(
        |outcomes| {
            let gate = Arc::new(Gate::new());
            let history = Arc::new(AtomicU64::new(0));
            let first = thread::spawn({
                let (gate, history) = (Arc::clone(&gate), Arc::clone(&history));
                move || {
                    history.store(1, Ordering::Relaxed);
                    assert!(gate.compare_exchange(INIT, WARMUP), "nobody else can");
                }
            });
            let moved_on = gate.compare_exchange(WARMUP, READY);
            if moved_on {
                assert_eq!(history.load(Ordering::Relaxed), 1, "moved on without it");
            }
            first.join().expect("its asserts hold");
            outcomes.met(moved_on);
        },
        &[false, true],
    );
}

#[test]
fn whoever_loses_a_race_sees_what_the_winner_wrote_before() {
    model(
        |outcomes| {
            let gate = Arc::new(Gate::new());
            let reasons = Arc::new([AtomicU64::new(0), AtomicU64::new(0)]);
            let race = |gate: &Gate, reasons: &[AtomicU64; 2], own: usize| {
                reasons[own].store(1, Ordering::Relaxed);
                let won = gate.compare_exchange(INIT, [WARMUP, DEGRADED][own]);
                let seen = reasons[1 - own].load(Ordering::Relaxed);
                assert!(won || seen == 1, "lost, and does not see why");
                won
            };
            let rival = thread::spawn({
                let (gate, reasons) = (Arc::clone(&gate), Arc::clone(&reasons));
                move || race(&gate, &reasons, 1)
            });
            let won = race(&gate, &reasons, 0);
            assert_ne!(won, rival.join().expect("its asserts hold"));
            outcomes.met(won);
        },
        &[false, true],
    );
}
