//! The bytes of a source: decompressed, bounded, counted, and interruptible.
//!
//! # Contract
//! - **Bounds**: nothing declared in a file is believed. What a compressed file may expand to is
//!   limited ([`Limits`]); beyond that the read fails with [`Failure::Bomb`].
//! - **Interruption**: the caller's hook is called once per [`CHUNK_BYTES`] of decompressed data, and once per
//!   [`SILENT_BYTES_MAX`] of a file that gives none, and may stop the load; that is a few milliseconds of work in every
//!   format.
//! - **Failures** travel as `io::Error` through the parsers (they are `Read`ers' clients) and are
//!   kept here with their real cause: [`Stream::take_failure`].

use std::cell::{Cell, RefCell};
use std::fmt;
use std::io::{self, Read};
use std::ops::ControlFlow;
use std::path::Path;
use std::rc::Rc;

use super::container::{self, Compression};
use super::error::{LoadError, RowError};
use super::room;
use crate::sync::Arc;

/// Room for what is looked at ahead, at the start.
const HEAD_BYTES: usize = 64 << 10;

/// Decompressed bytes between two calls of the progress hook.
const CHUNK_BYTES: usize = 256 << 10;

/// Bytes of a file between two calls of the hook, where they decompress to little or nothing.
const SILENT_BYTES_MAX: u64 = 512 << 10;

/// How far a load may go.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Longest line, in bytes. A full-depth snapshot of 5,000 levels is about 300 KiB.
    pub line_bytes_max: usize,
    /// Most bytes a source may decompress to.
    pub decompressed_bytes_max: u64,
    /// Most decompressed bytes per compressed byte, once `ratio_grace_bytes` are exceeded. Recordings
    /// compress 3 to 40 times, rows of one repeated text 400 times, zeros 1,032 times (zstd: more).
    pub ratio_max: u64,
    /// Decompressed bytes below which the ratio is not looked at.
    pub ratio_grace_bytes: u64,
    /// Most bad rows kept in the list; all are counted. With more of them than this and more than good
    /// ones, the source is not what it was taken for, and the load fails.
    pub skipped_listed_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes_max: 4 << 20,
            decompressed_bytes_max: 256 << 30,
            ratio_max: 200,
            ratio_grace_bytes: 64 << 20,
            skipped_listed_max: 1_000_000,
        }
    }
}

/// How far a load has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the file consumed so far (compressed bytes, where it is compressed).
    pub bytes_done: u64,
    /// Bytes of the file that have to be consumed.
    pub bytes_total: u64,
    /// Events loaded so far.
    pub events: u64,
}

/// Why reading ended before the end of the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// The hook asked to stop.
    Interrupted,
    /// The file expands beyond the limits.
    Bomb(String),
    /// The compressed data is cut or corrupt; everything before that place was delivered.
    Damaged(String),
    /// The operating system could not read the file.
    Io(String),
}

/// What the stages of a stream share: one thread, hence cells.
#[derive(Debug, Default)]
pub(crate) struct Meter {
    /// Bytes taken from the file.
    consumed: Cell<u64>,
    /// How many of them had been taken when the hook was called last.
    reported: Cell<u64>,
    /// Whether the decoder in between cannot be interrupted now.
    pub(crate) is_uninterruptible: Cell<bool>,
    /// Whether it was, by the read before.
    has_interrupted: Cell<bool>,
    events: Cell<u64>,
    failure: RefCell<Option<Failure>>,
}

impl Meter {
    /// Counts bytes taken from the file.
    pub(crate) fn consume(&self, bytes: usize) {
        self.consumed.set(self.consumed.get() + bytes as u64);
        self.has_interrupted.set(false);
    }

    /// Whether so much was taken without a call of the hook that one is due.
    pub(crate) fn is_hook_due(&self) -> bool {
        self.consumed.get() - self.reported.get() > SILENT_BYTES_MAX
    }

    /// Whether the next read is to be interrupted for the hook. Not twice in a row: a decoder may try again by itself, in
    /// the check sum behind gzip data, until it is given something.
    pub(crate) fn interrupts(&self) -> bool {
        let is_due = self.is_hook_due() && !self.is_uninterruptible.get();
        is_due && !self.has_interrupted.replace(true)
    }
}

