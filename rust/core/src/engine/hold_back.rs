//! A feed that is held back: for measuring how fast events go through when none is lost.
//!
//! A measuring device and no part of the engine's semantics: the ring itself never waits for a reader.

use crate::bus::{Payload, Producer};
use crate::sync::{Arc, spin_loop};

use super::{Control, Publish, Upstreams};

/// Publishes only while the slowest of `readers` is at most three quarters of the ring behind; spins
/// until it is.
#[derive(Debug)]
pub struct HeldBack {
    producer: Producer,
    readers: Upstreams,
    control: Arc<Control>,
    window: u64,
    /// May be published without another look at the readers.
    limit: u64,
}

impl HeldBack {
    /// Holds `producer` back by `readers`, until `control` is stopped.
    pub fn new(producer: Producer, readers: Upstreams, control: Arc<Control>) -> Self {
        let window = (producer.ring().capacity() as u64 * 3 / 4).max(1);
        Self {
            producer,
            readers,
            control,
            window,
            limit: 0,
        }
    }

    /// Hands the producer back.
    pub fn into_producer(self) -> Producer {
        self.producer
    }

    #[cold]
    fn wait(&mut self) {
        loop {
            self.limit = self.readers.reached().saturating_add(self.window);
            if self.producer.next_seq() < self.limit || self.control.is_stopped() {
                return;
            }
            spin_loop();
        }
    }
}

impl Publish for HeldBack {
    #[inline(always)]
    fn publish(&mut self, payload: Payload) {
        if self.producer.next_seq() >= self.limit {
            self.wait();
        }
        self.producer.publish(payload);
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::super::Progress;
    use super::*;
    use crate::bus::EventRing;

    /// Its thread may have died, and says nothing any more.
    #[test]
    fn a_feed_does_not_wait_for_a_reader_when_the_run_is_stopped() {
        let (producer, _ring) = EventRing::try_new(4).expect("a few slots");
        let readers = Upstreams::new([Arc::new(Progress::new(0))]);
        let control = Arc::new(Control::new(0, 0));
        control.stop();
        let mut held = HeldBack::new(producer, readers, control);
        (0..9).for_each(|_| held.publish([0; 7]));
        assert_eq!(held.into_producer().next_seq(), 9);
    }
}
