//! The picture: latency distributions of the round trips, on the scale of percentiles, as SVG.
//!
//! To the right each step is ten times rarer; a line ends where fewer than ten samples lie beyond.

use std::path::Path;

use hdrhistogram::Histogram;
use plotters::prelude::*;

use crate::measured::{Figure, Measured, Row};
use crate::plan::{Case, FLOOR, OURS, TRIP_SLOTS};
use crate::quantile::quantile_ns;

/// Points of a line for each factor of ten.
const POINTS_PER_DECADE: i32 = 12;
/// Factors of ten shown: up to p99.999.
const DECADES: i32 = 5;
const SIZE: (u32, u32) = (1_000, 620);
/// Colours of the peers (Okabe and Ito's, told apart by most eyes); we are black, the floor grey.
const PEERS: [RGBColor; 8] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(150, 110, 60),
    RGBColor(110, 60, 160),
];

/// One line: how rare, how long.
struct Line {
    name: String,
    style: ShapeStyle,
    points: Vec<(f64, f64)>,
}

/// Draws the round trips of a run into `path`.
///
/// # Errors
/// Returns an error if there is nothing to draw or the file cannot be written.
pub(crate) fn draw(measured: &Measured, step_ns: u64, path: &Path) -> Result<(), String> {
    let lines = lines(measured, step_ns);
    let highest = lines.iter().flat_map(|line| &line.points).map(|p| p.1);
    let highest = highest.fold(0.0, f64::max);
    let lowest = lines.iter().flat_map(|line| &line.points).map(|p| p.1);
    let lowest = lowest.fold(f64::MAX, f64::min);
    if highest == 0.0 {
        return Err("no round trip to draw".to_owned());
    }
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    }
    let mut svg = String::new();
    plot(&mut svg, &lines, lowest * 0.8..highest * 1.2).map_err(|e| e.to_string())?;
    std::fs::write(path, svg).map_err(|e| format!("{}: {e}", path.display()))
}

/// The floor, ours and each peer, at its best in either case.
fn lines(measured: &Measured, step_ns: u64) -> Vec<Line> {
    let mut names: Vec<&str> = Vec::new();
    for row in measured.rows.iter().filter(|row| row.is_trip()) {
        if !names.contains(&row.contender) {
            names.push(row.contender);
        }
    }
    let mut colours = PEERS.iter().cycle();
    names
        .into_iter()
        .filter_map(|name| {
            let cases = [Case::RoundTripBare, Case::RoundTripPaused];
            let rows = cases
                .into_iter()
                .filter_map(|case| measured.best(case, TRIP_SLOTS, name));
            let p50 = |row: &&Row| row.spread(Figure::P50).map_or(f64::MAX, |p50| p50.median);
            let row = rows.min_by(|a, b| p50(a).total_cmp(&p50(b)))?;
            let (colour, width) = match name {
                FLOOR => (RGBColor(140, 140, 140), 3),
                OURS => (BLACK, 3),
                _ => (*colours.next()?, 1),
            };
            Some(Line {
                name: format!("{name} ({})", row.strategy),
                style: colour.stroke_width(width),
                points: points(row.latencies.as_ref()?, step_ns),
            })
        })
        .collect()
}

/// The distribution as points; a percentile that is unknown has none.
fn points(latencies: &Histogram<u64>, step_ns: u64) -> Vec<(f64, f64)> {
    (0..=DECADES * POINTS_PER_DECADE)
        .map_while(|step| {
            let rarity = f64::from(step) / f64::from(POINTS_PER_DECADE);
            let ns = quantile_ns(latencies, 1.0 - 10_f64.powf(-rarity), step_ns)?;
            Some((rarity, ns))
        })
        .collect()
}

fn plot(
    svg: &mut String,
    lines: &[Line],
    ns: std::ops::Range<f64>,
) -> Result<(), DrawingAreaErrorKind<std::io::Error>> {
    let area = SVGBackend::with_string(svg, SIZE).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(
            "Round trip between two cores, one event of 64 bytes",
            ("sans-serif", 20),
        )
        .margin(14)
        .margin_right(44)
        .x_label_area_size(44)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..f64::from(DECADES), ns.log_scale())?;
    chart
        .configure_mesh()
        .light_line_style(RGBColor(242, 242, 242))
        .bold_line_style(RGBColor(222, 222, 222))
        .x_labels(6)
        .x_label_formatter(&|rarity| percentile_name(*rarity))
        .x_desc("percentile")
        .y_label_formatter(&|ns| format!("{ns:.0}"))
        .y_desc("ns (logarithmic)")
        .label_style(("sans-serif", 14))
        .draw()?;
    for line in lines {
        let style = line.style;
        chart
            .draw_series(LineSeries::new(line.points.iter().copied(), style))?
            .label(line.name.clone())
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 24, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperLeft)
        .margin(12)
        .legend_area_size(30)
        .background_style(WHITE.mix(0.9))
        .border_style(RGBColor(200, 200, 200))
        .label_font(("sans-serif", 14))
        .draw()?;
    area.present()
}

/// The name of the percentile which one sample in 10^`rarity` lies beyond.
fn percentile_name(rarity: f64) -> String {
    let decades = rarity.round();
    if (rarity - decades).abs() > 1e-6 {
        return String::new();
    }
    match decades as u32 {
        0 => "least".to_owned(),
        1 => "p90".to_owned(),
        2 => "p99".to_owned(),
        more => format!("p99.{}", "9".repeat(more as usize - 2)),
    }
}
