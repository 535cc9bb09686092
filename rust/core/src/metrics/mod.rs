//! The write side of metrics: counters, histograms and the epoch table, with fixed memory, read
//! elsewhere.

mod counters;
mod epoch_table;
mod histogram;
mod tally;

pub use counters::{Counters, Summary};
pub use epoch_table::{EpochRow, EpochTable};
pub use histogram::{Figures, LatencyHistogram, RANKS};
pub use tally::Tally;
