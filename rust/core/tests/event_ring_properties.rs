//! The event ring against a model that keeps every event: one thread, random operations, every result
//! compared. In a quiescent ring an overrun is exact to the event.

use proptest::prelude::*;
use tickpath_core::bus::{
    Bounds, EventReader, EventRing, Overrun, Payload, Producer, Readable, Reader, Start,
};

/// What a test does to a ring and its reader.
#[derive(Debug, Clone)]
enum Op {
    Publish,
    PublishMany(u64),
    Poll,
    ReadInto(usize),
    Read(u64),
    ResetToHead,
    ResetToOldest,
    NewReader(Start),
}

fn ops() -> impl Strategy<Value = Vec<Op>> {
    let op = prop_oneof![
        4 => Just(Op::Publish),
        2 => (0_u64..40).prop_map(Op::PublishMany),
        4 => Just(Op::Poll),
        2 => (0_usize..20).prop_map(Op::ReadInto),
        1 => (0_u64..200).prop_map(Op::Read),
        1 => Just(Op::ResetToHead),
        2 => Just(Op::ResetToOldest),
        1 => prop_oneof![
            Just(Start::Oldest),
            Just(Start::Head),
            (0_u64..60).prop_map(Start::Sequence),
        ]
        .prop_map(Op::NewReader),
    ];
    prop::collection::vec(op, 1..120)
}

fn event(seq: u64) -> Payload {
    core::array::from_fn(|word| seq.wrapping_mul(7).wrapping_add(word as u64))
}

/// The ring in words: a head and a capacity; an event is its sequence.
struct Model {
    capacity: u64,
    head: u64,
    next: u64,
    lost: u64,
    shed: u64,
}

impl Model {
    const fn oldest(&self) -> u64 {
        self.head.saturating_sub(self.capacity)
    }

    fn read(&self, seq: u64) -> Result<Option<Payload>, Overrun> {
        if seq < self.oldest() {
            return Err(Overrun {
                requested: seq,
                oldest: self.oldest(),
                head: self.head,
            });
        }
        Ok((seq < self.head).then(|| event(seq)))
    }

    fn skip_to(&mut self, target: u64) -> u64 {
        let skipped = target - self.next;
        self.lost += skipped;
        self.shed += target - self.oldest().max(self.next);
        self.next = target;
        skipped
    }

    fn reset_to_oldest(&mut self) -> u64 {
        if self.next >= self.oldest() {
            return 0;
        }
        // Half a ring behind the head, rounded so that one slot is never more than full.
        let behind = self.capacity - self.capacity / 2;
        self.skip_to(self.head - behind)
    }
}

fn publish(producer: &mut Producer, model: &mut Model, count: u64) {
    let first = producer.publish_many((model.head..model.head + count).map(event));
    assert_eq!(first, model.head);
    model.head += count;
}

fn read_into(reader: &mut EventReader, model: &mut Model, len: usize) {
    let untouched = [u64::MAX; 7];
    let mut out = vec![untouched; len];
    let got = reader.read_into(&mut out);
    match model.read(model.next) {
        Err(overrun) if len > 0 => {
            assert_eq!(got, Err(overrun));
            assert!(out.iter().all(|row| *row == untouched));
        }
        _ => {
            let count = len.min((model.head - model.next) as usize);
            let count = if len == 0 { 0 } else { count };
            assert_eq!(got, Ok(count));
            for (row, seq) in out[..count].iter().zip(model.next..) {
                assert_eq!(*row, event(seq));
            }
            assert!(out[count..].iter().all(|row| *row == untouched));
            model.next += count as u64;
        }
    }
}

fn poll(reader: &mut EventReader, model: &mut Model) {
    let expected = model.read(model.next);
    assert_eq!(reader.poll(), expected);
    if matches!(expected, Ok(Some(_))) {
        model.next += 1;
    }
}

fn new_reader(
    ring: &std::sync::Arc<EventRing>,
    model: &mut Model,
    start: Start,
) -> Option<EventReader> {
    let first = match start {
        Start::Oldest => model.oldest(),
        Start::Head => model.head,
        Start::Sequence(seq) => seq,
    };
    let made = ring.reader(start);
    assert_eq!(made.is_err(), first > model.head);
    let reader = made.ok()?;
    (model.next, model.lost, model.shed) = (first, 0, 0);
    Some(reader)
}

fn check_books(ring: &EventRing, reader: &EventReader, model: &Model) {
    let bounds = Bounds {
        oldest: model.oldest(),
        head: model.head,
    };
    assert_eq!(ring.bounds(), bounds);
    assert_eq!(ring.head(), model.head);
    assert_eq!(reader.next_seq(), model.next);
    assert_eq!(reader.available(), model.head - model.next);
    assert_eq!((reader.lost(), reader.shed()), (model.lost, model.shed));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_operation_agrees_with_the_model(capacity in 1_usize..18, ops in ops()) {
        let (mut producer, ring) = EventRing::try_new(capacity).expect("memory for a few slots");
        prop_assert_eq!(ring.capacity(), capacity);
        let mut reader = ring.reader(Start::Oldest).expect("the oldest exists");
        let mut model = Model { capacity: capacity as u64, head: 0, next: 0, lost: 0, shed: 0 };
        for op in ops {
            match op {
                Op::Publish => {
                    prop_assert_eq!(producer.publish(event(model.head)), model.head);
                    model.head += 1;
                }
                Op::PublishMany(count) => publish(&mut producer, &mut model, count),
                Op::Poll => poll(&mut reader, &mut model),
                Op::ReadInto(len) => read_into(&mut reader, &mut model, len),
                Op::Read(seq) => prop_assert_eq!(ring.read(seq), model.read(seq)),
                Op::ResetToHead => {
                    let target = model.head;
                    prop_assert_eq!(reader.reset_to_head(), model.skip_to(target));
                }
                Op::ResetToOldest => {
                    prop_assert_eq!(reader.reset_to_oldest(), model.reset_to_oldest());
                }
                Op::NewReader(start) => {
                    reader = new_reader(&ring, &mut model, start).unwrap_or(reader);
                }
            }
            check_books(&ring, &reader, &model);
        }
    }
}

#[test]
fn no_sequence_is_too_large_to_ask_for() {
    let (mut producer, ring) = EventRing::try_new(3).expect("memory for a few slots");
    producer.publish(event(0));
    for seq in [
        1,
        u64::MAX / 2 - 1,
        u64::MAX / 2,
        u64::MAX / 2 + 1,
        u64::MAX,
    ] {
        assert_eq!(ring.read(seq), Ok(None), "{seq}");
    }
}

#[test]
fn an_impossible_capacity_is_refused() {
    assert!(EventRing::try_new(usize::MAX / 64).is_none());
    assert!(EventRing::try_new(usize::MAX).is_none());
}
