//! The broadcast ring: one producer, any number of cursors, nothing ever waits for a reader.
//!
//! Two tiers with the same rules: [`ObjectRing`] holds values of any type and lives in one thread
//! (the bindings put it behind the interpreter's lock); the event ring holds 56-byte records and
//! is shared between threads.
//!
//! # Overrun
//! A ring of capacity *c* with head *h* retains the sequences `[max(0, h − c), h)`. A cursor below
//! that range gets [`Overrun`] on every read until it recovers explicitly with
//! [`Cursor::recover_to`]; only then does its `lost` grow, by exactly the sequences it expected and
//! will never read.

mod cursor;
mod event_ring;
mod head;
mod object_ring;
mod prefetch;
mod producer;
mod reader;
mod sequence;
mod slot;
mod tail;

pub use cursor::{Cursor, CursorOn, Readable, Reader};
pub use event_ring::EventRing;
pub use object_ring::{ObjectRing, Published};
pub use producer::Producer;
pub use reader::EventReader;
pub use sequence::{Bounds, NotPublished, Overrun, ReadError, Start, StartError};
pub use slot::{MAX_EVENTS, Payload};
pub use tail::Tail;
