//! Opening a file: regular files only, decompressed according to their first bytes.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;
use std::rc::Rc;

use super::error::{LoadError, RowError};
use super::gzip_members::GzipMembers;
use super::stream::Meter;
use super::zip_member;
use crate::os;
use crate::sync::Arc;

/// Bytes taken from the file at once.
const FILE_BUFFER_BYTES: usize = 64 << 10;

/// How a file is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// gzip, of any number of members.
    Gzip,
    /// Zstandard, of any number of frames.
    Zstd,
    /// One member of a zip archive.
    Zip,
}

impl Compression {
    /// The word for it in `meta` and in messages.
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "plain",
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Zip => "zip",
        }
    }
}

/// Compressed forms that are recognised only to be named in the error.
const OTHER_CONTAINERS: [(&[u8], &str); 6] = [
    (b"\xfd7zXZ\0", "xz"),
    (b"BZh", "bzip2"),
    (b"7z\xbc\xaf\x27\x1c", "7z"),
    (b"Rar!\x1a\x07", "rar"),
    (b"\x04\x22\x4d\x18", "lz4"),
    (b"\x1f\x9d", "compress (.Z)"),
];

/// An open, decompressed file.
pub(crate) struct Opened {
    pub(crate) reader: Box<dyn Read>,
    pub(crate) compression: Compression,
    pub(crate) member: Option<String>,
    /// Whether the archive is known to be cut short, so that what its members were is not known.
    pub(crate) cut_archive: bool,
    /// Bytes of the file that will be consumed.
    pub(crate) bytes_total: u64,
}

/// The largest window of zstd data that is believed, as a power of two: 128 MiB, its decoders' own default. It is asked for when the
/// data says so, and touched as far as it is filled.
const ZSTD_WINDOW_LOG_MAX: u32 = 27;

/// A file that has to give as much as there was when it was opened: one that shrinks meanwhile may end where a row does.
struct Promised {
    file: File,
    left: u64,
}

/// What an error of a file begins with that has shrunk.
pub(crate) const SHRUNK: &str = "truncated: the file has shrunk while it was read";

impl Read for Promised {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read(out)?;
        if count == 0 && !out.is_empty() && self.left > 0 {
            let reason = format!("{SHRUNK}: {} bytes are missing", self.left);
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, reason));
        }
        self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

/// A file whose bytes are counted as they are taken from it. A read of it is interrupted where the hook is due.
pub(crate) struct Counted {
    file: Promised,
    meter: Rc<Meter>,
}

impl Read for Counted {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.meter.interrupts() {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let count = self.file.read(out)?;
        self.meter.consume(count);
        Ok(count)
    }
}

/// A [`Counted`] file with a buffer.
pub(crate) type Buffered = BufReader<Counted>;

/// Opens `path`, called `name` in errors.
pub(crate) fn open(path: &Path, name: &Arc<str>, meter: &Rc<Meter>) -> Result<Opened, LoadError> {
    let unreadable = |e: &io::Error| unreadable(name, e);
    let bytes_total = regular_file_bytes(path, name)?;
    let mut file = os::open_without_waiting(path).map_err(|e| unreadable(&e))?;
    let mut magic = [0; 8];
    let count = read_up_to(&mut file, &mut magic).map_err(|e| unreadable(&e))?;
    file.seek(SeekFrom::Start(0)).map_err(|e| unreadable(&e))?;
    let magic = &magic[..count];
    let refuse = |reason: String| Err(LoadError::Source(RowError::whole(name, reason)));
    if magic.is_empty() {
        return refuse("the file is empty".to_owned());
    }
    if let Some((_, other)) = OTHER_CONTAINERS
        .iter()
        .find(|(start, _)| magic.starts_with(start))
    {
        return refuse(format!(
            "{other} data is not read: decompress it first (plain, gzip, zstd and zip are)"
        ));
    }
    let is_zip = magic.starts_with(b"PK") && magic.len() >= 4 && matches!(magic[2], 3 | 5);
    // Of an archive one member is read, which knows its own length.
    let left = if is_zip { 0 } else { bytes_total };
    let buffered = |file| {
        BufReader::with_capacity(
            FILE_BUFFER_BYTES,
            Counted {
                file: Promised { file, left },
                meter: Rc::clone(meter),
            },
        )
    };
    if is_zip {
        return zip_member::open(file, name, buffered);
    }
    let (reader, compression): (Box<dyn Read>, _) = if magic.starts_with(b"\x1f\x8b") {
        (
            Box::new(GzipMembers::new(buffered(file), Rc::clone(meter))),
            Compression::Gzip,
        )
    } else if is_zstd(magic) {
        let decoder = zstd::Decoder::with_buffer(buffered(file));
        let mut decoder = decoder.map_err(|e| unreadable(&e))?;
        let bounded = decoder.window_log_max(ZSTD_WINDOW_LOG_MAX);
        bounded.map_err(|e| unreadable(&e))?;
        (Box::new(decoder), Compression::Zstd)
    } else {
        (Box::new(buffered(file)), Compression::None)
    };
    Ok(Opened {
        reader,
        compression,
        member: None,
        cut_archive: false,
        bytes_total,
    })
}

/// The size of a regular file; anything else is refused before it is opened, so that a pipe or a
/// device can neither block the load nor feed it for ever.
fn regular_file_bytes(path: &Path, name: &Arc<str>) -> Result<u64, LoadError> {
    let metadata = std::fs::metadata(path).map_err(|e| unreadable(name, &e))?;
    if metadata.is_file() {
        return Ok(metadata.len());
    }
    let what = if metadata.is_dir() {
        "a directory"
    } else {
        "not a regular file (a pipe, socket or device)"
    };
    Err(LoadError::Unreadable(RowError::whole(
        name,
        format!("is {what}; expected a regular file"),
    )))
}

fn unreadable(name: &Arc<str>, e: &io::Error) -> LoadError {
    match e.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => {
            LoadError::NotFound(RowError::whole(name, "there is no such file"))
        }
        _ => LoadError::Unreadable(RowError::whole(name, format!("cannot be opened: {e}"))),
    }
}

fn read_up_to(file: &mut File, out: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < out.len() {
        match file.read(&mut out[filled..]) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(filled)
}

/// A frame, or a skippable frame, with which a zstd file may begin as well.
fn is_zstd(magic: &[u8]) -> bool {
    magic.starts_with(b"\x28\xb5\x2f\xfd")
        || (magic.len() >= 4 && magic[0] & 0xf0 == 0x50 && magic[1..4] == *b"\x2a\x4d\x18")
}
