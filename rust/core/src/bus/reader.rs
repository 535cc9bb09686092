//! A reading end of an event ring.

use super::prefetch::{Place, reading_distance};
use super::slot::Payload;
use super::{Bounds, Cursor, EventRing, Overrun, Reader, Start, StartError};
use crate::planted;
use crate::sync::Arc;

/// One reader's place in an [`EventRing`], and its books.
///
/// Owned by one thread at a time. A read looks at the slot of its event and at the one before, which it has
/// read already; it never waits, allocates or changes memory that others see.
///
/// With `CLAIMS` ([`Self::claiming`]) it takes each line over before it copies the event, so that the producer
/// has it back sooner. For a ring's only reader: several would take lines away from each other.
#[derive(Debug)]
pub struct EventReader<const CLAIMS: bool = false> {
    ring: Arc<EventRing>,
    cursor: Cursor,
    /// The slot of the cursor's sequence, kept so that reading needs no division.
    place: Place,
}

impl EventReader {
    /// A reader of `ring` that begins at `start`.
    ///
    /// # Errors
    /// Returns an error if the start lies beyond the head.
    pub fn new(ring: Arc<EventRing>, start: Start) -> Result<Self, StartError> {
        Self::begin(ring, start)
    }

    /// The same reader, as the one that takes lines over.
    ///
    /// A locked instruction an event. Worth it where the rate is limited by lines that go from core to core,
    /// and on some processors only; a single event comes no sooner by it.
    pub fn claiming(self) -> EventReader<true> {
        EventReader {
            ring: self.ring,
            cursor: self.cursor,
            place: self.place,
        }
    }
}

impl<const CLAIMS: bool> EventReader<CLAIMS> {
    /// A reader of `ring` that begins at `start`.
    pub(super) fn begin(ring: Arc<EventRing>, start: Start) -> Result<Self, StartError> {
        let next = start.resolve(ring.bounds())?;
        let place = ring.place_of(next, reading_distance(ring.slot_count()));
        Ok(Self {
            ring,
            cursor: Cursor::new(next),
            place,
        })
    }

    /// The ring this reads.
    pub const fn ring(&self) -> &Arc<EventRing> {
        &self.ring
    }

    /// The place and the books, as a copy.
    pub const fn cursor(&self) -> Cursor {
        self.cursor
    }

    /// Unread events up to the head; more than the capacity means overrun.
    ///
    /// A search of the stamps from the cursor on; [`Self::has_unread`] is a single look.
    pub fn available(&self) -> u64 {
        self.cursor.available(self.bounds().head)
    }

    /// Whether at least `count` events are unread, readable or lost.
    pub fn has_unread(&self, count: u64) -> bool {
        count == 0 || self.ring.has_published(self.cursor.next() + count - 1)
    }

    /// Events this reader expected and will never read, counted at recovery.
    pub const fn lost(&self) -> u64 {
        self.cursor.lost()
    }

    /// The part of [`Self::lost`] that was still readable when it was skipped on purpose.
    pub const fn shed(&self) -> u64 {
        self.cursor.shed()
    }

    /// Hands up to `limit` events to `visit`, in order, and returns how many: all that are there, or
    /// those before the first that is gone. Each was copied whole before `visit` sees it.
    ///
    /// # Errors
    /// Returns an error if the very next event is gone; then nothing was handed out.
    #[inline]
    pub fn read_with(
        &mut self,
        limit: usize,
        mut visit: impl FnMut(Payload),
    ) -> Result<usize, Overrun> {
        let mut count = 0;
        while count < limit {
            match self.read_run(limit - count, &mut visit) {
                // The cursor stays at the lost event: the next call says so.
                Err(overrun) if count == 0 => return Err(overrun),
                Ok(0) | Err(_) => break,
                Ok(read) => count += read,
            }
        }
        Ok(count)
    }

    /// One stretch of [`Self::read_with`], as far as slots lie side by side: without a look at the ring's end
    /// for each.
    #[inline]
    fn read_run(
        &mut self,
        limit: usize,
        visit: &mut impl FnMut(Payload),
    ) -> Result<usize, Overrun> {
        let slots = self.ring.slots();
        let Place { slot, before, .. } = self.place;
        let run = &slots[slot..];
        let distance = reading_distance(self.ring.slot_count());
        let ahead = &run[distance.min(run.len())..];
        let first = self.cursor.next();
        let mut before = &slots[before];
        let mut outcome = Ok(());
        let mut read = 0;
        for (index, slot) in run.iter().take(limit).enumerate() {
            match self
                .ring
                .read_at::<CLAIMS>(slot, before, first + index as u64)
            {
                Ok(Some(payload)) => {
                    if let Some(line) = ahead.get(index) {
                        line.expect_read();
                    }
                    visit(payload);
                }
                Ok(None) => break,
                Err(overrun) => {
                    outcome = Err(overrun);
                    break;
                }
            }
            if !planted::bug(48) {
                before = slot;
            }
            read += 1;
        }
        if read > 0 {
            self.cursor.advance(read as u64);
            // A stretch ends with the ring's last slot at the latest.
            let next = if slot + read == slots.len() {
                self.ring.first_slot()
            } else {
                slot + read
            };
            self.place = Place::at(next, self.ring.first_slot(), slots.len(), distance);
            return Ok(read);
        }
        outcome.map(|()| 0)
    }

