//! gzip data of any number of members, as one stream.
//!
//! Zero bytes behind the last member are padding (of tapes and block devices), as they are for gzip(1);
//! anything else that is no member is damage.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

/// Members without content in a row, behind which a read is interrupted: a file of nothing else takes long, and
/// whoever waits must be able to end it.
const EMPTY_MEMBERS_MAX: usize = 1_000;

/// Decompresses member after member.
#[derive(Debug)]
pub(crate) struct GzipMembers<R> {
    /// `None` behind the last member.
    decoder: Option<GzDecoder<R>>,
}

impl<R: BufRead> GzipMembers<R> {
    /// Starts at the first member.
    pub(crate) fn new(input: R) -> Self {
        Self {
            decoder: Some(GzDecoder::new(input)),
        }
    }
}

impl<R: BufRead> Read for GzipMembers<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        for _ in 0..EMPTY_MEMBERS_MAX {
            let Some(decoder) = &mut self.decoder else {
                return Ok(0);
            };
            let count = decoder.read(out)?;
            if count > 0 || out.is_empty() {
                return Ok(count);
            }
            let ended = self.decoder.take();
            let mut input = match ended {
                Some(decoder) => decoder.into_inner(),
                None => return Ok(0),
            };
            if !skip_zeros(&mut input)? {
                self.decoder = Some(GzDecoder::new(input));
            }
        }
        Err(io::ErrorKind::Interrupted.into())
    }
}

/// Takes zero bytes; true if nothing follows them.
fn skip_zeros(input: &mut impl BufRead) -> io::Result<bool> {
    loop {
        let bytes = match input.fill_buf() {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
            Err(e) => return Err(e),
        };
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
        let result = GzipMembers::new(data).read_to_end(&mut text);
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
