//! The books of one reading stage, for whoever wants to look while it runs.
//!
//! - **Threads**: written by the stage's thread alone, read by any.
//! - **Blocking**: a reader retries while a tuple is being written; the stage never waits.

use crossbeam_utils::CachePadded;

use crate::metrics::Tally;
use crate::state::StateCode;
use crate::sync::Arc;

use super::{Ledger, Progress, StageSnapshot};

/// What a stage without a limit says of its events over it.
pub(super) const NO_LIMIT: u64 = u64::MAX;
/// Words of a stage's tuple.
const WORDS: usize = 12;

/// The books of one reading stage, written by its thread alone.
#[derive(Debug)]
pub struct StageBooks {
    tally: CachePadded<Tally<WORDS>>,
    progress: Arc<Progress>,
}

impl StageBooks {
    pub(super) fn new(first_seq: u64) -> Self {
        let books = Self {
            tally: CachePadded::new(Tally::default()),
            progress: Arc::new(Progress::new(first_seq)),
        };
        books.set(&Ledger::default(), first_seq, 0, 0);
        books
    }

    /// By the stage, after each turn that changed them and before the first under a new epoch; `over_limit` is
    /// [`NO_LIMIT`] without one.
    #[inline]
    pub(super) fn set(&self, ledger: &Ledger, cursor: u64, over_limit: u64, epoch: u64) {
        let [init, warmup, ready, degraded] = ledger.gated;
        self.tally.write([
            ledger.executed,
            init,
            warmup,
            ready,
            degraded,
            ledger.read,
            ledger.lost,
            ledger.shed,
            ledger.unread,
            cursor,
            over_limit,
            epoch,
        ]);
    }

    /// How far the stage is, for those behind it.
    pub const fn progress(&self) -> &Arc<Progress> {
        &self.progress
    }

    /// The stage as of now, all words of one moment.
    pub(super) fn read(&self) -> StageSnapshot {
        let [
            executed,
            init,
            warmup,
            ready,
            degraded,
            read,
            lost,
            shed,
            unread,
            cursor,
            over_limit,
            epoch_seen,
        ] = self.tally.read();
        let gated: [u64; StateCode::ALL.len()] = [init, warmup, ready, degraded];
        StageSnapshot {
            ledger: Ledger {
                published: 0,
                executed,
                gated,
                read,
                lost,
                shed,
                unread,
            },
            cursor,
            epoch_seen,
            backlog: 0,
            over_limit: (over_limit != NO_LIMIT).then_some(over_limit),
        }
    }
}
