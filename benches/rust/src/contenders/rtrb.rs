//! rtrb: one reader, never overwrites. Item by item, and in chunks.

use rtrb::{Consumer, Producer, RingBuffer};

use crate::ends::{Contender, Receiving, Sending};
use crate::item::{Check, Line};

/// `push` and `pop`.
#[derive(Debug)]
pub(crate) struct Single;

/// An end used item by item.
#[derive(Debug)]
pub(crate) struct ByItem<End>(End);

impl Contender for Single {
    type Tx = ByItem<Producer<Line>>;
    type Rx = ByItem<Consumer<Line>>;
    const OVERWRITES: bool = false;

    fn open(slots: usize, _: usize) -> (Self::Tx, Vec<Self::Rx>) {
        let (tx, rx) = RingBuffer::new(slots);
        (ByItem(tx), vec![ByItem(rx)])
    }
}

impl Sending for ByItem<Producer<Line>> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> usize {
        let fits = |&seq: &u64| self.0.push(Line::of(seq)).is_ok();
        (first..first + count as u64).take_while(fits).count()
    }
}

impl Receiving for ByItem<Consumer<Line>> {
    #[inline(always)]
    fn receive(&mut self, limit: usize, check: &mut Check) -> usize {
        let mut count = 0;
        while count < limit
            && let Ok(line) = self.0.pop()
        {
            check.take_line(&line);
            count += 1;
        }
        count
    }
}

/// Chunks of what there is room for, written and read in place.
#[derive(Debug)]
pub(crate) struct Chunks;

/// An end used chunk by chunk.
#[derive(Debug)]
pub(crate) struct ByChunk<End>(End);

impl Contender for Chunks {
    type Tx = ByChunk<Producer<Line>>;
    type Rx = ByChunk<Consumer<Line>>;
    const OVERWRITES: bool = false;

    fn open(slots: usize, _: usize) -> (Self::Tx, Vec<Self::Rx>) {
        let (tx, rx) = RingBuffer::new(slots);
        (ByChunk(tx), vec![ByChunk(rx)])
    }
}

impl Sending for ByChunk<Producer<Line>> {
    #[inline(always)]
    fn send(&mut self, first: u64, count: usize) -> usize {
        // A whole chunk is asked for first: that looks at the reader only if it must.
        let room = match self.0.write_chunk_uninit(count) {
            Ok(chunk) => return chunk.fill_from_iter((first..).map(Line::of)),
            Err(_) => self.0.slots().min(count),
        };
        match self.0.write_chunk_uninit(room) {
            Ok(chunk) => chunk.fill_from_iter((first..).map(Line::of)),
            Err(_) => 0,
        }
    }
}

impl Receiving for ByChunk<Consumer<Line>> {
    #[inline(always)]
    fn receive(&mut self, limit: usize, check: &mut Check) -> usize {
        let count = match self.0.read_chunk(limit) {
            Ok(chunk) => return take_all(chunk, check),
            Err(_) => self.0.slots().min(limit),
        };
        self.0
            .read_chunk(count)
            .map_or(0, |chunk| take_all(chunk, check))
    }
}

#[inline(always)]
fn take_all(chunk: rtrb::chunks::ReadChunk<'_, Line>, check: &mut Check) -> usize {
    let (one, two) = chunk.as_slices();
    one.iter().for_each(|line| check.take_line(line));
    two.iter().for_each(|line| check.take_line(line));
    let count = one.len() + two.len();
    chunk.commit_all();
    count
}
