//! A reading end of an event ring.

use super::prefetch::{Place, distance};
use super::slot::Payload;
use super::{Bounds, Cursor, EventRing, Overrun, Reader, Start, StartError};
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
        let place = ring.place_of(next);
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
        let ahead = &run[distance(slots.len()).min(run.len())..];
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
            before = slot;
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
            self.place = Place::at(next, self.ring.first_slot(), slots.len());
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
        self.place = self.ring.place_of(self.cursor.next());
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
