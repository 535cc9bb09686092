//! One cache line of the event ring: a payload and its stamp, in relaxed atomic words.
//!
//! # Protocol
//! The stamp of a slot says which event it holds: 0 when it was never written, `seq + 1` when event `seq`
//! is there. It only grows. A ring of capacity *c* has *c* + 1 slots, so the next event never goes where a
//! retained one is.
//!
//! - The writer stores the words, then the stamp. That event `seq` is being overwritten is not said in its own
//!   slot but by the slot before: its stamp says by then that `seq + c` is published, after which `seq` is no
//!   longer retained.
//! - A reader copies the words if it finds its event's stamp, and then looks at the slot before: only if `seq + c`
//!   was not there yet is the copy whole. Anything else is "not there yet" or "overwritten", never a
//!   mixture.
//!
//! A mark in the slot itself, stored before the words, would do as well without the spare slot, and was
//! measured: going back to the first half of a line after the second costs a quarter of the rate where
//! cores hand lines over in halves. So the words are stored from the far half to the near one, the stamp last.
//!
//! Every word is an atomic, so a reader that loses the race reads a torn copy and throws it away;
//! there is no data race in the language's sense. The one `unsafe` here is a hint to the processor.
//!
//! # Limit
//! A ring can carry [`MAX_EVENTS`] = 2⁶³ − 1 events: 29,000 years at ten million a second.

#![cfg_attr(
    all(target_arch = "x86_64", not(loom), not(miri)),
    allow(
        unsafe_code,
        reason = "the hints to fetch a line are instructions of the processor"
    )
)]

use crate::planted;
use crate::sync::{AtomicU64, Ordering};

/// What an event is to the bus: 56 bytes it does not look into, as seven words.
pub type Payload = [u64; 7];

/// How many events one ring can carry: sums of a sequence and a capacity fit in a word.
pub const MAX_EVENTS: u64 = (1 << 63) - 1;

/// The words that are really stored. Loom explores every store a relaxed load may see, so its model
/// keeps two words of seven: enough for a torn copy, and it ends in seconds.
const STORED_WORDS: usize = if cfg!(loom) { 2 } else { 7 };

/// Words in the near half of a line, beside the stamp.
const NEAR_WORDS: usize = if cfg!(loom) { 1 } else { 3 };

/// What a slot said about itself at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp(u64);

impl Stamp {
    /// `seq` can be read.
    #[inline]
    const fn of(seq: u64) -> Self {
        // No checked sum on the hot path: `seq` is below `MAX_EVENTS`.
        Self(seq.wrapping_add(1))
    }

    /// Whether `seq` was published: it is here, or something later is.
    #[inline]
    pub(super) const fn has_passed(self, seq: u64) -> bool {
        self.0 >= Self::of(seq).0
    }

    /// What follows the event that is here, or 0: the head at the moment this stamp was stored.
    #[inline]
    pub(super) const fn head(self) -> u64 {
        self.0
    }
}

/// What a read of a slot found.
#[derive(Debug)]
pub(super) enum SlotRead {
    /// The event, whole.
    Intact(Payload),
    /// The event is not written yet, or not completely.
    NotYet,
    /// The event is no longer retained: what was found in its slot, or in the one before.
    Overwritten(Stamp),
}

/// One event and its stamp in one cache line.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Slot {
    stamp: AtomicU64,
    words: [AtomicU64; STORED_WORDS],
}

#[cfg(not(any(loom, shuttle)))]
const _: () = assert!(size_of::<Slot>() == 64);

