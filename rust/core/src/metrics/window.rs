//! Watching the machine: a stretch of time in which a thread does nothing but look at the clock.

use crate::time::Clock;

use super::pauses::{Pause, touched};

/// Pauses remembered per window, in one megabyte.
const PAUSES_MAX: usize = 1 << 16;
/// No step up to this is a pause. A clock that reads the counter and goes back to the real clock now and
/// then takes some 60 ns for that; it is the price of a stamp, not something the machine did.
const PAUSE_NS_MIN: u64 = 100;

/// A stretch of time the clock was watched for on one core, on the clock's own timeline.
///
/// Watching takes one thread's whole core until it is over or told to stop; it allocates before it
/// begins, and its memory is fixed. With more pauses than it can hold it forgets the shortest, half of
/// them at least, and from then on remembers longer ones only: what is forgotten is counted, and makes
/// the floor lower, never higher.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    start_ns: u64,
    length_ns: u64,
    /// The usual time between two reads.
    step_ns: u64,
    /// A longer step is a pause.
    longest_step_ns: u64,
    /// In order.
    pauses: Vec<Pause>,
    forgotten: u64,
}

impl Window {
    /// Watches `clock` for `length_ns`, or until `stopped` says so: for a run, on a thread of its own on
    /// a core of its own, pass `u64::MAX`. `step_ns` is what one read takes.
    pub fn watch<C: Clock>(
        clock: &C,
        length_ns: u64,
        step_ns: u64,
        stopped: impl Fn() -> bool,
    ) -> Self {
        Self::watch_with_room(PAUSES_MAX, clock, length_ns, step_ns, stopped)
    }

    fn watch_with_room<C: Clock>(
        room: usize,
        clock: &C,
        length_ns: u64,
        step_ns: u64,
        stopped: impl Fn() -> bool,
    ) -> Self {
        let pauses = touched(room);
        let mut before_ns = clock.now_ns();
        let mut window = Self {
            start_ns: before_ns,
            length_ns: 0,
            step_ns: step_ns.max(1),
            // Two usual steps may lie between two reads of a loop that does something as well.
            longest_step_ns: PAUSE_NS_MIN.max(step_ns.saturating_mul(2)),
            pauses,
            forgotten: 0,
        };
        // A counter may jump, back as well: what the stamps are worth then is said of the run, by its drift.
        while before_ns.saturating_sub(window.start_ns) < length_ns && !stopped() {
            let now_ns = clock.now_ns();
            if now_ns.saturating_sub(before_ns) > window.longest_step_ns {
                window.keep(before_ns, now_ns);
                if window.pauses.len() == room {
                    window.thin(room);
                    // What thinning took was no pause.
                    before_ns = clock.now_ns();
                    continue;
                }
            }
            before_ns = now_ns;
        }
        window.length_ns = before_ns.saturating_sub(window.start_ns);
        window.pauses.shrink_to_fit();
        window
    }

    #[cold]
    fn keep(&mut self, before_ns: u64, now_ns: u64) {
        self.pauses.push(Pause {
            start_ns: before_ns,
            length_ns: now_ns - before_ns,
        });
    }

    /// Forgets the shortest pauses, half of them at least.
    #[cold]
    fn thin(&mut self, room: usize) {
        let before = self.pauses.len();
        while self.pauses.len() > room / 2 {
            self.longest_step_ns += self.longest_step_ns.div_ceil(4);
            let longest_step_ns = self.longest_step_ns;
            self.pauses
                .retain(|pause| pause.length_ns > longest_step_ns);
        }
        self.forgotten += (before - self.pauses.len()) as u64;
    }

    /// When watching began.
    pub const fn start_ns(&self) -> u64 {
        self.start_ns
    }

    /// For how long was watched.
    pub const fn length_ns(&self) -> u64 {
        self.length_ns
    }

    /// The pauses, in order.
    pub fn pauses(&self) -> &[Pause] {
        &self.pauses
    }

