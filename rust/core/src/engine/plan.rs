//! When each event of a run is meant to be published.

use core::fmt;

use crate::ingest::Event;

/// How a feed is paced.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Pace {
    /// As recorded, `speed` times as fast. A step back in the stamps is no gap: the event is due at
    /// once, and time goes on where the latest stamp left it.
    Recorded {
        /// Recorded nanoseconds per nanosecond of the run.
        speed: f64,
        /// The longest idle gap between two events, in nanoseconds of the run; the rest of a longer
        /// one is left out.
        max_gap_ns: u64,
    },
    /// Evenly, whatever was recorded.
    Constant {
        /// Events per second.
        rate_hz: f64,
    },
    /// As fast as possible: there is no plan, and nothing can be said about lateness.
    Max,
}

/// Why there is no plan.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum PlanError {
    /// A speed that is not a positive number.
    Speed(f64),
    /// A rate outside (0, 1e9].
    Rate(f64),
    /// Not the memory for one stamp per event.
    OutOfMemory,
}

impl fmt::Display for PlanError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Speed(speed) => {
                write!(f, "a speed must be a positive number: got {speed}, try 1")
            }
            Self::Rate(rate) => write!(
                f,
                "a rate must lie above 0 and at most 1e9 events per second: got {rate}"
            ),
            Self::OutOfMemory => f.write_str("not enough memory for the plan of this many events"),
        }
    }
}

impl core::error::Error for PlanError {}

/// The intended publication of every event, in nanoseconds after the start of the feed.
///
/// Made before the run, never changed in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    events: usize,
    offsets_ns: Option<Box<[u64]>>,
    gaps_capped: u64,
    left_out_ns: u64,
}

impl Plan {
    /// The plan of the first `limit` of `events` at `pace`.
    ///
    /// # Errors
    /// Returns an error if the pace makes no sense, or for want of memory.
    pub fn of(events: &[Event], limit: Option<usize>, pace: Pace) -> Result<Self, PlanError> {
        let events = &events[..limit.unwrap_or(usize::MAX).min(events.len())];
        let mut plan = Self {
            events: events.len(),
            offsets_ns: None,
            gaps_capped: 0,
            left_out_ns: 0,
        };
        let offsets_ns = match pace {
            Pace::Max => return Ok(plan),
            Pace::Constant { rate_hz } => constant(events.len(), rate_hz)?,
            Pace::Recorded { speed, max_gap_ns } => plan.recorded(events, speed, max_gap_ns)?,
        };
        plan.offsets_ns = Some(offsets_ns.into_boxed_slice());
        Ok(plan)
    }

    /// Follows the stamps. What is left out is taken from the recorded time before it is divided,
    /// so that no rounding adds up over millions of events.
    fn recorded(
        &mut self,
        events: &[Event],
        speed: f64,
        max_gap_ns: u64,
    ) -> Result<Vec<u64>, PlanError> {
        if !(speed.is_finite() && speed > 0.0) {
            return Err(PlanError::Speed(speed));
        }
        let gap_max_recorded = (max_gap_ns as f64 * speed) as u64;
        let mut offsets_ns = room_for(events.len())?;
        let mut latest = events.first().map_or(0, |event| event.ts_ns);
        let (mut elapsed, mut left_out) = (0_u64, 0_u64);
        for event in events {
            let gap = event.ts_ns.saturating_sub(latest);
            latest = latest.max(event.ts_ns);
            if gap > gap_max_recorded {
                self.gaps_capped += 1;
                left_out = left_out.saturating_add(gap - gap_max_recorded);
            }
            elapsed += gap.min(gap_max_recorded);
            offsets_ns.push(scaled(elapsed, speed));
        }
        self.left_out_ns = scaled(left_out, speed);
        Ok(offsets_ns)
    }

    /// How many events will be published.
    pub const fn len(&self) -> usize {
        self.events
    }

    /// Whether there is nothing to publish.
    pub const fn is_empty(&self) -> bool {
        self.events == 0
    }

    /// The intended offsets, or `None` where there is no plan.
    pub fn offsets_ns(&self) -> Option<&[u64]> {
        self.offsets_ns.as_deref()
    }

    /// Idle gaps that were cut short.
    pub const fn gaps_capped(&self) -> u64 {
        self.gaps_capped
    }

    /// Idle time that was left out, in nanoseconds of the run.
    pub const fn left_out_ns(&self) -> u64 {
        self.left_out_ns
    }
}

fn constant(events: usize, rate_hz: f64) -> Result<Vec<u64>, PlanError> {
    if !(rate_hz > 0.0 && rate_hz <= 1e9) {
        return Err(PlanError::Rate(rate_hz));
    }
    let mut offsets_ns = room_for(events)?;
    offsets_ns.extend((0..events).map(|i| (i as f64 * 1e9 / rate_hz) as u64));
    Ok(offsets_ns)
}

/// Recorded time as time of the run; exact at speed 1.
fn scaled(recorded_ns: u64, speed: f64) -> u64 {
    if speed == 1.0 {
        recorded_ns
    } else {
        (recorded_ns as f64 / speed) as u64
    }
}

fn room_for(events: usize) -> Result<Vec<u64>, PlanError> {
    let mut offsets_ns = Vec::new();
    offsets_ns
        .try_reserve_exact(events)
        .map_err(|_| PlanError::OutOfMemory)?;
    Ok(offsets_ns)
}
