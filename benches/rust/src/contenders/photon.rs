//! photon-ring, the lossy channel: slots with a stamp, and a head that is stored with every event.

use photon_ring::{Publisher, Subscriber, TryRecvError, channel};
use tickpath_core::bus::Payload;

use crate::ends::{Contender, Receiving, Sending};
use crate::item::{Check, payload};

/// `channel`.
#[derive(Debug)]
pub(crate) struct Photon;

impl Contender for Photon {
    type Tx = Publisher<Payload>;
    type Rx = Subscriber<Payload>;
    const OVERWRITES: bool = true;

    fn open(slots: usize, readers: usize) -> (Self::Tx, Vec<Self::Rx>) {
        let (publisher, ring) = channel(slots);
        (publisher, (0..readers).map(|_| ring.subscribe()).collect())
    }
}

impl Sending for Publisher<Payload> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> usize {
        (first..first + count as u64).for_each(|seq| self.publish(payload(seq)));
        count
    }
}

impl Receiving for Subscriber<Payload> {
    #[inline(always)]
    fn receive(&mut self, limit: usize, check: &mut Check) -> usize {
        for count in 0..limit {
            match self.try_recv() {
                Ok(payload) => check.take(&payload),
                Err(TryRecvError::Empty | TryRecvError::Lagged { .. }) => return count,
            }
        }
        limit
    }

    fn lost(&self) -> Option<u64> {
        Some(self.total_lagged())
    }
}
