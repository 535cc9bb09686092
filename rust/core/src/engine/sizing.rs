//! What a feed does to one executor, computed: no ring, no thread, one pass over the plan.
//!
//! The rules are those of a virtual run: at each moment the feed publishes first what is due; an event is read when
//! its service begins, so that it is lost if by then as many as the ring has slots were published after it; to
//! recover takes no time. So a ring loses nothing exactly if it has a slot for every event of the largest backlog.
//!
//! Threads: none. Blocking: as long as it takes, some nanoseconds an event; who waits is asked now and then whether
//! to go on. Allocation: a histogram.

use core::ops::ControlFlow;

use crate::bus::{Bounds, Cursor};
use crate::metrics::LatencyHistogram;

use super::Service;

/// Events between two questions whether to go on.
const EVENTS_PER_LOOK: u64 = 1 << 16;

/// A ring that may be too small, and where its reader goes on when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    /// How many, at least one.
    pub capacity: u64,
    /// Whether it goes on at the head, and not with the oldest events (half a ring behind it).
    pub to_head: bool,
}

/// The most events that were ever published and not yet read; one in service was read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Backlog {
    /// How many: the smallest number of slots with which nothing is lost.
    pub events: u64,
    /// The index of the event whose publication made it so many, the first time.
    pub event: u64,
    /// When that was, in nanoseconds of the plan.
    pub at_ns: u64,
}

/// What becomes of a feed.
#[derive(Debug, Clone, Default)]
pub struct Sizing {
    /// Events of the feed.
    pub published: u64,
    /// Those that were worked on.
    pub read: u64,
    /// Those that were overwritten before they were read.
    pub lost: u64,
    /// Those that could still be read and were skipped in a recovery.
    pub shed: u64,
    /// How often the reader was overrun.
    pub overruns: u64,
    /// The index of the first event that was not read.
    pub first_missed: Option<u64>,
    /// The largest backlog, what is overwritten meanwhile included.
    pub backlog: Backlog,
    /// From publication to completion.
    pub to_completed: LatencyHistogram,
    /// The service times together, in nanoseconds.
    pub busy_ns: u64,
    /// When the first event was published, in nanoseconds of the plan.
    pub begin_ns: u64,
    /// When the last event that was read was completed.
    pub end_ns: u64,
}

impl Sizing {
    /// The feed that publishes at `offsets_ns`, which do not run backwards, and an executor that takes `service` for
    /// each event it reads; without `slots` nothing is ever overwritten.
    ///
    /// `look` is told now and then how many events are behind, and says whether to go on; `None` if it did not.
    pub fn of<S: Service>(
        offsets_ns: &[u64],
        mut service: S,
        slots: Option<Slots>,
        mut look: impl FnMut(u64) -> ControlFlow<()>,
    ) -> Option<Self> {
        let Slots { capacity, to_head } = slots.unwrap_or(Slots {
            capacity: u64::MAX,
            to_head: false,
        });
        let mut sizing = Self {
            published: offsets_ns.len() as u64,
            begin_ns: offsets_ns.first().copied().unwrap_or(0),
            ..Self::default()
        };
        let mut cursor = Cursor::new(0);
        let (mut head, mut free_ns, mut next_look) = (0, 0, EVENTS_PER_LOOK);
        while let Some(&published_ns) = offsets_ns.get(cursor.next() as usize) {
            let now_ns = published_ns.max(free_ns);
            while offsets_ns.get(head).is_some_and(|&due| due <= now_ns) {
                head += 1;
            }
            let bounds = Bounds::of(head as u64, capacity);
            let unread = bounds.head - cursor.next();
            if unread > sizing.backlog.events {
                sizing.backlog = Backlog {
                    events: unread,
                    event: bounds.head - 1,
                    at_ns: offsets_ns[head - 1],
                };
            }
            if cursor.next() < bounds.oldest {
                sizing.overruns += 1;
                sizing.first_missed.get_or_insert(cursor.next());
                let target = if to_head {
                    bounds.head
                } else {
                    bounds.recovery(capacity)
                };
                cursor.recover_to(target, bounds);
                free_ns = now_ns;
                continue;
            }
            let service_ns = service.draw_ns(0);
            free_ns = now_ns.saturating_add(service_ns);
            sizing.busy_ns = sizing.busy_ns.saturating_add(service_ns);
            sizing.to_completed.record(free_ns - published_ns);
            sizing.read += 1;
            sizing.end_ns = free_ns;
            cursor.advance(1);
            if cursor.next() >= next_look {
                next_look = cursor.next() + EVENTS_PER_LOOK;
                if look(cursor.next()).is_break() {
                    return None;
                }
            }
        }
        sizing.shed = cursor.shed();
        sizing.lost = cursor.lost() - cursor.shed();
        Some(sizing)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Sampled, ServiceTime};
    use super::*;

