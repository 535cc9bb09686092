//! The result as a table, and as one JSON object.

use std::fmt::Write as _;

use serde::Serialize;
use tickpath_core::metrics::QUANTILES;

use crate::machine::Machine;
use crate::measured::{Figure, Measured, Row, Spread};
use crate::plan::{Case, ODD_SLOTS};
use crate::quantile::quantile_ns;
use crate::targets::{Bound, Target};

/// Name and version of the JSON object.
const SCHEMA: &str = "tickpath/bench-rust/1";

/// The whole result.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    schema: &'static str,
    quick: bool,
    rounds: usize,
    wall_ms: u64,
    machine: &'a Machine,
    rows: Vec<JsonRow<'a>>,
    targets: &'a [Target],
    met: bool,
}

/// A row as JSON: what it does not have is null.
#[derive(Debug, Serialize)]
struct JsonRow<'a> {
    case: Case,
    slots: usize,
    contender: &'a str,
    strategy: &'a str,
    million_per_s: Option<Spread>,
    lost_percent: Option<Spread>,
    p50_ns: Option<Spread>,
    p99_ns: Option<Spread>,
    /// Percentiles over all rounds; null with fewer than ten samples beyond.
    all_rounds_ns: Option<Vec<(f64, Option<f64>)>>,
    tickpath_times: Option<Spread>,
    rounds: usize,
    ping_pong_ns: Option<Spread>,
    samples: u64,
    failure: Option<&'a str>,
}

impl<'a> Report<'a> {
    /// Puts a result together.
    pub(crate) fn new(
        (quick, rounds, wall_ms): (bool, usize, u64),
        machine: &'a Machine,
        measured: &'a Measured,
        targets: &'a [Target],
    ) -> Self {
        let row = |row: &'a Row| JsonRow {
            case: row.case,
            slots: row.slots,
            contender: row.contender,
            strategy: &row.strategy,
            million_per_s: row.spread(Figure::Rate),
            lost_percent: row.spread(Figure::LostPercent),
            p50_ns: row.spread(Figure::P50),
            p99_ns: row.spread(Figure::P99),
            all_rounds_ns: row.latencies.as_ref().map(|latencies| {
                let at = |quantile| {
                    (
                        quantile,
                        quantile_ns(latencies, quantile, machine.clock_step_ns),
                    )
                };
                QUANTILES.map(at).to_vec()
            }),
            tickpath_times: measured.lead(row, compared_slots(row.slots)),
            rounds: row.first.len(),
            ping_pong_ns: Spread::of(&row.hops_ns),
            samples: row.samples,
            failure: row.failure.as_deref(),
        };
        Self {
            schema: SCHEMA,
            quick,
            rounds,
            wall_ms,
            machine,
            rows: measured.rows.iter().map(row).collect(),
            targets,
            met: targets.iter().all(|target| target.met),
        }
    }

    /// The object, on one line.
    pub(crate) fn json(&self) -> Result<String, String> {
        serde_json::to_string(self).map_err(|e| e.to_string())
    }
}

/// The capacity a row's ratio is taken at: an odd one is compared with its power of two.
fn compared_slots(slots: usize) -> usize {
    let odd = ODD_SLOTS.iter().find(|odd| odd.0 == slots);
    odd.map_or(slots, |odd| odd.1)
}

/// The tables, in Markdown.
pub(crate) fn table(
    rounds: usize,
    machine: &Machine,
    measured: &Measured,
    targets: &[Target],
) -> String {
    let mut out = heading(rounds, machine);
    let mut before = None;
    for row in &measured.rows {
        // The case stands apart from its PAUSE counts; odd capacities stand with the even ones.
        let part = (row.case, compared_slots(row.slots));
        if before != Some(part) && !(row.is_trip() && before.is_some_and(|b| b.0 == row.case)) {
            section(&mut out, measured, part);
        }
        before = Some(part);
    }
    verdict(&mut out, targets);
    out
}

fn heading(rounds: usize, machine: &Machine) -> String {
    let mut versions = String::new();
    for (name, version) in &machine.versions {
        let _ = write!(versions, "{name} {version}, ");
    }
    format!(
        "{cpu}, cores {cores:?} of {available}; {rustc}, generic {target}; {versions}clock {clock} ({cost} ns a stamp, in steps of {step} ns). \
         Median of {rounds} rounds [lowest, highest]. “tickpath ×”: how many times better tickpath is than the row.\n",
        cpu = machine.cpu.as_deref().unwrap_or("unknown processor"),
        cores = machine.cores_used,
        available = machine.cores_available,
        rustc = machine.rustc,
        target = machine.target,
        clock = machine.clock,
        cost = machine.clock_cost_ns,
        step = machine.clock_step_ns,
    )
}

