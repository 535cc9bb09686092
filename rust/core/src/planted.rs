//! Bugs planted on purpose, so that the checks of shared memory can be seen to find them.
//!
//! Every ordering stronger than relaxed, and every fence, is written with the number of the bug that leaves it
//! out. Without the feature `planted-bugs` a number is nothing: the code is what it would be without this file. With
//! it, the bug whose number is in the environment variable `TICKPATH_PLANTED_BUG` is in the code, so that one build
//! serves for all of them. `tests/planted_bugs.toml` says what each is, and which test must find it.
//!
//! - **Threads**: any. **Blocking**: never. **Allocation**: with the feature, at the first question.

use crate::sync::{self, Ordering};

/// Whether this bug is in the code.
#[cfg(not(feature = "planted-bugs"))]
#[inline(always)]
pub(crate) const fn bug(_number: u32) -> bool {
    false
}

/// Whether this bug is in the code. One that is no number is none, and then no test finds it.
#[cfg(feature = "planted-bugs")]
#[inline]
pub(crate) fn bug(number: u32) -> bool {
    static PLANTED: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    let planted = PLANTED.get_or_init(|| std::env::var("TICKPATH_PLANTED_BUG").ok()?.parse().ok());
    *planted == Some(number)
}

/// `right`, which the bug weakens to relaxed.
#[inline(always)]
pub(crate) fn order(number: u32, right: Ordering) -> Ordering {
    order_or(number, right, Ordering::Relaxed)
}

/// `right`, which the bug weakens to `weaker`.
#[inline(always)]
pub(crate) fn order_or(number: u32, right: Ordering, weaker: Ordering) -> Ordering {
    if bug(number) { weaker } else { right }
}

/// A fence, which the bug leaves out.
#[inline(always)]
pub(crate) fn fence(number: u32, right: Ordering) {
    if !bug(number) {
        sync::fence(right);
    }
}
