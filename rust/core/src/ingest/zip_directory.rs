//! The directory of a zip archive: where its members are, and how they are stored.
//!
//! - **Bounds**: the record that ends a directory is looked for in the last 64 KiB, no member is read of a directory that claims
//!   more than [`MEMBERS_MAX`], and none of it is believed before it was read. Well-kept crates for archives take memory for as many
//!   members as a file claims, and look through all of it for records that are not where they should be.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Most members an archive may have: a recording comes with a handful.
pub(crate) const MEMBERS_MAX: usize = 1_000;

/// The fixed parts of a member's entry and of the header in front of it.
const ENTRY_BYTES: usize = 46;
const LOCAL_BYTES: usize = 30;

/// The record at the end, whose comment may be as long as its length can say; in front of it, where the archive is large, the
/// place of a larger record.
const END_BYTES: usize = 22;
const LOCATOR_BYTES: usize = 20;
const LARGE_END_BYTES: usize = 56;
const TAIL_BYTES: usize = END_BYTES + u16::MAX as usize + LOCATOR_BYTES;

/// The field of an entry that holds what does not fit its 32 bits.
const LARGE_FIELD: u16 = 1;

/// Where a member stands in the file and how it is stored.
#[derive(Debug, Clone)]
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) data_start: u64,
    pub(crate) compressed_bytes: u64,
    pub(crate) stored: bool,
    /// Checksum and size from the directory; absent where the archive is cut.
    pub(crate) checksum: Option<(u32, u64)>,
}

/// What the record at the end says.
struct Directory {
    start: u64,
    members: u64,
}

/// The members that the directory lists; `None` if there is no directory.
pub(crate) fn members(file: &mut File) -> Result<Option<Vec<Member>>, String> {
    let Some(directory) = find(file).map_err(|e| e.to_string())? else {
        return Ok(None);
    };
    if directory.members > MEMBERS_MAX as u64 {
        return Err(format!(
            "it has {} members; expected one recording",
            directory.members
        ));
    }
    let mut members = Vec::new();
    let mut at = directory.start;
    for _ in 0..directory.members {
        let Some((member, next)) = entry(file, at)? else {
            return Err("its directory is damaged".to_owned());
        };
        members.extend(member);
        at = next;
    }
    Ok(Some(members))
}

/// Finds the record at the end: the last whose comment ends where the file does, else the last, with something behind it.
fn find(file: &mut File) -> io::Result<Option<Directory>> {
    let file_bytes = file.seek(SeekFrom::End(0))?;
    let tail_start = file_bytes.saturating_sub(TAIL_BYTES as u64);
    let mut tail = Vec::new();
    file.seek(SeekFrom::Start(tail_start))?;
    file.take(TAIL_BYTES as u64).read_to_end(&mut tail)?;
    let last = tail.len().saturating_sub(END_BYTES - 1);
    let is_end = |at: usize| tail[at..].starts_with(b"PK\x05\x06");
    let behind = |at: usize| at + END_BYTES + usize::from(u16_at(&tail, at + 20));
    let mut ends = (0..last)
        .rev()
        .filter(|&at| is_end(at) && behind(at) <= tail.len());
    let mut exact = ends.clone().filter(|&at| behind(at) == tail.len());
    let end = exact.next().or_else(|| ends.next());
    let Some(end) = end else {
        return Ok(None);
    };
    let small = Directory {
        start: u32_at(&tail, end + 16).into(),
        members: u16_at(&tail, end + 10).into(),
    };
    let is_large = small.start == u64::from(u32::MAX) || small.members == u64::from(u16::MAX);
    let locator = end
        .checked_sub(LOCATOR_BYTES)
        .filter(|&at| tail[at..].starts_with(b"PK\x06\x07"));
    match locator {
        Some(at) if is_large => {
            let record = read_at::<LARGE_END_BYTES>(file, u64_at(&tail, at + 8), b"PK\x06\x06");
            Ok(record.map(|record| Directory {
                start: u64_at(&record, 48),
                members: u64_at(&record, 32),
            }))
        }
        _ => Ok(Some(small)),
    }
}

