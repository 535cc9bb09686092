//! Sizing against runs in virtual time: the capacity that is said loses nothing there, one slot fewer does, and
//! every figure is the same.

use core::ops::ControlFlow;

use tickpath_core::engine::{
    Horizon, OverrunPolicy, Pace, Plan, Sampled, ServiceTime, Settings, Sizing, Slots, Stage,
};
use tickpath_core::ingest::synthetic::{Config, Model, generate};
use tickpath_core::metrics::LatencyHistogram;
use tickpath_core::state::StateCode;

use crate::virtual_time::{Virtual, serving};

/// Moments of a bursty feed, from 0 on.
fn bursty(seed: u64) -> Vec<u64> {
    let config = Config {
        model: Model::Hawkes,
        rate_hz: 100_000.0,
        events: 20_000,
        symbols: 1,
        seed,
    };
    let events = generate(&config, &mut |_| ControlFlow::Continue(())).expect("a good config");
    let pace = Pace::Recorded {
        speed: 1.0,
        max_gap_ns: u64::MAX / 2,
    };
    let plan = Plan::of(&events, None, pace).expect("a good pace");
    plan.offsets_ns().expect("a plan").to_vec()
}

fn size(moments_ns: &[u64], settings: &Settings, slots: Option<Slots>) -> Sizing {
    let executor = &settings.executor;
    let service = Sampled::new(executor.service.clone(), executor.seed);
    Sizing::of(moments_ns, service, slots, |_| ControlFlow::Continue(())).expect("goes on")
}

/// Read, lost, shed, and the latencies of a run in a ring of so many slots.
fn run(
    moments_ns: &[u64],
    settings: &Settings,
    capacity: u64,
) -> (u64, u64, u64, LatencyHistogram) {
    let capacity = usize::try_from(capacity).expect("small");
    let mut made = Virtual::ready(moments_ns, capacity, settings.clone());
    made.engine.advance(Horizon::END);
    let record = made.engine.finish().expect("a record");
    let executor = &record.0.readers[0];
    let ledger = executor.ledger;
    let latency =
        executor.latency[StateCode::Ready as usize][Stage::PublishedToCompleted as usize].clone();
    (ledger.executed, ledger.lost, ledger.shed, latency)
}

#[test]
fn a_virtual_run_in_that_ring_loses_nothing_and_one_slot_fewer_loses_something() {
    for (seed, service) in [
        (1, ServiceTime::Constant(8_000)),
        (2, ServiceTime::Constant(500)),
        (
            3,
            ServiceTime::Lognormal {
                median_ns: 5_000.0,
                sigma: 0.7,
            },
        ),
    ] {
        let mut settings = serving(0);
        settings.executor.service = service;
        settings.executor.seed = 9;
        let moments_ns = bursty(seed);
        let sizing = size(&moments_ns, &settings, None);
        let slots = sizing.backlog.events;
        let (read, lost, shed, latency) = run(&moments_ns, &settings, slots);
        assert_eq!((read, lost, shed), (20_000, 0, 0), "seed {seed}");
        assert_eq!(latency, sizing.to_completed, "seed {seed}");
        let (_, lost, ..) = run(&moments_ns, &settings, slots - 1);
        assert!(lost > 0, "seed {seed}");
    }
}

#[test]
fn what_a_smaller_ring_loses_is_what_a_virtual_run_loses() {
    let moments_ns = bursty(4);
    for (policy, to_head) in [(OverrunPolicy::Oldest, false), (OverrunPolicy::Head, true)] {
        let mut settings = serving(8_000);
        settings.executor.policy = policy;
        for capacity in [1, 2, 17, 64] {
            let sizing = size(&moments_ns, &settings, Some(Slots { capacity, to_head }));
            let (read, lost, shed, latency) = run(&moments_ns, &settings, capacity);
            assert_eq!(
                (read, lost, shed),
                (sizing.read, sizing.lost, sizing.shed),
                "{capacity}"
            );
            assert_eq!(latency, sizing.to_completed, "{capacity}");
        }
    }
}
