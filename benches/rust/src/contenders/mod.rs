//! The contenders: each a file that says how its writer writes and its reader reads, at its best.

mod crossbeam;
pub(crate) mod disruptor_managed;
mod disruptor_polled;
mod hft;
mod photon;
mod rtrb;
mod tickpath;
mod tokio_broadcast;

pub(crate) use crossbeam::{Array, Channel};
pub(crate) use disruptor_polled::{Polled, PolledByTwo};
pub(crate) use hft::Hft;
pub(crate) use photon::Photon;
pub(crate) use rtrb::{Chunks, Single};
pub(crate) use tickpath::{Tickpath, TickpathClaiming};
pub(crate) use tokio_broadcast::Broadcast;
