//! The machine's own pauses: what a perfect program would have waited on these cores.
//!
//! Spinning on the clock, every step between two reads that is longer than usual is a pause the
//! program had no part in. An event that falls due inside one waits for the rest of it, so the
//! floor of a run is the distribution of that rest at the run's own moments of arrival.

use crate::metrics::{Figures, LatencyHistogram};
use crate::time::Clock;

/// Pauses remembered per window; far more than a machine fit for measuring has.
const PAUSES_MAX: usize = 1 << 16;
/// Arrivals folded over the windows: enough for a p99.99 with a hundred samples beyond it.
const ARRIVALS_MAX: usize = 1 << 20;

/// A stretch of time the clock was watched for on one core.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    length_ns: u64,
    /// The usual time between two reads.
    step_ns: u64,
    /// Start, from the start of the window, and length of each pause, in order.
    pauses: Vec<(u64, u64)>,
    forgotten: u64,
}

impl Window {
    /// Watches `clock` for `length_ns`, or until `stopped` says so. `step_ns` is what one read takes.
    pub fn watch<C: Clock>(
        clock: &C,
        length_ns: u64,
        step_ns: u64,
        stopped: impl Fn() -> bool,
    ) -> Self {
        let step_ns = step_ns.max(1);
        let mut pauses = Vec::with_capacity(PAUSES_MAX);
        let mut forgotten = 0;
        let start = clock.now_ns();
        let mut before = start;
        while before - start < length_ns && !stopped() {
            let now = clock.now_ns();
            // Two usual steps may lie between two reads of a loop that does something as well.
            if now - before > 2 * step_ns {
                if pauses.len() < PAUSES_MAX {
                    pauses.push((before - start, now - before));
                } else {
                    forgotten += 1;
                }
            }
            before = now;
        }
        Self {
            length_ns: before - start,
            step_ns,
            pauses,
            forgotten,
        }
    }

    /// How long an event that falls due at `at_ns` after the start waits.
    fn remaining_ns(&self, at_ns: u64) -> u64 {
        let after = self.pauses.partition_point(|&(start, _)| start <= at_ns);
        let inside = self.pauses[..after]
            .last()
            .map(|&(start, length)| (start + length).saturating_sub(at_ns))
            .filter(|&rest| rest > 0);
        // Between two reads: the rest of the step under way.
        inside.unwrap_or_else(|| self.step_ns - at_ns % self.step_ns)
    }
}

/// The machine's pauses before and after a run, on its cores.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Floor {
    /// The remaining pause at the run's moments of arrival; unknown if nothing was measured.
    pub figures: Figures,
    /// How long was watched, in nanoseconds, over all cores.
    pub watched_ns: u64,
    /// The longest pause seen, whether or not an arrival fell into it.
    pub longest_pause_ns: Option<u64>,
    /// Pauses that found no room to be remembered.
    pub forgotten: u64,
}

impl Floor {
    /// Folds the arrivals of a run over `windows`, one after the other: `arrivals_ns` are the plan's
    /// offsets, in order. Without a plan every moment counts the same; `events` is how many arrived.
    pub fn fold(windows: &[Window], arrivals_ns: Option<&[u64]>, events: usize) -> Self {
        let watched_ns = windows.iter().map(|window| window.length_ns).sum();
        let mut floor = Self {
            watched_ns,
            longest_pause_ns: windows
                .iter()
                .flat_map(|window| &window.pauses)
                .map(|&(_, length)| length)
                .max(),
            forgotten: windows.iter().map(|window| window.forgotten).sum(),
            ..Self::default()
        };
        if watched_ns == 0 || events == 0 {
            return floor;
        }
        let mut rests = LatencyHistogram::new();
        let stride = events.div_ceil(ARRIVALS_MAX);
        for index in (0..events).step_by(stride) {
            let arrival = match arrivals_ns {
                Some(offsets) => offsets[index] % watched_ns,
                None => (index as u128 * u128::from(watched_ns) / events as u128) as u64,
            };
            rests.record(remaining_in(windows, arrival));
        }
        floor.figures = rests.figures();
        floor
    }
}

