//! Virtual time against a simulation in a few plain lines, and against itself cut in other slices.

use proptest::prelude::*;
use tickpath_core::engine::{
    Advance, Horizon, OverrunPolicy, ReaderSettings, ServiceTime, Settings,
};
use tickpath_core::execution::Ack;
use tickpath_core::state::StateCode::{self, Ready};

use crate::common::{reader, transition};
use crate::virtual_time::{Virtual, serving};

/// What came of a run: its acks as (sequence, decision, completion), lost and shed.
type Outcome = (Vec<(u64, u64, u64)>, u64, u64);

/// One executor that takes `service_ns` for each event, over a ring of `capacity` slots, always READY.
fn simulated(moments_ns: &[u64], capacity: u64, service_ns: u64, policy: OverrunPolicy) -> Outcome {
    let events = moments_ns.len() as u64;
    let (mut acks, mut lost, mut shed) = (Vec::new(), 0, 0);
    let (mut next, mut free_ns) = (0, 0);
    while next < events {
        let now_ns = free_ns.max(moments_ns[next as usize]);
        let head = moments_ns.partition_point(|&at_ns| at_ns <= now_ns) as u64;
        let oldest = head.saturating_sub(capacity);
        if next < oldest {
            let target = match policy {
                OverrunPolicy::Oldest => (head - capacity.div_ceil(2)).max(oldest),
                _ => head,
            };
            lost += oldest - next;
            shed += target - oldest;
            next = target;
        } else {
            free_ns = now_ns + service_ns;
            acks.push((next, now_ns, free_ns));
            next += 1;
        }
    }
    (acks, lost, shed)
}

/// The digest that these acks must have.
fn digest(acks: &[(u64, u64, u64)]) -> String {
    let mut digest = tickpath_core::engine::AcksDigest::default();
    for &(seq, decision_ts, completion_ts) in acks {
        digest.update(&[Ack {
            seq,
            decision_ts,
            completion_ts,
            epoch: 2,
            executed: 1,
            padding: [0; 7],
        }]);
    }
    digest.hex(b"tail")
}

/// Moments with many ties, bursts and pauses.
fn moments() -> impl Strategy<Value = Vec<u64>> {
    let gap = prop_oneof![3 => Just(0), 3 => 1_u64..40, 1 => 200_u64..2_000];
    prop::collection::vec(gap, 1..400).prop_map(|gaps| {
        let mut now_ns = 0;
        let add = |gap| {
            now_ns += gap;
            now_ns
        };
        gaps.into_iter().map(add).collect()
    })
}

fn policy() -> impl Strategy<Value = OverrunPolicy> {
    prop::sample::select(vec![OverrunPolicy::Oldest, OverrunPolicy::Head])
}

/// The plan begins with the first event.
fn from_the_first(moments_ns: &[u64]) -> Vec<u64> {
    moments_ns
        .iter()
        .map(|at_ns| at_ns - moments_ns[0])
        .collect()
}

/// Advances by slices of these lengths to the end, looking at the control side after each.
fn sliced(mut run: Virtual, slices_ns: &[u64]) -> (String, [u64; 4], u64) {
    for &slice_ns in slices_ns.iter().cycle().take(20_000) {
        let to = Horizon {
            until_ns: run.engine.now_ns() + slice_ns,
            until_published: run.engine.snapshot().feed.published + 1 + slice_ns / 7,
            moments: 1 + slice_ns,
            ..Horizon::END
        };
        if run.engine.advance(to) == Advance::Over {
            break;
        }
    }
    let (record, digest) = run.end();
    let ledger = record.executor().ledger;
    let counts = [ledger.executed, ledger.lost, ledger.shed, ledger.unread];
    (digest.hex(b"tail"), counts, record.end_ns)
}

