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
pub fn load(kind: Option<Kind>, data: &[u8]) {
    with_file(data, |path| {
        every_way(|options| {
            let options = LoadOptions { kind, ..options };
            load_file(path, &options, &mut |_| ControlFlow::Continue(()))
        });
    });
}

/// Loads `data` as a table; `choice` says how its columns are found, and which there are.
pub fn load_table(choice: u8, data: &[u8]) {
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

/// What is loaded must account for itself, and what is refused says so in one line.
fn every_way(load: impl Fn(LoadOptions) -> Result<Recording, LoadError>) {
    for policy in [Policy::Strict, Policy::Skip] {
        for out_of_order in [OutOfOrder::Refuse, OutOfOrder::Sort, OutOfOrder::Clamp] {
            let loaded = load(LoadOptions {
                policy,
                out_of_order,
                ..LoadOptions::default()
            });
            match loaded {
                Ok(recording) => accounts_for_itself(&recording, policy),
                Err(e) => assert!(!e.to_string().contains('\n'), "{e}"),
            }
        }
    }
}

fn accounts_for_itself(recording: &Recording, policy: Policy) {
    let source = &recording.sources[0];
    assert_eq!(source.events, recording.events.len() as u64);
    assert_eq!(source.skipped, recording.skipped.len() as u64);
    assert!(policy == Policy::Skip || source.skipped == 0);
    assert!(recording.events.is_sorted_by_key(|event| event.ts_ns));
    let symbols = recording.symbols.len();
    let named = |symbol: u32| (symbol as usize) < symbols;
    assert!(recording.events.iter().all(|event| named(event.symbol)));
}
