//! Events that check themselves, through the event ring and through whole engines, on real threads: pinned, left to the
//! machine, and more of them than cores. Nothing is torn, and seen + lost == sent, exactly.
//!
//! A program of its own rather than a harness of tests, so that it can say how far it is. `cargo test` runs a small
//! version of it; `make torture` sends 10⁹ events. `TICKPATH_TORTURE_EVENTS` says how many, `TICKPATH_TORTURE_SEED` with
//! which words and pauses. Exit code 1 if anything was wrong.
//!
//! - **Threads**: those of one case at a time. **Time**: only measured, never waited for or judged.
#![allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a program for people: progress on stderr, its table on stdout"
)]

mod account;
mod engine;
mod readers;
mod ring;
mod words;

use std::process::ExitCode;

use account::{Account, Row};
use tickpath_core::time::{Clock, MonotonicClock};

/// Events of the small version.
const FEW: u64 = 250_000;

fn asked(variable: &str) -> Option<u64> {
    let text = std::env::var(variable).ok()?;
    let number = text.replace('_', "").parse();
    Some(number.unwrap_or_else(|_| panic!("{variable} must be a number: got {text:?}")))
}

fn main() -> ExitCode {
    let events = asked("TICKPATH_TORTURE_EVENTS");
    let seed = asked("TICKPATH_TORTURE_SEED");
    // The small version is the same every time; a long one has words of its own.
    let seed = seed.unwrap_or_else(|| events.map_or(1, |_| MonotonicClock.now_ns()));
    let tells = events.is_some();
    let events = events.unwrap_or(FEW);
    let cases = cases(events, seed);
    let (count, mut rows, mut sent) = (cases.len(), Vec::with_capacity(cases.len()), 0);
    for (number, case) in cases.into_iter().enumerate() {
        if tells {
            eprintln!(
                "torture: seed {seed}: {sent} events, case {} of {count}",
                number + 1
            );
        }
        let begin_ns = MonotonicClock.now_ns();
        let account = (case.run)();
        let span_ns = MonotonicClock.now_ns() - begin_ns;
        sent += account.sent;
        rows.push(Row {
            name: case.name,
            account,
            span_ns,
        });
    }
    report(&rows, seed, tells)
}

/// One way of sending events.
struct Case {
    name: String,
    run: Box<dyn FnOnce() -> Account>,
}

/// The ring's cases share the events; through engines goes a tenth as many again.
fn cases(events: u64, seed: u64) -> Vec<Case> {
    let ring = ring::cases();
    let each = events.div_ceil(ring.len() as u64);
    let engines = engine::cases();
    let of_engines = events / 10 / engines.len() as u64;
    let ring = ring.into_iter().map(|case| Case {
        name: case.name(),
        run: Box::new(move || ring::run(&case, each, seed)),
    });
    let engines = engines.into_iter().map(|case| Case {
        name: case.name.to_owned(),
        run: Box::new(move || engine::run(&case, of_engines, seed)),
    });
    ring.chain(engines).collect()
}

fn report(rows: &[Row], seed: u64, tells: bool) -> ExitCode {
    let mut total = Account::default();
    rows.iter().for_each(|row| total.add(&row.account));
    let total = Row {
        name: "all".to_owned(),
        account: total,
        span_ns: rows.iter().map(|row| row.span_ns).sum(),
    };
    if tells {
        println!("{}", Row::HEAD);
        rows.iter().for_each(|row| println!("{row}"));
        println!("{total}");
    }
    let wrong: Vec<_> = rows.iter().filter_map(Row::first_wrong).collect();
    for found in &wrong {
        println!("{found}");
    }
    let account = &total.account;
    println!(
        "torture: {}: seed {seed}, {} cases, {} events sent, {} checked, {} torn, {} wrong",
        if account.is_good() { "ok" } else { "FAILED" },
        rows.len(),
        account.sent,
        account.checked,
        account.torn,
        account.wrong
    );
    ExitCode::from(u8::from(!account.is_good()))
}
