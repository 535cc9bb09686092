//! The digest of a run's acks: what two runs have to have in common to be the same run.
//!
//! - **What**: SHA-256 over the acks as rows of `ACK_DTYPE`, 40 bytes each, little-endian, in order.
//! - **When**: an ack counts from the moment of its completion. The one of an event that is still worked on
//!   waits in the buffer, and neither the digest nor the ack ring has it yet.
//! - **Allocation**: the buffer, in [`DigestedAcks::new`].

use core::fmt::{self, Write};

use sha2::{Digest, Sha256};

use crate::execution::Ack;

use super::super::{Acks, StampedAck};

/// Acks that are hashed in one go: 40 blocks of the hash.
const ROWS: usize = 64;

/// The digest of the acks so far.
#[derive(Debug, Clone, Default)]
pub struct AcksDigest(Sha256);

impl AcksDigest {
    /// Adds acks, in order.
    #[inline]
    pub fn update(&mut self, rows: &[Ack]) {
        self.0.update(bytemuck::cast_slice::<Ack, u8>(rows));
    }

    /// What it would come to if the acks were followed by `tail` and nothing else: 64 digits, lower case.
    pub fn hex(&self, tail: &[u8]) -> String {
        let mut hash = self.0.clone();
        hash.update(tail);
        let mut text = String::with_capacity(64);
        for byte in hash.finalize() {
            // Writing into a string does not fail.
            let _ = write!(text, "{byte:02x}");
        }
        text
    }
}

/// Takes acks into a digest, and into `ring` where there is one.
pub(super) struct DigestedAcks<A> {
    rows: Box<[Ack; ROWS]>,
    /// When the event of each was published, and when it was to be.
    stamps: Box<[[u64; 2]; ROWS]>,
    waiting: usize,
    digest: AcksDigest,
    ring: A,
}

impl<A> fmt::Debug for DigestedAcks<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DigestedAcks")
            .field("waiting", &self.waiting)
            .finish_non_exhaustive()
    }
}

impl<A: Acks> DigestedAcks<A> {
    /// Whether anybody takes the acks: one who takes nothing is nothing.
    const HAS_RING: bool = size_of::<A>() > 0;

    pub(super) fn new(ring: A) -> Self {
        Self {
            rows: Box::new([Ack::default(); ROWS]),
            stamps: Box::new([[0; 2]; ROWS]),
            waiting: 0,
            digest: AcksDigest::default(),
            ring,
        }
    }

    /// What is in it.
    pub(super) const fn digest(&self) -> &AcksDigest {
        &self.digest
    }

    /// Passes on what has been completed: everything, but for the last one while its event is worked on.
    pub(super) fn settle(&mut self, is_at_work: bool) {
        let completed = self.waiting - usize::from(is_at_work && self.waiting > 0);
        self.pass_on(completed);
        self.rows.copy_within(completed..self.waiting, 0);
        self.stamps.copy_within(completed..self.waiting, 0);
        self.waiting -= completed;
    }

    #[inline(never)]
    fn pass_on(&mut self, count: usize) {
        let rows = &self.rows[..count];
        self.digest.update(rows);
        if !Self::HAS_RING {
            return;
        }
        for (ack, [published_ns, intended_ns]) in rows.iter().zip(&*self.stamps) {
            self.ring.publish(StampedAck {
                ack: *ack,
                published_ns: *published_ns,
                intended_ns: *intended_ns,
            });
        }
    }
}

impl<A: Acks> Acks for DigestedAcks<A> {
    #[inline(always)]
    fn publish(&mut self, ack: StampedAck) {
        if self.waiting == ROWS {
            self.pass_on(ROWS);
            self.waiting = 0;
        }
        self.rows[self.waiting] = ack.ack;
        if Self::HAS_RING {
            self.stamps[self.waiting] = [ack.published_ns, ack.intended_ns];
        }
        self.waiting += 1;
    }
}