fn section(out: &mut String, measured: &Measured, (case, slots): (Case, usize)) {
    let rows = measured
        .rows
        .iter()
        .filter(|row| row.case == case && compared_slots(row.slots) == slots);
    let trip = matches!(case, Case::RoundTripBare | Case::RoundTripPaused);
    if already(out, case, slots) {
        return;
    }
    let _ = writeln!(out, "\n### {}, {slots} slots\n", case.title());
    if let Some(hop) = rows.clone().find_map(|row| Spread::of(&row.hops_ns)) {
        let count = rows.clone().map(|row| row.first.len()).max().unwrap_or(0);
        let hop = spread(Some(hop), 0);
        let _ = writeln!(
            out,
            "{count} rounds; a line to the other core and back: {hop} ns.\n"
        );
    }
    if trip {
        out.push_str("| | p50 ns | p99 ns | tickpath × (p50) | waits | round trips |\n|---|---|---|---|---|---|\n");
    } else {
        out.push_str(
            "| | M/s | lost % | tickpath × | waits | events |\n|---|---|---|---|---|---|\n",
        );
    }
    for row in rows {
        line(out, measured, row);
    }
}

fn already(out: &str, case: Case, slots: usize) -> bool {
    out.contains(&format!("### {}, {slots} slots\n", case.title()))
}

fn line(out: &mut String, measured: &Measured, row: &Row) {
    let mut name = row.contender.to_owned();
    if compared_slots(row.slots) != row.slots {
        let _ = write!(name, ", {} slots", row.slots);
    }
    if let Some(why) = &row.failure {
        let _ = writeln!(out, "| {name} | failed: {why} | | | {} | |", row.strategy);
        return;
    }
    let lead = spread(measured.lead(row, compared_slots(row.slots)), 2);
    let (first, second) = if row.is_trip() {
        let figure = |figure| spread(row.spread(figure), 0);
        (figure(Figure::P50), figure(Figure::P99))
    } else {
        let lost = row
            .spread(Figure::LostPercent)
            .filter(|_| row.case == Case::NeverWaiting);
        let lost = lost.map_or(String::new(), |lost| spread(Some(lost), 2));
        (spread(row.spread(Figure::Rate), 1), lost)
    };
    let (strategy, samples) = (&row.strategy, row.samples);
    let _ = writeln!(
        out,
        "| {name} | {first} | {second} | {lead} | {strategy} | {samples} |"
    );
}

fn spread(spread: Option<Spread>, digits: usize) -> String {
    spread.map_or_else(
        || "unknown".to_owned(),
        |Spread { median, low, high }| {
            format!("{median:.digits$} [{low:.digits$}, {high:.digits$}]")
        },
    )
}

fn verdict(out: &mut String, targets: &[Target]) {
    out.push_str("\n### targets\n\n| | promised | measured | met |\n|---|---|---|---|\n");
    for target in targets {
        let bound = match target.bound {
            Bound::AtLeast(least) => format!("at least {least:.2}"),
            Bound::AtMost(most) => format!("at most {most:.2}"),
            Bound::Below(limit) => format!("below {limit:.2}"),
        };
        let met = match target.beyond_floor {
            Some(beyond) => format!(
                "no: it needs {:.0} M/s, and the floor does {:.0}",
                beyond.needed_million_per_s, beyond.floor_million_per_s
            ),
            // Beyond the floor is only what is not met.
            None if target.met => "yes".to_owned(),
            None => "NO".to_owned(),
        };
        let _ = writeln!(
            out,
            "| {} | {bound} | {} | {met} |",
            target.what,
            spread(target.measured, 2)
        );
    }
    let met = targets.iter().filter(|target| target.met).count();
    let beyond = targets.iter().filter(|t| t.beyond_floor.is_some()).count();
    let missed = targets.iter().filter(|t| t.is_missed()).count();
    let _ = writeln!(
        out,
        "\n{met} of {} targets met, {beyond} beyond the floor, {missed} missed",
        targets.len()
    );
}
