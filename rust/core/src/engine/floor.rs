//! The machine's own pauses: what a perfect program would have waited on these cores.
//!
//! Spinning on the clock, every step between two reads that is longer than usual is a pause the
//! program had no part in. An event that falls due inside one waits for the rest of it, so the
//! floor of a run is the distribution of that rest at the run's own moments of arrival.
//!
//! The cores of the stages can be watched before and after a run only ([`Floor::fold`] lays the arrivals
//! over those windows); where there is a core to spare it is watched during the run, and each arrival
//! meets the pause that was really there at its moment ([`Floor::with_during`]).

pub use crate::metrics::Window;
use crate::metrics::{Basis, Figures, LatencyHistogram, Pause};

use super::Rebased;

/// Arrivals folded over the windows: enough for a p99.99 with a hundred samples beyond it.
const ARRIVALS_MAX: usize = 1 << 20;
/// Pauses up to this are in the distribution, and not in the list.
const LISTED_NS_MIN: u64 = 1_000;

/// When a run was, on its own clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunSpan<'a> {
    /// When its plan began.
    pub begin_ns: u64,
    /// When it ended; arrivals planned for later never came.
    pub end_ns: u64,
    /// How the plan was shifted on the way, in order.
    pub shifts: &'a [Rebased],
}

impl RunSpan<'_> {
    /// How long it was.
    const fn length_ns(&self) -> u64 {
        self.end_ns.saturating_sub(self.begin_ns)
    }

    /// When event `index`, planned for `offset_ns`, was really due, after the beginning.
    fn due_ns(&self, index: usize, offset_ns: u64) -> u64 {
        let shifts = self.shifts.iter().take_while(|shift| index >= shift.index);
        shifts.fold(offset_ns, |due_ns, shift| {
            due_ns.saturating_add_signed(shift.shift_ns)
        })
    }
}

/// The machine's pauses before, after and, where it was watched then, during a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Floor {
    /// The remaining pause at the run's moments of arrival; unknown if nothing was measured.
    pub figures: Figures,
    /// Whether the machine was watched at every moment of arrival, too.
    pub continuous: bool,
    /// How long was watched, in nanoseconds, over all cores.
    pub watched_ns: u64,
    /// The longest pause seen, whether or not an arrival fell into it.
    pub longest_pause_ns: Option<u64>,
    /// Pauses that found no room to be remembered.
    pub forgotten: u64,
    rests: LatencyHistogram,
    /// By their start.
    pauses: Vec<Pause>,
}

impl Floor {
    /// The samples that the figures are of.
    pub const fn rests(&self) -> &LatencyHistogram {
        &self.rests
    }

    /// Folds the arrivals of a run over `windows`, one after the other: `arrivals_ns` are the plan's
    /// offsets, in order. Without a plan every moment counts the same; `events` is how many arrived.
    pub fn fold(windows: &[Window], arrivals_ns: Option<&[u64]>, events: usize) -> Self {
        let mut floor = Self::default();
        for window in windows {
            floor.take_note_of(window);
        }
        let lap_ns = lap_ns(windows);
        if lap_ns > 0 {
            for (_, offset_ns) in sampled(arrivals_ns, events, lap_ns) {
                floor.rests.record(rest_in(windows, offset_ns % lap_ns));
            }
        }
        floor.figures = floor.rests.figures();
        floor
    }

    /// Adds what was seen during the run by a thread on a core of its own, with the same clock.
    ///
    /// Each arrival that came is one more sample: of the pause that was there at its moment.
    #[must_use]
    pub fn with_during(
        mut self,
        window: &Window,
        span: RunSpan<'_>,
        arrivals_ns: Option<&[u64]>,
        events: usize,
    ) -> Self {
        self.take_note_of(window);
        let length_ns = span.length_ns();
        let (mut arrived, mut unwatched) = (0_u64, 0_u64);
        for (index, offset_ns) in sampled(arrivals_ns, events, length_ns) {
            let due_ns = match arrivals_ns {
                Some(_) => span.due_ns(index, offset_ns),
                None => offset_ns,
            };
            if due_ns > length_ns {
                break;
            }
            arrived += 1;
            match window.remaining_ns(span.begin_ns + due_ns) {
                Some(rest_ns) => self.rests.record(rest_ns),
                None => unwatched += 1,
            }
        }
        self.continuous = arrived > 0 && unwatched == 0;
        self.figures = self.rests.figures();
        self
    }

    /// Adds pauses that the stages noted themselves, to the list only: a stage sees its own code as well.
    #[must_use]
    pub fn with_noted(mut self, pauses: &[Pause], forgotten: u64) -> Self {
        self.forgotten += forgotten;
        self.list(pauses);
        self
    }

    /// The pauses longer than `ns`, by their start on the run's clock; those up to a microsecond are not
    /// listed.
    ///
    /// For the question whose a loss was: a ring is full after `capacity / rate`, so after a longer pause
    /// of the machine a loss is the machine's.
    pub fn pauses_longer_than(&self, ns: u64) -> impl Iterator<Item = Pause> {
        let listed = self.pauses.iter().copied();
        listed.filter(move |pause| pause.length_ns > ns)
    }

