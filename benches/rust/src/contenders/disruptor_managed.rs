//! disruptor with managed threads: the library's own threads call a handler. Never overwrites.

use disruptor::wait_strategies::WaitStrategy;
use disruptor::{ProcessorSettings as _, Sequence, build_single_producer};
use hdrhistogram::Histogram;
use std::sync::mpsc;
use tickpath_core::engine::Wait;
use tickpath_core::os::pin_current_thread;
use tickpath_core::sync::thread;
use tickpath_core::time::{Clock as _, MonotonicClock};

use super::disruptor_polled::{Polled, Publishing};
use crate::ends::{Contender as _, Idle, Sending};
use crate::flow::{End, Flow, Passed, account, join};
use crate::item::{Check, Line};
use crate::round_trip::{Trip, receive};

/// Our ways of waiting, as the library wants them.
#[derive(Debug, Clone, Copy)]
struct Waiting(Wait);

impl WaitStrategy for Waiting {
    #[inline]
    fn wait_for(&self, _: Sequence) {
        self.0.idle();
    }
}

/// A handler that checks, and reports when it has seen the last event or a wrong one.
fn checking(
    events: u64,
    done: mpsc::Sender<Result<End, String>>,
) -> impl FnMut(&Line, Sequence, bool) + Send {
    let mut check = Check::default();
    move |line, _, _| {
        check.take_line(line);
        if check.expected == events || check.wrong > 0 {
            let at_ns = MonotonicClock.now_ns();
            // The other side is gone only if it gave up, and then it said why.
            let _ = done.send(if check.wrong > 0 {
                Err(format!("a wrong event before {}", check.expected))
            } else {
                Ok(End {
                    at_ns,
                    lost: check.lost,
                })
            });
        }
    }
}

/// As [`crate::flow::run`], with one or two handlers.
///
/// # Errors
/// Returns an error if an event arrives wrong or not at all, or nothing moves for too long.
pub(crate) fn flow(flow: &Flow) -> Result<Passed, String> {
    let (done, ends) = mpsc::channel();
    let handler = || checking(flow.events, done.clone());
    let builder = build_single_producer(flow.slots, Line::default, Waiting(flow.wait))
        .pin_at_core(flow.core_of_reader(0))
        .handle_events_with(handler());
    let started = if flow.readers == 1 {
        write(flow, Publishing(builder.build()))?
    } else {
        let builder = builder.pin_at_core(flow.core_of_reader(1));
        write(
            flow,
            Publishing(builder.handle_events_with(handler()).build()),
        )?
    };
    // The producer is gone, and its threads with it: all have reported.
    account(flow, started, ends.try_iter().collect())
}

fn write<T: Sending>(flow: &Flow, mut tx: T) -> Result<u64, String> {
    thread::scope(|scope| {
        let writer = scope.spawn(move || {
            pin_current_thread(flow.cores[0]).map_err(|refusal| refusal.to_string())?;
            let started_ns = MonotonicClock.now_ns();
            let (mut idle, mut next) = (Idle::new(flow.wait), 0);
            while next < flow.events {
                let count = (flow.events - next).min(flow.batch as u64);
                match tx.send(next, count as usize) {
                    0 => idle.turn()?,
                    sent => next += sent as u64,
                }
            }
            Ok(started_ns)
        });
        join(writer)
    })
}

/// As [`crate::round_trip::run`]; the echo is a handler, the answer is polled.
///
/// # Errors
/// Returns an error if an event arrives wrong or not at all, or nothing moves for too long.
pub(crate) fn trip(trip: &Trip) -> Result<Histogram<u64>, String> {
    let (mut back, mut home) = Polled::open(trip.slots, 1);
    let Some(mut home) = home.pop() else {
        return Err("has no reader".to_owned());
    };
    let mut seq = 0;
    let mut out = Publishing(
        build_single_producer(trip.slots, Line::default, Waiting(trip.wait))
            .pin_at_core(trip.cores[1])
            .handle_events_with(move |line: &Line, _, _| {
                let mut check = Check {
                    expected: seq,
                    ..Check::default()
                };
                check.take_line(line);
                // A wrong event goes no further, and the trip is then stuck.
                if check.wrong + check.lost == 0 {
                    back.send(seq, 1);
                }
                seq += 1;
            })
            .build(),
    );
    thread::scope(|scope| {
        let timer = scope.spawn(move || {
            let (mut check, mut idle) = (Check::default(), Idle::new(trip.wait));
            trip.time(|seq| {
                while out.send(seq, 1) == 0 {
                    idle.turn()?;
                }
                receive(&mut home, &mut check, &mut idle)
            })
        });
        join(timer)
    })
}
