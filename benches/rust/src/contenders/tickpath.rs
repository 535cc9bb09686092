//! Ours: the event ring. A full ring overwrites; a reader that lost something goes on half a ring
//! behind the head.

use tickpath_core::bus::{EventReader, EventRing, Producer, Reader as _, Start};

use crate::ends::{Contender, Receiving, Sending};
use crate::item::{Check, payload};

/// The event ring.
#[derive(Debug)]
pub(crate) struct Tickpath;

impl Contender for Tickpath {
    type Tx = Producer;
    type Rx = EventReader;
    const OVERWRITES: bool = true;

    fn open(slots: usize, readers: usize) -> (Producer, Vec<EventReader>) {
        let (producer, ring) = EventRing::try_new(slots).expect("memory for the ring");
        let reader = |_| {
            ring.reader(Start::Oldest)
                .expect("the oldest always exists")
        };
        (producer, (0..readers).map(reader).collect())
    }
}

/// The event ring with a reader that takes lines over; for one reader.
#[derive(Debug)]
pub(crate) struct TickpathClaiming;

impl Contender for TickpathClaiming {
    type Tx = Producer;
    type Rx = EventReader<true>;
    const OVERWRITES: bool = true;

    fn open(slots: usize, readers: usize) -> (Producer, Vec<EventReader<true>>) {
        let (producer, plain) = Tickpath::open(slots, readers);
        (
            producer,
            plain.into_iter().map(EventReader::claiming).collect(),
        )
    }
}

impl Sending for Producer {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> usize {
        self.publish_many((first..first + count as u64).map(payload));
        count
    }
}

impl<const CLAIMS: bool> Receiving for EventReader<CLAIMS> {
    #[inline(always)]
    fn receive(&mut self, limit: usize, check: &mut Check) -> usize {
        let read = if limit == 1 {
            // As the engine's stages do: one event at a time.
            self.poll().map(|payload| {
                payload.map_or(0, |payload| {
                    check.take(&payload);
                    1
                })
            })
        } else {
            self.read_with(limit, |payload| check.take(&payload))
        };
        read.unwrap_or_else(|_| {
            self.reset_to_oldest();
            0
        })
    }

    fn lost(&self) -> Option<u64> {
        Some(self.cursor().lost())
    }
}
