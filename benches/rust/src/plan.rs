//! What is measured: every contender in every case, with the ways of waiting it may choose from.

use hdrhistogram::Histogram;
use serde::Serialize;
use tickpath_core::engine::Wait;

use crate::contenders::disruptor_managed as managed;
use crate::contenders::{
    Array, Broadcast, Channel, Chunks, Hft, Photon, Polled, PolledByTwo, Single, Tickpath,
    TickpathClaiming,
};
use crate::floor;
use crate::flow::{self, Flow, Hand, Passed, Placement};
use crate::round_trip::{self, Trip};

/// Our own name in the tables.
pub(crate) const OURS: &str = "tickpath";
/// The floor's.
pub(crate) const FLOOR: &str = "floor";
/// Capacities that are compared side by side: in lock-step, between, streaming.
pub(crate) const SLOTS: [usize; 3] = [1_024, 8_192, 65_536];
/// Capacities that are no power of two, and the one each is compared with.
pub(crate) const ODD_SLOTS: [(usize, usize); 2] = [(1_000, 1_024), (8_191, 8_192)];
/// PAUSE instructions an idle reader may make between two looks.
const PAUSES: [u32; 5] = [1, 2, 4, 8, 16];
/// Slots of the rings that round trips go through.
pub(crate) const TRIP_SLOTS: usize = 1_024;

/// What is asked of a contender.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Case {
    /// One writer, one reader, nothing lost. The floor hands lines over.
    NothingLost,
    /// One writer that never waits, one reader.
    NeverWaiting,
    /// One writer, two readers that yield when idle, nothing lost.
    TwoReaders,
    /// There and back, spinning without PAUSE. The floor is a ping-pong over two lines.
    RoundTripBare,
    /// There and back, with PAUSE in an empty look.
    RoundTripPaused,
}

impl Case {
    /// The title in the table.
    pub(crate) const fn title(self) -> &'static str {
        match self {
            Self::NothingLost => "one writer, one reader, nothing lost",
            Self::NeverWaiting => "a writer that never waits, one reader, losses counted",
            Self::TwoReaders => "one writer, two readers that yield when idle, nothing lost",
            Self::RoundTripBare => "round trip, bare spin",
            Self::RoundTripPaused => "round trip, PAUSE in an empty look",
        }
    }
}

/// How it is measured.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// One way.
    Flow(fn(&Flow) -> Result<Passed, String>),
    /// There and back.
    Trip(fn(&Trip) -> Result<Histogram<u64>, String>),
}

/// One way of doing it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Variant {
    pub(crate) wait: Wait,
    pub(crate) batch: usize,
    pub(crate) hand: Hand,
    pub(crate) placement: Placement,
}

/// A contender in a case. Of its variants the best is found first, and measured then.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) case: Case,
    pub(crate) slots: usize,
    pub(crate) contender: &'static str,
    pub(crate) act: Act,
    pub(crate) variants: Vec<Variant>,
}

impl Entry {
    /// What a variant is called in the table: its waiting, and what else it could have chosen.
    pub(crate) fn strategy(&self, variant: &Variant) -> String {
        let mut name = match variant.wait {
            Wait::Spin { pauses: 0 } => "bare spin".to_owned(),
            Wait::Spin { pauses } => format!("{pauses} PAUSE"),
            Wait::Yield | Wait::Park { .. } => variant.wait.name().to_owned(),
        };
        if self.variants.iter().any(|v| v.batch != variant.batch) {
            name += &format!(", batches of {}", variant.batch);
        }
        name += match variant.hand {
            Hand::Plain => "",
            Hand::Prefetched => ", prefetched",
            Hand::Far => ", prefetched, by the reader far ahead",
            Hand::Claimed => ", prefetched by both sides as if to write",
            Hand::GivenBack if self.contender == OURS => ", lines taken over",
            Hand::GivenBack => ", the reader writes to each line too",
        };
        if self.case == Case::TwoReaders {
            name += match variant.placement {
                Placement::Apart => ", both readers on the other core",
                Placement::Beside => ", one reader beside the writer",
            };
        }
        name
    }
}

/// Every group in turn; only what stands in one group is compared.
pub(crate) fn groups() -> Vec<Vec<Entry>> {
    let mut groups: Vec<_> = SLOTS.into_iter().map(nothing_lost).collect();
    if let Some(smallest) = groups.first_mut() {
        smallest.extend(never_waiting(SLOTS[0]));
        smallest.extend(two_readers(SLOTS[0]));
    }
    groups.push(round_trips());
    groups
}

fn variants(waits: &[Wait], batches: &[usize], placements: &[Placement]) -> Vec<Variant> {
    let mut all = Vec::new();
    for &wait in waits {
        for &batch in batches {
            all.extend(placements.iter().map(|&placement| Variant {
                wait,
                batch,
                hand: Hand::Plain,
                placement,
            }));
        }
    }
    all
}

const fn spin(pauses: u32) -> Wait {
    Wait::Spin { pauses }
}

type Run = fn(&Flow) -> Result<Passed, String>;

fn flow_entry(
    case: Case,
    slots: usize,
    contender: &'static str,
    run: Run,
    batches: &[usize],
) -> Entry {
    let (waits, placements): (&[Wait], &[Placement]) = match case {
        Case::TwoReaders => (&[Wait::Yield], &[Placement::Apart, Placement::Beside]),
        _ => (
            &[spin(0), spin(4), spin(32), spin(128)],
            &[Placement::Apart],
        ),
    };
    Entry {
        case,
        slots,
        contender,
        act: Act::Flow(run),
        variants: variants(waits, batches, placements),
    }
}

