//! Histograms for other tools: the HdrHistogram V2 encoding, and logs of it (`.hlog`).
//!
//! A log has a line per interval: tag, start, length and largest value for people, and the counts,
//! compressed. HistogramLogProcessor, HistogramLogAnalyzer and the readers of HdrHistogram in other
//! languages read it. All of this allocates and is for after a run.

use core::fmt;
use core::time::Duration;
use std::borrow::Cow;
use std::io::Read;

use flate2::read::ZlibDecoder;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::interval_log::{self, IntervalLogWriterBuilder};
use hdrhistogram::serialization::{Deserializer, Serializer, V2DeflateSerializer};

/// Values in the log's column for people are in milliseconds, as the tools expect them.
const NS_PER_MS: f64 = 1e6;
const FORMAT: &str = "[Histogram log format version 1.3]";
const LEGEND: &str =
    "\"StartTimestamp\",\"Interval_Length\",\"Interval_Max\",\"Interval_Compressed_Histogram\"\n";

/// Why no log, or no histogram, came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HlogError {
    /// The format has no room for such a tag.
    BadTag(String),
    /// What was read is no histogram in the V2 encoding, or one of other values.
    BadEncoding(String),
}

impl fmt::Display for HlogError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadTag(tag) => write!(
                f,
                "a tag of a histogram log must not be empty nor hold a comma, white space or control \
                 characters, got {tag:?}"
            ),
            Self::BadEncoding(reason) => {
                write!(f, "no HdrHistogram in the V2 encoding: {reason}")
            }
        }
    }
}

impl core::error::Error for HlogError {}

/// A name that a line of the log can carry.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Tag(String);

impl Tag {
    /// Checks a name.
    ///
    /// # Errors
    /// Returns an error for what would break the line.
    pub fn new(name: &str) -> Result<Self, HlogError> {
        let breaks = |c: char| c == ',' || c.is_whitespace() || c.is_control();
        if name.is_empty() || name.contains(breaks) {
            return Err(HlogError::BadTag(name.to_owned()));
        }
        Ok(Self(name.to_owned()))
    }
}

/// A line of the log.
#[derive(Debug, Clone)]
pub struct Interval {
    /// What the latencies are of.
    pub tag: Option<Tag>,
    /// The counts.
    pub counts: Histogram<u64>,
    /// When counting began, from [`Hlog::start`].
    pub start: Duration,
    /// For how long was counted.
    pub length: Duration,
}

/// A log.
#[derive(Debug, Clone, Default)]
pub struct Hlog {
    /// What people should know.
    pub comments: Vec<String>,
    /// The moment intervals count from, since the UNIX epoch. Unknown if `None`: then it is left out,
    /// for a reader takes what it finds for a date.
    pub start: Option<Duration>,
    /// The lines.
    pub intervals: Vec<Interval>,
}

impl Hlog {
    /// The text of the log.
    ///
    /// # Panics
    /// Never: writing to memory does not fail, and every tag was checked.
    pub fn to_text(&self) -> String {
        let mut text = Vec::new();
        let mut serializer = V2DeflateSerializer::new();
        let mut header = IntervalLogWriterBuilder::new();
        header.add_comment(FORMAT);
        for comment in &self.comments {
            header.add_comment(&format!(" {comment}"));
        }
        if let Some(start) = self.start {
            let seconds = start.as_secs_f64();
            for name in ["StartTime", "BaseTime"] {
                header.add_comment(&format!("[{name}: {seconds:.3} (seconds since epoch)]"));
            }
        }
        drop(
            header
                .begin_log_with(&mut text, &mut serializer)
                .expect("memory takes everything"),
        );
        text.extend_from_slice(LEGEND.as_bytes());
        let mut writer = IntervalLogWriterBuilder::new()
            .with_max_value_divisor(NS_PER_MS)
            .begin_log_with(&mut text, &mut serializer)
            .expect("memory takes everything");
        for interval in &self.intervals {
            let tag = interval
                .tag
                .as_ref()
                .and_then(|tag| interval_log::Tag::new(&tag.0));
            writer
                .write_histogram(&interval.counts, interval.start, interval.length, tag)
                .expect("memory takes everything");
        }
        String::from_utf8(text).expect("the writer writes text")
    }
}

