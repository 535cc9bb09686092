//! The only door to what threads share: the standard library's, or loom's under `cfg(loom)`, or shuttle's under
//! `cfg(shuttle)`. Loom explores what few threads share in every order that the memory model allows; shuttle
//! runs whole engines in random orders of their steps.
//!
//! Type aliases rather than re-exports: clippy's `disallowed-types` looks through a re-export and
//! would then flag every use; an alias is a name of ours.
#![allow(
    clippy::disallowed_types,
    reason = "this module is the door the lint sends everyone else to"
)]

#[cfg(not(any(loom, shuttle)))]
mod imp {
    pub use core::sync::atomic::{Ordering, fence};
    /// A boolean shared between threads.
    pub type AtomicBool = core::sync::atomic::AtomicBool;
    /// A 64-bit word shared between threads.
    pub type AtomicU64 = core::sync::atomic::AtomicU64;
    pub use core::hint::spin_loop;
    pub use std::sync::{Arc, mpsc};
    pub use std::thread;
    pub use std::thread::sleep;
}

#[cfg(shuttle)]
mod imp {
    pub use core::sync::atomic::Ordering;
    pub use shuttle::hint::spin_loop;
    pub use shuttle::sync::atomic::fence;
    pub use shuttle::sync::{Arc, mpsc};
    pub use shuttle::thread;
    /// Time does not pass here: whoever sleeps lets another thread run.
    pub fn sleep(_span: std::time::Duration) {
        thread::yield_now();
    }
    /// A boolean shared between threads.
    pub type AtomicBool = shuttle::sync::atomic::AtomicBool;
    /// A 64-bit word shared between threads.
    pub type AtomicU64 = shuttle::sync::atomic::AtomicU64;
}

#[cfg(loom)]
mod imp {
    pub use core::sync::atomic::Ordering;
    pub use loom::hint::spin_loop;
    pub use loom::sync::Arc;
    pub use loom::sync::atomic::fence;
    pub use loom::thread;
    /// Time does not pass in a model: whoever sleeps lets another thread run.
    pub fn sleep(_span: std::time::Duration) {
        thread::yield_now();
    }
    /// A boolean shared between threads.
    pub type AtomicBool = loom::sync::atomic::AtomicBool;
    /// A 64-bit word shared between threads.
    pub type AtomicU64 = loom::sync::atomic::AtomicU64;
}

pub use imp::*;
