//! The virtual driver: the stages of the live engine on one thread, in the order of a virtual clock.
//!
//! # Contract
//! - **Same code**: the feed, the executor, the consumers, the ring and the gate are the live engine's. Only
//!   what drives them is another: service times move a clock, and nobody waits.
//! - **Deterministic**: the same source, plan, settings and orders give the same acks, byte for byte, on any
//!   machine. Nothing here reads a real clock, an address or a hash order; draws come from the settings'
//!   seeds.
//! - **Order**: `simulation.rs` has the rules, for things that happen at the same moment too.
//! - **Visible**: the control side sees at a moment what was completed by then. A stage in the middle of an
//!   event shows its books, and its downstreams its progress, as of before that event.
//! - **Stop**: a stage that works on an event finishes it; nothing else happens any more.
//! - **Threads**: one at a time simulates; flags and books ([`Control`]) are for any thread, the gate as
//!   well, but only orders between two calls of [`VirtualEngine::advance`] are reproducible.
//! - **Allocation**: in [`VirtualEngine::start`], and in [`VirtualEngine::finish`].

mod ahead;
mod build;
mod clock;
mod desk;
mod digest;
mod feeding;
mod fixed;
mod on_time;
mod simulation;

use core::fmt;

use crate::bus::{EventRing, Producer};
use crate::ingest::Event;
use crate::os::MemoryState;
use crate::state::Gate;
use crate::sync::Arc;

use super::placement::{Place, Placement};
use super::record::{Ends, Outline};
use super::stage_thread::ThreadEnd;
use super::watcher::WatcherEnd;
use super::{
    Control, EngineError, Faults, Phase, Plan, RunRecord, Settings, SettingsError, Snapshot,
    Stamping, Wait,
};

use build::Building;
use simulation::Simulation;

pub use digest::AcksDigest;
pub use simulation::{Advance, Horizon};

/// A run in virtual time.
pub struct VirtualEngine {
    control: Arc<Control>,
    outline: Outline,
    ack_ring: Option<Arc<EventRing>>,
    simulation: Box<dyn Simulation>,
}

impl fmt::Debug for VirtualEngine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VirtualEngine")
            .field("simulation", &self.simulation)
            .finish_non_exhaustive()
    }
}

impl VirtualEngine {
    /// A run at moment 0, at which its feed begins; nothing has happened yet. `producer` is the writing end
    /// of its ring, whose events so far are nobody's here.
    ///
    /// Where threads run and how they wait, and what is wished for memory, is left aside.
    ///
    /// # Errors
    /// Returns an error if the settings make no sense, or ask for what there is only with real time: no plan,
    /// one stamp for a batch, a feed that is held back; or if there is not the memory for it.
    ///
    /// # Panics
    /// Panics if the source has fewer events than the plan.
    pub fn start<S>(
        source: S,
        plan: Plan,
        producer: Producer,
        gate: Arc<Gate>,
        settings: Settings,
    ) -> Result<Self, EngineError>
    where
        S: AsRef<[Event]> + Send + 'static,
    {
        let after = settings.graph()?;
        check(&plan, &settings)?;
        let acks = settings
            .ack_slots
            .map(|slots| EventRing::try_new(slots.max(1)).ok_or(EngineError::OutOfMemory(slots)));
        let (acks, ack_ring) = acks.transpose()?.unzip();
        let control = Arc::new(Control::new(settings.consumers.len(), producer.next_seq()));
        control.release(settings.hold_at);
        control.set_begin(0);
        let outline = Outline {
            first_seq: producer.next_seq(),
            plan: Arc::new(plan),
            placement: nowhere(settings.consumers.len()),
            memory: MemoryState::default(),
            settings,
        };
        let building = Building {
            control: &control,
            gate: &gate,
            settings: &outline.settings,
            plan: &outline.plan,
            ring_slots: producer.ring().capacity() as u64,
            after: &after,
        };
        let simulation = building.stages(source, producer, acks)?;
        control.set_phase(Phase::Running);
        Ok(Self {
            control,
            outline,
            ack_ring,
            simulation,
        })
    }

