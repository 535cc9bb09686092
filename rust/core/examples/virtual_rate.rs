//! How many events a second virtual time simulates on this core.
//!
//! `virtual_rate EVENTS SERVICE [STEP_NS [SLOTS]]`: `SERVICE` is `none`, `constant`, `lognormal`, `exponential` or
//! `empirical`; with `STEP_NS` the simulation is cut into steps of so many virtual nanoseconds.

use std::env;

use tickpath_core::bus::EventRing;
use tickpath_core::engine::{
    Advance, Horizon, Pace, Plan, ReaderSettings, ServiceTime, Settings, VirtualEngine,
};
use tickpath_core::ingest::Event;
use tickpath_core::state::{Gate, GateWord, StateCode};
use tickpath_core::sync::Arc;
use tickpath_core::time::{Clock, MonotonicClock};

fn main() {
    let mut arguments = env::args().skip(1);
    let usage = "virtual_rate EVENTS SERVICE [STEP_NS [SLOTS]]";
    let events: usize = arguments.next().and_then(|a| a.parse().ok()).expect(usage);
    let service = arguments.next().expect(usage);
    let step_ns: Option<u64> = arguments.next().and_then(|a| a.parse().ok());
    let slots: usize = arguments
        .next()
        .and_then(|a| a.parse().ok())
        .unwrap_or(65_536);
    let service = match service.as_str() {
        "none" => ServiceTime::None,
        "constant" => ServiceTime::Constant(700),
        "lognormal" => ServiceTime::Lognormal {
            median_ns: 500.0,
            sigma: 0.5,
        },
        "exponential" => ServiceTime::Exponential { mean_ns: 600.0 },
        "empirical" => ServiceTime::Empirical([500, 600, 900].into()),
        _ => panic!("{usage}"),
    };
    let source = vec![Event::default(); events];
    for round in 0..5 {
        let settings = Settings {
            executor: ReaderSettings {
                service: service.clone(),
                ..Settings::default().executor
            },
            ..Settings::default()
        };
        let plan = Plan::of(&source, None, Pace::Constant { rate_hz: 1e6 }).expect("a good pace");
        let (producer, _ring) = EventRing::try_new(slots).expect("memory");
        let gate = Arc::new(Gate::new());
        let ready = GateWord::new(2, StateCode::Ready);
        assert!(gate.compare_exchange(gate.read(), ready));
        let source = source.clone();
        let mut engine =
            VirtualEngine::start(source, plan, producer, gate, settings).expect("good settings");
        let began_ns = MonotonicClock.now_ns();
        let mut until_ns = 0;
        loop {
            until_ns = step_ns.map_or(u64::MAX, |step_ns| until_ns + step_ns);
            let to = Horizon {
                until_ns,
                ..Horizon::END
            };
            if engine.advance(to) == Advance::Over {
                break;
            }
        }
        let elapsed_ns = (MonotonicClock.now_ns() - began_ns) as f64;
        let digest = engine.digest().hex(&[]);
        let ns = elapsed_ns / events as f64;
        let rate = 1e3 / ns;
        let executed = engine.snapshot().executor().ledger.executed;
        std::io::Write::write_fmt(
            &mut std::io::stdout(),
            format_args!(
                "{round}: {rate:.1} M/s, {ns:.1} ns an event, executed {executed}, {digest:.12}\n"
            ),
        )
        .expect("stdout");
    }
}
