//! The machine's monotonic clock, on the timeline of Python's `time.perf_counter_ns`.

use super::Clock;

/// `CLOCK_MONOTONIC`, which is what `perf_counter_ns` reads on Linux. Elsewhere the standard library's clock, which runs
/// as `perf_counter_ns` does there, and is put on its timeline by [`MonotonicClock::align`].
///
/// Any thread may read it; on Linux it is answered in user space (vDSO), without a system call.
#[derive(Debug, Clone, Copy, Default)]
pub struct MonotonicClock;

impl MonotonicClock {
    /// Says what `perf_counter_ns` reads now. Only the first call counts, and none on Linux, where the two are one
    /// clock; a clock that was read before counts from its first reading.
    pub fn align(perf_counter_ns: u64) {
        imp::align(perf_counter_ns);
    }
}

impl Clock for MonotonicClock {
    #[inline]
    fn now_ns(&self) -> u64 {
        imp::now_ns()
    }
}

#[cfg(all(target_os = "linux", not(elsewhere)))]
mod imp {
    use rustix::time::{ClockId, clock_gettime};

    pub(super) fn align(_perf_counter_ns: u64) {}

    #[inline]
    pub(super) fn now_ns() -> u64 {
        let t = clock_gettime(ClockId::Monotonic);
        // A monotonic clock counts from boot: neither part is negative.
        t.tv_sec.cast_unsigned() * 1_000_000_000 + t.tv_nsec.cast_unsigned()
    }
}

#[cfg(any(not(target_os = "linux"), elsewhere))]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the one clock, where there is no other"
)]
mod imp {
    use std::sync::OnceLock;
    use std::time::Instant;

    /// A moment, and what the clock says then.
    static ORIGIN: OnceLock<(Instant, u64)> = OnceLock::new();

    pub(super) fn align(perf_counter_ns: u64) {
        ORIGIN.get_or_init(|| (Instant::now(), perf_counter_ns));
    }

    pub(super) fn now_ns() -> u64 {
        let &(moment, then_ns) = ORIGIN.get_or_init(|| (Instant::now(), 0));
        let since = Instant::now().saturating_duration_since(moment);
        // Enough for 584 years.
        then_ns.saturating_add(u64::try_from(since.as_nanos()).unwrap_or(u64::MAX))
    }
}
