//! What is published: the shipped event layout, recordings of it, and synthetic streams.
//!
//! Everything but [`Event`] belongs to the time before a run: it allocates, it reads files, and it
//! never runs on the hot path.
//!
//! # How a recording is read
//! [`load_file`] opens the file ([`Stream`]: regular files only, decompressed by content, bounded),
//! finds the format ([`Kind`]), and lets the format's reader hand each row to an [`Intake`], which
//! applies the caller's choices: [`Policy`] for bad rows and [`OutOfOrder`] for stamps that run
//! backwards. The result is a [`Recording`]; every failure is a [`LoadError`] that says where.

mod event;

#[cfg(feature = "formats")]
mod collector;
#[cfg(feature = "formats")]
mod collector_bybit;
#[cfg(feature = "formats")]
mod collector_hyperliquid;
#[cfg(feature = "formats")]
mod collector_shapes;
#[cfg(feature = "formats")]
mod container;
#[cfg(feature = "formats")]
mod dbn;
#[cfg(feature = "formats")]
mod dbn_records;
#[cfg(feature = "formats")]
mod dbn_symbols;
#[cfg(feature = "formats")]
pub mod decimal;
#[cfg(feature = "formats")]
mod detect;
#[cfg(feature = "formats")]
mod error;
#[cfg(feature = "formats")]
mod gzip_members;
#[cfg(feature = "formats")]
mod intake;
#[cfg(feature = "formats")]
mod itch;
#[cfg(feature = "formats")]
mod itch_messages;
#[cfg(feature = "formats")]
pub mod kinds;
#[cfg(feature = "formats")]
mod lines;
#[cfg(feature = "formats")]
mod load;
#[cfg(feature = "formats")]
mod lobster;
#[cfg(feature = "formats")]
mod order;
#[cfg(feature = "formats")]
mod recording;
#[cfg(feature = "formats")]
mod room;
#[cfg(feature = "formats")]
mod stream;
#[cfg(feature = "formats")]
mod symbols;
pub mod synthetic;
#[cfg(feature = "formats")]
pub mod table;
#[cfg(feature = "formats")]
mod zip_directory;
#[cfg(feature = "formats")]
mod zip_member;

pub use event::Event;

#[cfg(feature = "formats")]
pub use {
    container::Compression,
    error::{LoadError, Place, Problem, RowError},
    intake::{Intake, Policy},
    lines::Lines,
    load::{Kind, LoadOptions, load_file, load_files},
    order::{OutOfOrder, put_in_order},
    recording::{Origin, Recording, SourceSummary, bytes_of_events},
    stream::{Failure, Limits, Progress, Stream},
    symbols::SymbolTable,
};
