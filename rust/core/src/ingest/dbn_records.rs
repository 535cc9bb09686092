//! The bytes of a DBN file as its decoder may see them: up to the first record that would misalign the next.
//!
//! The decoder takes every record of its buffer for aligned, and makes references to them before it hands out the first
//! of them: a record of an odd number of words must not come to it. Nothing is copied, and each record is looked at once.

use std::io::{self, Read};

use super::stream::Stream;

/// Every record is so many bytes, or a multiple.
const RECORD_ALIGN: u64 = 8;

/// A record says its length in words of four bytes, in its first byte.
const WORD_BYTES: u64 = 4;

/// A stream that ends before a record of another length than DBN has.
pub(super) struct Records<'s, 'h> {
    stream: &'s mut Stream<'h>,
    /// Bytes of the metadata or of the present record that are still to come.
    left: u64,
    misaligned: Option<u64>,
}

impl<'s, 'h> Records<'s, 'h> {
    /// The records of `stream`, which begin after so many bytes.
    pub(super) const fn new(stream: &'s mut Stream<'h>, begin: u64) -> Self {
        Self {
            stream,
            left: begin,
            misaligned: None,
        }
    }

    /// Where the bytes come from.
    pub(super) const fn stream(&self) -> &Stream<'h> {
        self.stream
    }

    /// Where the bytes come from.
    pub(super) const fn stream_mut(&mut self) -> &mut Stream<'h> {
        self.stream
    }

    /// What is wrong with the record at which it ended, if one is.
    pub(super) fn damage(&self) -> Option<String> {
        let bytes = self.misaligned?;
        Some(format!(
            "damaged DBN: a record of {bytes} bytes, expected a multiple of {RECORD_ALIGN}"
        ))
    }
}

impl Read for Records<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.misaligned.is_some() {
            return Ok(0);
        }
        let count = self.stream.read(out)?;
        let mut at = 0;
        while at < count {
            if self.left == 0 {
                let bytes = u64::from(out[at]) * WORD_BYTES;
                if !bytes.is_multiple_of(RECORD_ALIGN) {
                    self.misaligned = Some(bytes);
                    return Ok(at);
                }
                // The decoder refuses a record of no length, and what follows it is none.
                self.left = if bytes == 0 { u64::MAX } else { bytes };
            }
            let within = self.left.min((count - at) as u64);
            self.left -= within;
            at += usize::try_from(within).unwrap_or(count);
        }
        Ok(count)
    }
}
