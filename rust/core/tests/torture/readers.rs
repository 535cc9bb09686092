//! Readers of different habits, each of which checks every event it gets and keeps its own account.

use tickpath_core::bus::{EventReader, EventRing, Overrun, Payload, Reader, Start};
use tickpath_core::sync::{Arc, AtomicBool, Ordering, spin_loop, thread};

use crate::account::Account;
use crate::words::is_whole;

/// Events of a batch at most.
const BATCH: usize = 64;

/// How a reader reads.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Habit {
    /// One at a time rather than in batches.
    one_by_one: bool,
    /// How long it does something else after it has read.
    pauses: u32,
    /// Recovers to the head rather than to the oldest.
    to_head: bool,
    /// Lets others run whenever it has nothing to read.
    yields: bool,
}

impl Habit {
    /// That of the reader with this index.
    pub(crate) const fn of(index: usize, yields: bool) -> Self {
        Self {
            one_by_one: index % 2 == 1,
            pauses: [0, 0, 300, 40][index % 4],
            to_head: index % 3 == 2,
            yields,
        }
    }
}

/// One look of a reader, and what it found.
struct Checking<'a, const CLAIMS: bool> {
    reader: EventReader<CLAIMS>,
    habit: Habit,
    key: u64,
    account: &'a mut Account,
    batch: [Payload; BATCH],
}

impl<'a, const CLAIMS: bool> Checking<'a, CLAIMS> {
    fn new(reader: EventReader<CLAIMS>, habit: Habit, key: u64, account: &'a mut Account) -> Self {
        Self {
            reader,
            habit,
            key,
            account,
            batch: [[0; 7]; BATCH],
        }
    }

    fn look(&mut self) {
        let first = self.reader.next_seq();
        match self.read() {
            Ok(0) if self.habit.yields => thread::yield_now(),
            Ok(0) => spin_loop(),
            Ok(count) => {
                for index in 0..count {
                    self.check(index, first + index as u64);
                }
                self.account.checked += count as u64;
            }
            Err(overrun) => self.recover(overrun, first),
        }
        (0..self.habit.pauses).for_each(|_| spin_loop());
    }

    fn read(&mut self) -> Result<usize, Overrun> {
        if !self.habit.one_by_one {
            return self.reader.read_into(&mut self.batch);
        }
        let polled = self.reader.poll()?;
        self.batch[0] = polled.unwrap_or(self.batch[0]);
        Ok(usize::from(polled.is_some()))
    }

    #[inline]
    fn check(&mut self, index: usize, expected: u64) {
        let payload = &self.batch[index];
        if !is_whole(payload, self.key) {
            self.account
                .torn(format_args!("event {expected}: {payload:x?}"));
        } else if payload[0] != expected {
            let got = payload[0];
            self.account.expect(
                false,
                format_args!("event {got} in the place of {expected}"),
            );
        }
    }

    fn recover(&mut self, overrun: Overrun, expected: u64) {
        let capacity = self.reader.ring().capacity() as u64;
        let is_exact = overrun.requested == expected
            && overrun.oldest > expected
            && overrun.head - overrun.oldest == capacity;
        self.account.expect(
            is_exact,
            format_args!("{overrun:?} of a reader at {expected}"),
        );
        let skipped = if self.habit.to_head {
            self.reader.reset_to_head()
        } else {
            self.reader.reset_to_oldest()
        };
        let is_ahead = skipped >= overrun.oldest.saturating_sub(expected).max(1);
        self.account.expect(
            is_ahead,
            format_args!("skipped {skipped} after {overrun:?}"),
        );
        self.account.overruns += 1;
    }
}

/// Reads until event `sent − 1` is behind it: what it saw and what it lost is what was sent.
pub(crate) fn follow<const CLAIMS: bool>(
    reader: EventReader<CLAIMS>,
    sent: u64,
    habit: Habit,
    key: u64,
) -> Account {
    let mut account = Account {
        readers: 1,
        ..Account::default()
    };
    let mut checking = Checking::new(reader, habit, key, &mut account);
    while checking.reader.next_seq() < sent {
        checking.look();
    }
    let (next, lost) = (checking.reader.next_seq(), checking.reader.lost());
    account.lost = lost;
    let checked = account.checked;
    let balances = next == sent && checked + lost == sent;
    account.expect(
        balances,
        format_args!("{checked} seen + {lost} lost, {sent} sent"),
    );
    account
}

/// Joins in mid-run, at the oldest event or at the head, reads for a while and leaves, again and again.
pub(crate) fn come_and_go(ring: &Arc<EventRing>, is_over: &AtomicBool, key: u64) -> Account {
    let mut account = Account::default();
    while !is_over.load(Ordering::Relaxed) {
        let visit = account.readers;
        let start = [Start::Oldest, Start::Head][(visit & 1) as usize];
        let reader = EventReader::new(Arc::clone(ring), start).expect("not beyond the head");
        let (first, checked) = (reader.next_seq(), account.checked);
        let habit = Habit::of(visit as usize, true);
        let mut checking = Checking::new(reader, habit, key, &mut account);
        (0..100 + visit % 57).for_each(|_| checking.look());
        let (next, lost) = (checking.reader.next_seq(), checking.reader.lost());
        let seen = account.checked - checked;
        let balances = first + seen + lost == next;
        account.expect(
            balances,
            format_args!("{first} + {seen} seen + {lost} lost, at {next}"),
        );
        account.lost += lost;
        account.readers += 1;
    }
    account
}
