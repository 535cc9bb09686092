//! Synthetic streams: Poisson, evenly spaced, and self-exciting (Hawkes) arrivals with plausible
//! order events on them.
//!
//! # Contract
//! - **Deterministic**: the same [`Config`] gives the same bytes on every machine. The generator
//!   is xoshiro256++ (pinned), logarithms and exponentials are `libm`'s (software, pinned), and all
//!   other arithmetic is integer or single IEEE 754 operations in a fixed order.
//! - **Independent streams**: arrival times and order fields are drawn from two generators, so the
//!   number of symbols never changes a stamp, and the first `k` events of a longer stream with
//!   the same seed are the stream of `k` events.
//! - **Exact**: exactly `events` events, the first at stamp 0, stamps never decreasing.
//! - **Interruptible**: the caller's `progress` is asked every [`PROGRESS_EVERY`] events.

mod arrivals;
mod hawkes;
mod orders;

use core::fmt;
use core::ops::ControlFlow;

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;

use self::arrivals::{Arrivals, Constant, Poisson};
use self::hawkes::Hawkes;
use self::orders::Orders;
use super::Event;

pub use self::hawkes::{FITTED, Kernel, RECORDING_EVENTS, RECORDING_SPAN_S};

/// Most events one stream may have: 2²⁸, 15 GB of memory.
pub const EVENTS_MAX: u64 = 1 << 28;
/// Most symbols one stream may have.
pub const SYMBOLS_MAX: u32 = 1 << 16;
/// Highest mean rate: one event per nanosecond, the resolution of a stamp.
pub const RATE_HZ_MAX: f64 = 1e9;
/// Longest mean span: 2⁶³ − 1 ns, so that a stamp (an unsigned 64-bit number) holds twice the mean.
const SPAN_NS_MAX: f64 = 9.2e18;
/// Events between two questions to `progress`: under 10 ms of work, also for the slowest model.
pub const PROGRESS_EVERY: usize = 1 << 14;

/// How arrivals are spaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Model {
    /// Independent arrivals: exponential gaps.
    Poisson,
    /// Event `i` at exactly `floor(i · 10⁹ / rate_hz)` ns: no drift, however long the stream.
    Constant,
    /// Self-exciting arrivals, by default as bursty as the recording of [`FITTED`].
    Hawkes,
}

impl Model {
    /// Every model, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Hawkes, Self::Poisson, Self::Constant];

    /// The name users write.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Poisson => "poisson",
            Self::Constant => "constant",
            Self::Hawkes => "hawkes",
        }
    }

    /// The model of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|model| model.name() == name)
    }
}

/// What to generate. Everything follows from it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Config {
    /// How arrivals are spaced.
    pub model: Model,
    /// Mean rate in events per second: above 0, at most [`RATE_HZ_MAX`].
    pub rate_hz: f64,
    /// How many events: 1 to [`EVENTS_MAX`].
    pub events: u64,
    /// How many symbols: 1 to [`SYMBOLS_MAX`]; each order's symbol is uniform among them.
    pub symbols: u32,
    /// The seed of everything.
    pub seed: u64,
}

/// Why there is no stream.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SyntheticError {
    /// The rate is not a number above 0 and at most [`RATE_HZ_MAX`].
    RateHz(f64),
    /// No events, or more than [`EVENTS_MAX`].
    Events(u64),
    /// No symbols, or more than [`SYMBOLS_MAX`].
    Symbols(u32),
    /// So many events at so low a rate that stamps do not fit 64 bits of nanoseconds.
    SpanTooLong {
        /// The mean rate that was asked for.
        rate_hz: f64,
        /// The number of events that was asked for.
        events: u64,
    },
    /// The machine refused the memory.
    OutOfMemory {
        /// Bytes that were asked for.
        bytes: u64,
    },
    /// `progress` said stop; nothing is kept.
    Stopped,
}

