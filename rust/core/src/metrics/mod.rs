//! The write side of metrics: counters with fixed memory, read elsewhere.

mod counters;

pub use counters::{Counters, Summary};