/// Our ring at `slots`, and at the odd capacity beside it if there is one.
fn ours(case: Case, slots: usize) -> impl Iterator<Item = Entry> {
    let odd = ODD_SLOTS.into_iter().filter(move |odd| odd.1 == slots);
    std::iter::once(slots)
        .chain(odd.map(|odd| odd.0))
        .map(move |slots| {
            let mut entry = flow_entry(case, slots, OURS, our_flow, &[32, 256]);
            if case != Case::TwoReaders {
                let plain = entry.variants.clone();
                entry
                    .variants
                    .extend(plain.into_iter().map(|variant| Variant {
                        hand: Hand::GivenBack,
                        ..variant
                    }));
            }
            entry
        })
}

/// Ours with either sort of reader.
fn our_flow(flow: &Flow) -> Result<Passed, String> {
    match flow.hand {
        Hand::GivenBack => flow::run::<TickpathClaiming>(flow),
        Hand::Plain | Hand::Prefetched | Hand::Far | Hand::Claimed => flow::run::<Tickpath>(flow),
    }
}

fn nothing_lost(slots: usize) -> Vec<Entry> {
    let entry = |name, run: Run, batches: &[usize]| {
        flow_entry(Case::NothingLost, slots, name, run, batches)
    };
    let blocks = [slots / 2, slots / 4, slots / 8, slots / 16];
    let mut floor = entry(FLOOR, floor::hand_over, &blocks);
    let plain = floor.variants.clone();
    for hand in [Hand::Prefetched, Hand::Far, Hand::Claimed, Hand::GivenBack] {
        floor
            .variants
            .extend(plain.iter().map(|variant| Variant { hand, ..*variant }));
    }
    let mut all = vec![floor];
    all.extend(ours(Case::NothingLost, slots));
    all.extend([
        entry("rtrb, chunks", flow::run::<Chunks>, &[32, 128, 256]),
        entry("rtrb, item by item", flow::run::<Single>, &[32]),
        entry("disruptor, poller", flow::run::<Polled>, &[1, 32, 256]),
        entry("disruptor, managed", managed::flow, &[1, 32, 256]),
        entry("photon-ring", flow::run::<Photon>, &[32]),
        entry("hft-channel", flow::run::<Hft>, &[32]),
        entry("crossbeam ArrayQueue", flow::run::<Array>, &[32]),
        entry("crossbeam channel", flow::run::<Channel>, &[32]),
        entry("tokio broadcast", flow::run::<Broadcast>, &[32]),
    ]);
    all
}

fn never_waiting(slots: usize) -> Vec<Entry> {
    let entry = |name, run: Run| flow_entry(Case::NeverWaiting, slots, name, run, &[32]);
    let mut all: Vec<_> = ours(Case::NeverWaiting, slots).collect();
    all.extend([
        entry("photon-ring", flow::run::<Photon>),
        entry("hft-channel", flow::run::<Hft>),
        entry("tokio broadcast", flow::run::<Broadcast>),
    ]);
    all
}

fn two_readers(slots: usize) -> Vec<Entry> {
    let entry =
        |name, run: Run, batches: &[usize]| flow_entry(Case::TwoReaders, slots, name, run, batches);
    let mut all: Vec<_> = ours(Case::TwoReaders, slots).collect();
    all.extend([
        entry("disruptor, poller", flow::run::<PolledByTwo>, &[1, 32, 256]),
        entry("disruptor, managed", managed::flow, &[1, 32, 256]),
        entry("photon-ring", flow::run::<Photon>, &[32]),
        entry("hft-channel", flow::run::<Hft>, &[32]),
        entry("tokio broadcast", flow::run::<Broadcast>, &[32]),
    ]);
    all
}

fn round_trips() -> Vec<Entry> {
    type Run = fn(&Trip) -> Result<Histogram<u64>, String>;
    let entry = |case, slots, contender, run: Run, waits: &[Wait]| Entry {
        case,
        slots,
        contender,
        act: Act::Trip(run),
        variants: variants(waits, &[1], &[Placement::Apart]),
    };
    let (bare, paused) = (Case::RoundTripBare, Case::RoundTripPaused);
    let odd = ODD_SLOTS[0].0;
    let mut all = vec![
        entry(bare, TRIP_SLOTS, FLOOR, floor::ping_pong, &[spin(0)]),
        entry(
            bare,
            TRIP_SLOTS,
            OURS,
            round_trip::run::<Tickpath>,
            &[spin(0)],
        ),
        entry(bare, odd, OURS, round_trip::run::<Tickpath>, &[spin(0)]),
    ];
    // The floor and we at every count, so that each is compared with the same use of PAUSE.
    for pauses in PAUSES {
        let wait = [spin(pauses)];
        all.push(entry(paused, TRIP_SLOTS, FLOOR, floor::ping_pong, &wait));
        all.push(entry(
            paused,
            TRIP_SLOTS,
            OURS,
            round_trip::run::<Tickpath>,
            &wait,
        ));
        all.push(entry(paused, odd, OURS, round_trip::run::<Tickpath>, &wait));
    }
    let peers: [(&'static str, Run); 8] = [
        ("rtrb, item by item", round_trip::run::<Single>),
        ("disruptor, poller", round_trip::run::<Polled>),
        ("disruptor, managed", managed::trip),
        ("photon-ring", round_trip::run::<Photon>),
        ("hft-channel", round_trip::run::<Hft>),
        ("crossbeam ArrayQueue", round_trip::run::<Array>),
        ("crossbeam channel", round_trip::run::<Channel>),
        ("tokio broadcast", round_trip::run::<Broadcast>),
    ];
    for (name, run) in peers {
        all.push(entry(bare, TRIP_SLOTS, name, run, &[spin(0)]));
        all.push(entry(paused, TRIP_SLOTS, name, run, &PAUSES.map(spin)));
    }
    all
}
