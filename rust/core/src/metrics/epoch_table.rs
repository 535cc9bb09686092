//! What was executed under which epoch: the evidence that nothing ran outside READY.

/// One epoch as the executor saw it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EpochRow {
    /// The epoch of the gate word.
    pub epoch: u64,
    /// The first sequence decided under it.
    pub first_seq: u64,
    /// The last sequence decided under it.
    pub last_seq: u64,
    /// Events executed.
    pub executed: u64,
    /// Events processed and not executed.
    pub gated: u64,
}

/// Rows in preallocated memory, one per epoch in which an event was processed, in order.
///
/// One writer, O(1), no allocation after construction. Events of epochs that found no room are
/// counted in [`Self::overflow`]; a table that overflowed proves nothing.
#[derive(Debug)]
pub struct EpochTable {
    rows: Vec<EpochRow>,
    capacity: usize,
    overflow: u64,
}

impl EpochTable {
    /// An empty table of `capacity` rows.
    pub fn with_capacity(capacity: usize) -> Self {
        Self {
            rows: Vec::with_capacity(capacity),
            capacity,
            overflow: 0,
        }
    }

    /// Counts `count` events from `first_seq` on, at least one, all decided under `epoch` and all
    /// executed or none.
    #[inline]
    pub fn record_run(&mut self, first_seq: u64, count: u64, epoch: u64, executed: bool) {
        let known = self.rows.last().is_some_and(|row| row.epoch == epoch) && self.overflow == 0;
        if !known && !self.open(first_seq, count, epoch) {
            return;
        }
        if let Some(row) = self.rows.last_mut() {
            row.last_seq = first_seq + count - 1;
            if executed {
                row.executed += count;
            } else {
                row.gated += count;
            }
        }
    }

    /// Opens a row; false, and counted, if there is no room.
    #[cold]
    fn open(&mut self, first_seq: u64, count: u64, epoch: u64) -> bool {
        if self.rows.len() == self.capacity {
            self.overflow += count;
            return false;
        }
        self.rows.push(EpochRow {
            epoch,
            first_seq,
            last_seq: first_seq,
            executed: 0,
            gated: 0,
        });
        true
    }

    /// The rows so far.
    pub fn rows(&self) -> &[EpochRow] {
        &self.rows
    }

    /// Events that are in no row.
    pub const fn overflow(&self) -> u64 {
        self.overflow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_per_epoch_with_its_first_and_last_sequence() {
        let mut table = EpochTable::with_capacity(4);
        table.record_run(10, 1, 1, false);
        table.record_run(11, 2, 1, false);
        table.record_run(20, 1, 4, true);
        let row = |epoch, first_seq, last_seq, executed, gated| EpochRow {
            epoch,
            first_seq,
            last_seq,
            executed,
            gated,
        };
        assert_eq!(table.rows(), [row(1, 10, 12, 0, 3), row(4, 20, 20, 1, 0)]);
        assert_eq!(table.overflow(), 0);
    }

    #[test]
    fn an_epoch_without_room_is_counted_and_what_follows_as_well() {
        let mut table = EpochTable::with_capacity(2);
        for (seq, epoch) in [(0, 1), (1, 2), (2, 3), (4, 3), (6, 2)] {
            table.record_run(seq, 1 + u64::from(seq >= 2), epoch, true);
        }
        assert_eq!(table.overflow(), 6);
        assert_eq!(table.rows().len(), 2);
        assert_eq!(table.rows()[1].executed, 1);
    }

    #[test]
    fn a_table_without_rows_only_counts() {
        let mut table = EpochTable::with_capacity(0);
        table.record_run(0, 1, 1, true);
        assert_eq!((table.rows().len(), table.overflow()), (0, 1));
    }
}
