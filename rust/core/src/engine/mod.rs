//! The engine: feed → ring → executor, each stage the same code under any driver.
//!
//! A stage ([`FeedStage`], [`ExecutorStage`]) has no thread and no clock of its own: it is stepped,
//! told what time it is, and says what it did. [`LiveEngine`] steps each on a pinned native thread;
//! a test, or a virtual-time driver, steps them by hand.
//!
//! # Contract
//! - **Open loop**: the feed publishes by its [`Plan`], whatever the executor does; an event it is
//!   late with says so by its two stamps. It never waits for a reader and never drops.
//! - **Gate**: read once per event. In INIT nothing is read.
//! - **Overrun**: the executor goes on from the oldest readable event by itself; what it missed is
//!   in its [`Ledger`], exactly.
//! - **Hot path**: between the first and the last event, with [`Wait::Spin`], no lock, no allocation
//!   and no system call.
//! - **Stop**: seen by both stages at every step and while they wait; what is left is counted.

mod control;
mod drive;
mod executor;
mod feed;
mod floor;
mod ledger;
mod live;
mod placement;
mod plan;
mod ports;
mod record;
mod stage_thread;
mod wait;

pub use control::{Control, Phase, Snapshot};
pub use drive::{drive_executor, drive_feed};
pub use executor::{ExecutorStage, ExecutorStep, Stage, StageHistograms};
pub use feed::{FeedStage, FeedStep};
pub use floor::{Floor, Window};
pub use ledger::Ledger;
pub use live::{EngineError, LiveEngine, Settings};
pub use plan::{Pace, Plan, PlanError};
pub use ports::{Publish, Recover};
pub use record::RunRecord;
pub use wait::Wait;
