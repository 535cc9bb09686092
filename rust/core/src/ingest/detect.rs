//! Which format a source has, told by its content and never by its name alone.

use super::error::{LoadError, RowError, quoted};
use super::load::Kind;
use super::stream::Stream;
use super::{collector, dbn, itch, lobster};

/// How much of the data is looked at; a depth snapshot can be a long first line.
const LOOKED_AT_BYTES: usize = 64 << 10;

/// The format of the stream, whose bytes stay unread.
///
/// # Errors
/// [`LoadError::Source`] naming what was looked for.
pub(crate) fn kind(stream: &mut Stream<'_>) -> Result<Kind, LoadError> {
    let head = stream.peek(LOOKED_AT_BYTES);
    if let Some(kind) = of_bytes(head) {
        return Ok(kind);
    }
    let shown = quoted(head);
    let empty = head.is_empty();
    match stream.take_failure() {
        Some(super::Failure::Interrupted) => return Err(LoadError::Interrupted),
        Some(super::Failure::Io(reason)) => {
            return Err(LoadError::Unreadable(RowError::whole(
                stream.path(),
                reason,
            )));
        }
        Some(super::Failure::Bomb(reason) | super::Failure::Damaged(reason)) => {
            return Err(LoadError::Source(RowError::whole(stream.path(), reason)));
        }
        None => {}
    }
    let cut = match stream.member() {
        Some(member) if stream.is_cut_archive() => {
            format!("truncated zip archive, of which only {member} can be read: ")
        }
        _ => String::new(),
    };
    let reason = if empty {
        "holds no events: the compressed data is empty".to_owned()
    } else {
        format!(
            "{cut}not recognised: begins with {shown}; looked for LOBSTER message rows, hftbacktest collector lines \
             (stamp and JSON), Databento DBN and NASDAQ ITCH 5.0; other tables need their columns named: \
             MarketDataSource.from_table, or --feed table:FILE --columns FIELD=COLUMN"
        )
    };
    Err(LoadError::Source(RowError::whole(stream.path(), reason)))
}

/// The binary formats first: their marks are unmistakable.
fn of_bytes(head: &[u8]) -> Option<Kind> {
    if dbn::begins(head) {
        return Some(Kind::Dbn);
    }
    if itch::begins(head) {
        return Some(Kind::Itch);
    }
    let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head);
    // Damage may have hit the first lines, so a few of them are tried.
    let mut lines = text
        .split(|&b| b == b'\n')
        .take(8)
        .map(|l| l.strip_suffix(b"\r").unwrap_or(l));
    lines.find_map(|line| {
        if collector::resembles(line) {
            Some(Kind::Collector)
        } else if lobster::resembles(line) {
            Some(Kind::Lobster)
        } else {
            None
        }
    })
}