    /// The longest of them, in nanoseconds; `None` without one.
    pub fn longest_pause_ns(&self) -> Option<u64> {
        self.pauses.iter().map(|pause| pause.length_ns).max()
    }

    /// Pauses that found no room to be remembered; none was longer than [`Self::resolution_ns`].
    pub const fn forgotten(&self) -> u64 {
        self.forgotten
    }

    /// No pause up to this was remembered.
    pub const fn resolution_ns(&self) -> u64 {
        self.longest_step_ns
    }

    /// How long an event that falls due at `at_ns` waits; `None` if that moment was not watched.
    pub fn remaining_ns(&self, at_ns: u64) -> Option<u64> {
        let offset_ns = at_ns.checked_sub(self.start_ns)?;
        if offset_ns >= self.length_ns {
            return None;
        }
        let after = self.pauses.partition_point(|pause| pause.start_ns <= at_ns);
        let inside = self.pauses[..after]
            .last()
            .map(|pause| pause.end_ns().saturating_sub(at_ns))
            .filter(|&rest| rest > 0);
        // Between two reads: the rest of the step under way.
        Some(inside.unwrap_or_else(|| self.step_ns - offset_ns % self.step_ns))
    }
}

#[cfg(test)]
mod tests {
    use core::cell::Cell;

    use super::*;

    /// Reads take 10 ns; the n-th one takes what `longer` says, if it says so.
    struct Scripted<F> {
        now_ns: Cell<u64>,
        reads: Cell<u64>,
        longer: F,
    }

    impl<F: Fn(u64) -> Option<u64>> Clock for Scripted<F> {
        fn now_ns(&self) -> u64 {
            self.reads.set(self.reads.get() + 1);
            let step = (self.longer)(self.reads.get()).unwrap_or(10);
            self.now_ns.set(self.now_ns.get() + step);
            self.now_ns.get()
        }
    }

    fn clock<F: Fn(u64) -> Option<u64>>(start_ns: u64, longer: F) -> Scripted<F> {
        Scripted {
            now_ns: Cell::new(start_ns),
            reads: Cell::new(0),
            longer,
        }
    }

    fn pause(start_ns: u64, length_ns: u64) -> Pause {
        Pause {
            start_ns,
            length_ns,
        }
    }

    /// 10 ns a look, and 5 µs back after the tenth: a virtual machine that was moved.
    struct SetBack(Cell<u64>);

    impl Clock for SetBack {
        fn now_ns(&self) -> u64 {
            let looks = self.0.replace(self.0.get() + 1);
            10 * looks + if looks < 10 { 5_000 } else { 0 }
        }
    }

    #[test]
    fn a_clock_that_jumps_back_ends_no_watch_and_no_thread() {
        let window = Window::watch(&SetBack(Cell::new(0)), 1_000, 10, || false);
        assert_eq!((window.start_ns(), window.length_ns()), (5_000, 1_000));
        assert_eq!(window.pauses(), []);
        let stopped = Window::watch(&SetBack(Cell::new(9)), 1_000, 10, || true);
        assert_eq!(stopped.length_ns(), 0);
    }

    #[test]
    fn a_pause_is_found_where_it_was_and_nothing_else() {
        let clock = clock(1_000, |read| (read == 101).then_some(5_000));
        let window = Window::watch(&clock, 10_000, 10, || false);
        assert_eq!(window.start_ns(), 1_010);
        assert_eq!(window.pauses(), [pause(2_000, 5_000)]);
        assert_eq!(window.longest_pause_ns(), Some(5_000));
        assert!(window.length_ns() >= 10_000);
        let rest = |at_ns| window.remaining_ns(at_ns);
        assert_eq!((rest(1_999), rest(2_000)), (Some(1), Some(5_000)));
        assert_eq!((rest(5_000), rest(7_000)), (Some(2_000), Some(10)));
        let end_ns = window.start_ns() + window.length_ns();
        assert_eq!((rest(1_009), rest(end_ns)), (None, None));
    }