/// Counts in the compressed V2 encoding; extremes beyond the buckets are not in it.
///
/// # Panics
/// Never: writing to memory does not fail.
pub fn to_v2(counts: &Histogram<u64>) -> Vec<u8> {
    let mut bytes = Vec::new();
    V2DeflateSerializer::new()
        .serialize(counts, &mut bytes)
        .expect("memory takes everything");
    bytes
}

/// The first byte of the encodings' marks, and what the last is of the plain and of the compressed one.
const MARK: [u8; 3] = [0x1c, 0x84, 0x93];
const PLAIN: u8 = 0x13;
const COMPRESSED: u8 = 0x14;

/// Mark and length, in front of what is compressed; mark, length and parameters, in front of the counts.
const FRONT_BYTES: usize = 8;
const HEADER_BYTES: usize = 40;

/// Most bytes that counts may take: a histogram of three digits that counts any latency has 57,344 of them, of up to nine bytes.
const COUNTS_BYTES_MAX: usize = 4 << 20;

/// Most digits that are believed: of five, the counts of any latency take 45 MiB.
const DIGITS_MAX: u32 = 5;

/// The counts behind a V2 encoding, of any bounds, compressed or not.
///
/// Nothing that the bytes claim is believed: of compressed ones at most 4 MiB are taken out, and counts are read from what is
/// there.
///
/// # Errors
/// Returns an error if these bytes are no such encoding.
pub fn from_v2(bytes: &[u8]) -> Result<Histogram<u64>, HlogError> {
    let bad = |reason: &str| HlogError::BadEncoding(reason.to_owned());
    let plain = plain(bytes)?;
    let header = plain.get(..HEADER_BYTES).ok_or_else(|| bad("it is cut"))?;
    let number = |at: usize| {
        u32::from_be_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
    };
    let (claimed, there) = (number(4) as usize, plain.len() - HEADER_BYTES);
    if claimed > there {
        return Err(HlogError::BadEncoding(format!(
            "it claims {claimed} bytes of counts, {there} are there"
        )));
    }
    if number(12) > DIGITS_MAX {
        return Err(bad("it claims more than five digits"));
    }
    if !are_sound(&plain[HEADER_BYTES..HEADER_BYTES + claimed]) {
        return Err(bad(
            "its counts are cut, or add up to more than can be counted",
        ));
    }
    Deserializer::new()
        .deserialize(&mut &*plain)
        .map_err(|e| HlogError::BadEncoding(e.to_string()))
}

/// Whether counts can be read, and added up: a negative number stands for so many zeros, which the decoder negates unchecked.
fn are_sound(mut counts: &[u8]) -> bool {
    let mut sum = 0_i64;
    while !counts.is_empty() {
        // Seven bits of each of up to eight bytes, then all of the ninth.
        let bytes = counts
            .iter()
            .take(8)
            .take_while(|&byte| byte & 0x80 != 0)
            .count()
            + 1;
        let Some((number, rest)) = counts.split_at_checked(bytes) else {
            return false;
        };
        let bits = number.iter().enumerate().fold(0_u64, |bits, (at, &byte)| {
            let kept = if at == 8 { byte } else { byte & 0x7f };
            bits | u64::from(kept) << (7 * at)
        });
        // The sign is the lowest bit.
        let count = (bits >> 1).cast_signed() ^ -(bits & 1).cast_signed();
        match sum.checked_add(count.max(0)) {
            Some(more) if count > i64::MIN => sum = more,
            _ => return false,
        }
        counts = rest;
    }
    true
}

