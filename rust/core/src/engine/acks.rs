//! The ack ring: what the executor says of each event, for whoever wants to look.
//!
//! It is an event ring like any other: the executor is its producer and never waits, a reader that
//! falls behind learns exactly how many acks it missed. An ack takes one slot of 64 bytes: the 40
//! bytes of `ACK_DTYPE` and, in the two words left, the stamps that the event came with.

use bytemuck::{Pod, Zeroable};

use crate::bus::{Payload, Producer};
use crate::execution::Ack;

/// An ack and the stamps of its event: a slot of the ack ring, 56 bytes, little-endian.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Pod, Zeroable)]
#[repr(C)]
pub struct StampedAck {
    /// The ack.
    pub ack: Ack,
    /// When the event was published, in nanoseconds.
    pub published_ns: u64,
    /// When it was to be published, in nanoseconds; 0 where there is no plan.
    pub intended_ns: u64,
}

const _: () = assert!(size_of::<StampedAck>() == size_of::<Payload>());

impl StampedAck {
    /// The ack in a slot of an ack ring.
    pub fn from_payload(payload: Payload) -> Self {
        bytemuck::cast(payload)
    }
}

/// What an executor does with an ack beside counting it.
pub trait Acks {
    /// Takes one ack. Never blocks, never fails.
    fn publish(&mut self, ack: StampedAck);
}

/// No ack ring: nothing is done, and nothing is left of it in the executor's code.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoAcks;

impl Acks for NoAcks {
    #[inline(always)]
    fn publish(&mut self, _ack: StampedAck) {}
}

/// Acks into a ring.
impl Acks for Producer {
    #[inline(always)]
    fn publish(&mut self, ack: StampedAck) {
        Self::publish(self, bytemuck::cast(ack));
    }
}
