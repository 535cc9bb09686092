//! Parts of an engine that check what passes through them, against what the test itself knows for certain.
//!
//! That knowledge is plain memory behind a lock which is never held across a step, so it adds no order of its own.

use std::sync::{Arc as PlainArc, Mutex, MutexGuard};

use tickpath_core::bus::{EventReader, Overrun, Payload, Producer, Reader};
use tickpath_core::engine::{Acks, Progress, Publish, Recorder, Recover, StampedAck, Stamps};
use tickpath_core::execution::Ack;
use tickpath_core::ingest::Event;
use tickpath_core::state::StateCode;
use tickpath_core::sync::Arc;
use tickpath_core::time::Clock;

/// Event `index` of every source: its words say which it is.
pub(crate) fn event(index: u64) -> Event {
    Event {
        ts_ns: 1_000 + 3 * index,
        order_id: !index,
        sequence: index,
        ..Event::default()
    }
}

/// A clock that all threads share: each look is one later.
#[derive(Clone, Default)]
pub(crate) struct Looks(PlainArc<Mutex<u64>>);

impl Clock for Looks {
    fn now_ns(&self) -> u64 {
        let mut now_ns = self.0.lock().expect("not poisoned");
        *now_ns += 1;
        *now_ns
    }
}

/// What no run asks for.
pub(crate) struct Unrecorded;

impl Recorder for Unrecorded {
    fn enter(&mut self, _state: StateCode) {}
    fn record(&mut self, _stamps: Stamps) {}
    fn record_shared(&mut self, _stamps: Stamps, _times: u64) {}
}

/// What is certain.
#[derive(Default)]
pub(crate) struct Known {
    /// The state of each epoch: said before the gate moves.
    states: Vec<StateCode>,
    /// The epoch that the gate has come to, or a later one.
    epoch: u64,
    /// The epoch that the fence let pass, or 0.
    fenced: u64,
    /// The epoch that the gate had come to when an ack came that was decided under an older one.
    stale_at: u64,
    /// Events whose publication has begun, those before the run among them.
    published: u64,
    /// The next sequence of each reading stage.
    next: Vec<u64>,
    /// Events that each reading stage has read.
    pub(crate) read: Vec<u64>,
    /// Every ack.
    pub(crate) acks: Vec<Ack>,
}

#[derive(Clone)]
pub(crate) struct Certain(PlainArc<Mutex<Known>>);

impl Certain {
    /// Of a run of so many reading stages, on a ring with `first_seq` events that are nobody's.
    pub(crate) fn new(stages: usize, first_seq: u64) -> Self {
        Self(PlainArc::new(Mutex::new(Known {
            states: vec![StateCode::Init],
            published: first_seq,
            next: vec![first_seq; stages],
            read: vec![0; stages],
            ..Known::default()
        })))
    }

    pub(crate) fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().expect("not poisoned")
    }

    /// By the only one who moves the gate, before it does: the epoch that it moves to.
    pub(crate) fn will_move(&self, state: StateCode) -> (u64, StateCode) {
        let mut known = self.known();
        known.states.push(state);
        (known.epoch + 1, known.states[known.epoch as usize])
    }

    /// By the same, when it has.
    pub(crate) fn has_moved(&self) {
        self.known().epoch += 1;
    }

    /// The state and its epoch, for the one who moves it.
    pub(crate) fn state(&self) -> (u64, StateCode) {
        let known = self.known();
        (known.epoch, known.states[known.epoch as usize])
    }

    /// The fence let `epoch` pass.
    pub(crate) fn set_fenced(&self, epoch: u64) {
        self.known().fenced = epoch;
    }

    /// Events whose publication has begun, those before the run among them.
    pub(crate) fn published(&self) -> u64 {
        self.known().published
    }
}

/// The writing end of a ring, of which is known what was published when.
pub(crate) struct Watched<P> {
    pub(crate) ring: P,
    pub(crate) certain: Certain,
}

impl<P: Publish> Publish for Watched<P> {
    fn publish(&mut self, payload: Payload) {
        self.certain.known().published += 1;
        self.ring.publish(payload);
    }
}

