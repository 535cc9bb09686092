//! gzip data of any number of members, as one stream.
//!
//! Zero bytes behind the last member are padding (of tapes and block devices), as they are for gzip(1);
//! anything else that is no member is damage.

use std::io::{self, BufRead, Read};
use std::mem;
use std::rc::Rc;

use flate2::bufread::GzDecoder;

use super::stream::Meter;

/// Decompresses member after member. A read may be interrupted, and goes on where it was.
#[derive(Debug)]
pub(crate) struct GzipMembers<R> {
    place: Place<R>,
    meter: Rc<Meter>,
}

/// Where in the file the next byte is.
#[derive(Debug)]
#[expect(
    clippy::large_enum_variant,
    reason = "there is one for a file, and a box would be one for each of its members"
)]
enum Place<R> {
    Within(GzDecoder<R>),
    Behind(R),
    End,
}

impl<R: BufRead> GzipMembers<R> {
    /// Starts at the first member.
    pub(crate) fn new(input: R, meter: Rc<Meter>) -> Self {
        let place = Place::Within(begun(input, &meter));
        Self { place, meter }
    }
}

/// A member whose header is read. The decoder takes an interruption there for the end of the member.
fn begun<R: BufRead>(input: R, meter: &Meter) -> GzDecoder<R> {
    meter.is_uninterruptible.set(true);
    let decoder = GzDecoder::new(input);
    meter.is_uninterruptible.set(false);
    decoder
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let is_end = match &mut self.place {
                Place::Within(decoder) => {
                    let count = decoder.read(out)?;
                    if count > 0 || out.is_empty() {
                        return Ok(count);
                    }
                    false
                }
                // Where most of a file is heads and check sums of members, the reads of a body alone would not do.
                Place::Behind(_) if self.meter.is_hook_due() => {
                    return Err(io::ErrorKind::Interrupted.into());
                }
                Place::Behind(input) => skip_zeros(input)?,
                Place::End => return Ok(0),
            };
            self.place = match mem::replace(&mut self.place, Place::End) {
                Place::Within(decoder) => Place::Behind(decoder.into_inner()),
                Place::Behind(input) if !is_end => Place::Within(begun(input, &self.meter)),
                _ => Place::End,
            };
        }
    }
}

/// Takes zero bytes; true if nothing follows them.
fn skip_zeros(input: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = input.fill_buf()?;
        if bytes.is_empty() {
            return Ok(true);
        }
        let zeros = bytes.iter().take_while(|&&byte| byte == 0).count();
        let more = zeros < bytes.len();
        input.consume(zeros);
        if more {
            return Ok(false);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::{Compression, write::GzEncoder};

    use super::*;

    fn member(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(text).expect("memory takes it");
        encoder.finish().expect("memory takes it")
    }

    fn read(data: &[u8]) -> (Vec<u8>, io::Result<usize>) {
        let mut text = Vec::new();
        let result = GzipMembers::new(data, Rc::default()).read_to_end(&mut text);
        (text, result)
    }

    #[test]
    fn members_follow_each_other_and_zeros_behind_them_are_padding() {
        let data = [member(b"ab"), member(b""), member(b"c"), vec![0; 512]].concat();
        let (text, result) = read(&data);
        assert_eq!((text.as_slice(), result.ok()), (&b"abc"[..], Some(3)));
    }

    #[test]
    fn garbage_behind_a_member_is_damage_and_what_stands_before_it_is_kept() {
        let (text, result) = read(&[member(b"ab"), vec![0, 7, 7]].concat());
        assert_eq!((text.as_slice(), result.is_err()), (&b"ab"[..], true));
    }
}
