//! What a thread wrote to plain memory before it published is there for whoever sees the publication,
//! whichever door it came through: a stamp, the head, the gate, a tally.
//!
//! Each test passes plain cells from one thread to another with nothing but that door between them. The
//! values prove little, since an x86 keeps stores in order by itself; `make tsan` runs the same tests
//! under ThreadSanitizer, for which a door without its release/acquire pair is a data race, and shows
//! that it finds the bugs planted for it. ThreadSanitizer knows no fences: every door here is a release store.

use std::mem::replace;

use tickpath_core::bus::{EventReader, EventRing, Producer, Reader, Start};
use tickpath_core::metrics::Tally;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::{Arc, spin_loop, thread};

const CELLS: u64 = 1_000;

#[expect(
    clippy::disallowed_types,
    reason = "plain memory between threads is what these tests are about"
)]
type PlainCell = std::cell::UnsafeCell<u64>;

/// One cell per publication. The writer fills cell `n` before publication `n` and leaves it alone
/// afterwards; the reader looks at it after it has seen publication `n`.
struct PlainMemory(Box<[PlainCell]>);

// SAFETY: a cell is written by one thread before its publication and read by others only after they have
// seen that, so every access is ordered by the door under test; that it is, is what the test proves.
unsafe impl Sync for PlainMemory {}

impl PlainMemory {
    fn new() -> Arc<Self> {
        Arc::new(Self((0..CELLS).map(|_| PlainCell::new(0)).collect()))
    }

    /// By the writer, before publication `n`.
    fn fill(&self, n: u64) {
        // SAFETY: publication `n` is not made yet, so no reader looks at this cell.
        unsafe { *self.0[n as usize].get() = !n };
    }

    /// By a reader that has seen publication `n`.
    fn check(&self, n: u64) {
        // SAFETY: the writer filled this cell before publication `n` and never touches it again.
        assert_eq!(unsafe { *self.0[n as usize].get() }, !n, "cell {n}");
    }
}

/// Runs `publish` for every cell in turn on this thread, and `seen`, which says how many publications
/// it has seen, on another until it has seen all; every cell is checked as soon as its turn has come.
fn hand_over(mut publish: impl FnMut(u64), mut seen: impl FnMut() -> u64 + Send + 'static) {
    let memory = PlainMemory::new();
    let theirs = Arc::clone(&memory);
    let reader = thread::spawn(move || {
        let mut checked = 0;
        while checked < CELLS {
            let before = replace(&mut checked, seen());
            (before..checked).for_each(|n| theirs.check(n));
            if before == checked {
                spin_loop();
                thread::yield_now();
            }
        }
    });
    for n in 0..CELLS {
        memory.fill(n);
        publish(n);
        if n % 64 == 0 {
            thread::yield_now();
        }
    }
    reader.join().expect("every cell was there");
}

fn ring() -> (Producer, EventReader) {
    let (producer, ring) = EventRing::try_new(CELLS as usize).expect("memory for the slots");
    let reader = ring.reader(Start::Oldest).expect("the oldest exists");
    (producer, reader)
}

fn event(n: u64) -> [u64; 7] {
    [n, 0, 0, 0, 0, 0, 0]
}

#[test]
fn through_an_event_polled() {
    let (mut producer, mut reader) = ring();
    hand_over(
        move |n| assert_eq!(producer.publish(event(n)), n),
        move || {
            let polled = reader.poll().expect("the ring holds everything");
            polled.map_or(reader.next_seq(), |[n, ..]| n + 1)
        },
    );
}

#[test]
fn through_a_batch_read() {
    let (mut producer, mut reader) = ring();
    let mut batch = [[0; 7]; 16];
    hand_over(
        move |n| assert_eq!(producer.publish_many([event(n)]), n),
        move || {
            let count = reader
                .read_into(&mut batch)
                .expect("the ring holds everything");
            assert!(batch[..count].iter().all(|&[n, ..]| n < CELLS));
            reader.next_seq()
        },
    );
}

#[test]
fn through_the_head() {
    let (mut producer, reader) = ring();
    let ring = Arc::clone(reader.ring());
    hand_over(
        move |n| assert_eq!(producer.publish(event(n)), n),
        move || ring.head(),
    );
}

#[test]
fn through_the_gate() {
    let gate = Arc::new(Gate::new());
    let theirs = Arc::clone(&gate);
    let word = |epoch| GateWord::new(epoch, StateCode::Ready);
    assert!(gate.compare_exchange(gate.read(), word(0)));
    hand_over(
        move |n| assert!(gate.compare_exchange(word(n), word(n + 1))),
        move || theirs.read().epoch(),
    );
}

#[test]
fn through_a_tally() {
    let tally = Arc::new(Tally::<2>::default());
    let theirs = Arc::clone(&tally);
    hand_over(move |n| tally.write([n + 1, !n]), move || theirs.read()[0]);
}
