//! What is published: the shipped event layout, recordings of it, and synthetic streams.
//!
//! Everything but [`Event`] belongs to the time before a run: it allocates, it reads files, and it
//! never runs on the hot path.

mod event;

pub mod synthetic;

pub use event::Event;