/// The hook that sees a load's progress and may stop it.
pub(crate) type Hook<'h> = &'h mut dyn FnMut(Progress) -> ControlFlow<()>;

/// An open source, decompressed as it is read.
pub struct Stream<'h> {
    path: Arc<str>,
    opened: container::Opened,
    limits: Limits,
    meter: Rc<Meter>,
    hook: Hook<'h>,
    /// Bytes that were looked at before the format was known: room for them, how many there are, and how many of them were
    /// read since.
    head: Vec<u8>,
    head_end: usize,
    head_read: usize,
    /// Decompressed bytes taken from the container, and the number at which the hook is called next.
    produced: u64,
    hook_due: u64,
}

impl fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("path", &self.path)
            .field("produced", &self.produced)
            .finish_non_exhaustive()
    }
}

impl<'h> Stream<'h> {
    /// Opens a regular file and finds out from its first bytes how it is compressed.
    ///
    /// # Errors
    /// [`LoadError::NotFound`], [`LoadError::Unreadable`] (anything but a regular file is refused,
    /// before it could block), or [`LoadError::Source`] for a container that cannot be used.
    pub fn open(path: &Path, limits: Limits, hook: Hook<'h>) -> Result<Self, LoadError> {
        let name: Arc<str> = Arc::from(path.to_string_lossy());
        if !room::is_there(0) {
            let need = room::WORKING_BYTES >> 20;
            let reason =
                format!("there is no memory to load it: a load needs {need} MiB beside its events");
            return Err(LoadError::Source(RowError::whole(&name, reason)));
        }
        let meter = Rc::new(Meter::default());
        let opened = container::open(path, &name, &meter)?;
        Ok(Self {
            path: name,
            opened,
            limits,
            meter,
            hook,
            head: Vec::new(),
            head_end: 0,
            head_read: 0,
            produced: 0,
            hook_due: 0,
        })
    }

    /// The path as it was given.
    pub const fn path(&self) -> &Arc<str> {
        &self.path
    }

    /// How the file is compressed.
    pub const fn compression(&self) -> Compression {
        self.opened.compression
    }

    /// The name of the archive's member that is read, if the file is an archive.
    pub fn member(&self) -> Option<&str> {
        self.opened.member.as_deref()
    }

    /// Whether the file is an archive that is cut short.
    pub(crate) const fn is_cut_archive(&self) -> bool {
        self.opened.cut_archive
    }

    /// The bounds that apply.
    pub const fn limits(&self) -> Limits {
        self.limits
    }

    /// The first bytes, at most `count` of them; they are read again by the next reads.
    ///
    /// Fewer come back at the end of the data or if reading fails; the failure then comes up again
    /// after the bytes before it were read. Memory is taken for what is there, however much is asked for.
    pub fn peek(&mut self, count: usize) -> &[u8] {
        while self.head_end < count && self.meter.failure.borrow().is_none() {
            if self.head_end == self.head.len() && !self.make_room_ahead(count) {
                break;
            }
            let mut head = std::mem::take(&mut self.head);
            let end = head.len().min(count);
            let read = self
                .read_container(&mut head[self.head_end..end])
                .unwrap_or(0);
            self.head = head;
            self.head_end += read;
            if read == 0 {
                break;
            }
        }
        &self.head[self.head_read..self.head_end]
    }

    /// Makes the room for bytes that are looked at twice as large, up to `count`.
    fn make_room_ahead(&mut self, count: usize) -> bool {
        let bytes = count.min((2 * self.head.len()).max(HEAD_BYTES));
        if !room::is_there(bytes) {
            let reason = format!("cannot be read: there is no memory for {bytes} bytes of it");
            *self.meter.failure.borrow_mut() = Some(Failure::Io(reason));
            return false;
        }
        self.head.resize(bytes, 0);
        true
    }

    /// Tells the stream how many events there are, for the next progress report.
    #[inline]
    pub fn note_events(&self, events: usize) {
        self.meter.events.set(events as u64);
    }

    /// Why the last read failed.
    pub fn take_failure(&mut self) -> Option<Failure> {
        self.meter.failure.borrow_mut().take()
    }

