//! What this machine gives an engine: cores, clocks and their cost, memory. `cargo run --release
//! --example machine`.
#![allow(
    clippy::print_stdout,
    reason = "a program for people; the core itself prints nothing"
)]

use std::time::Duration;

use tickpath_core::os::{MemoryRange, MemoryWishes, Topology, prepare_memory, unlock_memory};
use tickpath_core::time::{CALIBRATION_SPAN_NS, Calibrated, EngineClock};

fn main() {
    let topology = Topology::read();
    println!("{topology:?}");
    println!("threads that can spin at once: {}", topology.spinning_max());

    for calibrated in [
        EngineClock::calibrate(CALIBRATION_SPAN_NS),
        EngineClock::monotonic(),
    ] {
        show(&calibrated);
    }

    let wishes = MemoryWishes {
        touch: true,
        huge_pages: true,
        lock: true,
    };
    for (slots, name) in [
        (1_024, "1,024"),
        (65_536, "65,536"),
        (1_048_576, "1,048,576"),
    ] {
        let memory = vec![[1_u64; 8]; slots];
        let state = prepare_memory(MemoryRange::of(&memory), wishes);
        println!("{name} slots: {state:?}");
        if state.locked {
            let unlocked = unlock_memory(MemoryRange::of(&memory));
            assert!(unlocked.is_ok(), "{unlocked:?}");
        }
    }
}

fn show(calibrated: &Calibrated) {
    println!(
        "{}: a stamp costs {} ns",
        calibrated.source(),
        calibrated.cost_ns
    );
    if let Some(reason) = &calibrated.fallback {
        println!("  {reason}");
    }
    for _ in 0..3 {
        std::thread::sleep(Duration::from_secs(1));
        match calibrated.drift() {
            Some(drift) => println!("  {drift:?}"),
            None => println!("  drift unknown"),
        }
    }
}
