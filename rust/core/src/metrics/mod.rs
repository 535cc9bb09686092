//! The write side of metrics: counters, histograms and the epoch table, with fixed memory, read
//! elsewhere.

mod counters;
mod epoch_table;
mod histogram;
mod percentile;
mod tally;

pub use counters::{Counters, Summary};
pub use epoch_table::{EpochRow, EpochTable};
pub use histogram::{Figures, LatencyHistogram, QUANTILES};
pub use percentile::{SAMPLES_BEYOND_MIN, percentile};
pub use tally::Tally;
