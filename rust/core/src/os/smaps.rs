//! How much of some memory is on huge pages, as `/proc/self/smaps` tells it.

use core::ops::Range;
use std::io::BufRead;

/// The bytes on huge pages in the mappings that `range` has a part in, no more of each than that part;
/// unknown if the text cannot be read.
pub(super) fn huge_bytes_in(smaps: impl BufRead, range: Range<usize>) -> Option<usize> {
    let (mut part, mut sum) = (0, 0);
    for line in smaps.split(b'\n') {
        // The name of a mapped file may be any bytes.
        let line = String::from_utf8_lossy(&line.ok()?).into_owned();
        if let Some(mapping) = addresses(&line) {
            if mapping.start >= range.end {
                // They stand in order, and a process of a thousand threads has thousands.
                break;
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
1000-3000 rw-p 00000000 00:00 0 [heap]
Size:                  8 kB
AnonHugePages:         8 kB
VmFlags: rd wr
3000-9000 rw-p 00000000 fe:00 12 /tmp/a-b c
AnonHugePages:         4 kB
9000-a000 r--p 00000000 00:00 0
AnonHugePages:         0 kB
";

    #[test]
    fn a_range_has_what_its_mappings_have_and_no_more_than_its_part() {
        for (range, bytes) in [
            (0x1000..0x3000, 0x2000),
            (0x1800..0x2000, 0x800),
            (0x3000..0x9000, 0x1000),
            (0x2000..0x4000, 0x1000 + 0x1000),
            (0x9000..0xa000, 0),
            (0xb000..0xc000, 0),
            (0x1000..0x1000, 0),
        ] {
            assert_eq!(
                huge_bytes_in(SMAPS.as_bytes(), range.clone()),
                Some(bytes),
                "{range:x?}"
            );
        }
    }

    #[test]
    fn what_lies_behind_the_range_is_not_read() {
        let odd = SMAPS.replace("4 kB", "4 MB");
        let first = |end| huge_bytes_in(odd.as_bytes(), 0x1000..end);
        assert_eq!((first(0x3000), first(0x3001)), (Some(0x2000), None));
    }

    #[test]
    fn a_text_that_says_something_else_tells_nothing() {
        let odd = SMAPS.replace("8 kB", "8 MB");
        assert_eq!(huge_bytes_in(odd.as_bytes(), 0x1000..0x2000), None);
    }
}
