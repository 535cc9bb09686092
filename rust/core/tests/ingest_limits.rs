//! The limits of docs/reference/formats.md: what a load takes is bounded by its input, whatever the input says of itself.
//!
//! No test looks at a clock: how far a load went is counted in bytes of the file and in allocations.
#![cfg(feature = "formats")]

use std::io::{Seek, SeekFrom, Write};
use std::ops::ControlFlow;

use allocation_counter::AllocationInfo;
use flate2::Compression;
use flate2::write::GzEncoder;
use tempfile::NamedTempFile;
use tickpath_core::ingest::table::{Column, ColumnKey, Field, csv_header, load_csv};
use tickpath_core::ingest::{Kind, Limits, LoadError, LoadOptions, Policy, Recording, load_file};

const MIB: u64 = 1 << 20;

/// What every load asks for beside its events, and buffers.
const WORKING_BYTES: u64 = 12 * MIB;

/// How a load ended, what it held, and how far in the file it was at each call of its hook.
struct Load {
    ended: Result<Recording, LoadError>,
    took: AllocationInfo,
    hooks: Vec<u64>,
}

impl Load {
    fn reason(&self) -> String {
        match &self.ended {
            Ok(recording) => panic!("{} events were loaded", recording.events.len()),
            Err(refused) => refused.to_string(),
        }
    }
}