impl fmt::Display for SyntheticError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateHz(rate) => write!(
                f,
                "rate_hz={rate:?} makes no stream: expected a number above 0 and at most {RATE_HZ_MAX:e}"
            ),
            Self::Events(events) => write!(
                f,
                "events={events} is out of range: expected 1 to {EVENTS_MAX} (56 bytes of memory each)"
            ),
            Self::Symbols(symbols) => {
                write!(
                    f,
                    "symbols={symbols} is out of range: expected 1 to {SYMBOLS_MAX}"
                )
            }
            Self::SpanTooLong { rate_hz, events } => write!(
                f,
                "{events} events at {rate_hz:?} Hz last longer than 64 bits of nanoseconds can say: \
                 raise rate_hz or lower events"
            ),
            Self::OutOfMemory { bytes } => write!(
                f,
                "the machine refused {bytes} bytes for the events: lower events"
            ),
            Self::Stopped => write!(f, "stopped before the stream was complete"),
        }
    }
}

impl core::error::Error for SyntheticError {}

impl Config {
    /// Checks every setting.
    ///
    /// # Errors
    /// Returns an error that names the first setting out of range.
    pub fn validate(&self) -> Result<(), SyntheticError> {
        // Negated, so that NaN is refused as well.
        if !(self.rate_hz > 0.0 && self.rate_hz <= RATE_HZ_MAX) {
            return Err(SyntheticError::RateHz(self.rate_hz));
        }
        if self.events == 0 || self.events > EVENTS_MAX {
            return Err(SyntheticError::Events(self.events));
        }
        if self.symbols == 0 || self.symbols > SYMBOLS_MAX {
            return Err(SyntheticError::Symbols(self.symbols));
        }
        let gaps = (self.events - 1).max(1) as f64;
        if gaps * (1e9 / self.rate_hz) > SPAN_NS_MAX {
            return Err(self.span_too_long());
        }
        Ok(())
    }

    const fn span_too_long(&self) -> SyntheticError {
        SyntheticError::SpanTooLong {
            rate_hz: self.rate_hz,
            events: self.events,
        }
    }
}

/// Generates the stream of `config`.
///
/// `progress` is called with the number of events done, every [`PROGRESS_EVERY`] events and once
/// before the first; when it breaks, generation stops.
///
/// # Errors
/// Returns an error if a setting is out of range, the stamps do not fit, the memory is refused or
/// `progress` broke.
pub fn generate(
    config: &Config,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Vec<Event>, SyntheticError> {
    config.validate()?;
    let arrivals_rng = Xoshiro256PlusPlus::seed_from_u64(config.seed);
    match config.model {
        Model::Constant => fill(config, Constant::new(config.rate_hz), progress),
        Model::Poisson => fill(config, Poisson::new(config.rate_hz, arrivals_rng), progress),
        Model::Hawkes => fill(
            config,
            Hawkes::new(FITTED, config.rate_hz, arrivals_rng),
            progress,
        ),
    }
}

fn fill(
    config: &Config,
    mut arrivals: impl Arrivals,
    progress: &mut dyn FnMut(u64) -> ControlFlow<()>,
) -> Result<Vec<Event>, SyntheticError> {
    let count =
        usize::try_from(config.events).map_err(|_| SyntheticError::Events(config.events))?;
    let mut events: Vec<Event> = Vec::new();
    events
        .try_reserve_exact(count)
        .map_err(|_| SyntheticError::OutOfMemory {
            bytes: config.events * size_of::<Event>() as u64,
        })?;
    let mut orders_rng = Xoshiro256PlusPlus::seed_from_u64(config.seed);
    // 2¹⁹² steps away from the generator of the arrivals: the two can never meet.
    orders_rng.long_jump();
    let mut orders = Orders::new(config.symbols, orders_rng);
    while events.len() < count {
        if progress(events.len() as u64).is_break() {
            return Err(SyntheticError::Stopped);
        }
        for _ in 0..PROGRESS_EVERY.min(count - events.len()) {
            let ts_ns = arrivals.next_ns().ok_or_else(|| config.span_too_long())?;
            let sequence = events.len() as u64 + 1;
            events.push(orders.next_event(ts_ns, sequence));
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests;