    /// What an event waits that has to get past every core in turn: on the next one it arrives when it
    /// has left the one before. `cores` are the windows of each; those of one core are laid end to end.
    ///
    /// [`Self::figures`] is the wait on one core, whichever. The way through all of them can be no
    /// faster than this.
    pub fn path(
        cores: &[&[Window]],
        arrivals_ns: Option<&[u64]>,
        events: usize,
    ) -> LatencyHistogram {
        let shortest_ns = cores.iter().map(|windows| lap_ns(windows)).min();
        let mut rests = LatencyHistogram::with_basis(Basis::Planned);
        let Some(span_ns) = shortest_ns.filter(|&ns| ns > 0) else {
            return rests;
        };
        for (_, offset_ns) in sampled(arrivals_ns, events, span_ns) {
            let waited_ns = cores.iter().fold(0, |waited_ns, windows| {
                // A plan may reach as far as a word does.
                let at_ns = offset_ns.saturating_add(waited_ns);
                waited_ns + rest_in(windows, at_ns % lap_ns(windows))
            });
            rests.record(waited_ns);
        }
        rests
    }

    fn take_note_of(&mut self, window: &Window) {
        self.longest_pause_ns = self.longest_pause_ns.max(window.longest_pause_ns());
        self.watched_ns += window.length_ns();
        self.forgotten += window.forgotten();
        self.list(window.pauses());
    }

    fn list(&mut self, pauses: &[Pause]) {
        let long = pauses
            .iter()
            .filter(|pause| pause.length_ns > LISTED_NS_MIN);
        self.pauses.extend(long);
        self.pauses.sort_unstable();
    }
}

/// Which events, and when after the start they arrive: at most `ARRIVALS_MAX` of them, evenly chosen; without
/// a plan, evenly spread over `span_ns`.
fn sampled(
    arrivals_ns: Option<&[u64]>,
    events: usize,
    span_ns: u64,
) -> impl Iterator<Item = (usize, u64)> {
    let stride = events.div_ceil(ARRIVALS_MAX).max(1);
    (0..events).step_by(stride).map(move |index| {
        let offset_ns = match arrivals_ns {
            Some(offsets_ns) => offsets_ns[index],
            None => (index as u128 * u128::from(span_ns) / events as u128) as u64,
        };
        (index, offset_ns)
    })
}

/// How long `windows` are, laid end to end.
fn lap_ns(windows: &[Window]) -> u64 {
    windows.iter().map(Window::length_ns).sum()
}

