//! Hostile input: whatever the bytes, every format answers with events or an error, and never panics.
#![cfg(feature = "formats")]

use std::io::Write;
use std::ops::ControlFlow;

use proptest::prelude::*;
use tickpath_core::ingest::{Kind, LoadError, LoadOptions, Policy, load_file};

mod hostile;

/// Loads `data` as every format, and as what it is found to be.
fn load_every_way(data: &[u8]) {
    for kind in Kind::ALL.into_iter().map(Some).chain([None]) {
        hostile::load(kind, data);
    }
}

/// Whole files of every format, small enough to be changed in every place.
fn seeds() -> Vec<Vec<u8>> {
    let lobster = b"34200.004241176,1,16113575,18,5853300,1\n34200.18996,7,0,0,-1,-1\n".to_vec();
    let collector = concat!(
        r#"1723161255088176367 {"stream":"btcusdt@trade","data":{"e":"trade","s":"B","t":1,"p":"1.5","q":"2","m":true}}"#,
        "\n",
        r#"1723161255088176368 {"channel":"bbo","data":{"coin":"C","bbo":[{"px":"1","sz":"2","n":1},null]}}"#,
        "\n",
        r#"1723161255088176369 {"topic":"publicTrade.D","data":[{"S":"Buy","p":"1","v":"2","seq":3}]}"#,
        "\n",
    );
    let mut itch = Vec::new();
    for tag in *b"SRHYLVWKJhAFECXDUPQBINO" {
        // Lengths left at zero: the type says how long the message is.
        itch.extend([0, 0, tag, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9]);
        itch.extend([b'B'; 60]);
    }
    itch.extend([0, 12, b'S', 0, 0, 0, 0, 0, 0, 0, 0, 0, 9, b'O']);
    vec![lobster, collector.as_bytes().to_vec(), itch, dbn_file()]
}

/// A DBN file of one schema-less stream, written by the format's own crate.
fn dbn_file() -> Vec<u8> {
    use dbn::encode::{DbnEncodable, EncodeRecord, dbn::Encoder};
    fn put<R: DbnEncodable>(encoder: &mut Encoder<&mut Vec<u8>>, record: &R) {
        encoder.encode_record(record).expect("encoded");
    }
    let metadata = dbn::Metadata::builder()
        .dataset("XNAS.ITCH")
        .schema(None)
        .start(0)
        .stype_in(None)
        .stype_out(dbn::SType::InstrumentId)
        .build();
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, &metadata).expect("metadata encoded");
    put(
        &mut encoder,
        &dbn::MboMsg {
            ts_recv: 5,
            action: b'A' as i8,
            side: b'B' as i8,
            ..Default::default()
        },
    );
    put(
        &mut encoder,
        &dbn::TradeMsg {
            ts_recv: 6,
            action: b'T' as i8,
            side: b'A' as i8,
            ..Default::default()
        },
    );
    out
}

#[test]
fn the_seeds_are_recognised() {
    for (seed, kind) in seeds().iter().zip(["lobster", "collector", "itch", "dbn"]) {
        let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
        file.write_all(seed).expect("written");
        let options = LoadOptions {
            policy: Policy::Skip,
            ..LoadOptions::default()
        };
        let loaded = load_file(file.path(), &options, &mut |_| ControlFlow::Continue(()));
        assert_eq!(loaded.expect(kind).sources[0].kind, kind);
    }
}

#[test]
fn the_hook_ends_a_load() {
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(&seeds()[0]).expect("written");
    let loaded = load_file(file.path(), &LoadOptions::default(), &mut |_| {
        ControlFlow::Break(())
    });
    assert_eq!(loaded.err(), Some(LoadError::Interrupted));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn arbitrary_bytes_never_panic(data in proptest::collection::vec(any::<u8>(), 0..600)) {
        load_every_way(&data);
    }

    #[test]
    fn arbitrary_bytes_behind_a_magic_number_never_panic(
        magic in 0..6_usize,
        data in proptest::collection::vec(any::<u8>(), 0..300),
    ) {
        let magic: &[u8] = [&b"\x1f\x8b\x08\0"[..], b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PK\x05\x06", b"DBN\x03", b"DBN\x01"][magic];
        load_every_way(&[magic, &data].concat());
    }

    #[test]
    fn arbitrary_tables_never_panic(choice in any::<u8>(), rows in "[tapvidnskf0-9.,;|\\t\"\r\n-]{0,200}") {
        hostile::load_table(choice, rows.as_bytes());
    }

    #[test]
    fn changed_files_never_panic(
        seed in 0..4_usize,
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        keep in any::<prop::sample::Index>(),
    ) {
        let mut data = seeds().swap_remove(seed);
        for (at, byte) in changes {
            let at = at.index(data.len());
            data[at] = byte;
        }
        load_every_way(&data);
        data.truncate(keep.index(data.len()));
        load_every_way(&data);
    }
}
