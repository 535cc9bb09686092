//! Lines of a text source, borrowed from one buffer: no allocation per line.

use std::io::Read;

use memchr::memchr;

use super::room;
use super::stream::{Failure, Stream};

/// Room for the line in progress at the start; it grows up to the limit on lines.
const BUFFER_BYTES: usize = 256 << 10;

/// Why there is no next line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineFailure {
    /// The stream failed.
    Stream(Failure),
    /// A line is longer than the limit, so this is not text of any format we read.
    TooLong(usize),
}

/// Splits a stream at newlines. A final line without one is a line; a byte-order mark is not part of
/// the first line; a carriage return before the newline is not part of the line.
#[derive(Debug)]
pub struct Lines<'s, 'h> {
    stream: &'s mut Stream<'h>,
    buffer: Vec<u8>,
    /// The bytes of `buffer` not handed out yet, and how many of them hold no newline.
    start: usize,
    end: usize,
    searched: usize,
    number: u64,
    ended: bool,
}

impl<'s, 'h> Lines<'s, 'h> {
    /// Starts at the stream's current position, which becomes line 1.
    pub fn new(stream: &'s mut Stream<'h>) -> Self {
        Self {
            stream,
            buffer: vec![0; BUFFER_BYTES],
            start: 0,
            end: 0,
            searched: 0,
            number: 0,
            ended: false,
        }
    }

    /// The number, from 1, of the line handed out last.
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// Tells the stream how many events there are, for the next progress report.
    #[inline]
    pub fn note_events(&self, events: usize) {
        self.stream.note_events(events);
    }

    /// The next line without its end, or `None` after the last.
    ///
    /// # Errors
    /// If the stream fails or a line is too long. What a failing stream delivered of the line in
    /// progress is dropped: it is cut.
    #[inline]
    pub fn next_line(&mut self) -> Result<Option<&[u8]>, LineFailure> {
        loop {
            let unsearched = self.start + self.searched;
            if let Some(at) = memchr(b'\n', &self.buffer[unsearched..self.end]) {
                let range = (self.start, unsearched + at);
                self.start = unsearched + at + 1;
                self.searched = 0;
                return Ok(Some(self.line(range.0, range.1)));
            }
            self.searched = self.end - self.start;
            if self.ended {
                if self.start == self.end {
                    return Ok(None);
                }
                let range = (self.start, self.end);
                self.start = self.end;
                self.searched = 0;
                return Ok(Some(self.line(range.0, range.1)));
            }
            self.fill()?;
        }
    }

    fn line(&mut self, from: usize, to: usize) -> &[u8] {
        self.number += 1;
        let mut text = &self.buffer[from..to];
        if self.number == 1 {
            text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text);
        }
        text.strip_suffix(b"\r").unwrap_or(text)
    }

    #[cold]
    fn fill(&mut self) -> Result<(), LineFailure> {
        let limit = self.stream.limits().line_bytes_max;
        // Once for each line: a container may give a long one byte by byte, and not every system sees that nothing moves.
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end > limit {
            self.number += 1;
            return Err(LineFailure::TooLong(limit));
        }
        if self.end == self.buffer.len() {
            let bytes = self.buffer.len() * 2;
            if !room::is_there(bytes) {
                self.number += 1;
                let reason = format!(
                    "there is no memory for a line of more than {} bytes",
                    self.end
                );
                return Err(LineFailure::Stream(Failure::Io(reason)));
            }
            self.buffer.resize(bytes, 0);
        }
        match self.stream.read(&mut self.buffer[self.end..]) {
            Ok(0) => self.ended = true,
            Ok(count) => self.end += count,
            Err(e) => {
                self.number += 1;
                let failure = self.stream.take_failure();
                return Err(LineFailure::Stream(
                    failure.unwrap_or_else(|| Failure::Io(e.to_string())),
                ));
            }
        }
        Ok(())
    }
}
