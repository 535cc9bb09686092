//! The hot path of tickpath: broadcast rings, cursors, the lifecycle gate, the executor step and
//! the live engine.
//!
//! # Contract
//! - **Threads**: a type says in its header who may call it from where. Nothing here takes a lock.
//! - **Allocation**: only constructors and the loaders of [`ingest`] allocate.
//! - **Blocking**: nothing blocks; the wait strategies of [`engine`] spin, yield or sleep on the
//!   reader's side, the producer never wakes anyone.
//! - **Full / empty**: a full ring overwrites its oldest event, and who misses it learns exactly how
//!   many it missed ([`bus::Overrun`]); an empty one answers "caught up" at once.
//! - **Unsafe**: only in `bus/slot.rs`, `time/tsc.rs`, `os/memory.rs` and `os/priority.rs`; everything else denies
//!   it.
//!
//! There is no Python here; `rust/python` converts, and does nothing else.
#![deny(unsafe_code)]
#![cfg_attr(not(any(test, loom, elsewhere)), deny(unused_crate_dependencies))]

mod planted;
pub mod sync;

pub mod os;
pub mod time;

mod variates;

pub mod ingest;

pub mod bus;

pub mod state;

pub mod execution;

pub mod metrics;

pub mod engine;
