//! tokio's broadcast channel, polled without a runtime. A full channel overwrites.

use tickpath_core::bus::Payload;
use tokio::sync::broadcast::{Receiver, Sender, channel};

use crate::ends::{Contender, Receiving, Sending};
use crate::item::{Check, payload};

/// `broadcast::channel`.
#[derive(Debug)]
pub(crate) struct Broadcast;

impl Contender for Broadcast {
    type Tx = Sender<Payload>;
    type Rx = Receiver<Payload>;
    const OVERWRITES: bool = true;

    fn open(slots: usize, readers: usize) -> (Self::Tx, Vec<Self::Rx>) {
        let (tx, rx) = channel(slots);
        let more: Vec<_> = (1..readers).map(|_| tx.subscribe()).collect();
        (tx, std::iter::once(rx).chain(more).collect())
    }
}

impl Sending for Sender<Payload> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> usize {
        for seq in first..first + count as u64 {
            // Nobody listens only when the readers have given up, and they have said why.
            let _ = Sender::send(self, payload(seq));
        }
        count
    }
}

impl Receiving for Receiver<Payload> {
    #[inline(always)]
    fn receive(&mut self, limit: usize, check: &mut Check) -> usize {
        for count in 0..limit {
            match self.try_recv() {
                Ok(payload) => check.take(&payload),
                Err(_) => return count,
            }
        }
        limit
    }
}
