//! What holds for every load of hostile bytes: shared by the property tests and the fuzz targets.
#![allow(dead_code, reason = "each of its users needs a part")]

use std::io::Write;
use std::ops::ControlFlow;
use std::path::Path;

use tickpath_core::ingest::table::{Column, ColumnKey, Field, csv_header, load_csv};
use tickpath_core::ingest::{
    Kind, Limits, LoadError, LoadOptions, OutOfOrder, Policy, Recording, load_file,
};

/// Loads `data` as `kind` (`None`: as what it is found to be) under every policy and order.
pub(crate) fn load(kind: Option<Kind>, data: &[u8]) {
    with_file(data, |path| {
        every_way(|options| {
            let options = LoadOptions { kind, ..options };
            load_file(path, &options, &mut |_| ControlFlow::Continue(()))
        });
    });
}

/// Loads `data` as a table; `choice` says how its columns are found, and which there are.
pub(crate) fn load_table(choice: u8, data: &[u8]) {
    let by_name = choice & 1 == 0;
    let columns: Vec<Column> = Field::ALL
        .into_iter()
        .enumerate()
        .filter(|&(at, field)| field == Field::TsNs || choice & (2 << (at % 7)) != 0)
        .map(|(at, field)| Column {
            field,
            key: if by_name {
                ColumnKey::Name(NAMES[at].to_owned())
            } else {
                ColumnKey::Position(at)
            },
            exponent: if choice & 8 == 0 { 0 } else { 9 },
        })
        .collect();
    with_file(data, |path| {
        if let Ok(names) = csv_header(path, &NAMES[..2], Limits::default()) {
            assert!(!names.is_empty());
        }
        every_way(|options| load_csv(path, &columns, &options, &mut |_| ControlFlow::Continue(())));
    });
}

/// A short name for each field, in the order of [`Field::ALL`].
const NAMES: [&str; 10] = ["ts", "at", "p", "v", "id", "n", "s", "k", "d", "f"];

fn with_file(data: &[u8], then: impl FnOnce(&Path)) {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("written");
    then(file.path());
}

/// Bounds that an input of a few KiB can reach.
const LIMITS: Limits = Limits {
    line_bytes_max: 512 << 10,
    decompressed_bytes_max: 4 << 20,
    ratio_max: 200,
    ratio_grace_bytes: 256 << 10,
    skipped_listed_max: 500,
};

/// What a load may hold at once: what it asks for ahead ([`tickpath_core::ingest`] probes for it), and for each byte of
/// the longest data that [`LIMITS`] lets it see what the smallest row that is an event comes to, sorted.
const HELD_BYTES_MAX: u64 = (64 << 20) + 100 * LIMITS.decompressed_bytes_max;

/// The policies and orders that are tried.
const WAYS: [(Policy, OutOfOrder); 4] = [
    (Policy::Strict, OutOfOrder::Refuse),
    (Policy::Skip, OutOfOrder::Refuse),
    (Policy::Skip, OutOfOrder::Sort),
    (Policy::Skip, OutOfOrder::Clamp),
];

/// What is loaded must account for itself, what is refused says so in one short line, and what loads strictly loads the
/// same in every other way.
fn every_way(load: impl Fn(LoadOptions) -> Result<Recording, LoadError>) {
    let mut strictly: Option<Recording> = None;
    for (policy, out_of_order) in WAYS {
        let options = LoadOptions {
            policy,
            out_of_order,
            limits: LIMITS,
            ..LoadOptions::default()
        };
        let mut loaded = None;
        let held = allocation_counter::measure(|| loaded = Some(load(options))).bytes_max;
        assert!(held <= HELD_BYTES_MAX, "{held} bytes held at once");
        match (loaded.expect("loaded"), &strictly) {
            (Ok(recording), None) => {
                accounts_for_itself(&recording, policy);
                if policy == Policy::Strict {
                    strictly = Some(recording);
                }
            }
            (Ok(recording), Some(same)) => {
                assert_eq!(recording.events, same.events);
                assert_eq!(recording.symbols, same.symbols);
                assert_eq!(recording.sources, same.sources);
            }
            (Err(e), same) => {
                assert!(same.is_none(), "loaded strictly, and otherwise: {e}");
                let text = e.to_string();
                assert!(!text.contains('\n') && text.len() < 2_000, "{text}");
            }
        }
    }
}

fn accounts_for_itself(recording: &Recording, policy: Policy) {
    let source = &recording.sources[0];
    assert_eq!(source.events, recording.events.len() as u64);
    let listed = recording.skipped.len();
    assert!(listed == LIMITS.skipped_listed_max || source.skipped == listed as u64);
    assert!(policy == Policy::Skip || source.skipped == 0);
    assert!(recording.events.is_sorted_by_key(|event| event.ts_ns));
    let symbols = recording.symbols.len();
    let named = |symbol: u32| (symbol as usize) < symbols;
    assert!(recording.events.iter().all(|event| named(event.symbol)));
    let shown = recording.skipped.iter().map(ToString::to_string);
    assert!(
        shown
            .into_iter()
            .all(|row| !row.contains('\n') && row.len() < 2_000)
    );
}
