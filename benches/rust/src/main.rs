//! tickpath's event ring beside other Rust rings and queues, in one run.
//!
//! - **Fair**: every contender moves 64-byte events (a stamp and 56 bytes), each of them checked; each is
//!   measured with the way of waiting that was found best for it, which its row names.
//! - **Ratios within a round**: all take turns, round by round, in an order that rotates; only figures of
//!   one round are divided by each other.
//! - **Bounded**: what gets stuck is reported as such and the others go on; the whole run has an end.
//!
//! Standard output holds the tables, or one JSON object; everything else goes to standard error.
#![deny(unsafe_code)]

mod args;
mod clock_step;
mod contenders;
mod ends;
mod floor;
mod flow;
mod item;
mod machine;
mod measured;
mod picture;
mod plan;
mod prefetch;
mod quantile;
mod report;
mod round_trip;
mod run;
mod targets;
mod tune;

use std::io::Write as _;
use std::process::ExitCode;
use std::time::Duration;

use tickpath_core::time::{CALIBRATION_SPAN_NS, Clock as _, EngineClock, MonotonicClock};

use args::{Args, HELP};
use machine::Machine;
use report::Report;
use run::{Bench, Budget};

/// It ran, and something promised does not hold.
const MISSED: u8 = 1;
/// It cannot be measured here, or was asked for wrongly.
const REFUSED: u8 = 2;

fn main() -> ExitCode {
    let done = Args::parse(std::env::args().skip(1)).and_then(|args| {
        if args.help {
            return say_out(HELP).map(|()| ExitCode::SUCCESS);
        }
        measure(&args)
    });
    done.unwrap_or_else(|why| {
        say(&why);
        ExitCode::from(REFUSED)
    })
}

/// Measures, reports, and judges.
fn measure(args: &Args) -> Result<ExitCode, String> {
    let (cores, available) = machine::two_cores()?;
    let budget = if args.quick {
        Budget::QUICK
    } else {
        Budget::FULL
    };
    watch(budget.whole_s);
    let started_ns = MonotonicClock.now_ns();
    let clock = EngineClock::calibrate(CALIBRATION_SPAN_NS);
    let machine = Machine::look(cores, available, &clock);
    let bench = Bench {
        cores,
        clock: clock.clock,
        step_ns: machine.clock_step_ns,
        budget,
    };
    let measured = bench.run(say)?;
    let targets = targets::judge(&measured);
    let wall_ms = (MonotonicClock.now_ns() - started_ns) / 1_000_000;
    let report = Report::new(
        (args.quick, budget.rounds, wall_ms),
        &machine,
        &measured,
        &targets,
    );
    say_out(&if args.json {
        report.json()? + "\n"
    } else {
        report::table(budget.rounds, &machine, &measured, &targets)
    })?;
    picture::draw(&measured, machine.clock_step_ns, &args.svg)?;
    say(&format!("picture: {}", args.svg.display()));
    let missed: Vec<_> = targets.iter().filter(|target| target.is_missed()).collect();
    for target in &missed {
        say(&format!("missed: {}", target.what));
    }
    Ok(if missed.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::from(MISSED)
    })
}

/// Ends the process if it is still there after `whole_s`: a peer may be stuck inside a call of its own,
/// where nothing of ours can reach it.
fn watch(whole_s: u64) {
    std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(whole_s));
        say(&format!(
            "stuck: not done after {whole_s} s; the last line above says where"
        ));
        std::process::exit(i32::from(MISSED));
    });
}

fn say(line: &str) {
    // Standard error may be closed; there is nobody to tell then.
    let _ = writeln!(std::io::stderr(), "bench-rust: {line}");
}

fn say_out(text: &str) -> Result<(), String> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())
        .and_then(|()| out.flush())
        .map_err(|e| format!("standard output: {e}"))
}
