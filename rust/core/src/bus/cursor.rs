//! A reader's place in a ring and its books, without the ring.

use super::{Bounds, Overrun};

/// Anything that can be read by sequence.
pub trait Readable {
    /// What a read hands out.
    type Item;

    /// What is retained now. On a ring shared between threads this is a snapshot that may be stale
    /// before it is looked at.
    fn bounds(&self) -> Bounds;

    /// Reads `seq`: `Ok(None)` if it is not published yet.
    ///
    /// # Errors
    /// Returns an error if `seq` was overwritten.
    fn read(&self, seq: u64) -> Result<Option<Self::Item>, Overrun>;
}

/// A place in a ring that moves forward: what the executor's step reads from.
pub trait Reader {
    /// What a read hands out.
    type Item;

    /// The next sequence this reader expects.
    fn next_seq(&self) -> u64;

    /// Reads the expected sequence and moves past it: `Ok(None)` when caught up.
    ///
    /// # Errors
    /// Returns an error if the expected sequence was overwritten; the reader stays where it is.
    fn poll(&mut self) -> Result<Option<Self::Item>, Overrun>;
}

/// A ring and a cursor that lives elsewhere, together a [`Reader`].
#[derive(Debug)]
pub struct CursorOn<'a, R> {
    /// The ring that is read.
    pub ring: &'a R,
    /// The place in it.
    pub cursor: &'a mut Cursor,
}

impl<R: Readable> Reader for CursorOn<'_, R> {
    type Item = R::Item;

    #[inline]
    fn next_seq(&self) -> u64 {
        self.cursor.next()
    }

    #[inline]
    fn poll(&mut self) -> Result<Option<R::Item>, Overrun> {
        self.cursor.poll(self.ring)
    }
}

/// The next sequence a reader expects, and what it skipped.
///
/// Owned by one reader in one thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    next: u64,
    lost: u64,
    shed: u64,
}

impl Cursor {
    /// A cursor that expects `next`.
    pub const fn new(next: u64) -> Self {
        Self {
            next,
            lost: 0,
            shed: 0,
        }
    }

    /// The next sequence this reader expects.
    #[inline]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Sequences this reader expected and will never read, counted at recovery.
    pub const fn lost(&self) -> u64 {
        self.lost
    }

    /// The part of [`Self::lost`] that was still readable when it was skipped on purpose.
    pub const fn shed(&self) -> u64 {
        self.shed
    }

    /// Unread sequences up to `head`; more than the capacity means overrun.
    #[inline]
    pub const fn available(&self, head: u64) -> u64 {
        head.saturating_sub(self.next)
    }

    /// Reads the expected sequence and moves past it: `Ok(None)` when caught up.
    ///
    /// # Errors
    /// Returns an error if the expected sequence was overwritten; the cursor stays where it is.
    #[inline]
    pub fn poll<R: Readable>(&mut self, ring: &R) -> Result<Option<R::Item>, Overrun> {
        let item = ring.read(self.next)?;
        if item.is_some() {
            self.next += 1;
        }
        Ok(item)
    }

    /// Moves past `count` sequences that were read.
    #[inline]
    pub const fn advance(&mut self, count: u64) {
        self.next += count;
    }

    /// Skips forward to `target` and returns how many sequences that skipped: `target − expected`.
    ///
    /// Never moves back: a target behind the cursor skips nothing, so that no sequence is read twice.
    /// What was still readable (`bounds.oldest` and later) is counted as shed as well.
    pub const fn recover_to(&mut self, target: u64, bounds: Bounds) -> u64 {
        if target <= self.next {
            return 0;
        }
        let skipped = target - self.next;
        let gone = bounds.oldest.saturating_sub(self.next);
        self.shed += skipped.saturating_sub(gone);
        self.lost += skipped;
        self.next = target;
        skipped
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bus::ObjectRing;

    /// A ring of four slots in which nine sequences were published: `[5, 9)` can be read, and says ten times its name.
    fn ring() -> ObjectRing<u64> {
        let mut ring = ObjectRing::try_new(4).expect("memory for four slots");
        (0..9).for_each(|seq| drop(ring.publish(10 * seq)));
        ring
    }

    fn books(cursor: &Cursor) -> (u64, u64, u64) {
        (cursor.next(), cursor.lost(), cursor.shed())
    }

    #[test]
    fn a_poll_moves_on_by_what_it_read_and_stays_where_there_was_nothing() {
        let ring = ring();
        let mut cursor = Cursor::new(7);
        assert_eq!(cursor.poll(&ring), Ok(Some(70)));
        assert_eq!(cursor.poll(&ring), Ok(Some(80)));
        assert_eq!(cursor.poll(&ring), Ok(None));
        assert_eq!(books(&cursor), (9, 0, 0));
        let mut late = Cursor::new(4);
        let overrun = Overrun::at(4, ring.bounds());
        assert_eq!(late.poll(&ring), Err(overrun));
        assert_eq!(books(&late), (4, 0, 0));
    }

    #[test]
    fn a_cursor_on_a_ring_reads_as_the_cursor_does() {
        let ring = ring();
        let mut cursor = Cursor::new(7);
        let mut reader = CursorOn {
            ring: &ring,
            cursor: &mut cursor,
        };
        assert_eq!((reader.next_seq(), reader.poll()), (7, Ok(Some(70))));
        assert_eq!((reader.next_seq(), reader.poll()), (8, Ok(Some(80))));
        assert_eq!((reader.next_seq(), reader.poll()), (9, Ok(None)));
    }

    #[test]
    fn what_is_unread_counts_from_the_cursor_to_the_head() {
        let mut cursor = Cursor::new(7);
        assert_eq!([6, 7, 12].map(|head| cursor.available(head)), [0, 0, 5]);
        cursor.advance(3);
        assert_eq!((cursor.next(), cursor.available(12)), (10, 2));
    }

    #[test]
    fn a_recovery_counts_what_it_skips_and_of_that_what_could_still_be_read() {
        let bounds = Bounds::of(20, 4);
        for (target, skipped, shed) in [(10, 0, 0), (9, 0, 0), (11, 1, 0), (16, 6, 0), (18, 8, 2)] {
            let mut cursor = Cursor::new(10);
            assert_eq!(cursor.recover_to(target, bounds), skipped, "{target}");
            assert_eq!(books(&cursor), (10 + skipped, skipped, shed), "{target}");
        }
    }

    #[test]
    fn the_books_of_recoveries_add_up() {
        let mut cursor = Cursor::new(10);
        assert_eq!(cursor.recover_to(18, Bounds::of(20, 4)), 8);
        // All of it readable: the oldest lies behind the cursor.
        assert_eq!(cursor.recover_to(21, Bounds::of(21, 4)), 3);
        assert_eq!(books(&cursor), (21, 11, 5));
    }
}
