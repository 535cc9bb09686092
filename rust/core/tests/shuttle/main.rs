//! The engine's logic under shuttle: its own code on threads whose steps are put in random orders. `make shuttle` runs
//! it as it is and with planted bugs, which must be found (rust/core/tests/README.md).
#![cfg(shuttle)]

mod build;
mod checked;
mod control;
mod engine;
mod live;
#[path = "../interleavings/outcomes.rs"]
mod outcomes;
mod run;
mod schedules;