/// The remaining pause at `at_ns` after the start of the first of `windows`, laid end to end.
fn remaining_in(windows: &[Window], mut at_ns: u64) -> u64 {
    for window in windows {
        if at_ns < window.length_ns {
            return window.remaining_ns(at_ns);
        }
        at_ns -= window.length_ns;
    }
    0
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// Reads take 10 ns each; the read numbered in `pause` takes 5,000.
    struct Scripted {
        now: Cell<u64>,
        reads: Cell<u64>,
        pause_at: u64,
    }

    impl Clock for Scripted {
        fn now_ns(&self) -> u64 {
            self.reads.set(self.reads.get() + 1);
            let step = if self.reads.get() == self.pause_at {
                5_000
            } else {
                10
            };
            self.now.set(self.now.get() + step);
            self.now.get()
        }
    }

    fn window(pause_at: u64) -> Window {
        let clock = Scripted {
            now: Cell::new(0),
            reads: Cell::new(0),
            pause_at,
        };
        Window::watch(&clock, 10_000, 10, || false)
    }

    #[test]
    fn a_pause_is_found_where_it_was_and_nothing_else() {
        let window = window(101);
        assert_eq!(window.pauses, [(990, 5_000)]);
        assert!(window.length_ns >= 10_000);
        assert_eq!(window.remaining_ns(989), 1);
        assert_eq!(window.remaining_ns(990), 5_000);
        assert_eq!(window.remaining_ns(3_990), 2_000);
        assert_eq!(window.remaining_ns(5_990), 10);
    }

    #[test]
    fn the_floor_weighs_a_pause_by_the_arrivals_that_fall_into_it() {
        let windows = [window(101)];
        // Half of the time is pause, so half of evenly spread arrivals wait in it.
        let even = Floor::fold(&windows, None, 10_000).figures;
        assert_eq!(even.count, 10_000);
        assert!(
            even.percentiles_ns[0].is_some_and(|p50| p50 < 100),
            "{even:?}"
        );
        assert!(
            even.percentiles_ns[1].is_some_and(|p90| p90 > 3_900),
            "{even:?}"
        );
        // The same pause does not exist for arrivals that all fall elsewhere.
        let offsets: Vec<u64> = (0..10_000).map(|i| 6_500 + i % 1_000).collect();
        let elsewhere = Floor::fold(&windows, Some(&offsets), offsets.len());
        assert!(elsewhere.figures.max_ns <= Some(10));
        assert_eq!(elsewhere.longest_pause_ns, Some(5_000));
    }

    #[test]
    fn arrivals_go_round_over_all_windows() {
        let windows = [window(u64::MAX), window(101)];
        let in_second = windows[0].length_ns + 1_000;
        let lap = windows[0].length_ns + windows[1].length_ns;
        for offset in [in_second, in_second + lap, in_second + 7 * lap] {
            let figures = Floor::fold(&windows, Some(&[offset]), 1).figures;
            assert_eq!(figures.max_ns, Some(4_990));
        }
    }

    #[test]
    fn nothing_watched_is_unknown() {
        assert_eq!(Floor::fold(&[], None, 100), Floor::default());
        assert_eq!(Floor::fold(&[window(1)], None, 0).figures.count, 0);
    }

    #[test]
    fn watching_ends_when_it_is_told_to() {
        let clock = Scripted {
            now: Cell::new(0),
            reads: Cell::new(0),
            pause_at: 0,
        };
        let looks = Cell::new(0);
        let window = Window::watch(&clock, u64::MAX, 10, || {
            looks.set(looks.get() + 1);
            looks.get() > 5
        });
        assert_eq!(window.length_ns, 50);
    }
}