    /// Decompressed bytes delivered so far, not counting what was only looked at.
    pub(crate) const fn delivered(&self) -> u64 {
        self.produced - (self.head_end - self.head_read) as u64
    }

    /// Reports progress now.
    ///
    /// # Errors
    /// [`Failure::Interrupted`] if the hook asks to stop.
    pub fn report(&mut self) -> Result<(), Failure> {
        self.meter.reported.set(self.meter.consumed.get());
        let progress = Progress {
            bytes_done: self.meter.consumed.get().min(self.opened.bytes_total),
            bytes_total: self.opened.bytes_total,
            events: self.meter.events.get(),
        };
        match (self.hook)(progress) {
            ControlFlow::Continue(()) => Ok(()),
            ControlFlow::Break(()) => Err(Failure::Interrupted),
        }
    }

    fn read_container(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.meter.failure.borrow().is_some() {
            return Err(io::Error::other("an earlier read failed"));
        }
        self.read_bounded(out).map_err(|failure| {
            *self.meter.failure.borrow_mut() = Some(failure);
            io::Error::other("the source failed")
        })
    }

    fn read_bounded(&mut self, out: &mut [u8]) -> Result<usize, Failure> {
        if self.produced >= self.hook_due {
            self.hook_due = self.produced + CHUNK_BYTES as u64;
            self.report()?;
        }
        let room = out.len().min(CHUNK_BYTES);
        let count = loop {
            match self.opened.reader.read(&mut out[..room]) {
                Ok(count) => break count,
                // By a signal, or because much of the file was taken that gave nothing.
                Err(e) if e.kind() == io::ErrorKind::Interrupted => self.report()?,
                Err(e) => return Err(self.classified(&e)),
            }
        };
        self.produced += count as u64;
        self.check_bounds()?;
        Ok(count)
    }

    fn check_bounds(&self) -> Result<(), Failure> {
        let Limits {
            decompressed_bytes_max,
            ratio_max,
            ratio_grace_bytes,
            ..
        } = self.limits;
        let (produced, consumed) = (self.produced, self.meter.consumed.get());
        if produced > decompressed_bytes_max {
            return Err(Failure::Bomb(format!(
                "expands to more than {decompressed_bytes_max} bytes, the most that is loaded"
            )));
        }
        let compressed = self.opened.compression != Compression::None;
        if compressed
            && produced > ratio_grace_bytes
            && produced > consumed.saturating_mul(ratio_max)
        {
            return Err(Failure::Bomb(format!(
                "decompression bomb: {consumed} compressed bytes expanded to {produced}, more than {ratio_max} \
                 to 1, which no recording does"
            )));
        }
        Ok(())
    }

    fn classified(&self, e: &io::Error) -> Failure {
        let (format, produced) = (self.opened.compression.name(), self.produced);
        match e.kind() {
            // The words are zstd's own; it has no number for its error here.
            _ if e.to_string().contains("not enough memory") => Failure::Io(format!(
                "cannot be read: there is no memory for the window of the {format} data after {produced} decompressed bytes"
            )),
            // Errors with a number come from the operating system, the others from a decoder.
            _ if e.raw_os_error().is_some() => Failure::Io(format!("cannot be read: {e}")),
            io::ErrorKind::UnexpectedEof if e.to_string().starts_with(container::SHRUNK) => {
                Failure::Damaged(e.to_string())
            }
            io::ErrorKind::UnexpectedEof => Failure::Damaged(format!(
                "truncated: the {format} data ends in mid-stream, after {produced} decompressed bytes"
            )),
            _ => Failure::Damaged(format!(
                "damaged: the {format} data cannot be decompressed after {produced} decompressed bytes ({e})"
            )),
        }
    }
}

impl Read for Stream<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let ahead = &self.head[self.head_read..self.head_end];
        if ahead.is_empty() {
            self.head = Vec::new();
            (self.head_end, self.head_read) = (0, 0);
            return self.read_container(out);
        }
        let count = ahead.len().min(out.len());
        out[..count].copy_from_slice(&ahead[..count]);
        self.head_read += count;
        Ok(count)
    }
}
