//! The engine: feed → ring → executor and any number of other consumers, each stage the same code under any
//! driver.
//!
//! A stage ([`FeedStage`], [`ExecutorStage`], [`ConsumerStage`]) has no thread and no clock of its own: it
//! takes turns, is told what time it is, and says what it did. It is generic over its clock and over the
//! [`Scheduler`] that spends its service time. [`LiveEngine`] drives each on a pinned native thread,
//! [`VirtualEngine`] all of them on the calling one, in the order of a virtual clock.
//!
//! # Contract
//! - **Open loop**: the feed publishes by its [`Plan`], whatever the executor does; an event it is
//!   late with says so by its two stamps. It never waits for a reader and never drops.
//! - **Gate**: read once per event. In INIT nothing is read.
//! - **Overrun**: each consumer does as its [`OverrunPolicy`] says; what it missed is in its [`Ledger`],
//!   exactly.
//! - **Graph**: a consumer reads up to the minimum of its upstreams' cursors, what they lost included.
//! - **Hot path**: between the first and the last event, with [`Wait::Spin`], no lock, no allocation
//!   and no system call.
//! - **Faults**: a run that was asked for them has them as types of its stages; any other has nothing of them in
//!   its code.
//! - **Stop**: seen by every stage at every turn, while it waits and while it works; what is left is counted.

mod ack_slices;
mod ack_window;
mod acks;
mod consumer;
mod control;
mod drive;
mod executor;
mod faults;
mod faulty_feed;
mod faulty_reader;
mod feed;
mod feed_books;
mod floor;
mod hold_back;
mod intake;
mod latency_limit;
mod ledger;
mod notes;
mod plan;
mod ports;
mod receiver;
mod recorder;
mod scheduler;
mod service;
mod service_load;
mod settings;
mod sizing;
mod snapshot;
mod stage_books;
mod timetable;
mod two_lines;
mod wait;

// Threads of the operating system: loom has its own, and explores what the stages share.
#[cfg(not(loom))]
mod build;
#[cfg(not(loom))]
mod build_feed;
mod error;
#[cfg(not(loom))]
mod leaves;
#[cfg(not(loom))]
mod live;
// Threads that share nothing while they watch.
#[cfg(not(any(loom, shuttle)))]
mod machine_watch;
// Two threads that wait for each other and share nothing else.
#[cfg(not(any(loom, shuttle)))]
mod ping_pong;
#[cfg(not(loom))]
mod placement;
#[cfg(not(loom))]
mod record;
#[cfg(not(loom))]
mod stage_thread;
#[cfg(not(loom))]
mod virtual_time;
#[cfg(not(loom))]
mod watcher;

pub use ack_slices::{AckSlice, AckSlices};
pub use ack_window::{AckWindow, AckWindowFigures};
pub use acks::{Acks, NoAcks, StampedAck};
pub use consumer::ConsumerStage;
pub use control::Control;
pub use drive::{Drive, ReadingStage, StampShared, StampsEach, drive_feed, drive_reader};
pub use error::EngineError;
pub use executor::{ExecutorStage, SHARED_STAMP_EVENTS_MAX};
pub use faults::{FAULT_EVENTS_MAX, Faults, NoSuchStage};
pub use faulty_feed::{Due, Faulty, FeedFaults, NoFaults};
pub use faulty_reader::FaultyReader;
pub use feed::{FeedStage, FeedTurn, Rebased, Shifts};
pub use feed_books::FeedCounts;
pub use floor::{Floor, RunSpan, Window};
pub use hold_back::HeldBack;
pub use intake::{Intake, OverrunPolicy, Progress, Turn, Upstreams};
pub use latency_limit::Limited;
pub use ledger::Ledger;
#[cfg(not(loom))]
pub use live::LiveEngine;
#[cfg(not(any(loom, shuttle)))]
pub use machine_watch::{MachineWatch, WatchedFloor};
pub use notes::{LoopNotes, OverrunLog, OverrunMoment};
#[cfg(not(any(loom, shuttle)))]
pub use ping_pong::{PingPong, WARM_UP_TRIPS};
#[cfg(not(loom))]
pub use placement::Place;
pub use plan::{Pace, Plan, PlanError};
pub use ports::{Publish, Recover};
pub use receiver::{RECEIVER_WINDOW, Receiver};
#[cfg(not(loom))]
pub use record::{ReaderRecord, RunRecord};
pub use recorder::{KeepsLatency, Recorder, Stage, StageHistograms, StageRecorder, Stamps};
pub use scheduler::{Scheduler, Spinning};
pub use service::{NoService, SERVICE_NS_MAX, Sampled, Service, ServiceError, ServiceTime};
pub use service_load::{Load, Slowed};
pub use settings::{
    CoreChoice, EXECUTOR, LOAD_FACTOR_MAX, ReaderSettings, Settings, SettingsError, Stamping,
    ThreadSettings,
};
pub use sizing::{Backlog, Sizing, Slots};
pub use snapshot::{FeedSnapshot, Phase, Snapshot, StageSnapshot};
pub use stage_books::StageBooks;
pub use timetable::{Planned, Timetable, Unplanned};
pub use two_lines::TwoLines;
#[cfg(not(loom))]
pub use virtual_time::{AcksDigest, Advance, Horizon, VirtualEngine};
pub use wait::Wait;
