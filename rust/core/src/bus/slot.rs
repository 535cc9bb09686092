//! One cache line of the event ring: a payload under a sequence lock, in relaxed atomic words.
//!
//! # Protocol
//! The stamp of a slot says which event it holds: 0 when it was never written, `2·seq + 1` while
//! event `seq` is being written, `2·seq + 2` when it is there. It only grows.
//!
//! - The writer stores the odd stamp, then the words, then the even stamp.
//! - A reader takes the payload only if it saw the even stamp of its event before *and* after it
//!   copied the words; anything else is "not there yet" or "overwritten", never a mixture.
//!
//! Every word is an atomic, so a reader that loses the race reads a torn copy and throws it away;
//! there is no data race in the language's sense. The one `unsafe` here is a hint to the processor.
//!
//! # Limit
//! A stamp spends one bit on the lock, so a ring can carry [`MAX_EVENTS`] = 2⁶³ − 1 events: 29,000
//! years at ten million a second.

#![cfg_attr(
    all(target_arch = "x86_64", not(loom), not(miri)),
    allow(
        unsafe_code,
        reason = "the hints to fetch a line are instructions of the processor"
    )
)]

use super::Bounds;
use crate::sync::{AtomicU64, Ordering, fence};

/// What an event is to the bus: 56 bytes it does not look into, as seven words.
pub type Payload = [u64; 7];

/// How many events one ring can carry: the stamp of the last one is `u64::MAX − 1`.
pub const MAX_EVENTS: u64 = (1 << 63) - 1;

/// The words that are really stored. Loom explores every store a relaxed load may see, so its model
/// keeps two words of seven: enough for a torn copy, and it ends in seconds.
const STORED_WORDS: usize = if cfg!(loom) { 2 } else { 7 };

/// How the odd stamp and the even one are stored; planted bug 1 takes the release from both, 6 from the even
/// one and 7 from the odd one.
const WRITING: Ordering = release(!cfg!(any(
    feature = "planted-bug-1",
    feature = "planted-bug-7"
)));
const DONE: Ordering = release(!cfg!(any(
    feature = "planted-bug-1",
    feature = "planted-bug-6"
)));

const fn release(kept: bool) -> Ordering {
    if kept {
        Ordering::Release
    } else {
        Ordering::Relaxed
    }
}

/// What a slot said about itself at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Stamp(u64);

impl Stamp {
    /// `seq` is being written.
    #[inline]
    const fn writing(seq: u64) -> Self {
        Self((seq << 1) | 1)
    }

    /// `seq` can be read.
    #[inline]
    const fn done(seq: u64) -> Self {
        // No checked sum on the hot path: `seq` is below `MAX_EVENTS`.
        Self((seq << 1).wrapping_add(2))
    }

    /// Whether `seq` was published: it is here, or something later is, written or half written.
    #[inline]
    pub(super) const fn has_passed(self, seq: u64) -> bool {
        self.0 >= Self::done(seq).0
    }

    /// The event that is here or on its way in.
    ///
    /// Only for a stamp that is not 0.
    #[inline]
    pub(super) const fn event(self) -> u64 {
        (self.0 - 1) / 2
    }

    /// Whether the event is still being written.
    pub(super) const fn is_writing(self) -> bool {
        self.0 % 2 == 1
    }

    /// The bounds of a ring of `capacity` slots at the moment this stamp was stored: whoever writes
    /// `seq` has published everything before it and given up `seq − capacity`. Bounds only grow, so
    /// later ones are at least these.
    ///
    /// Only for a stamp that is not 0.
    pub(super) const fn bounds(self, capacity: u64) -> Bounds {
        Bounds {
            oldest: (self.event() + 1).saturating_sub(capacity),
            head: self.0 / 2,
        }
    }
}

/// What a read of a slot found.
#[derive(Debug)]
pub(super) enum SlotRead {
    /// The event, whole.
    Intact(Payload),
    /// The event is not written yet, or not completely.
    NotYet,
    /// A later event is there, or on its way in.
    Overwritten(Stamp),
}

/// One event and its stamp in one cache line.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Slot {
    stamp: AtomicU64,
    words: [AtomicU64; STORED_WORDS],
}

#[cfg(not(loom))]
const _: () = assert!(size_of::<Slot>() == 64);

impl Slot {
    /// A slot that was never written.
    pub(super) fn new() -> Self {
        Self {
            stamp: AtomicU64::new(0),
            words: core::array::from_fn(|_| AtomicU64::new(0)),
        }
    }

    /// Overwrites the slot with event `seq`. One writer at a time, sequences ascending; nine stores,
    /// whatever the readers do.
    #[inline(always)]
    pub(super) fn write(&self, seq: u64, payload: &Payload) {
        // SYNC POINT head: pairs with the load in `stamp`. Whoever sees that `seq` is on its way in
        // sees everything before it published.
        self.stamp.store(Stamp::writing(seq).0, WRITING);
        // SYNC POINT tear: pairs with the fence in `read`. Whoever copies one of the words below
        // finds, when it looks at the stamp again, the odd stamp above or a later one.
        if cfg!(not(feature = "planted-bug-5")) {
            fence(Ordering::Release);
        }
        for (word, value) in self.words.iter().zip(payload) {
            word.store(*value, Ordering::Relaxed);
        }
        // SYNC POINT publish: pairs with the first load in `read` and the load in `stamp`. Whoever
        // sees this stamp sees the words above.
        self.stamp.store(Stamp::done(seq).0, DONE);
    }

    /// Copies event `seq` out, if it is here and stayed while it was copied.
    #[inline(always)]
    pub(super) fn read(&self, seq: u64) -> SlotRead {
        let wanted = Stamp::done(seq);
        // SYNC POINT publish: pairs with the last store in `write`.
        let before = Stamp(self.stamp.load(Ordering::Acquire));
        if before != wanted {
            return if before < wanted {
                SlotRead::NotYet
            } else {
                SlotRead::Overwritten(before)
            };
        }
        // Under loom fewer words are stored than a payload has.
        let payload = core::array::from_fn(|word| match self.words.get(word) {
            Some(word) => word.load(Ordering::Relaxed),
            None => 0,
        });
        if cfg!(feature = "planted-bug-2") {
            return SlotRead::Intact(payload);
        }
        // SYNC POINT tear: pairs with the fence in `write`.
        if cfg!(not(feature = "planted-bug-4")) {
            fence(Ordering::Acquire);
        }
        let after = Stamp(self.stamp.load(Ordering::Relaxed));
        if after == wanted {
            SlotRead::Intact(payload)
        } else {
            SlotRead::Overwritten(after)
        }
    }

    /// The stamp as it is now, without the words.
    #[inline]
    pub(super) fn stamp(&self) -> Stamp {
        // SYNC POINT publish: pairs with the second store of `write`;
        // SYNC POINT head: and with its first.
        Stamp(self.stamp.load(Ordering::Acquire))
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