    /// Fills `out` from its start and returns how many events it got; see [`Self::read_with`].
    ///
    /// # Errors
    /// Returns an error if the very next event is gone; then `out` is as it was.
    pub fn read_into(&mut self, out: &mut [Payload]) -> Result<usize, Overrun> {
        let mut places = out.iter_mut();
        self.read_with(places.len(), |payload| {
            if let Some(place) = places.next() {
                *place = payload;
            }
        })
    }

    /// Begins anew at the very oldest event, with empty books, and returns how many events the place moved by.
    pub fn restart_at_oldest(&mut self) -> u64 {
        let expected = self.cursor.next();
        // The oldest retained event is never beyond the head, which is all that is refused.
        if let Ok(fresh) = Self::begin(Arc::clone(&self.ring), Start::Oldest) {
            *self = fresh;
        }
        self.cursor.next() - expected
    }

    /// Skips to the next event to be published and returns how many that skipped.
    pub fn reset_to_head(&mut self) -> u64 {
        let bounds = self.bounds();
        self.recover_to(bounds.head, bounds)
    }

    /// Recovers from an overrun and returns how many events that skipped; while the expected event
    /// is still readable it stays where it is and returns 0.
    ///
    /// It lands half a ring behind the head: at the oldest event itself the producer would overrun
    /// it again at once. What was readable before that point counts as [`Self::shed`].
    pub fn reset_to_oldest(&mut self) -> u64 {
        let bounds = self.bounds();
        if self.cursor.next() >= bounds.oldest {
            return 0;
        }
        self.recover_to(bounds.recovery(self.ring.capacity() as u64), bounds)
    }

    /// The ring's bounds; whoever is here has seen everything before its place published.
    fn bounds(&self) -> Bounds {
        self.ring.bounds_from(self.cursor.next())
    }

    fn recover_to(&mut self, target: u64, bounds: Bounds) -> u64 {
        let skipped = self.cursor.recover_to(target, bounds);
        let distance = reading_distance(self.ring.slot_count());
        self.place = self.ring.place_of(self.cursor.next(), distance);
        skipped
    }
}

impl<const CLAIMS: bool> Reader for EventReader<CLAIMS> {
    type Item = Payload;

    #[inline]
    fn next_seq(&self) -> u64 {
        self.cursor.next()
    }