    fn size(offsets_ns: &[u64], service_ns: u64, slots: Option<Slots>) -> Sizing {
        let service = Sampled::new(ServiceTime::Constant(service_ns), 0);
        Sizing::of(offsets_ns, service, slots, |_| ControlFlow::Continue(())).expect("goes on")
    }

    fn oldest(capacity: u64) -> Option<Slots> {
        Some(Slots {
            capacity,
            to_head: false,
        })
    }

    #[test]
    fn nothing_comes_of_nothing() {
        let sizing = size(&[], 5, None);
        assert_eq!(sizing.backlog, Backlog::default());
        assert_eq!((sizing.published, sizing.read, sizing.end_ns), (0, 0, 0));
    }

    #[test]
    fn the_largest_backlog_is_counted_when_an_event_is_read_and_ties_are_the_feeds() {
        // Read at 10, 20, 30: at 20 the event that is due at 20 is in the ring, beside the one of 15.
        let sizing = size(&[10, 15, 20], 10, None);
        let expected = Backlog {
            events: 2,
            event: 2,
            at_ns: 20,
        };
        assert_eq!(sizing.backlog, expected);
        // A nanosecond later it is not.
        assert_eq!(size(&[10, 15, 21], 10, None).backlog.events, 1);
        assert_eq!(
            (sizing.begin_ns, sizing.end_ns, sizing.busy_ns),
            (10, 40, 30)
        );
        let latency = &sizing.to_completed;
        assert_eq!(
            (latency.count(), latency.min_ns(), latency.max_ns()),
            (3, Some(10), Some(20))
        );
    }

    #[test]
    fn events_of_one_moment_are_all_in_the_ring_before_any_is_read() {
        let sizing = size(&[7; 5], 0, None);
        assert_eq!((sizing.backlog.events, sizing.backlog.event), (5, 4));
        assert_eq!(size(&[7; 5], 0, oldest(5)).lost, 0);
        assert_eq!(size(&[7; 5], 0, oldest(4)).first_missed, Some(0));
    }

    #[test]
    fn a_ring_that_is_too_small_says_what_it_lost_and_what_was_skipped() {
        // Event 0 is read at 0; at 100 there are 1 to 9, and four slots hold 6 to 9: half of them is skipped.
        let offsets_ns: [u64; 10] = core::array::from_fn(|i| i as u64);
        let sizing = size(&offsets_ns, 100, oldest(4));
        assert_eq!((sizing.read, sizing.lost, sizing.shed), (3, 5, 2));
        assert_eq!((sizing.overruns, sizing.first_missed), (1, Some(1)));
        assert_eq!((sizing.backlog.events, sizing.end_ns), (9, 300));
        let to_head = Some(Slots {
            capacity: 4,
            to_head: true,
        });
        let sizing = size(&offsets_ns, 100, to_head);
        assert_eq!((sizing.read, sizing.lost, sizing.shed), (1, 5, 4));
        assert_eq!(sizing.end_ns, 100);
    }

    #[test]
    fn whoever_waits_can_end_it() {
        let offsets_ns = vec![0; 3 * EVENTS_PER_LOOK as usize];
        let mut looks = Vec::new();
        let ended = Sizing::of(
            &offsets_ns,
            Sampled::new(ServiceTime::None, 0),
            None,
            |done| {
                looks.push(done);
                if looks.len() == 2 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        assert!(ended.is_none());
        assert_eq!(looks, [EVENTS_PER_LOOK, 2 * EVENTS_PER_LOOK]);
    }
}
