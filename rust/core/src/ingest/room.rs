//! Memory, asked for before it is needed: what cannot be had is an error of the load, and not the end of the process.
//!
//! The standard library ends a process whose allocation fails. So whatever grows with the input is asked for here
//! first, and [`WORKING_BYTES`] beside it, for the many small things that a load needs and nobody asks for.
//!
//! - **Threads**: another thread may take what was found here; then the process ends as it would have without.

use core::hint::black_box;

use super::event::Event;

/// What a load needs beside its events: buffers, a decompressor's window, a table of symbols.
pub(crate) const WORKING_BYTES: usize = 8 << 20;

/// Whether `bytes` could be had now, and [`WORKING_BYTES`] beside them.
pub(crate) fn is_there(bytes: usize) -> bool {
    let mut probe: Vec<u8> = Vec::new();
    let found = probe
        .try_reserve_exact(bytes.saturating_add(WORKING_BYTES))
        .is_ok();
    // An allocation that nobody looks at may be left out by the optimiser.
    black_box(&probe);
    found
}

/// Whether a stable sort of `events` events has room: it takes as much as they do, at most.
pub(crate) fn is_there_to_sort(events: usize) -> bool {
    is_there(events.saturating_mul(size_of::<Event>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_little_is_there_and_more_than_there_is_memory_is_not() {
        assert!(is_there(0));
        assert!(is_there_to_sort(1_000));
        assert!(!is_there(usize::MAX));
        assert!(!is_there(isize::MAX as usize - WORKING_BYTES));
        assert!(!is_there_to_sort(usize::MAX / 2));
    }
}
