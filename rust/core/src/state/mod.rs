//! The lifecycle's word, stored and read here; its rules live in Python (`tickpath.core.state`).

mod gate;

pub use gate::{Gate, GateWord, StateCode};