/// Loads `file`, which is stopped at call `stop_at` of the hook.
fn load_until(file: &NamedTempFile, options: &LoadOptions, stop_at: usize) -> Load {
    let (mut ended, mut hooks) = (None, Vec::new());
    let took = allocation_counter::measure(|| {
        let mut hook = |progress: tickpath_core::ingest::Progress| {
            allocation_counter::opt_out(|| hooks.push(progress.bytes_done));
            if hooks.len() > stop_at {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        };
        ended = Some(load_file(file.path(), options, &mut hook));
    });
    Load {
        ended: ended.expect("it ended"),
        took,
        hooks,
    }
}

fn load(file: &NamedTempFile, kind: Kind) -> Load {
    let options = LoadOptions {
        kind: Some(kind),
        ..LoadOptions::default()
    };
    load_until(file, &options, usize::MAX)
}

fn written(data: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a temporary file");
    file.write_all(data).expect("written");
    file
}

/// A file of that content and then nothing but zeros, none of which take room on the disk.
fn sparse(data: &[u8], bytes: u64) -> NamedTempFile {
    let file = written(data);
    file.as_file().set_len(bytes).expect("a file with holes");
    file
}

fn gzip(data: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(data).expect("memory takes it");
    encoder.finish().expect("memory takes it")
}

/// A DBN file of version 3 whose metadata claims to be so long, with these mappings of number 7.
fn dbn(claimed: u32, symbol_bytes: u16, intervals: &[(u32, u32)]) -> Vec<u8> {
    let mut body = b"GLBX.MDP3\0\0\0\0\0\0\0".to_vec();
    body.extend([0xff, 0xff]); // any schema
    body.extend([0; 24]);
    body.extend([1, 0, 0]); // names to numbers
    body.extend(symbol_bytes.to_le_bytes());
    body.resize(100, 0);
    body.extend([0; 16]); // no layout, no lists
    body.extend(1_u32.to_le_bytes());
    let text = |text: &str| {
        let mut bytes = text.as_bytes().to_vec();
        bytes.resize(symbol_bytes.into(), 0);
        bytes
    };
    body.extend(text("NAME"));
    body.extend((intervals.len() as u32).to_le_bytes());
    for (start, end) in intervals {
        body.extend(start.to_le_bytes());
        body.extend(end.to_le_bytes());
        body.extend(text("7"));
    }
    body.resize(body.len().next_multiple_of(8), 0);
    let bytes = if claimed == 0 {
        body.len() as u32
    } else {
        claimed
    };
    [b"DBN\x03".to_vec(), bytes.to_le_bytes().to_vec(), body].concat()
}

#[test]
fn a_line_of_a_gibibyte_is_refused_after_four_mebibytes_of_it() {
    for kind in [Kind::Lobster, Kind::Collector] {
        for start in [
            &b""[..],
            b"34200.5,1,1,1,1,1\n",
            b"1723161255088176367 {}\n",
        ] {
            let load = load(&sparse(start, 1 << 30), kind);
            assert!(load.ended.is_err());
            assert!(
                load.took.bytes_max < WORKING_BYTES + 16 * MIB,
                "{:?}",
                load.took
            );
            assert!(
                load.hooks.iter().all(|&bytes| bytes < 5 * MIB),
                "{:?}",
                load.hooks
            );
        }
    }
    let file = sparse(b"a,b", 1 << 30);
    let took = allocation_counter::measure(|| {
        let refused = csv_header(file.path(), &[], Limits::default()).expect_err("refused");
        assert!(
            refused.to_string().contains("longer than 4194304 bytes"),
            "{refused}"
        );
    });
    assert!(took.bytes_max < WORKING_BYTES + 16 * MIB, "{took:?}");
}

#[test]
fn a_length_that_lies_takes_no_memory() {
    for claimed in [1 << 20, 352 << 20, 512 << 20] {
        let load = load(&written(&dbn(claimed, 71, &[])), Kind::Dbn);
        assert!(
            load.reason().contains("are claimed for metadata"),
            "{}",
            load.reason()
        );
        assert!(load.took.bytes_max < WORKING_BYTES, "{:?}", load.took);
    }
    let short = load(&written(&dbn(0, 1, &[])), Kind::Dbn);
    assert!(
        short
            .reason()
            .contains("said to have 1 bytes, expected 16 or more"),
        "{}",
        short.reason()
    );
    // A window of 2 GiB: the largest that the format can name below its limit.
    let zstd = load(
        &written(b"\x28\xb5\x2f\xfd\x00\xa8\x09\x00\x00a"),
        Kind::Lobster,
    );
    assert!(
        zstd.reason().contains("too much memory"),
        "{}",
        zstd.reason()
    );
    assert!(zstd.took.bytes_max < WORKING_BYTES, "{:?}", zstd.took);
}

#[test]
fn names_of_instruments_take_time_in_proportion_to_the_mappings() {
    // The first day of each month, the last month first.
    let day = |n: u32| (1970 + n / 12) * 10_000 + (n % 12 + 1) * 100 + 1;
    let falling: Vec<(u32, u32)> = (0..4_000).rev().map(|n| (day(n), day(n) + 1)).collect();
    let load = load(&written(&dbn(0, 71, &falling)), Kind::Dbn);
    assert!(
        load.reason().contains("holds no events"),
        "{}",
        load.reason()
    );
    let each = load.took.count_total / falling.len() as u64;
    assert!(each < 10, "{each} allocations for each mapping");
}

/// An archive's end that claims `members` in a directory at `start`.
fn end_of_archive(members: u16, start: u32) -> Vec<u8> {
    let mut end = b"PK\x05\x06\0\0\0\0".to_vec();
    end.extend([members.to_le_bytes(), members.to_le_bytes()].concat());
    end.extend([46_u32.to_le_bytes(), start.to_le_bytes()].concat());
    end.extend([0, 0]);
    end
}

#[test]
fn an_archive_is_refused_for_the_members_that_it_claims_before_one_is_read() {
    let refused = |data: &[u8]| load(&written(data), Kind::Lobster);
    let small = refused(&[b"PK\x03\x04".to_vec(), end_of_archive(2_000, 0)].concat());
    assert!(
        small.reason().contains("it has 2000 members"),
        "{}",
        small.reason()
    );

    // The larger record, behind holes so that so many members would have their place.
    let mut file = sparse(b"PK\x03\x04", 50 << 30);
    let at = file.as_file().metadata().expect("it is there").len();
    let mut record = b"PK\x06\x06".to_vec();
    record.extend(44_u64.to_le_bytes());
    record.extend([0; 12]);
    record.extend(
        [1_u64 << 30, 1 << 30, 50 << 30, 0]
            .map(u64::to_le_bytes)
            .concat(),
    );
    let mut locator = b"PK\x06\x07\0\0\0\0".to_vec();
    locator.extend(at.to_le_bytes());
    locator.extend([1, 0, 0, 0]);
    file.seek(SeekFrom::Start(at)).expect("a place");
    let end = end_of_archive(u16::MAX, u32::MAX);
    file.write_all(&[record, locator, end].concat())
        .expect("written");
    let large = load(&file, Kind::Lobster);
    assert!(
        large.reason().contains("it has 1073741824 members"),
        "{}",
        large.reason()
    );
    for refused in [small, large] {
        assert!(refused.took.bytes_max < WORKING_BYTES, "{:?}", refused.took);
    }
}

#[test]
fn a_file_that_decompresses_to_nothing_can_be_ended_on_the_way() {
    let stored_blocks = [0, 0, 0, 0xff, 0xff].repeat(MIB as usize);
    let header = &gzip(b"")[..10];
    let silent: [(&str, NamedTempFile); 5] = [
        ("empty members", written(&gzip(b"").repeat(100_000))),
        ("members of a byte", written(&gzip(b"1").repeat(100_000))),
        ("zeros behind a member", sparse(&gzip(b"1"), 1 << 40)),
        ("empty blocks", written(&[header, &stored_blocks].concat())),
        (
            "skippable frames",
            written(&b"\x50\x2a\x4d\x18\0\0\0\0".repeat(300_000)),
        ),
    ];
    for (what, file) in silent {
        let options = LoadOptions {
            kind: Some(Kind::Lobster),
            ..LoadOptions::default()
        };
        let load = load_until(&file, &options, 3);
        assert_eq!(load.ended.err(), Some(LoadError::Interrupted), "{what}");
        let steps = load.hooks.windows(2).map(|pair| pair[1] - pair[0]);
        assert!(steps.max() <= Some(MIB), "{what}: {:?}", load.hooks);
    }
}

#[test]
fn what_decompresses_to_too_much_is_refused_and_nothing_that_came_of_it_is_kept() {
    let rows = gzip(&b"57000,4,1,1,5853300,1\n".repeat(100_000));
    let bounded = |limits| {
        let options = LoadOptions {
            policy: Policy::Skip,
            limits,
            ..LoadOptions::default()
        };
        load_until(&written(&rows), &options, usize::MAX).reason()
    };
    let ratio = bounded(Limits {
        ratio_max: 20,
        ratio_grace_bytes: MIB,
        ..Limits::default()
    });
    assert!(ratio.contains("decompression bomb"), "{ratio}");
    let total = bounded(Limits {
        decompressed_bytes_max: MIB,
        ..Limits::default()
    });
    assert!(
        total.contains("expands to more than 1048576 bytes"),
        "{total}"
    );
    assert_eq!(bounded_rows(499), None);
    assert!(bounded_rows(500).is_some_and(|reason| reason.contains("499 bad rows")));
}

/// Why a file of ten good rows and so many bad ones is refused, where 499 bad ones are listed.
fn bounded_rows(bad: usize) -> Option<String> {
    let data = [b"57000,4,1,1,5853300,1\n".repeat(10), b"\n".repeat(bad)].concat();
    let options = LoadOptions {
        kind: Some(Kind::Lobster),
        policy: Policy::Skip,
        limits: Limits {
            skipped_listed_max: 499,
            ..Limits::default()
        },
        ..LoadOptions::default()
    };
    let load = load_until(&written(&data), &options, usize::MAX);
    load.ended.err().map(|refused| refused.to_string())
}

#[test]
fn a_table_of_too_many_columns_is_refused() {
    let columns = [Column {
        field: Field::TsNs,
        key: ColumnKey::Position(0),
        exponent: 0,
    }];
    let read = |count: usize| {
        let row = vec!["1"; count].join(",");
        let file = written(format!("{row}\n{row}\n").as_bytes());
        let mut ended = None;
        let took = allocation_counter::measure(|| {
            let mut hook = |_| ControlFlow::Continue(());
            let options = LoadOptions::default();
            ended = Some(load_csv(file.path(), &columns, &options, &mut hook));
        });
        assert!(took.bytes_max < WORKING_BYTES + 16 * MIB, "{took:?}");
        ended
            .expect("it ended")
            .map(|recording| recording.events.len())
    };
    assert_eq!(read(10_000), Ok(2));
    for count in [10_001, 1_000_000] {
        let refused = read(count).expect_err("refused").to_string();
        assert!(refused.contains("at most 10000 fields"), "{refused}");
    }
}

#[test]
fn a_header_that_no_delimiter_splits_is_refused_with_the_reason() {
    // Found by fuzzing: the names of such a header were none.
    let file = written(b"ts,a\x18M\"\x04t,p,v\n");
    let refused = csv_header(file.path(), &["ts"], Limits::default()).expect_err("refused");
    assert!(
        refused.to_string().contains("a quote is opened"),
        "{refused}"
    );
}

#[test]
fn a_cut_archive_is_walked_no_further_than_an_archive_may_have_members() {
    let mut folder = b"PK\x03\x04".to_vec();
    folder.resize(26, 0);
    folder.extend([1, 0, 0, 0, b'/']);
    let load = load(&written(&folder.repeat(2_000)), Kind::Lobster);
    assert!(
        load.reason().contains("holds no file that can be read"),
        "{}",
        load.reason()
    );
    assert!(load.took.count_total < 2_000, "{:?}", load.took);
}