proptest! {
    #[test]
    fn it_is_the_queue_of_a_few_plain_lines(
        moments_ns in moments(), capacity in 1_usize..40, service_ns in 0_u64..90, policy in policy(),
    ) {
        let mut settings = serving(service_ns);
        settings.executor.policy = policy;
        let run = Virtual::ready(&moments_ns, capacity, settings);
        let (record, found) = run.end();
        let due_ns = from_the_first(&moments_ns);
        let (acks, lost, shed) = simulated(&due_ns, capacity as u64, service_ns, policy);
        let ledger = record.executor().ledger;
        prop_assert_eq!(
            (ledger.executed, ledger.lost, ledger.shed),
            (acks.len() as u64, lost, shed)
        );
        prop_assert_eq!(found.hex(b"tail"), digest(&acks));
        prop_assert_eq!(ledger.unread, 0);
    }

    #[test]
    fn however_it_is_sliced_and_whoever_looks_on_the_acks_are_the_same(
        moments_ns in moments(),
        capacity in 1_usize..200,
        mean_ns in 0.0_f64..60.0,
        policy in policy(),
        slices_ns in prop::collection::vec(0_u64..300, 1..20),
    ) {
        let slices_ns = [&slices_ns[..], &[50]].concat();
        let mut settings = serving(0);
        settings.executor.service = ServiceTime::Exponential { mean_ns };
        settings.executor.policy = policy;
        let alone = || Virtual::ready(&moments_ns, capacity, settings.clone());
        let whole = sliced(alone(), &[u64::MAX / 4]);
        prop_assert_eq!(&sliced(alone(), &slices_ns), &whole);
        // With somebody else reading, each moment is simulated by itself.
        let watched = Settings {
            consumers: vec![reader("log", OverrunPolicy::Oldest, &[])],
            ..settings.clone()
        };
        let watched = || Virtual::ready(&moments_ns, capacity, watched.clone());
        let healthy = || Virtual::ready(&moments_ns, capacity, settings.clone().with_faults());
        prop_assert_eq!(&sliced(healthy(), &slices_ns), &whole);
        prop_assert_eq!(&sliced(watched(), &[u64::MAX / 4]), &whole);
        prop_assert_eq!(&sliced(watched(), &slices_ns), &whole);
    }

    #[test]
    fn nothing_is_executed_outside_ready_whenever_the_lifecycle_moves(
        moments_ns in moments(),
        slices_ns in prop::collection::vec(0_u64..400, 1..40),
        service_ns in 0_u64..90,
        others in 0_usize..3,
    ) {
        let settings = Settings {
            consumers: (0..others)
                .map(|n| ReaderSettings {
                    service: ServiceTime::Constant(30),
                    ..reader(&format!("c{n}"), OverrunPolicy::Oldest, &["executor"][..n])
                })
                .collect(),
            ..serving(service_ns)
        };
        let mut run = Virtual::new(&moments_ns, 64, settings);
        let cycle = [StateCode::Warmup, Ready, StateCode::Degraded, Ready];
        let mut states = vec![StateCode::Init];
        for (slice_ns, state) in slices_ns.iter().zip(cycle.iter().cycle()) {
            run.until(run.engine.now_ns() + slice_ns);
            transition(&run.gate, *state);
            states.push(*state);
        }
        let (record, _) = run.end();
        prop_assert_eq!(record.epochs.overflow(), 0);
        let mut executed = 0;
        for row in record.epochs.rows() {
            let state = states[row.epoch as usize];
            prop_assert_ne!(state, StateCode::Init);
            prop_assert_eq!(if state == Ready { row.gated } else { row.executed }, 0);
            executed += row.executed;
        }
        prop_assert_eq!(executed, record.executor().ledger.executed);
    }
}

#[test]
fn the_digest_of_a_fixed_run_is_the_same_on_every_machine() {
    let moments_ns: Vec<u64> = (0..5_000).map(|n| n * n % 977 + n * 900).collect();
    let mut settings = serving(0);
    settings.executor.seed = 7;
    let models = [
        ServiceTime::Constant(850),
        ServiceTime::Exponential { mean_ns: 800.0 },
        ServiceTime::Lognormal {
            median_ns: 700.0,
            sigma: 0.6,
        },
        ServiceTime::Empirical([300, 800, 1_500].into()),
    ];
    let digests = models.map(|service| {
        settings.executor.service = service;
        let run = Virtual::ready(&moments_ns, 256, settings.clone());
        run.end().1.hex(&[])[..16].to_owned()
    });
    let expected = [
        "7560445105a56e03",
        "b4c71ec5e002b9e5",
        "5227b92418fc3c22",
        "06893d0d93acc0e7",
    ];
    assert_eq!(digests, expected);
}