    #[test]
    fn what_the_clock_itself_takes_now_and_then_is_no_pause() {
        // Every second look goes back to the real clock; so does the one of a slow clock.
        let anchored = clock(0, |read| read.is_multiple_of(2).then_some(60));
        assert_eq!(Window::watch(&anchored, 9_000, 10, || false).pauses(), []);
        let slow = clock(0, |read| {
            Some(if read.is_multiple_of(2) { 600 } else { 300 })
        });
        assert_eq!(Window::watch(&slow, 9_000, 300, || false).pauses(), []);
        let beyond = clock(0, |read| Some(if read == 2 { 101 } else { 10 }));
        assert_eq!(
            Window::watch(&beyond, 9_000, 10, || false).pauses().len(),
            1
        );
    }

    #[test]
    fn with_more_pauses_than_room_the_longest_are_remembered() {
        let clock = clock(0, |read| {
            Some(if read.is_multiple_of(5) { 5_000 } else { 150 })
        });
        let window = Window::watch_with_room(8, &clock, 30_000, 10, || false);
        assert!(window.pauses().len() < 8);
        assert!(window.pauses().iter().all(|pause| pause.length_ns == 5_000));
        assert!(window.forgotten() > 0);
        assert!((150..5_000).contains(&window.resolution_ns()));
        // The moments of forgotten pauses are watched ones without a pause.
        assert_eq!(window.remaining_ns(window.start_ns()), Some(10));
    }

    #[test]
    fn thinning_is_no_pause_itself() {
        // The read after the eighth pause, which stands for the thinning, takes long.
        let clock = clock(0, |read| Some(if read == 10 { 1_000_000 } else { 150 }));
        let window = Window::watch_with_room(8, &clock, 1_010_000, 10, || false);
        assert_eq!(window.pauses(), []);
    }

    #[test]
    fn watching_ends_when_it_is_told_to() {
        let clock = clock(0, |_| None);
        let looks = Cell::new(0);
        let window = Window::watch(&clock, u64::MAX, 10, || {
            looks.set(looks.get() + 1);
            looks.get() > 5
        });
        assert_eq!(window.length_ns(), 50);
    }

    #[test]
    fn watching_ends_with_the_first_read_at_its_length() {
        for (length_ns, watched_ns) in [(0, 0), (1, 10), (49, 50), (50, 50), (51, 60)] {
            let window = Window::watch(&clock(990, |_| None), length_ns, 10, || false);
            assert_eq!((window.start_ns(), window.length_ns()), (1_000, watched_ns));
        }
    }

    #[test]
    fn a_step_of_a_hundred_is_none_and_one_more_is_a_pause() {
        for (step_ns, pauses) in [(100, 0), (101, 1)] {
            let clock = clock(0, |read| (read == 2).then_some(step_ns));
            let window = Window::watch(&clock, 1_000, 10, || false);
            assert_eq!(
                (window.pauses().len(), window.resolution_ns()),
                (pauses, 100)
            );
        }
    }

    #[test]
    fn thinning_takes_the_shortest_until_half_of_the_room_is_free_and_counts_them() {
        // Two thresholds from a hundred, a quarter more each, rounded up: 125 and 157, which two of these are longer than.
        let lengths_ns = [157, 5_000, 126, 158];
        let clock = clock(0, |read| {
            lengths_ns.get((read as usize).wrapping_sub(2)).copied()
        });
        let window = Window::watch_with_room(4, &clock, 6_000, 10, || false);
        assert_eq!(window.pauses(), [pause(167, 5_000), pause(5_293, 158)]);
        assert_eq!((window.forgotten(), window.resolution_ns()), (2, 157));
    }

    #[test]
    fn a_window_has_room_for_sixty_five_thousand_pauses() {
        let room = 65_536;
        for (pauses, forgotten) in [(room - 1, 0), (room, room)] {
            let clock = clock(0, |_| Some(150));
            let window = Window::watch(&clock, pauses * 150, 10, || false);
            assert_eq!(window.forgotten(), forgotten);
            assert_eq!(window.pauses().len() as u64, pauses - forgotten);
        }
    }
}
