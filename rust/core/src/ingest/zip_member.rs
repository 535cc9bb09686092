//! One member of a zip archive as a stream of its own.
//!
//! The member is decompressed from the place that the [directory](super::zip_directory) names, so that the stream owns its
//! file and a cut or a wrong checksum is found like in any other container. An archive cut short has no directory (it stands at the
//! end); its members are then found from the headers in front of them.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use flate2::{Crc, bufread::DeflateDecoder};

use super::container::{Buffered, Compression, Opened};
use super::error::{LoadError, RowError};
use super::zip_directory::{self, MEMBERS_MAX, Member};
use crate::sync::Arc;

/// Bytes of the fixed part of the header in front of a member.
const LOCAL_HEADER_BYTES: usize = 30;

/// Opens the one member of `file` that holds messages.
pub(crate) fn open(
    mut file: File,
    name: &Arc<str>,
    buffered: impl FnOnce(File) -> Buffered,
) -> Result<Opened, LoadError> {
    let source_error = |reason: String| LoadError::Source(RowError::whole(name, reason));
    let directory = zip_directory::members(&mut file)
        .map_err(|e| source_error(format!("unusable zip archive: {e}")))?;
    let cut_archive = directory.is_none();
    let members = match directory {
        Some(members) => members,
        None => from_local_headers(&mut file).map_err(|e| {
            source_error(format!(
                "truncated zip archive, of which nothing can be read: {e}"
            ))
        })?,
    };
    let member = choose(members).map_err(source_error)?;
    file.seek(SeekFrom::Start(member.data_start)).map_err(|e| {
        LoadError::Unreadable(RowError::whole(name, format!("cannot be read: {e}")))
    })?;
    let input = buffered(file).take(member.compressed_bytes);
    let reader: Box<dyn Read> = if member.stored {
        Box::new(Checked::new(input, member.checksum))
    } else {
        Box::new(Checked::new(DeflateDecoder::new(input), member.checksum))
    };
    Ok(Opened {
        reader,
        compression: Compression::Zip,
        member: Some(member.name),
        cut_archive,
        bytes_total: member.compressed_bytes,
    })
}

/// The members whose headers can be found by walking from the start, the last of which is cut.
fn from_local_headers(file: &mut File) -> Result<Vec<Member>, String> {
    let mut members = Vec::new();
    let mut at = 0_u64;
    // Of folders, and what is encrypted, there may not be more either.
    for _ in 0..MEMBERS_MAX {
        let mut header = [0; LOCAL_HEADER_BYTES];
        file.seek(SeekFrom::Start(at)).map_err(|e| e.to_string())?;
        if file.read_exact(&mut header).is_err() || header[..4] != *b"PK\x03\x04" {
            break;
        }
        let u16_at = |i: usize| u16::from_le_bytes([header[i], header[i + 1]]);
        let (flags, method) = (u16_at(6), u16_at(8));
        let declared = u32::from_le_bytes([header[18], header[19], header[20], header[21]]);
        let (name_bytes, extra_bytes) = (u16_at(26), u16_at(28));
        let mut name = vec![0; usize::from(name_bytes)];
        if file.read_exact(&mut name).is_err() {
            break;
        }
        let data_start =
            at + LOCAL_HEADER_BYTES as u64 + u64::from(name_bytes) + u64::from(extra_bytes);
        // Bit 0: encrypted. Bit 3: the size follows the data, so the next member cannot be found.
        let size_unknown = flags & 8 != 0 || declared == u32::MAX;
        if flags & 1 == 0 && matches!(method, 0 | 8) && !name.ends_with(b"/") {
            members.push(Member {
                name: String::from_utf8_lossy(&name).into_owned(),
                data_start,
                compressed_bytes: if size_unknown {
                    u64::MAX
                } else {
                    u64::from(declared)
                },
                stored: method == 0,
                checksum: None,
            });
        }
        if size_unknown {
            break;
        }
        at = data_start + u64::from(declared);
    }
    Ok(members)
}

/// The only member, or the only one whose name says that it holds messages, or the only one that is
/// no text about the others.
fn choose(mut members: Vec<Member>) -> Result<Member, String> {
    // macOS puts a file of attributes beside each file.
    members.retain(|m| !m.name.starts_with("__MACOSX/"));
    let is_message = |name: &str| name.contains("message") && name.ends_with(".csv");
    let is_data = |name: &str| {
        let about = [".txt", ".md", ".pdf", ".html"];
        !about.iter().any(|end| name.ends_with(end))
    };
    let only = |fits: &dyn Fn(&str) -> bool| {
        let mut fitting = members.iter().filter(|m| fits(&m.name.to_lowercase()));
        fitting.next().filter(|_| fitting.next().is_none())
    };
    let chosen = only(&|_| true)
        .or_else(|| only(&is_message))
        .or_else(|| only(&is_data));
    match chosen {
        Some(member) => Ok(member.clone()),
        None if members.is_empty() => {
            Err("the zip archive holds no file that can be read".to_owned())
        }
        _ => {
            let names: Vec<&str> = members.iter().take(6).map(|m| m.name.as_str()).collect();
            Err(format!(
                "the zip archive holds {} files ({}{}) and not exactly one of them is a message file; extract one",
                members.len(),
                names.join(", "),
                if members.len() > names.len() {
                    ", …"
                } else {
                    ""
                }
            ))
        }
    }
}

/// Compares checksum and size at the end with what the directory says.
struct Checked<R> {
    inner: R,
    crc: Crc,
    bytes: u64,
    expected: Option<(u32, u64)>,
}

impl<R> Checked<R> {
    fn new(inner: R, expected: Option<(u32, u64)>) -> Self {
        Self {
            inner,
            crc: Crc::new(),
            bytes: 0,
            expected,
        }
    }
}

impl<R: Read> Read for Checked<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(out)?;
        if count > 0 || out.is_empty() {
            self.crc.update(&out[..count]);
            self.bytes += count as u64;
            return Ok(count);
        }
        match self.expected {
            // Without a directory the archive is cut: its end is never a proper one.
            None => Err(io::ErrorKind::UnexpectedEof.into()),
            Some((_, size)) if self.bytes < size => Err(io::ErrorKind::UnexpectedEof.into()),
            Some((crc, size)) if (crc, size) != (self.crc.sum(), self.bytes) => {
                Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "checksum or size differ from the archive's directory",
                ))
            }
            Some(_) => Ok(0),
        }
    }
}
