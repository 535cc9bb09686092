//! Batches under one stamp, driven by hand: the stamp is shared, the gate is read for each event.

use std::cell::RefCell;
use std::rc::Rc;

use tickpath_core::bus::{Payload, Reader};
use tickpath_core::engine::{
    Acks, ExecutorStage, Intake, NoAcks, NoService, OverrunPolicy, Progress, StageRecorder,
    StampedAck, Turn, Upstreams,
};
use tickpath_core::state::Gate;
use tickpath_core::state::StateCode::{Degraded, Ready};
use tickpath_core::sync::Arc;

use crate::common::{ManualClock, gate_at, intake, ring, transition, word};
use crate::stages::published;

/// Sequence, epoch and `executed` of every ack; behind one of them the gate moves to `Degraded`.
struct Moving<'a> {
    gate: &'a Gate,
    after_seq: u64,
    seen: Rc<RefCell<Vec<(u64, u64, u8)>>>,
}

impl Acks for Moving<'_> {
    fn publish(&mut self, StampedAck { ack, .. }: StampedAck) {
        self.seen
            .borrow_mut()
            .push((ack.seq, ack.epoch, ack.executed));
        if ack.seq == self.after_seq {
            transition(self.gate, Degraded);
        }
    }
}

#[test]
fn nothing_of_a_batch_is_executed_after_the_gate_has_moved_in_it() {
    for after_seq in [0, 1, 62] {
        let gate = gate_at(word(1, Ready));
        let seen = Rc::new(RefCell::new(Vec::new()));
        let acks = Moving {
            gate: &gate,
            after_seq,
            seen: Rc::clone(&seen),
        };
        let recorder = StageRecorder::<false>::by_state();
        let intake = intake(published(64, 64), OverrunPolicy::Oldest);
        let mut executor = ExecutorStage::new(intake, NoService, acks, recorder, 4);
        let clock = ManualClock::at(50, 1);
        assert_eq!(executor.turn_shared(&gate, &clock), Turn::NewEpoch);
        assert_eq!(executor.turn_shared(&gate, &clock), Turn::Processed(64));

        let expected: Vec<_> = (0..64)
            .map(|seq| {
                (
                    seq,
                    1 + u64::from(seq > after_seq),
                    u8::from(seq <= after_seq),
                )
            })
            .collect();
        assert_eq!(*seen.borrow(), expected);
        let executed = after_seq + 1;
        let ledger = executor.ledger();
        assert_eq!(
            (ledger.executed, ledger.gated[Degraded as usize]),
            (executed, 64 - executed)
        );
        // The table of epochs and the latencies by state say the same.
        let rows: Vec<_> = executor
            .epochs()
            .rows()
            .iter()
            .map(|row| (row.epoch, row.first_seq, row.executed, row.gated))
            .collect();
        assert_eq!(rows, [(1, 0, executed, 0), (2, executed, 0, 64 - executed)]);
        let recorded = |state| executor.recorder().latency()[state as usize][3].count();
        assert_eq!(
            (recorded(Ready), recorded(Degraded)),
            (executed, 64 - executed)
        );
    }
}

#[test]
fn a_ring_of_fewer_slots_than_a_batch_is_waited_for_only_until_it_is_full() {
    let (mut producer, reader) = ring(3);
    let intake = intake(reader, OverrunPolicy::Oldest);
    let recorder = StageRecorder::<false>::by_state();
    let mut executor = ExecutorStage::new(intake, NoService, NoAcks, recorder, 4);
    let gate = gate_at(word(1, Ready));
    let clock = ManualClock::at(50, 1);
    assert_eq!(executor.turn_shared(&gate, &clock), Turn::NewEpoch);
    for round in 1..=4 {
        producer.publish(Payload::default());
        producer.publish(Payload::default());
        assert_eq!(executor.turn_shared(&gate, &clock), Turn::Behind);
        producer.publish(Payload::default());
        assert_eq!(executor.turn_shared(&gate, &clock), Turn::Processed(3));
        assert_eq!(executor.ledger().executed, 3 * round);
    }
}

#[test]
fn a_batch_ends_where_its_upstream_is() {
    let upstream = Arc::new(Progress::new(0));
    let upstreams = Upstreams::new([Arc::clone(&upstream)]);
    let intake = Intake::new(published(64, 64), upstreams, OverrunPolicy::Oldest);
    let recorder = StageRecorder::<false>::by_state();
    let mut executor = ExecutorStage::new(intake, NoService, NoAcks, recorder, 4);
    let gate = gate_at(word(1, Ready));
    let clock = ManualClock::at(50, 1);
    assert_eq!(executor.turn_shared(&gate, &clock), Turn::NewEpoch);
    // Not even after more turns than a batch is waited for.
    for _ in 0..100 {
        assert_eq!(executor.turn_shared(&gate, &clock), Turn::Behind);
    }
    upstream.set(40);
    assert_eq!(executor.turn_shared(&gate, &clock), Turn::Processed(40));
    assert_eq!((executor.cursor(), executor.ledger().executed), (40, 40));
    assert_eq!(executor.turn_shared(&gate, &clock), Turn::Behind);
}

#[test]
fn a_shared_stamp_counts_every_event_and_knows_less() {
    let (acks, mut ack_reader) = ring(128);
    let recorder = StageRecorder::<false>::by_state();
    let intake = intake(published(100, 128), OverrunPolicy::Oldest);
    let mut executor = ExecutorStage::new(intake, NoService, acks, recorder, 4);
    let gate = gate_at(word(1, Ready));
    let clock = ManualClock::at(50, 1);
    assert_eq!(executor.turn_shared(&gate, &clock), Turn::NewEpoch);
    assert_eq!(executor.turn_shared(&gate, &clock), Turn::Processed(64));
    // Fewer than a batch are waited for, but not for ever.
    let mut next = || {
        (0..100)
            .map(|_| executor.turn_shared(&gate, &clock))
            .find(|turn| *turn != Turn::Behind)
    };
    assert_eq!(next(), Some(Turn::Processed(36)));
    assert_eq!(next(), Some(Turn::Idle));
    let counts = executor.recorder().latency()[Ready as usize]
        .each_ref()
        .map(|h| h.count());
    assert_eq!(counts, [0, 0, 0, 100, 0]);
    let figures = executor.recorder().latency()[Ready as usize][3].figures();
    assert_eq!((figures.min_ns, figures.max_ns), (Some(49), Some(50)));
    assert_eq!(executor.ledger().executed, 100);
    assert_eq!(executor.epochs().rows()[0].executed, 100);
    let mut stamps = Vec::new();
    while let Ok(Some(payload)) = ack_reader.poll() {
        stamps.push(StampedAck::from_payload(payload).ack.completion_ts);
    }
    assert_eq!((stamps.len(), stamps[63], stamps[64]), (100, 50, 51));
}
