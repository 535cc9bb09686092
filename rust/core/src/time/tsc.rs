//! The processor's time stamp counter, whether it may be trusted, and one reading of it beside the clock.
//!
//! A stamp is a plain `rdtsc`. It is not ordered after the loads before it: on a two-core EPYC it costs
//! 9.5 ns that way, and 18.4 as `lfence; rdtsc` or `rdtscp`. What that can cost is one load's time: see
//! [`super::EARLY_NS_MAX`].
//!
//! - **Threads**: any; the counter is the same on every core where the kernel keeps its time by it, for
//!   it checks that before it does, and goes on checking.
//! - **Allocation**, **blocking**: none, but for looking into `/sys` once, in [`ProcessorTicks::new`].
#![allow(unsafe_code, reason = "the counter is read by an intrinsic")]

use core::fmt;

use super::Clock;

/// A reading that took more ticks was disturbed.
pub(super) const STEADY_TICKS_MAX: u64 = 512;
/// Readings of which the quickest is taken.
const READINGS: usize = 64;

/// Why a counter is not to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Distrust {
    /// It stops or changes its rate with the processor's power state, or there is none.
    NotInvariant,
    /// The kernel does not keep its own time by it: it found it wanting, or was never offered it.
    NotTheKernels,
}

impl fmt::Display for Distrust {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotInvariant => "the processor has no counter of constant rate",
            Self::NotTheKernels => "the kernel does not keep its time by the counter",
        })
    }
}

/// A counter that runs at a constant rate.
pub trait Ticks {
    /// Whether the counter may be trusted at all.
    ///
    /// # Errors
    /// Returns the reason if it may not.
    fn trust(&self) -> Result<(), Distrust>;

    /// The counter now.
    fn ticks(&self) -> u64;
}

/// The processor's time stamp counter.
#[derive(Debug, Clone, Copy)]
pub struct ProcessorTicks {
    trust: Result<(), Distrust>,
}

impl ProcessorTicks {
    /// The counter of this machine, trusted if it is invariant and the kernel keeps time by it.
    pub fn new() -> Self {
        Self {
            trust: judge(is_invariant(), crate::os::clock_source().as_deref()),
        }
    }
}

/// The one rule of trust.
fn judge(is_invariant: bool, kernel_source: Option<&str>) -> Result<(), Distrust> {
    match (is_invariant, kernel_source) {
        (false, _) => Err(Distrust::NotInvariant),
        (true, Some("tsc")) => Ok(()),
        (true, _) => Err(Distrust::NotTheKernels),
    }
}

impl Default for ProcessorTicks {
    fn default() -> Self {
        Self::new()
    }
}

impl Ticks for ProcessorTicks {
    fn trust(&self) -> Result<(), Distrust> {
        self.trust
    }

    #[inline]
    fn ticks(&self) -> u64 {
        #[cfg(all(target_arch = "x86_64", not(elsewhere)))]
        // SAFETY: every x86-64 processor has the instruction, and Linux lets user space use it.
        unsafe {
            core::arch::x86_64::_rdtsc()
        }
        #[cfg(any(not(target_arch = "x86_64"), elsewhere))]
        0
    }
}

/// Whether the counter runs at one rate in every power state (CPUID 8000_0007h, EDX bit 8; AMD64
/// Architecture Programmer's Manual vol. 3, and Intel's SDM vol. 3B, "Invariant TSC").
#[cfg(all(target_arch = "x86_64", not(elsewhere)))]
fn is_invariant() -> bool {
    use core::arch::x86_64::__cpuid;
    __cpuid(0x8000_0000).eax >= 0x8000_0007 && __cpuid(0x8000_0007).edx & (1 << 8) != 0
}

#[cfg(any(not(target_arch = "x86_64"), elsewhere))]
fn is_invariant() -> bool {
    false
}

/// The clock, read between two looks at the counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reading {
    /// The counter in the middle of the reading.
    pub(super) ticks: u64,
    /// What the clock said.
    pub(super) ns: u64,
    /// From the first look at the counter to the second: the clock was read within half of this of `ticks`.
    pub(super) took_ticks: u64,
}

impl Reading {
    #[inline]
    pub(super) fn take<C: Clock, T: Ticks>(clock: &C, counter: &T) -> Self {
        let before = counter.ticks();
        let ns = clock.now_ns();
        let took_ticks = counter.ticks().wrapping_sub(before);
        Self {
            ticks: before.wrapping_add(took_ticks / 2),
            ns,
            took_ticks,
        }
    }

    /// Whether nothing came between.
    pub(super) const fn is_steady(&self) -> bool {
        self.took_ticks <= STEADY_TICKS_MAX
    }

    /// The quickest of many, if nothing came between.
    pub(super) fn quickest<C: Clock, T: Ticks>(clock: &C, counter: &T) -> Option<Self> {
        (0..READINGS)
            .map(|_| Self::take(clock, counter))
            .min_by_key(|reading| reading.took_ticks)
            .filter(Self::is_steady)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trusted_is_what_is_invariant_and_the_kernel_s_own() {
        assert_eq!(judge(true, Some("tsc")), Ok(()));
        assert_eq!(judge(false, Some("tsc")), Err(Distrust::NotInvariant));
        for other in [Some("kvm-clock"), Some("hpet"), None] {
            assert_eq!(judge(true, other), Err(Distrust::NotTheKernels));
        }
    }
}
