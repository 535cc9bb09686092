//! The floor of every hand-over: two cache lines, each written by one core and awaited by the other.
//!
//! Nothing that tells another core of an event and hears of it again can be sooner than one trip. Both
//! threads take their whole core until it is over, which is after a number of trips or a stretch of time.

use core::convert::Infallible;

use crate::metrics::LatencyHistogram;
use crate::os::{Refusal, Topology, pin_current_thread};
use crate::sync::thread;
use crate::time::Clock;

use super::two_lines::LAST;
use super::{EngineError, SettingsError, TwoLines, Wait};

/// Trips before those that count.
pub const WARM_UP_TRIPS: u64 = 1_000;

/// What the trips between two cores took.
#[derive(Debug)]
pub struct PingPong {
    /// Each from before it left until after it was back, the price of a stamp included.
    pub trips: LatencyHistogram,
    /// The core of the timer, and that of the echo.
    pub cores: [usize; 2],
    /// What the machine would not do.
    pub refused: Vec<Refusal>,
}

impl PingPong {
    /// Makes `trips` trips between the two cores that feed and executor get where nothing else is asked
    /// for, or fewer if `limit_ns` is over before.
    ///
    /// # Errors
    /// Returns an error without two cores, and if there is no thread to be had.
    pub fn measure<C>(clock: &C, wait: Wait, trips: u64, limit_ns: u64) -> Result<Self, EngineError>
    where
        C: Clock + Clone + Send,
    {
        let best = Topology::read().best_first();
        let [executor, feed, ..] = best[..] else {
            let text = format!("a ping-pong is between two cores: there are {}", best.len());
            return Err(SettingsError(text).into());
        };
        let lines = TwoLines::default();
        let timer = Timer {
            lines: &lines,
            clock: clock.clone(),
            trips,
            limit_ns,
        };
        let idle = move || {
            wait.idle();
            Ok::<(), Infallible>(())
        };
        let (echoed, timed) = thread::scope(|scope| {
            let named = |name: &str| thread::Builder::new().name(name.to_owned());
            let lines = &lines;
            let echo = named("ping-pong echo").spawn_scoped(scope, move || {
                let pinned = pin_current_thread(executor);
                let mut turn = 0;
                while turn != LAST {
                    let Ok(seen) = lines.answer(turn + 1, idle);
                    turn = seen;
                }
                pinned
            });
            // Without an echo nobody answers.
            let echo = echo.map_err(|e| EngineError::NoThread(e.to_string()))?;
            let timer = named("ping-pong timer").spawn_scoped(scope, move || {
                let pinned = pin_current_thread(feed);
                (pinned, timer.time(idle))
            });
            let timer = timer.map_err(|e| EngineError::NoThread(e.to_string()))?;
            let timed = timer.join();
            let echoed = echo.join();
            (echoed.and_then(|echoed| timed.map(|timed| (echoed, timed))))
                .map_err(|panic| EngineError::panicked("ping-pong", &*panic))
        })?;
        let (pinned, trips) = timed;
        Ok(Self {
            trips,
            cores: [feed, executor],
            refused: [pinned, echoed]
                .into_iter()
                .filter_map(Result::err)
                .collect(),
        })
    }
}

/// One end: sends, waits, and takes the time.
struct Timer<'a, C> {
    lines: &'a TwoLines,
    clock: C,
    trips: u64,
    limit_ns: u64,
}

impl<C> Drop for Timer<'_, C> {
    /// However it ends: the echo waits for this.
    fn drop(&mut self) {
        self.lines.end();
    }
}

impl<C: Clock> Timer<'_, C> {
    fn time(self, idle: impl Fn() -> Result<(), Infallible>) -> LatencyHistogram {
        let mut trips = LatencyHistogram::new();
        let mut before_ns = self.clock.now_ns();
        let end_ns = before_ns.saturating_add(self.limit_ns);
        for turn in 1..=self.trips.saturating_add(WARM_UP_TRIPS) {
            let Ok(()) = self.lines.trip(turn, &idle);
            let now_ns = self.clock.now_ns();
            if turn > WARM_UP_TRIPS {
                trips.record(now_ns.saturating_sub(before_ns));
            }
            if now_ns >= end_ns {
                break;
            }
            // What recording costs is not the next trip's.
            before_ns = self.clock.now_ns();
        }
        trips
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::MonotonicClock;

    const GIVE_WAY: Wait = Wait::Yield;

    fn two_cores() -> bool {
        Topology::read().best_first().len() >= 2
    }

    #[test]
    fn every_trip_that_counts_is_counted_and_no_other() {
        let made = PingPong::measure(&MonotonicClock, GIVE_WAY, 500, u64::MAX);
        if !two_cores() {
            let error = made.expect_err("one core").to_string();
            assert!(error.contains("two cores"), "{error}");
            return;
        }
        let made = made.expect("two cores");
        assert_eq!(made.trips.count(), 500);
        assert_ne!(made.cores[0], made.cores[1]);
    }

    #[test]
    fn it_ends_when_its_time_is_over() {
        if two_cores() {
            let made = PingPong::measure(&MonotonicClock, GIVE_WAY, u64::MAX, 0);
            assert_eq!(made.expect("two cores").trips.count(), 0);
        }
    }
}
