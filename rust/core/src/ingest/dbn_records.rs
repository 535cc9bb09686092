//! The records of a DBN file as far as each begins where its fields are aligned.
//!
//! The format's own crate takes for granted that they do: behind a record of another length it hands out references that are
//! not aligned, and looks at a whole buffer of them before it gives the first. So it is given nothing from there on.

use std::io::{self, Read};

use super::stream::Stream;

/// Every record is so many bytes, or a multiple.
pub(crate) const RECORD_ALIGN: usize = 8;

/// A record's first byte counts words of so many bytes.
const WORD_BYTES: usize = 4;

/// Ends in front of the first record that would misalign the next.
pub(crate) struct Aligned<'s, 'h> {
    pub(crate) stream: &'s mut Stream<'h>,
    /// Bytes to the next record's first.
    ahead_bytes: usize,
    /// The length of the record in front of which it ended.
    pub(crate) refused_bytes: Option<usize>,
}

impl<'s, 'h> Aligned<'s, 'h> {
    /// Records begin behind the first `ahead_bytes` of the stream.
    pub(crate) fn new(stream: &'s mut Stream<'h>, ahead_bytes: usize) -> Self {
        Self {
            stream,
            ahead_bytes,
            refused_bytes: None,
        }
    }
}

impl Read for Aligned<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.refused_bytes.is_some() {
            return Ok(0);
        }
        let count = self.stream.read(out)?;
        let mut at = self.ahead_bytes;
        while at < count {
            let bytes = usize::from(out[at]) * WORD_BYTES;
            if bytes == 0 || !bytes.is_multiple_of(RECORD_ALIGN) {
                self.refused_bytes = Some(bytes);
                return Ok(at);
            }
            at += bytes;
        }
        self.ahead_bytes = at - count;
        Ok(count)
    }
}
