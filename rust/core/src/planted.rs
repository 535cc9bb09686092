//! Logic bugs that `make shuttle` plants, to show that its tests find them: each breaks one thing in one way.
//!
//! One build has all of them: under `cfg(shuttle)` the variable `TICKPATH_PLANTED_BUG` names the one that is there, by
//! its number in `rust/core/tests/README.md`. In any other build there is none, and nothing is left of this.

/// Whether this bug is there.
#[cfg(shuttle)]
pub(crate) fn is_planted(bug: u32) -> bool {
    static PLANTED: std::sync::OnceLock<u32> = std::sync::OnceLock::new();
    let planted = PLANTED.get_or_init(|| {
        let named = std::env::var("TICKPATH_PLANTED_BUG").unwrap_or_default();
        named.parse().unwrap_or(0)
    });
    *planted == bug
}

/// Whether this bug is there.
#[cfg(not(shuttle))]
#[inline(always)]
pub(crate) const fn is_planted(_bug: u32) -> bool {
    false
}
