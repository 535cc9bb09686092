//! crossbeam's bounded queues, made for many writers and readers: `ArrayQueue` and the channel. Never
//! overwrite.

use crossbeam_channel::{Receiver, Sender, bounded};
use crossbeam_queue::ArrayQueue;
use tickpath_core::bus::Payload;
use tickpath_core::sync::Arc;

use crate::ends::{Contender, Receiving, Sending};
use crate::item::{Check, payload};

/// `ArrayQueue`.
#[derive(Debug)]
pub(crate) struct Array;

impl Contender for Array {
    type Tx = Arc<ArrayQueue<Payload>>;
    type Rx = Arc<ArrayQueue<Payload>>;
    const OVERWRITES: bool = false;

    fn open(slots: usize, _: usize) -> (Self::Tx, Vec<Self::Rx>) {
        let queue = Arc::new(ArrayQueue::new(slots));
        (Arc::clone(&queue), vec![queue])
    }
}

impl Sending for Arc<ArrayQueue<Payload>> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> usize {
        let fits = |&seq: &u64| self.push(payload(seq)).is_ok();
        (first..first + count as u64).take_while(fits).count()
    }
}

impl Receiving for Arc<ArrayQueue<Payload>> {
    #[inline(always)]
    fn receive(&mut self, limit: usize, check: &mut Check) -> usize {
        let mut count = 0;
        while count < limit
            && let Some(payload) = self.pop()
        {
            check.take(&payload);
            count += 1;
        }
        count
    }
}

/// The bounded channel.
#[derive(Debug)]
pub(crate) struct Channel;

impl Contender for Channel {
    type Tx = Sender<Payload>;
    type Rx = Receiver<Payload>;
    const OVERWRITES: bool = false;

    fn open(slots: usize, _: usize) -> (Self::Tx, Vec<Self::Rx>) {
        let (tx, rx) = bounded(slots);
        (tx, vec![rx])
    }
}

impl Sending for Sender<Payload> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> usize {
        let fits = |&seq: &u64| self.try_send(payload(seq)).is_ok();
        (first..first + count as u64).take_while(fits).count()
    }
}

impl Receiving for Receiver<Payload> {
    #[inline(always)]
    fn receive(&mut self, limit: usize, check: &mut Check) -> usize {
        let mut count = 0;
        while count < limit
            && let Ok(payload) = self.try_recv()
        {
            check.take(&payload);
            count += 1;
        }
        count
    }
}