/// The bytes at `at`, which is what a file says, if they are there and begin with `magic`.
fn read_at<const N: usize>(file: &mut File, at: u64, magic: &[u8]) -> Option<[u8; N]> {
    let mut bytes = [0; N];
    file.seek(SeekFrom::Start(at)).ok()?;
    file.read_exact(&mut bytes).ok()?;
    bytes.starts_with(magic).then_some(bytes)
}

/// The member whose entry stands at `at`, if it is a file, and where the next entry stands; `None` if there is no entry.
fn entry(file: &mut File, at: u64) -> Result<Option<(Option<Member>, u64)>, String> {
    let Some(fixed) = read_at::<ENTRY_BYTES>(file, at, b"PK\x01\x02") else {
        return Ok(None);
    };
    let lengths = [28, 30, 32].map(|at| usize::from(u16_at(&fixed, at)));
    let mut texts = vec![0; lengths[0] + lengths[1]];
    if file.read_exact(&mut texts).is_err() {
        return Ok(None);
    }
    let (name, extra) = texts.split_at(lengths[0]);
    let next = at + (ENTRY_BYTES + lengths.iter().sum::<usize>()) as u64;
    if name.ends_with(b"/") {
        return Ok(Some((None, next)));
    }
    let name = String::from_utf8_lossy(name).into_owned();
    let (flags, method) = (u16_at(&fixed, 8), u16_at(&fixed, 10));
    if flags & 1 != 0 {
        return Err(format!("its member {name} is encrypted"));
    }
    let mut large = large_numbers(extra);
    let mut number = |at| match u32_at(&fixed, at) {
        u32::MAX => large.next().unwrap_or(u32::MAX.into()),
        small => small.into(),
    };
    let (bytes, compressed_bytes, header) = (number(24), number(20), number(42));
    let stored = match method {
        0 => true,
        8 => false,
        other => {
            let other = method_name(other);
            return Err(format!(
                "its member {name} is compressed by {other}; stored and deflated are read"
            ));
        }
    };
    let Some(front) = read_at::<LOCAL_BYTES>(file, header, b"PK\x03\x04") else {
        return Err(format!("its member {name} is not where its directory says"));
    };
    let behind = u64::from(u16_at(&front, 26)) + u64::from(u16_at(&front, 28));
    let member = Member {
        name,
        data_start: header + LOCAL_BYTES as u64 + behind,
        compressed_bytes,
        stored,
        checksum: Some((u32_at(&fixed, 16), bytes)),
    };
    Ok(Some((Some(member), next)))
}

/// The numbers of an entry that did not fit their places, in the order of these: size, compressed size, header.
fn large_numbers(mut extra: &[u8]) -> impl Iterator<Item = u64> {
    let mut field = &extra[..0];
    while let Some((head, rest)) = extra.split_first_chunk::<4>() {
        let bytes = usize::from(u16_at(head, 2)).min(rest.len());
        let (content, behind) = rest.split_at(bytes);
        if u16_at(head, 0) == LARGE_FIELD {
            field = content;
            break;
        }
        extra = behind;
    }
    field.chunks_exact(8).map(|number| u64_at(number, 0))
}

fn method_name(method: u16) -> String {
    match method {
        9 => "Deflate64".to_owned(),
        12 => "Bzip2".to_owned(),
        14 => "LZMA".to_owned(),
        93 => "Zstd".to_owned(),
        95 => "XZ".to_owned(),
        98 => "PPMd".to_owned(),
        other => format!("method {other}"),
    }
}

fn u16_at(bytes: &[u8], at: usize) -> u16 {
    u16::from_le_bytes([bytes[at], bytes[at + 1]])
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from(u16_at(bytes, at)) | u32::from(u16_at(bytes, at + 2)) << 16
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    u64::from(u32_at(bytes, at)) | u64::from(u32_at(bytes, at + 4)) << 32
}
