//! The write side of metrics: counters with fixed memory, read elsewhere.

mod counters;
mod percentile;

pub use counters::{Counters, Summary};
pub use percentile::{SAMPLES_BEYOND_MIN, percentile};
