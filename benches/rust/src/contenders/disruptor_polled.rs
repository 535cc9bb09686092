//! disruptor through its event poller: the benchmark's own threads poll. Never overwrites.

use disruptor::{
    BusySpin, EventPoller, MultiConsumerBarrier, Producer, SingleConsumerBarrier, SingleProducer,
    SingleProducerBarrier, build_single_producer,
};

use crate::ends::{Contender, Receiving, Sending};
use crate::item::{Check, Line};

/// One poller.
#[derive(Debug)]
pub(crate) struct Polled;

/// Two pollers; the library gives the producer another type for them.
#[derive(Debug)]
pub(crate) struct PolledByTwo;

/// The writing end.
pub(crate) struct Publishing<P>(pub(crate) P);

/// A reading end.
pub(crate) struct Polling(EventPoller<Line, SingleProducerBarrier>);

impl Contender for Polled {
    type Tx = Publishing<SingleProducer<Line, SingleConsumerBarrier>>;
    type Rx = Polling;
    const OVERWRITES: bool = false;

    fn open(slots: usize, _: usize) -> (Self::Tx, Vec<Polling>) {
        let builder = build_single_producer(slots, Line::default, BusySpin);
        let (poller, builder) = builder.new_event_poller();
        (Publishing(builder.build()), vec![Polling(poller)])
    }
}

impl Contender for PolledByTwo {
    type Tx = Publishing<SingleProducer<Line, MultiConsumerBarrier>>;
    type Rx = Polling;
    const OVERWRITES: bool = false;

    fn open(slots: usize, _: usize) -> (Self::Tx, Vec<Polling>) {
        let builder = build_single_producer(slots, Line::default, BusySpin);
        let (one, builder) = builder.new_event_poller();
        let (two, builder) = builder.new_event_poller();
        (
            Publishing(builder.build()),
            vec![Polling(one), Polling(two)],
        )
    }
}

impl<P: Producer<Line> + Send> Sending for Publishing<P> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> usize {
        let fits = if count == 1 {
            self.0.try_publish(|line| *line = Line::of(first)).is_ok()
        } else {
            let filled = self.0.try_batch_publish(count, |lines| {
                lines
                    .zip(first..)
                    .for_each(|(line, seq)| *line = Line::of(seq));
            });
            filled.is_ok()
        };
        if fits { count } else { 0 }
    }
}

impl Receiving for Polling {
    #[inline(always)]
    fn receive(&mut self, limit: usize, check: &mut Check) -> usize {
        let Ok(mut lines) = self.0.take(limit as u64) else {
            return 0;
        };
        let mut count = 0;
        for line in &mut lines {
            check.take_line(line);
            count += 1;
        }
        count
    }
}
