//! How much of some memory is on huge pages, as `/proc/self/smaps` tells it.

use core::ops::Range;
use std::io::BufRead;

/// The bytes on huge pages in the mappings that `range` has a part in, no more of each than that part; unknown if the
/// text cannot be read.
pub(super) fn huge_bytes_in(smaps: impl BufRead, range: Range<usize>) -> Option<usize> {
    let (mut part, mut sum) = (0, 0);
    for line in smaps.split(b'\n') {
        // The name of a mapped file may be any bytes.
        let line = String::from_utf8_lossy(&line.ok()?).into_owned();
        if let Some(mapping) = addresses(&line) {
            part = mapping
                .end
                .min(range.end)
                .saturating_sub(mapping.start.max(range.start));
        } else if part > 0
            && let Some(rest) = line.strip_prefix("AnonHugePages:")
        {
            let kilobytes: usize = rest.trim().strip_suffix("kB")?.trim_end().parse().ok()?;
            sum += part.min(kilobytes.checked_mul(1024)?);
        }
    }
    Some(sum)
}

/// `7f00-7fff rw-p …` begins a mapping.
fn addresses(line: &str) -> Option<Range<usize>> {
    let (start, end) = line.split_ascii_whitespace().next()?.split_once('-')?;
    let address = |text| usize::from_str_radix(text, 16).ok();
    Some(address(start)?..address(end)?)
}