/// The remaining pause at `offset_ns` after the start of the first of `windows`, laid end to end.
fn rest_in(windows: &[Window], mut offset_ns: u64) -> u64 {
    for window in windows {
        if let Some(rest_ns) = window.remaining_ns(window.start_ns() + offset_ns) {
            return rest_ns;
        }
        offset_ns -= window.length_ns();
    }
    0
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;
    use crate::time::Clock;

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

    /// Starts at 10 ns after `before_ns`, with a pause of 5 µs at 990 after the start for `pause_at` 101.
    fn window_after(before_ns: u64, pause_at: u64) -> Window {
        let clock = Scripted {
            now: Cell::new(before_ns),
            reads: Cell::new(0),
            pause_at,
        };
        Window::watch(&clock, 10_000, 10, || false)
    }

    const fn span(begin_ns: u64, end_ns: u64) -> RunSpan<'static> {
        RunSpan {
            begin_ns,
            end_ns,
            shifts: &[],
        }
    }

    fn window(pause_at: u64) -> Window {
        window_after(0, pause_at)
    }

    #[test]
    fn the_floor_weighs_a_pause_by_the_arrivals_that_fall_into_it() {
        let windows = [window(101)];
        // Half of the time is pause, so half of evenly spread arrivals wait in it.
        let even = Floor::fold(&windows, None, 10_000).figures;
        assert_eq!(even.count, 10_000);
        assert!(even.percentiles_ns[0] < Some(100), "{even:?}");
        assert!(even.percentiles_ns[1] > Some(3_900), "{even:?}");
        // The same pause does not exist for arrivals that all fall elsewhere.
        let offsets: Vec<u64> = (0..10_000).map(|i| 6_500 + i % 1_000).collect();
        let elsewhere = Floor::fold(&windows, Some(&offsets), offsets.len());
        assert!(elsewhere.figures.max_ns <= Some(10));
        assert_eq!(elsewhere.longest_pause_ns, Some(5_000));
        assert!(!elsewhere.continuous);
    }

    #[test]
    fn arrivals_go_round_over_all_windows() {
        let windows = [window(u64::MAX), window_after(777_777, 101)];
        let in_second = windows[0].length_ns() + 1_000;
        let lap = lap_ns(&windows);
        for offset in [in_second, in_second + lap, in_second + 7 * lap] {
            let figures = Floor::fold(&windows, Some(&[offset]), 1).figures;
            assert_eq!(figures.max_ns, Some(4_990));
        }
    }

    #[test]
    fn nothing_watched_is_unknown() {
        assert_eq!(Floor::fold(&[], None, 100), Floor::default());
        assert_eq!(Floor::fold(&[window(1)], None, 0).figures.count, 0);
        assert_eq!(Floor::path(&[], None, 100).count(), 0);
        assert_eq!(Floor::path(&[&[]], None, 100).count(), 0);
    }

    #[test]
    fn during_the_run_an_arrival_meets_the_pause_of_its_moment() {
        // Watched from 50,010; the pause is from 51,000 to 56,000, and the run began at 50,500.
        let during = window_after(50_000, 101);
        let of = |offset: u64| {
            Floor::default()
                .with_during(&during, span(50_500, 60_000), Some(&[offset]), 1)
                .figures
                .max_ns
        };
        assert_eq!(of(500), Some(5_000));
        assert_eq!(of(1_500), Some(4_000));
        assert!(of(5_600) <= Some(10));
    }

    #[test]
    fn after_a_hold_an_arrival_is_due_as_much_later_as_the_plan_was_shifted() {
        let during = window_after(50_000, 101);
        let after = |shifts: &[Rebased]| {
            let span = RunSpan {
                shifts,
                ..span(50_500, 60_000)
            };
            let floor = Floor::default().with_during(&during, span, Some(&[0, 100]), 2);
            (floor.figures.count, floor.figures.max_ns, floor.continuous)
        };
        let of = |index, shift_ns| after(&[Rebased { index, shift_ns }]);
        // At 51,000, where the pause begins, and at 52,000.
        assert_eq!(of(1, 400), (2, Some(5_000), true));
        assert_eq!(of(1, 1_400), (2, Some(4_000), true));
        assert_eq!(of(2, 400), (2, Some(10), true));
        // Let go on before it was due.
        assert_eq!(of(1, -100), (2, Some(10), true));
        // It never came.
        assert_eq!(of(1, 20_000), (1, Some(10), true));
        // Held twice: each shift is beside the one before.
        let [first, second] = [400, 1_000].map(|shift_ns| Rebased { index: 1, shift_ns });
        assert_eq!(after(&[first, second]), of(1, 1_400));
        let last = Rebased { index: 2, ..second };
        assert_eq!(after(&[first, last]), of(1, 400));
    }

    #[test]
    fn a_floor_is_continuous_if_no_arrival_went_unwatched() {
        let during = window_after(50_000, 101);
        let floor = |begin_ns, end_ns, offsets: &[u64]| {
            let events = offsets.len();
            Floor::default().with_during(&during, span(begin_ns, end_ns), Some(offsets), events)
        };
        assert!(floor(50_500, 60_000, &[0, 9_000]).continuous);
        assert!(!floor(50_000, 60_000, &[0, 9_000]).continuous);
        assert!(!floor(50_500, 70_000, &[0, 19_000]).continuous);
        // The second never came: the run had been stopped.
        let stopped = floor(50_500, 60_000, &[0, 19_000]);
        assert!(stopped.continuous);
        assert_eq!(stopped.figures.count, 1);
        assert!(!floor(50_500, 60_000, &[]).continuous);
    }

    #[test]
    fn without_a_plan_every_moment_of_the_run_counts_the_same() {
        let during = window_after(50_000, 101);
        let floor = Floor::fold(&[window(u64::MAX)], None, 1_000);
        let both = floor.with_during(&during, span(50_010, 60_000), None, 1_000);
        assert!(both.continuous);
        assert_eq!(both.figures.count, 2_000);
        // A quarter of the samples waits.
        assert!(both.figures.percentiles_ns[0] < Some(100));
        assert!(both.figures.percentiles_ns[1] > Some(2_900));
        assert_eq!(both.watched_ns, lap_ns(&[window(u64::MAX), during]));
    }

    #[test]
    fn a_way_through_two_cores_waits_on_both() {
        let (first, second) = ([window(101)], [window_after(400, 201)]);
        // 4,990 on the first; on the second it then arrives at 5,990, and its pause ends at 6,990.
        let path = |offset| Floor::path(&[&first, &second], Some(&[offset]), 1).max_ns();
        assert_eq!(path(1_000), Some(4_990 + 1_000));
        // At 900 it takes the next step to 910 twice over: neither core pauses there.
        assert_eq!(path(900), Some(20));
        assert!(path(u64::MAX) > Some(0), "no overflow");
        // Outside the first pause, and inside the second.
        assert_eq!(path(6_400), Some(10 + 580));
    }

    #[test]
    fn long_pauses_are_listed_by_their_start_on_the_runs_clock() {
        let noted = [Pause {
            start_ns: 30_000,
            length_ns: 6_000,
        }];
        let windows = [window_after(90_000, 101), window(101)];
        let floor = Floor::fold(&windows, None, 10).with_noted(&noted, 2);
        let starts = |ns| -> Vec<u64> {
            let long = floor.pauses_longer_than(ns);
            long.map(|pause| pause.start_ns).collect()
        };
        assert_eq!(starts(0), [1_000, 30_000, 91_000]);
        assert_eq!(starts(5_000), [30_000]);
        assert_eq!(floor.longest_pause_ns, Some(5_000), "not what a stage saw");
        assert_eq!(floor.forgotten, 2);
    }
}
