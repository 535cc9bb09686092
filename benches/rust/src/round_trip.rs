//! There and back: an event goes to the other core through one ring and its echo comes back through
//! another; the next one leaves when it has arrived.

use hdrhistogram::Histogram;
use tickpath_core::engine::{WARM_UP_TRIPS, Wait};
use tickpath_core::os::pin_current_thread;
use tickpath_core::sync::thread;
use tickpath_core::time::{Clock as _, EngineClock};

use crate::ends::{Contender, Idle, Receiving, Sending};
use crate::flow::{Shared, join};
use crate::item::Check;

/// One measurement.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Trip {
    pub(crate) slots: usize,
    /// Round trips that count.
    pub(crate) trips: u64,
    pub(crate) wait: Wait,
    pub(crate) cores: [usize; 2],
    pub(crate) clock: EngineClock,
}

/// Round trips before those that count.
pub(crate) const WARM_UP: u64 = WARM_UP_TRIPS;

impl Trip {
    /// Round trips in all.
    pub(crate) const fn rounds(&self) -> u64 {
        self.trips + WARM_UP
    }

    /// Times `once` as often as it should be, on the first core.
    ///
    /// # Errors
    /// Returns an error if `once` does, or the thread cannot be pinned.
    #[inline(always)]
    pub(crate) fn time(
        &self,
        mut once: impl FnMut(u64) -> Result<(), String>,
    ) -> Result<Histogram<u64>, String> {
        let mut histogram = latencies();
        pin_current_thread(self.cores[0]).map_err(|refusal| refusal.to_string())?;
        let mut before = self.clock.now_ns();
        for seq in 0..self.rounds() {
            once(seq)?;
            let now = self.clock.now_ns();
            if seq >= WARM_UP {
                histogram.saturating_record(now.saturating_sub(before));
            }
            // What recording costs is not the next trip's.
            before = self.clock.now_ns();
        }
        Ok(histogram)
    }
}

/// An empty histogram: up to a second, three digits.
///
/// # Panics
/// Never: the bounds are constants that the constructor accepts.
pub(crate) fn latencies() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 1_000_000_000, 3).expect("constant bounds are valid")
}

/// Times round trips through two new `C`.
///
/// # Errors
/// Returns an error if an event arrives wrong or not at all, or nothing moves for too long.
pub(crate) fn run<C: Contender>(trip: &Trip) -> Result<Histogram<u64>, String> {
    let (mut there, mut out) = C::open(trip.slots, 1);
    let (back, mut home) = C::open(trip.slots, 1);
    let (Some(out), Some(mut home)) = (out.pop(), home.pop()) else {
        return Err("has no reader".to_owned());
    };
    let shared = Shared::new(0);
    thread::scope(|scope| {
        let shared = &shared;
        let echo = scope.spawn(move || echo(trip, shared, out, back));
        let timer = scope.spawn(move || {
            let (mut check, mut idle) = (Check::default(), Idle::new(trip.wait));
            shared.meet(2);
            trip.time(|seq| {
                while there.send(seq, 1) == 0 {
                    idle.turn()?;
                }
                receive(&mut home, &mut check, &mut idle)
            })
        });
        let echoed = join(echo);
        let timed = join(timer);
        echoed.and(timed)
    })
}

fn echo(
    trip: &Trip,
    shared: &Shared,
    mut out: impl Receiving,
    mut back: impl Sending,
) -> Result<(), String> {
    pin_current_thread(trip.cores[1]).map_err(|refusal| refusal.to_string())?;
    shared.meet(2);
    let (mut check, mut idle) = (Check::default(), Idle::new(trip.wait));
    for seq in 0..trip.rounds() {
        receive(&mut out, &mut check, &mut idle)?;
        while back.send(seq, 1) == 0 {
            idle.turn()?;
        }
    }
    Ok(())
}

/// Waits for the next event, which must be the expected one.
#[inline(always)]
pub(crate) fn receive(
    rx: &mut impl Receiving,
    check: &mut Check,
    idle: &mut Idle,
) -> Result<(), String> {
    while rx.receive(1, check) == 0 {
        idle.turn()?;
    }
    if check.wrong + check.lost > 0 {
        return Err(format!("a wrong event before {}", check.expected));
    }
    Ok(())
}
