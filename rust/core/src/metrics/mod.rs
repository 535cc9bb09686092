//! The write side of metrics: counters, histograms and the epoch table, with fixed memory, read
//! elsewhere.

mod buckets;
mod corrected;
mod counters;
mod epoch_table;
mod figures;
mod histogram;
#[cfg(feature = "hlog")]
mod hlog;
mod pauses;
mod percentile;
mod sparse;
mod tally;
mod window;

pub use buckets::{Counts, DIGITS, HIGHEST_NS};
pub use corrected::CorrectedHistogram;
pub use counters::{Counters, Summary};
pub use epoch_table::{EpochRow, EpochTable};
pub use figures::{Figures, Percentile, Provenance, QUANTILES};
pub use histogram::{Basis, CorrectionError, LatencyHistogram};
#[cfg(feature = "hlog")]
pub use hlog::{Hlog, HlogError, Interval, Tag, from_v2, to_v2};
pub use pauses::{Pause, PauseLog};
pub use percentile::{SAMPLES_BEYOND_MIN, percentile};
pub use sparse::SparseHistogram;
pub use tally::Tally;
pub use window::Window;