    /// What the control side shares with the stages.
    pub const fn control(&self) -> &Arc<Control> {
        &self.control
    }

    /// The acks of the run, if it has a ring for them.
    pub const fn ack_ring(&self) -> Option<&Arc<EventRing>> {
        self.ack_ring.as_ref()
    }

    /// The run as of now.
    pub fn snapshot(&self) -> Snapshot {
        self.control.snapshot()
    }

    /// What can go wrong in this run, if it was asked for.
    pub const fn faults(&self) -> Option<&Arc<Faults>> {
        self.outline.settings.faults.as_ref()
    }

    /// The virtual clock: nanoseconds since the feed began.
    pub fn now_ns(&self) -> u64 {
        self.simulation.now_ns()
    }

    /// Whether everything was published and read, or the run was stopped and nothing is under way.
    pub fn is_over(&self) -> bool {
        self.simulation.is_over()
    }

    /// Simulates up to the horizon, or to the end of the run. Time never goes back: a horizon before now is
    /// now.
    pub fn advance(&mut self, to: Horizon) -> Advance {
        self.simulation.advance(to)
    }

    /// Simulates until every stage has seen `epoch`, and not beyond `until_ns`; whether they have.
    pub fn advance_until_seen(&mut self, epoch: u64, until_ns: u64) -> bool {
        let to = Horizon {
            until_ns,
            moments: 1,
            ..Horizon::END
        };
        while !self.control.has_seen(epoch) {
            if self.advance(to) != Advance::Paused {
                return self.control.has_seen(epoch);
            }
        }
        true
    }

    /// The digest of the acks that were completed by now.
    pub fn digest(&self) -> &AcksDigest {
        self.simulation.digest()
    }

    /// Hands over what a run that is over left behind, the digest of its acks, and the ring's writing end.
    ///
    /// # Errors
    /// Returns an error if it is not over.
    pub fn finish(self) -> Result<(RunRecord, AcksDigest, Producer), EngineError> {
        if !self.is_over() {
            return Err(EngineError::Misused("the run is not over"));
        }
        let left = self.simulation.leave();
        let ends = Ends {
            feed: ended(left.feed),
            readers: left.readers.into_iter().map(ended).collect(),
            watcher: WatcherEnd::default(),
        };
        let (record, producer) = self.outline.record(ends);
        Ok((record, left.digest, producer))
    }
}

/// Refuses what needs real time.
fn check(plan: &Plan, settings: &Settings) -> Result<(), SettingsError> {
    let refused = if plan.offsets_ns().is_none() {
        "without a plan every event would be published at the same moment of virtual time: \
         give a pace, recorded or constant"
    } else if settings.stamping == Stamping::PerBatch {
        "a stamp costs nothing in virtual time: take one per event"
    } else if settings.hold_back {
        "a feed that is held back measures this machine, which virtual time does not know: \
         leave hold_back off"
    } else if settings.ack_slots == Some(0) {
        "the ack ring needs at least 1 slot: got 0"
    } else {
        return Ok(());
    };
    Err(SettingsError(refused.to_owned()))
}

/// The places of stages that have no thread: the feed, the executor and `consumers`.
fn nowhere(consumers: usize) -> Placement {
    let place = Place {
        core: None,
        wait: Wait::PARK,
        alone: false,
    };
    Placement {
        places: vec![place; 2 + consumers],
        watcher: None,
        refused: Vec::new(),
    }
}

/// A stage that ended at a moment, without a thread or a machine to watch.
fn ended<V>((end_ns, value): (u64, V)) -> ThreadEnd<V> {
    ThreadEnd {
        end_ns,
        clock_cost_ns: 0,
        windows: Vec::new(),
        refused: Vec::new(),
        is_pinned: false,
        value,
    }
}
