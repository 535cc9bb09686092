//! Histograms for other tools: the HdrHistogram V2 encoding, and logs of it (`.hlog`).
//!
//! A log has a line per interval: tag, start, length and largest value for people, and the counts,
//! compressed. HistogramLogProcessor, HistogramLogAnalyzer and the readers of HdrHistogram in other
//! languages read it. All of this allocates and is for after a run.

use core::fmt;
use core::time::Duration;

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

/// The counts behind a V2 encoding, of any bounds, compressed or not.
///
/// # Errors
/// Returns an error if these bytes are no such encoding.
pub fn from_v2(bytes: &[u8]) -> Result<Histogram<u64>, HlogError> {
    Deserializer::new()
        .deserialize(&mut &*bytes)
        .map_err(|e| HlogError::BadEncoding(e.to_string()))
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
