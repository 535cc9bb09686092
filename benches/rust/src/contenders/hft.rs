//! hft-channel in one process: slots with a state of their own, read through a copy.

use hft_channel::spmc_broadcast::{HeapReceiver, HeapSender, local_channel};
use tickpath_core::bus::Payload;

use crate::ends::{Contender, Receiving, Sending};
use crate::item::{Check, payload};

/// `local_channel`.
#[derive(Debug)]
pub(crate) struct Hft;

impl Contender for Hft {
    type Tx = HeapSender<Payload>;
    type Rx = HeapReceiver<Payload>;
    const OVERWRITES: bool = true;

    fn open(slots: usize, readers: usize) -> (Self::Tx, Vec<Self::Rx>) {
        let (tx, rx) = local_channel(slots);
        (tx, (0..readers).map(|_| rx.clone()).collect())
    }
}

impl Sending for HeapSender<Payload> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> usize {
        for seq in first..first + count as u64 {
            let (_, slot) = self.reserve();
            *slot = payload(seq);
            self.commit();
        }
        count
    }
}

impl Receiving for HeapReceiver<Payload> {
    #[inline(always)]
    fn receive(&mut self, limit: usize, check: &mut Check) -> usize {
        for count in 0..limit {
            match self.try_recv() {
                (_, Some(payload)) => check.take(payload),
                (_, None) => return count,
            }
        }
        limit
    }
}
