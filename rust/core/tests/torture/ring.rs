//! The event ring: a producer that never waits, and readers that follow as they can.

use core::fmt;

use tickpath_core::bus::{EventRing, Producer, Start};
use tickpath_core::os;
use tickpath_core::sync::{Arc, AtomicBool, Ordering, spin_loop, thread};

use crate::account::Account;
use crate::readers::{Habit, come_and_go, follow};
use crate::words::event;

/// Where the threads of a case run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Threads {
    /// The producer on one core, the readers on another.
    Pinned,
    /// Where the machine likes.
    Unpinned,
    /// At least four for each core, all of which give it up when they have nothing to do.
    Oversubscribed,
}

/// How one producer and its readers meet.
#[derive(Debug, Clone, Copy)]
pub(crate) struct RingCase {
    threads: Threads,
    readers: usize,
    capacity: usize,
}

/// Events after which a producer that shares its core lets another thread run.
const YIELD_EVERY: u64 = 2_048;

/// No power of two, the smallest, and those that people use; see [`cases`].
const CASES: [(Threads, usize, &[usize]); 7] = [
    (Threads::Pinned, 1, &[1, 2, 100, 1_024, 65_536]),
    (Threads::Pinned, 2, &[3, 1_024]),
    (Threads::Unpinned, 1, &[1, 7, 1_024]),
    (Threads::Unpinned, 2, &[2, 100, 65_536]),
    (Threads::Unpinned, 8, &[7, 1_024]),
    (Threads::Oversubscribed, 8, &[1, 5, 1_000]),
    (Threads::Oversubscribed, 8, &[1_024, 65_536]),
];

pub(crate) fn cases() -> Vec<RingCase> {
    let cases = CASES
        .into_iter()
        .flat_map(|(threads, readers, capacities)| {
            capacities.iter().map(move |&capacity| RingCase {
                threads,
                readers: match threads {
                    Threads::Oversubscribed => readers.max((4 * cores().len()).saturating_sub(1)),
                    Threads::Pinned | Threads::Unpinned => readers,
                },
                capacity,
            })
        });
    cases.collect()
}

fn cores() -> Vec<usize> {
    os::available_cores().unwrap_or_default()
}

impl RingCase {
    pub(crate) fn name(&self) -> String {
        let threads = match self.threads {
            Threads::Pinned => "pinned",
            Threads::Unpinned => "unpinned",
            Threads::Oversubscribed => "oversubscribed",
        };
        let (readers, capacity) = (self.readers, self.capacity);
        let plural = |count| if count == 1 { "" } else { "s" };
        let (of_readers, of_slots) = (plural(readers), plural(capacity));
        format!("{threads}, {readers} reader{of_readers}, {capacity} slot{of_slots}")
    }

    /// The core of the thread with this index, the producer's first; none, or none that is refused, is pinned.
    fn pin(&self, index: usize) {
        let cores = cores();
        if self.threads == Threads::Pinned && cores.len() > 1 {
            let core = cores[if index == 0 { 0 } else { 1 }];
            // What the machine refuses makes it another case, and no wrong one.
            drop(os::pin_current_thread(core));
        }
    }

    /// Whether there is a core for each thread, so that one may wait awake.
    const fn yields(&self) -> bool {
        !matches!((self.threads, self.readers), (Threads::Pinned, 1))
    }
}

/// Sends `sent` events through one ring; the words depend on `key`.
pub(crate) fn run(case: &RingCase, sent: u64, key: u64) -> Account {
    let (producer, ring) = EventRing::try_new(case.capacity).expect("memory for the slots");
    let is_over = Arc::new(AtomicBool::new(false));
    let readers: Vec<_> = (0..case.readers)
        .map(|index| {
            let reader = ring.reader(Start::Oldest).expect("the oldest exists");
            let (case, habit) = (*case, Habit::of(index, case.yields()));
            named(format_args!("reader-{index}"), move || {
                case.pin(index + 1);
                // The last of them takes lines over.
                if index + 1 == case.readers {
                    follow(reader.claiming(), sent, habit, key)
                } else {
                    follow(reader, sent, habit, key)
                }
            })
        })
        .collect();
    let guest = (case.threads != Threads::Pinned).then(|| {
        let (ring, is_over) = (Arc::clone(&ring), Arc::clone(&is_over));
        named(format_args!("guest"), move || {
            come_and_go(&ring, &is_over, key)
        })
    });
    let writer = named(format_args!("producer"), {
        let case = *case;
        move || {
            case.pin(0);
            publish(producer, &case, sent, key);
        }
    });
    let mut account = Account {
        sent,
        ..Account::default()
    };
    writer.join().expect("a producer has nothing to fail at");
    for reader in readers {
        account.add(&reader.join().expect("a reader has nothing to fail at"));
    }
    is_over.store(true, Ordering::Relaxed);
    if let Some(guest) = guest {
        account.add(&guest.join().expect("a reader has nothing to fail at"));
    }
    let head = ring.head();
    account.expect(
        head == sent,
        format_args!("the head is {head}, {sent} sent"),
    );
    account
}

/// Bursts of up to two rings and a bit, and a breath after each that readers may use to catch up, or not.
fn publish(mut producer: Producer, case: &RingCase, sent: u64, key: u64) {
    let burst_max = (2 * case.capacity as u64 + 3).min(3_000);
    let (mut next, mut draw) = (0, key | 1);
    while next < sent {
        draw = draw
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let burst = 1 + (draw >> 33) % burst_max;
        let end = sent.min(next + burst);
        producer.publish_many((next..end).map(|seq| event(seq, key)));
        if (draw >> 20) & 3 == 0 {
            (0..(draw >> 40) & 255).for_each(|_| spin_loop());
        }
        // Threads that never give up a core take turns of whole time slices, and no read meets a write.
        if case.yields() && next / YIELD_EVERY != end / YIELD_EVERY {
            thread::yield_now();
        }
        next = end;
    }
}

pub(crate) fn named<V: Send + 'static>(
    name: fmt::Arguments<'_>,
    body: impl FnOnce() -> V + Send + 'static,
) -> thread::JoinHandle<V> {
    let thread = thread::Builder::new().name(name.to_string());
    thread.spawn(body).expect("a thread")
}
