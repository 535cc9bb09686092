//! What a run says of its feed: under way, and in the end.

use pyo3::prelude::*;
use tickpath_core::engine::{FeedCounts, FeedSnapshot};

/// The feed as of one moment: what its receiver sees by the transport's numbers, and how far it is.
///
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle)
///     >>> engine.start()
///     >>> _ = engine.advance(10_000)
///     >>> engine.snapshot().feed.published
///     11
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct FeedCounters {
    /// Events put into the ring; duplicates and heartbeats among them.
    published: u64,
    /// When the last event was published that was no repeat, in nanoseconds after the feed began; ``None`` before
    /// the first.
    newest_ns: Option<u64>,
    /// Transport sequences that the receiver missed when a higher one came.
    gaps: u64,
    /// Events that the receiver had had before: duplicates, heartbeats.
    repeats: u64,
    /// Events that came late and filled a gap; they are in ``gaps``, too.
    reordered: u64,
    /// Events that were due and never published: the feed's own account, which no receiver can know.
    withheld: u64,
    /// Whether the feed waits to be released.
    held: bool,
    /// Whether no event follows.
    done: bool,
}

impl FeedCounters {
    /// Of a run that was started, or of none.
    pub(crate) fn of(feed: Option<&FeedSnapshot>) -> Self {
        Self {
            published: feed.map_or(0, |feed| feed.published),
            newest_ns: feed.and_then(|feed| feed.newest_ns),
            gaps: feed.map_or(0, |feed| feed.gaps),
            repeats: feed.map_or(0, |feed| feed.repeats),
            reordered: feed.map_or(0, |feed| feed.reordered),
            withheld: feed.map_or(0, |feed| feed.withheld),
            held: feed.is_some_and(|feed| feed.held),
            done: feed.is_some_and(|feed| feed.done),
        }
    }
}

/// What became of the feed's events: planned + repeats = published + withheld + unpublished.
///
///     >>> from tickpath.core.engine import VirtualEngine
///     >>> from tickpath.core.ingest import MarketDataSource
///     >>> from tickpath.core.state import Lifecycle, State
///     >>> lifecycle = Lifecycle()
///     >>> _ = lifecycle.transition_to(State.WARMUP), lifecycle.transition_to(State.READY)
///     >>> source = MarketDataSource.synthetic(model="constant", rate_hz=1e6, events=1_000)
///     >>> engine = VirtualEngine(source, lifecycle)
///     >>> engine.start()
///     >>> engine.finish().feed.published
///     1000
#[pyclass(frozen, get_all, module = "tickpath._native")]
#[derive(Debug)]
pub(crate) struct FeedRecord {
    /// Events of the plan.
    planned: u64,
    /// Events put into the ring; duplicates and heartbeats among them.
    published: u64,
    /// Events that were due and never published.
    withheld: u64,
    /// Events that a stop left: neither published nor withheld.
    unpublished: u64,
    /// Transport sequences that the receiver missed when a higher one came.
    gaps: u64,
    /// Events that the receiver had had before.
    repeats: u64,
    /// Events that came late and filled a gap; they are in ``gaps``, too.
    reordered: u64,
    /// Whether every event that came due is accounted for once.
    balanced: bool,
}

impl From<FeedCounts> for FeedRecord {
    fn from(feed: FeedCounts) -> Self {
        Self {
            planned: feed.planned,
            published: feed.published,
            withheld: feed.withheld,
            unpublished: feed.unpublished(),
            gaps: feed.gaps,
            repeats: feed.repeats,
            reordered: feed.reordered,
            balanced: feed.is_balanced(),
        }
    }
}
