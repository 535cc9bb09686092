//! Where every event went.

use crate::state::StateCode;

/// The books of one consumer: each term counted where it happens, by whom it happens to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Ledger {
    /// Events published since the reader's start; counted by the feed.
    pub published: u64,
    /// Events executed.
    pub executed: u64,
    /// Events processed and not executed, by the code of the state.
    pub gated: [u64; StateCode::ALL.len()],
    /// Events read by a plain consumer, which has this in the place of the two above.
    pub read: u64,
    /// Events overwritten before they were read.
    pub lost: u64,
    /// Events that could be read, and were skipped on purpose.
    pub shed: u64,
    /// Events left at stop; counted by reading them.
    pub unread: u64,
}

impl Ledger {
    /// Events processed and not executed, in any state.
    pub fn gated_total(&self) -> u64 {
        self.gated.iter().sum()
    }

    /// Events that the consumer accounts for, in whatever term.
    pub fn accounted(&self) -> u128 {
        let terms = [
            self.executed,
            self.gated_total(),
            self.read,
            self.lost,
            self.shed,
            self.unread,
        ];
        terms.into_iter().map(u128::from).sum()
    }

    /// Whether every published event is accounted for, once.
    pub fn is_balanced(&self) -> bool {
        u128::from(self.published) == self.accounted()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corrupting_any_counter_unbalances_it() {
        let ledger = Ledger {
            published: 109,
            executed: 80,
            gated: [0, 5, 0, 3],
            read: 9,
            lost: 7,
            shed: 1,
            unread: 4,
        };
        assert!(ledger.is_balanced());
        let corruptions: [fn(&mut Ledger); 9] = [
            |ledger| ledger.published += 1,
            |ledger| ledger.executed += 1,
            |ledger| ledger.gated[0] += 1,
            |ledger| ledger.gated[1] -= 1,
            |ledger| ledger.gated[3] += 1,
            |ledger| ledger.read += 1,
            |ledger| ledger.lost -= 1,
            |ledger| ledger.shed += 1,
            |ledger| ledger.unread -= 1,
        ];
        for corrupt in corruptions {
            let mut corrupted = ledger;
            corrupt(&mut corrupted);
            assert!(!corrupted.is_balanced(), "{corrupted:?}");
        }
    }
}