/// The plain encoding: these bytes, or what is compressed in them.
fn plain(bytes: &[u8]) -> Result<Cow<'_, [u8]>, HlogError> {
    let bad = |reason: &str| HlogError::BadEncoding(reason.to_owned());
    match bytes.split_first_chunk::<4>() {
        Some((mark, _)) if mark[..3] == MARK && mark[3] == PLAIN => Ok(Cow::Borrowed(bytes)),
        Some((mark, _)) if mark[..3] == MARK && mark[3] == COMPRESSED => {
            let packed = bytes.get(FRONT_BYTES..).ok_or_else(|| bad("it is cut"))?;
            let mut plain = Vec::new();
            let limit = HEADER_BYTES + COUNTS_BYTES_MAX;
            ZlibDecoder::new(packed)
                .take(limit as u64 + 1)
                .read_to_end(&mut plain)
                .map_err(|e| HlogError::BadEncoding(format!("it cannot be decompressed: {e}")))?;
            if plain.len() > limit {
                return Err(bad("it decompresses to more than 4 MiB of counts"));
            }
            Ok(Cow::Owned(plain))
        }
        _ => Err(bad("it begins with no mark of a histogram")),
    }
}

#[cfg(test)]
mod tests {
    use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};

    use super::*;
    use crate::metrics::{Basis, LatencyHistogram};

    fn sample(shift: u64) -> LatencyHistogram {
        let mut histogram = LatencyHistogram::new();
        (1..=20_000).for_each(|ns| histogram.record(ns << shift));
        histogram
    }

    fn interval(tag: &str, histogram: &LatencyHistogram) -> Interval {
        Interval {
            tag: Some(Tag::new(tag).expect("a good tag")),
            counts: histogram.to_hdr(),
            start: Duration::from_millis(250),
            length: Duration::from_millis(1_500),
        }
    }

    #[test]
    fn a_log_has_its_header_and_a_tagged_line_per_interval() {
        let log = Hlog {
            comments: vec!["latencies in ns".to_owned()],
            start: Some(Duration::from_millis(1_700_000_000_125)),
            intervals: vec![interval("a", &sample(0)), interval("b", &sample(9))],
        };
        let text = log.to_text();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "#[Histogram log format version 1.3]");
        assert_eq!(lines[1], "# latencies in ns");
        assert_eq!(
            lines[2],
            "#[StartTime: 1700000000.125 (seconds since epoch)]"
        );
        assert_eq!(
            lines[3],
            "#[BaseTime: 1700000000.125 (seconds since epoch)]"
        );
        assert!(lines[4].starts_with("\"StartTimestamp\""), "{}", lines[4]);
        let data: Vec<_> = lines
            .iter()
            .filter(|line| line.starts_with("Tag="))
            .collect();
        assert!(
            data[0].starts_with("Tag=a,0.250,1.500,0.020,HISTFAAA"),
            "{}",
            data[0]
        );
        assert!(data[1].starts_with("Tag=b,0.250,1.500,10.2"), "{}", data[1]);
    }

    #[test]
    fn a_log_without_a_start_claims_no_date() {
        let text = Hlog::default().to_text();
        assert!(!text.contains("Time:"), "{text}");
    }

    #[test]
    fn the_crates_own_reader_finds_every_interval() {
        let log = Hlog {
            intervals: vec![interval("a", &sample(0)), interval("b", &sample(9))],
            ..Hlog::default()
        };
        let text = log.to_text();
        let tags: Vec<String> = IntervalLogIterator::new(text.as_bytes())
            .map(|entry| match entry {
                Ok(LogEntry::Interval(read)) => read.tag().expect("tagged").as_str().to_owned(),
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(tags, ["a", "b"]);
    }

    #[test]
    fn a_tag_that_would_break_the_line_is_refused() {
        for name in ["", "a,b", "a b", "a\nb", "a\tb", "a\0"] {
            assert_eq!(Tag::new(name), Err(HlogError::BadTag(name.to_owned())));
        }
        assert!(Tag::new("published_to_polled/READY").is_ok());
    }

    #[test]
    fn there_and_back_through_the_encoding() {
        let histogram = sample(7);
        let extremes = histogram.min_ns().zip(histogram.max_ns());
        let read = from_v2(&to_v2(&histogram.to_hdr())).expect("a good encoding");
        let back = LatencyHistogram::from_hdr(&read, extremes, Basis::Observed);
        assert_eq!(back, histogram);
    }

    #[test]
    fn bytes_that_are_no_histogram_are_refused() {
        let cut = &to_v2(&sample(0).to_hdr())[..40];
        for bytes in [&b""[..], b"HISTFAAA", cut] {
            let read = from_v2(bytes);
            assert!(matches!(read, Err(HlogError::BadEncoding(_))), "{read:?}");
        }
    }

    /// A plain encoding of counts of 1 to 1,000,000 ns.
    fn encoding(counts: &[u8], claimed: u32, digits: u32) -> Vec<u8> {
        let mut bytes = vec![0x1c, 0x84, 0x93, 0x13];
        bytes.extend(claimed.to_be_bytes());
        bytes.extend(0_u32.to_be_bytes());
        bytes.extend(digits.to_be_bytes());
        bytes.extend(1_u64.to_be_bytes());
        bytes.extend(1_000_000_u64.to_be_bytes());
        bytes.extend(1_f64.to_be_bytes());
        bytes.extend(counts);
        bytes
    }

    /// The same, compressed.
    fn packed(plain: &[u8]) -> Vec<u8> {
        let mut bytes = vec![0x1c, 0x84, 0x93, 0x14, 0, 0, 1, 0];
        let mut zlib = flate2::write::ZlibEncoder::new(&mut bytes, flate2::Compression::fast());
        std::io::Write::write_all(&mut zlib, plain).expect("memory takes it");
        zlib.finish().expect("memory takes it");
        bytes
    }

    /// Why `bytes` are no histogram.
    fn refusal(bytes: &[u8]) -> String {
        let read = from_v2(bytes).map(|read| read.len());
        read.expect_err("no histogram").to_string()
    }

    #[test]
    fn claims_are_not_believed_and_what_decompresses_to_too_much_is_refused() {
        let read = from_v2(&encoding(&[1, 2], 2, 2)).expect("a good encoding");
        assert_eq!(read.len(), 1);
        for claimed in [3, 1 << 8, 1 << 16, 1 << 24, u32::MAX] {
            let words = refusal(&encoding(&[1, 2], claimed, 2));
            let said = format!("claims {claimed} bytes of counts, 2 are there");
            assert!(words.ends_with(&said), "{words}");
        }
        // Every byte of a number counts, and so do the limits themselves.
        assert!(from_v2(&encoding(&[1, 2], 2, 5)).is_ok());
        assert!(from_v2(&encoding(&[1, 2], 2, 6)).is_err());
        // Found by fuzzing: as many zeros as cannot be negated; then counts that are cut, and a sum that is too large.
        let most = [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        let counts: [&[u8]; 3] = [&[0xff; 9], &[2, 0x80], &[most, most].concat()];
        for counts in counts {
            let words = refusal(&encoding(counts, counts.len() as u32, 2));
            assert!(words.contains("add up to more"), "{words}");
        }
        let read = from_v2(&encoding(&most, 9, 2)).expect("the largest count");
        assert_eq!(read.len(), i64::MAX as u64);
        let zeros = |bytes: usize| packed(&encoding(&vec![0; bytes], bytes as u32, 2));
        let most = from_v2(&zeros(COUNTS_BYTES_MAX)).expect("no more than that");
        assert_eq!(most.len(), 0);
        let words = refusal(&zeros(COUNTS_BYTES_MAX + 1));
        assert!(words.contains("more than 4 MiB"), "{words}");
    }

    #[test]
    fn what_is_compressed_has_its_whole_mark() {
        let whole = packed(&encoding(&[1, 2], 2, 2));
        assert_eq!(from_v2(&whole).expect("a good encoding").len(), 1);
        for at in 0..4 {
            let mut bytes = whole.clone();
            bytes[at] ^= 0x40;
            let words = refusal(&bytes);
            assert!(words.ends_with("no mark of a histogram"), "{words}");
        }
    }

    #[test]
    fn an_error_says_what_was_given_and_what_was_expected() {
        let tag = HlogError::BadTag("a,b".to_owned()).to_string();
        assert!(
            tag.contains("must not be empty") && tag.ends_with("got \"a,b\""),
            "{tag}"
        );
        let encoding = HlogError::BadEncoding("too short".to_owned()).to_string();
        assert_eq!(encoding, "no HdrHistogram in the V2 encoding: too short");
    }
}
