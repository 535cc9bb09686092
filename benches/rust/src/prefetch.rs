//! Asking for a cache line before it is needed: the only `unsafe` here.
#![allow(
    unsafe_code,
    reason = "prefetching is an instruction, not a function of the language"
)]

/// Asks for the line of `place`, to be written.
#[inline(always)]
pub(crate) fn for_writing<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads and writes nothing and never faults; processors without it ignore it.
    unsafe {
        core::arch::asm!("prefetchw [{}]", in(reg) place, options(nostack, preserves_flags));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

/// Asks for the line of `place`, to be read.
#[inline(always)]
pub(crate) fn for_reading<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: a prefetch reads and writes nothing and never faults.
    unsafe {
        core::arch::asm!("prefetcht0 [{}]", in(reg) place, options(nostack, preserves_flags, readonly));
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}