    // Inlined down to the words, they stay in registers; through memory they would be stored one by one
    // and loaded as vectors, which costs a stall per event.
    #[inline(always)]
    fn poll(&mut self) -> Result<Option<Payload>, Overrun> {
        let slots = self.ring.slots();
        let place = self.place;
        let seq = self.cursor.next();
        let payload = (self.ring).read_slot::<CLAIMS>(place.slot, place.before, seq)?;
        if payload.is_some() {
            // Not while there is nothing to read: the producer would have to take the line back.
            slots[self.place.ahead].expect_read();
            self.cursor.advance(1);
            self.place.step(self.ring.first_slot(), slots.len());
        }
        Ok(payload)
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;
    use crate::bus::Producer;

    /// A ring of `capacity` slots with `sent` events that are their own sequence, and a reader from the first on.
    fn begun(capacity: usize, sent: u64) -> (Producer, EventReader) {
        let (mut producer, ring) = EventRing::try_new(capacity).expect("memory for the slots");
        let reader = ring.reader(Start::Oldest).expect("the oldest exists");
        producer.publish_many((0..sent).map(|seq| [seq; 7]));
        (producer, reader)
    }

    /// The next sequence, what was lost and what of it was shed.
    fn books<const CLAIMS: bool>(reader: &EventReader<CLAIMS>) -> (u64, u64, u64) {
        (reader.next_seq(), reader.lost(), reader.shed())
    }

    /// Everything that `reader` reads at once, by sequence.
    fn rest<const CLAIMS: bool>(reader: &mut EventReader<CLAIMS>, limit: usize) -> Vec<u64> {
        let mut seen = Vec::new();
        let read = reader.read_with(limit, |payload| {
            assert_eq!(payload, [payload[0]; 7]);
            seen.push(payload[0]);
        });
        assert_eq!(read, Ok(seen.len()));
        seen
    }

    #[test]
    fn a_batch_goes_round_the_ring_as_single_events_do() {
        for capacity in [1, 2, 3, 8, 513] {
            for limit in [1, 2, 3, usize::MAX] {
                let (mut producer, mut batches) = begun(capacity, 0);
                let mut singly = producer.ring().reader(Start::Head).expect("it exists");
                for round in 0..4 {
                    let capacity = capacity as u64;
                    let (first, end) = (round * capacity, (round + 1) * capacity);
                    producer.publish_many((first..end).map(|seq| [seq; 7]));
                    for seq in first..end {
                        assert_eq!(singly.poll(), Ok(Some([seq; 7])));
                    }
                    let mut next = first;
                    while next < end {
                        let seen = rest(&mut batches, limit);
                        let until = end.min(next.saturating_add(limit as u64));
                        assert!(seen.into_iter().eq(next..until));
                        next = until;
                    }
                    assert_eq!(
                        (singly.poll(), rest(&mut batches, limit)),
                        (Ok(None), vec![])
                    );
                    let same = |place: Place| (place.before, place.slot, place.ahead);
                    assert_eq!(same(singly.place), same(batches.place));
                }
            }
        }
    }

    #[test]
    fn a_batch_hands_out_what_lies_before_an_event_that_is_gone_and_then_says_so() {
        let (mut producer, mut reader) = begun(4, 4);
        let mut seen = Vec::new();
        // The producer laps the reader while it looks at its second event.
        let read = reader.read_with(usize::MAX, |[seq, ..]| {
            seen.push(seq);
            if seq == 1 {
                producer.publish_many((4..10).map(|seq| [seq; 7]));
            }
        });
        assert_eq!((read, seen), (Ok(2), vec![0, 1]));
        let overrun = Overrun {
            requested: 2,
            oldest: 6,
            head: 10,
        };
        let mut out = [[99; 7]; 3];
        assert_eq!(reader.read_into(&mut out), Err(overrun));
        assert_eq!((reader.poll(), out), (Err(overrun), [[99; 7]; 3]));
        assert_eq!((books(&reader), reader.available()), ((2, 0, 0), 8));
    }

    #[test]
    fn unread_events_are_told_to_the_last_one() {
        let (_producer, mut reader) = begun(8, 5);
        assert_eq!((reader.poll(), reader.available()), (Ok(Some([0; 7])), 4));
        let unread = [0, 1, 4, 5].map(|count| reader.has_unread(count));
        assert_eq!(unread, [true, true, true, false]);
        let mut fresh = reader.ring().reader(Start::Head).expect("it exists");
        assert_eq!((fresh.has_unread(0), fresh.has_unread(1)), (true, false));
        assert_eq!((fresh.available(), fresh.poll()), (0, Ok(None)));
    }

    #[test]
    fn a_reader_that_was_overrun_recovers_half_a_ring_behind_or_at_the_head() {
        let (_producer, mut reader) = begun(4, 10);
        let mut other = reader.ring().reader(Start::Sequence(1)).expect("it exists");
        assert_eq!(reader.reset_to_oldest(), 8);
        assert_eq!((books(&reader), reader.reset_to_oldest()), ((8, 8, 2), 0));
        assert_eq!(rest(&mut reader, 9), [8, 9]);
        assert_eq!(other.reset_to_head(), 9);
        assert_eq!((books(&other), other.poll()), ((10, 9, 4), Ok(None)));
    }

    #[test]
    fn a_reader_that_is_not_late_stays_where_it_is() {
        let (_producer, mut reader) = begun(4, 4);
        assert_eq!((reader.reset_to_oldest(), books(&reader)), (0, (0, 0, 0)));
        assert_eq!(rest(&mut reader, 9), [0, 1, 2, 3]);
    }

    #[test]
    fn a_restart_begins_at_the_oldest_with_empty_books() {
        let (mut producer, mut reader) = begun(4, 10);
        reader.reset_to_oldest();
        producer.publish_many((10..14).map(|seq| [seq; 7]));
        assert_eq!(reader.restart_at_oldest(), 2);
        assert_eq!(books(&reader), (10, 0, 0));
        assert_eq!(rest(&mut reader, 9), [10, 11, 12, 13]);
    }

    #[test]
    fn a_reader_that_takes_lines_over_goes_on_with_place_and_books() {
        let (mut producer, mut reader) = begun(4, 10);
        reader.reset_to_oldest();
        let mut claiming = reader.claiming();
        assert_eq!(books(&claiming), (8, 8, 2));
        assert_eq!(claiming.cursor().next(), 8);
        assert_eq!(rest(&mut claiming, 1), [8]);
        assert_eq!(claiming.poll(), Ok(Some([9; 7])));
        producer.publish([10; 7]);
        assert_eq!(rest(&mut claiming, 9), [10]);
    }
}