/// The reader of a stage: an event is the one that was expected, and none comes before its upstreams have
/// come to it.
pub(crate) struct Checked {
    pub(crate) reader: EventReader,
    pub(crate) certain: Certain,
    /// The index of its stage.
    pub(crate) stage: usize,
    /// Where it says how far it is.
    pub(crate) progress: Arc<Progress>,
    /// The stages before it, by index, and where they say how far they are.
    pub(crate) upstreams: Vec<(usize, Arc<Progress>)>,
    pub(crate) first_seq: u64,
    /// Whether the source's events come in its order and once.
    pub(crate) in_order: bool,
}

impl Checked {
    fn check(&self, payload: Payload, seq: u64) {
        let event: Event = bytemuck::cast(payload);
        assert_eq!(event.order_id, !event.sequence, "torn: event {seq}");
        if self.in_order {
            assert_eq!(event.sequence, seq - self.first_seq, "another event");
        }
        if self.progress.get() == u64::MAX {
            // What is left is only counted.
            return;
        }
        for (upstream, progress) in &self.upstreams {
            let next = self.certain.known().next[*upstream];
            assert!(
                next > seq || progress.get() == u64::MAX,
                "stage {} read {seq} before stage {upstream}, which is at {next}",
                self.stage
            );
        }
    }

    /// The stage is at the reader's place, and has read `count` events more.
    fn note(&self, count: u64) {
        let next = self.reader.next_seq();
        let mut known = self.certain.known();
        assert!(
            known.next[self.stage] <= next,
            "stage {} went back",
            self.stage
        );
        known.next[self.stage] = next;
        known.read[self.stage] += count;
    }
}

impl Reader for Checked {
    type Item = Payload;

    fn next_seq(&self) -> u64 {
        self.reader.next_seq()
    }

    fn poll(&mut self) -> Result<Option<Payload>, Overrun> {
        let seq = self.reader.next_seq();
        let polled = self.reader.poll()?;
        if let Some(payload) = polled {
            self.check(payload, seq);
            self.note(1);
        }
        Ok(polled)
    }
}

impl Recover for Checked {
    fn capacity(&self) -> usize {
        Recover::capacity(&self.reader)
    }

    fn read_batch(&mut self, out: &mut [Payload]) -> Result<usize, Overrun> {
        let first = self.reader.next_seq();
        let read = self.reader.read_into(out)?;
        for (payload, seq) in out[..read].iter().zip(first..) {
            self.check(*payload, seq);
        }
        self.note(read as u64);
        Ok(read)
    }

    fn has_unread(&self, count: u64) -> bool {
        self.reader.has_unread(count)
    }

    fn recover_to_oldest(&mut self) -> u64 {
        let skipped = self.reader.reset_to_oldest();
        self.note(0);
        skipped
    }

    fn recover_to_head(&mut self) -> u64 {
        let skipped = self.reader.reset_to_head();
        self.note(0);
        skipped
    }

    fn restart_at_oldest(&mut self) -> u64 {
        let skipped = self.reader.restart_at_oldest();
        self.note(0);
        skipped
    }

    fn lost(&self) -> u64 {
        self.reader.lost()
    }

    fn shed(&self) -> u64 {
        self.reader.shed()
    }
}

/// Where an executor's acks go: each keeps what the gate promises, and goes on into a ring, if there is one.
pub(crate) struct CheckedAcks {
    pub(crate) certain: Certain,
    pub(crate) ring: Option<Producer>,
}

impl Acks for CheckedAcks {
    fn publish(&mut self, stamped: StampedAck) {
        let ack = stamped.ack;
        {
            let mut known = self.certain.known();
            let state = known.states.get(ack.epoch as usize);
            let state = *state.unwrap_or_else(|| panic!("an epoch that never was: {ack:?}"));
            assert_ne!(state, StateCode::Init, "decided in INIT: {ack:?}");
            assert_eq!(ack.executed == 1, state == StateCode::Ready, "{ack:?}");
            assert!(ack.epoch >= known.fenced, "behind the fence: {ack:?}");
            // The gate is read for each event: when it has moved, one may be decided already, and no second.
            let epoch = known.epoch;
            if ack.epoch < epoch {
                let before = core::mem::replace(&mut known.stale_at, epoch);
                assert!(before < epoch, "the gate is at {epoch}: {ack:?}");
            }
            if let Some(last) = known.acks.last() {
                assert!(
                    last.seq < ack.seq && last.epoch <= ack.epoch,
                    "{last:?}, {ack:?}"
                );
            }
            known.acks.push(ack);
        }
        if let Some(ring) = &mut self.ring {
            Acks::publish(ring, stamped);
        }
    }
}