impl Slot {
    /// A slot that was never written.
    pub(super) fn new() -> Self {
        Self {
            stamp: AtomicU64::new(0),
            words: core::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// Overwrites the slot with event `seq`. One writer at a time, sequences ascending, the slot before written
    /// last; eight stores, whatever the readers do.
    #[inline(always)]
    pub(super) fn write(&self, seq: u64, payload: &Payload) {
        // SYNC POINT tear: pairs with the fence in `read`. Whoever copies one of the words below finds, when it
        // looks at the slot before, the stamp that was stored there before this, or a later one.
        planted::fence(5, Ordering::Release);
        let (near, far) = self.words.split_at(NEAR_WORDS);
        for (word, value) in far.iter().zip(&payload[NEAR_WORDS..]) {
            word.store(*value, Ordering::Relaxed);
        }
        for (word, value) in near.iter().zip(payload) {
            word.store(*value, Ordering::Relaxed);
        }
        // SYNC POINT publish: pairs with the first load in `read` and the load in `stamp`. Whoever
        // sees this stamp sees the words above, and every event before.
        let stamp = Stamp::of(seq).0;
        self.stamp
            .store(stamp, planted::order(1, Ordering::Release));
    }

    /// Copies event `seq` out, if it is here and was retained until it was copied: until `last`, the event
    /// that `before`, the slot before this one, holds when `seq` is given up, is there.
    ///
    /// With `CLAIMS` the line is taken over before it is copied, as if it were to be written: a stamp is
    /// exchanged for itself, which nobody can see. A line that only its reader holds is sooner had back by
    /// the producer than one that both hold (docs/COMPARE.md has the figures).
    #[inline(always)]
    pub(super) fn read<const CLAIMS: bool>(&self, seq: u64, before: &Self, last: u64) -> SlotRead {
        // SYNC POINT publish: pairs with the last store in `write`.
        let found = Stamp(self.stamp.load(planted::order(13, Ordering::Acquire)));
        if found != Stamp::of(seq) {
            return if found < Stamp::of(seq) {
                SlotRead::NotYet
            } else {
                SlotRead::Overwritten(found)
            };
        }
        if CLAIMS {
            // Whether it was exchanged tells nothing that the look at the slot before does not.
            let stamp = found.0;
            let relaxed = Ordering::Relaxed;
            if planted::bug(50) {
                self.stamp.store(stamp, relaxed);
            } else {
                let _ = (self.stamp).compare_exchange(stamp, stamp, relaxed, relaxed);
            }
        }
        // Under loom fewer words are stored than a payload has.
        let payload = core::array::from_fn(|word| match self.words.get(word) {
            Some(word) => word.load(Ordering::Relaxed),
            None => 0,
        });
        if planted::bug(2) {
            return SlotRead::Intact(payload);
        }
        // SYNC POINT tear: pairs with the fence in `write`.
        planted::fence(4, Ordering::Acquire);
        let next_to_go = Stamp(before.stamp.load(Ordering::Relaxed));
        if next_to_go.has_passed(last) {
            SlotRead::Overwritten(next_to_go)
        } else {
            SlotRead::Intact(payload)
        }
    }

    /// The stamp as it is now, without the words.
    #[inline]
    pub(super) fn stamp(&self) -> Stamp {
        // SYNC POINT publish: pairs with the last store in `write`.
        Stamp(self.stamp.load(planted::order(14, Ordering::Acquire)))
    }

    /// Says that this slot will be written soon. Changes nothing but when its line arrives.
    #[inline(always)]
    pub(super) fn expect_write(&self) {
        #[cfg(all(target_arch = "x86_64", not(loom), not(miri)))]
        // SAFETY: a prefetch reads and writes nothing as far as the program can see, faults for no address,
        // and touches neither stack nor flags; where a processor does not know it, it does nothing.
        unsafe {
            core::arch::asm!(
                "prefetchw [{slot}]",
                slot = in(reg) core::ptr::from_ref(self).addr(),
                options(nomem, nostack, preserves_flags)
            );
        }
    }

    /// Says that this slot will be read soon. Changes nothing but when its line arrives.
    #[inline(always)]
    pub(super) fn expect_read(&self) {
        #[cfg(all(target_arch = "x86_64", not(loom), not(miri)))]
        // SAFETY: as in `expect_write`.
        unsafe {
            core::arch::asm!(
                "prefetcht0 [{slot}]",
                slot = in(reg) core::ptr::from_ref(self).addr(),
                options(nomem, nostack, preserves_flags)
            );
        }
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    /// What is read of event `seq` in a ring of four slots in which `sent` were published, with and without a claim.
    fn read(sent: u64, seq: u64) -> [SlotRead; 2] {
        let slots: [Slot; 5] = core::array::from_fn(|_| Slot::new());
        let at = |seq: u64| &slots[(seq % 5) as usize];
        (0..sent)
            .for_each(|seq| at(seq).write(seq, &core::array::from_fn(|i| 10 * seq + i as u64)));
        for seq in sent.saturating_sub(5)..sent {
            assert_eq!(at(seq).stamp().head(), seq + 1);
        }
        let (slot, before, last) = (at(seq), at(seq + 4), seq + 4);
        let stamp = slot.stamp();
        let plain = slot.read::<false>(seq, before, last);
        let claiming = slot.read::<true>(seq, before, last);
        assert_eq!(slot.stamp(), stamp, "a read changes nothing");
        [plain, claiming]
    }

    #[test]
    fn an_event_is_whole_while_it_is_retained() {
        for sent in 1..13_u64 {
            for seq in sent.saturating_sub(4)..sent {
                for read in read(sent, seq) {
                    let SlotRead::Intact(payload) = read else {
                        panic!("{seq} of {sent}: {read:?}");
                    };
                    assert_eq!(payload, core::array::from_fn(|i| 10 * seq + i as u64));
                }
            }
        }
    }

    #[test]
    fn an_event_that_is_given_up_is_gone_although_its_words_are_there() {
        // The slot of event 3 still holds it, the one before got event 7.
        for read in read(8, 3) {
            assert!(matches!(read, SlotRead::Overwritten(Stamp(8))), "{read:?}");
        }
        for read in read(9, 3) {
            assert!(matches!(read, SlotRead::Overwritten(Stamp(9))), "{read:?}");
        }
    }

    #[test]
    fn an_event_to_come_is_not_there_yet() {
        for (sent, seq) in [(0, 0), (3, 3), (3, 4), (8, 8), (8, 12)] {
            for read in read(sent, seq) {
                assert!(
                    matches!(read, SlotRead::NotYet),
                    "{seq} of {sent}: {read:?}"
                );
            }
        }
    }

    #[test]
    fn a_stamp_has_passed_its_own_event_and_every_one_before() {
        let of = |seq| Stamp::of(7).has_passed(seq);
        assert_eq!([0, 6, 7, 8].map(of), [true, true, true, false]);
        assert!(!Stamp(0).has_passed(0));
    }

    #[test]
    fn a_ring_carries_as_many_events_as_half_of_a_word_can_count() {
        assert_eq!(MAX_EVENTS, u64::MAX / 2);
    }
}
