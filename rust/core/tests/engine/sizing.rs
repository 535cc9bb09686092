//! Sizing against a ring: the same feed, nanosecond by nanosecond, through a real one of so many slots.

use core::ops::ControlFlow;

use proptest::prelude::*;
use tickpath_core::bus::{EventRing, Reader, Start};
use tickpath_core::engine::{Sampled, Service, ServiceTime, Sizing, Slots};
use tickpath_core::metrics::LatencyHistogram;

/// What a ring made of it.
#[derive(Debug, Default)]
struct Seen {
    read: u64,
    lost: u64,
    shed: u64,
    overruns: u64,
    backlog: u64,
    end_ns: u64,
    to_completed: LatencyHistogram,
}

/// Every nanosecond: first the feed publishes what is due, then the executor reads if it is free.
fn simulate(offsets_ns: &[u64], mut service: Sampled, slots: Slots) -> Seen {
    let capacity = usize::try_from(slots.capacity).expect("small");
    let (mut producer, ring) = EventRing::try_new(capacity).expect("memory");
    let mut reader = ring.reader(Start::Oldest).expect("oldest exists");
    let mut seen = Seen::default();
    let mut free_ns = 0;
    for now_ns in 0.. {
        for _ in offsets_ns.iter().filter(|&&due_ns| due_ns == now_ns) {
            producer.publish([now_ns; 7]);
        }
        seen.backlog = seen.backlog.max(producer.next_seq() - reader.next_seq());
        while free_ns <= now_ns {
            match reader.poll() {
                Ok(Some([published_ns, ..])) => {
                    free_ns = now_ns + service.draw_ns(0);
                    seen.end_ns = free_ns;
                    seen.read += 1;
                    seen.to_completed.record(free_ns - published_ns);
                }
                Ok(None) if producer.next_seq() == offsets_ns.len() as u64 => {
                    seen.shed = reader.shed();
                    seen.lost = reader.lost() - reader.shed();
                    return seen;
                }
                Ok(None) => break,
                Err(_) => {
                    seen.overruns += 1;
                    if slots.to_head {
                        reader.reset_to_head();
                    } else {
                        reader.reset_to_oldest();
                    }
                }
            }
        }
    }
    unreachable!("a feed ends")
}

fn size(offsets_ns: &[u64], service: &Sampled, slots: Option<Slots>) -> Sizing {
    let go_on = |_| ControlFlow::Continue(());
    Sizing::of(offsets_ns, service.clone(), slots, go_on).expect("goes on")
}

fn feeds() -> impl Strategy<Value = Vec<u64>> {
    let gap = prop_oneof![2 => Just(0_u64), 4 => 0_u64..30, 1 => 0_u64..200];
    prop::collection::vec(gap, 1..60).prop_map(|gaps| {
        let mut at_ns = 0;
        gaps.into_iter()
            .map(|gap| {
                at_ns += gap;
                at_ns
            })
            .collect()
    })
}

fn services() -> impl Strategy<Value = Sampled> {
    let time = prop_oneof![
        3 => (0_u64..60).prop_map(ServiceTime::Constant),
        1 => Just(ServiceTime::Lognormal { median_ns: 20.0, sigma: 1.0 }),
        1 => Just(ServiceTime::Empirical([0, 0, 3, 90].into())),
    ];
    (time, any::<u64>()).prop_map(|(time, seed)| Sampled::new(time, seed))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn a_ring_of_that_many_slots_loses_nothing_and_one_of_fewer_does(
        offsets_ns in feeds(), service in services(),
    ) {
        let sizing = size(&offsets_ns, &service, None);
        let slots = |capacity| Slots { capacity, to_head: false };
        let enough = simulate(&offsets_ns, service.clone(), slots(sizing.backlog.events));
        prop_assert_eq!((enough.lost, enough.shed, enough.overruns), (0, 0, 0));
        prop_assert_eq!(enough.backlog, sizing.backlog.events);
        prop_assert_eq!(enough.end_ns, sizing.end_ns);
        prop_assert_eq!(enough.to_completed, sizing.to_completed);
        if sizing.backlog.events > 1 {
            let fewer = simulate(&offsets_ns, service, slots(sizing.backlog.events - 1));
            prop_assert!(fewer.lost > 0);
        }
    }

    #[test]
    fn what_a_ring_of_any_size_loses_is_foretold(
        offsets_ns in feeds(), service in services(), capacity in 1_u64..20, to_head in any::<bool>(),
    ) {
        let slots = Slots { capacity, to_head };
        let sizing = size(&offsets_ns, &service, Some(slots));
        let seen = simulate(&offsets_ns, service, slots);
        prop_assert_eq!(
            (sizing.read, sizing.lost, sizing.shed, sizing.overruns),
            (seen.read, seen.lost, seen.shed, seen.overruns)
        );
        prop_assert_eq!(sizing.read + sizing.lost + sizing.shed, sizing.published);
        prop_assert_eq!(sizing.end_ns, seen.end_ns);
        prop_assert_eq!(sizing.first_missed.is_some(), seen.overruns > 0);
        prop_assert_eq!(sizing.to_completed, seen.to_completed);
    }

    #[test]
    fn a_longer_service_never_needs_less(
        offsets_ns in feeds(), service_ns in 0_u64..60, longer_by_ns in 0_u64..10,
    ) {
        let constant = |ns| Sampled::new(ServiceTime::Constant(ns), 0);
        let short = size(&offsets_ns, &constant(service_ns), None);
        let long = size(&offsets_ns, &constant(service_ns + longer_by_ns), None);
        prop_assert!(long.backlog.events >= short.backlog.events);
        let p50 = |sizing: &Sizing| sizing.to_completed.percentile(0.5);
        prop_assert!(p50(&long) >= p50(&short));
    }
}
