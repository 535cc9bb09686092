//! Goal: a value means the same whatever its table was, and exactly. Method: values at the edges of
//! every rule, and exponents against their written-out form.

use std::ops::ControlFlow;

use super::*;
use crate::ingest::{LoadError, LoadOptions, OutOfOrder, Policy, Recording};

fn written(text: &str) -> String {
    String::from_utf8(plain_decimal(text.as_bytes()).into_owned()).expect("ASCII")
}

#[test]
fn exponents_are_written_out_exactly() {
    for (text, plain) in [
        ("1e3", "1000.0"),
        ("1E+3", "1000.0"),
        ("1.5e-7", "0.00000015"),
        ("-2.5e1", "-25.0"),
        ("12.345e1", "123.45"),
        ("123e-2", "01.23"),
        ("0e0", "0.0"),
    ] {
        let (exact, plain) = (written(text), plain.trim_matches('0'));
        assert_eq!(exact.trim_matches('0'), plain, "{text}");
    }
}

#[test]
fn what_is_no_exponent_comes_back_as_it_is() {
    for text in [
        "", "e", "1e", "e5", "1e5e5", "1.e5x", "1.e5", "nan", "1e1.5", "-e1", ".5e1", "hello",
    ] {
        assert_eq!(written(text), text);
    }
}

#[test]
fn stamps_in_every_unit_are_exact_and_cut_off() {
    let ns = |text: &str, exponent| Field::TsNs.parse(text.as_bytes(), exponent).ok();
    assert_eq!(ns("34200.1", 9), Some(34_200_100_000_000));
    assert_eq!(ns("34200.123456789999", 9), Some(34_200_123_456_789));
    assert_eq!(ns("1.5", 6), Some(1_500_000));
    assert_eq!(ns("1.0009", 3), Some(1_000));
    assert_eq!(ns("7", 0), Some(7));
    assert_eq!(ns("7.9", 0), Some(7));
    assert_eq!(ns("-1", 0), None);
    assert_eq!(
        ns("18446744073709551615", 0),
        Some(-1),
        "the bits of the largest stamp"
    );
    assert_eq!(ns("18446744073709551616", 0), None);
    assert_eq!(ns("1e400", 0), None);
}

#[test]
fn prices_keep_their_sign_and_their_scale() {
    let price = |text: &str, exponent| Field::PriceE9.parse(text.as_bytes(), exponent).ok();
    assert_eq!(price("585.33", 9), Some(585_330_000_000));
    assert_eq!(price("5853300", 5), Some(585_330_000_000));
    assert_eq!(price("-0.000000001", 9), Some(-1));
    assert_eq!(price("1e-5", 9), Some(10_000));
    assert_eq!(price("9223372036.854775808", 9), None);
    assert_eq!(price("-9223372036.854775808", 9), Some(i64::MIN));
}

#[test]
fn small_fields_refuse_what_does_not_fit() {
    assert_eq!(Field::Kind.parse(b"255", 0), Ok(255));
    assert!(Field::Kind.parse(b"256", 0).is_err());
    assert_eq!(Field::Flags.parse(b"65535", 0), Ok(65_535));
    assert!(Field::Flags.parse(b"65536", 0).is_err());
    assert!(Field::Flags.parse(b"-1", 0).is_err());
    assert!(Field::Sequence.parse(b"1.5", 0).is_err());
    assert_eq!(Field::Sequence.parse(b"18446744073709551615", 0), Ok(-1));
}

#[test]
fn sides_are_read_in_every_spelling() {
    for (text, side) in [
        ("B", 1),
        ("bUy", 1),
        ("Bid", 1),
        ("1", 1),
        ("+1", 1),
        ("s", -1),
        ("SELL", -1),
        ("a", -1),
        ("Ask", -1),
        ("-1", -1),
        ("0", 0),
    ] {
        assert_eq!(Field::Side.parse(text.as_bytes(), 0), Ok(side), "{text}");
    }
    for text in ["", "2", "x", "buyer", " b"] {
        assert!(Field::Side.parse(text.as_bytes(), 0).is_err(), "{text}");
    }
}

#[test]
fn every_field_has_its_own_name_and_place() {
    for field in Field::ALL {
        assert_eq!(Field::from_name(field.name()), Some(field));
        let mut event = Event::default();
        field.put(&mut event, 1);
        assert_ne!(event, Event::default(), "{}", field.name());
    }
}

#[test]
fn what_tables_of_others_hold_most_often_is_refused_in_its_own_words() {
    let refused =
        |field: Field, text: &str| field.parse(text.as_bytes(), 9).unwrap_err().into_owned();
    for text in [
        "2024-03-05 09:00:00.123456",
        "2024/03/05",
        "09:30:00",
        "2024-03-05T09:00:00Z",
    ] {
        for field in [Field::TsNs, Field::IntendedNs] {
            assert!(
                refused(field, text).starts_with("a date or a time as text"),
                "{text}"
            );
        }
    }
    for text in ["17a", "time:local", "17-03", "20240305T0900"] {
        assert_eq!(refused(Field::TsNs, text), "not a number", "{text}");
    }
    assert_eq!(refused(Field::TsNs, "17 "), "white space in a number");
    for field in [Field::PriceE9, Field::SizeE9] {
        assert!(
            refused(field, "101,25").starts_with("a comma in a number"),
            "{}",
            field.name()
        );
        assert_eq!(refused(field, ",25"), "not a number");
        assert_eq!(refused(field, "25,"), "not a number");
        assert_eq!(refused(field, ","), "not a number");
    }
}

/// Loads `text` as a csv file with the columns `ts_ns` in seconds and `price_e9`, if `price` is so.
fn load(text: &str, name: &str, key: impl Fn(&str) -> ColumnKey) -> Result<Recording, LoadError> {
    let path =
        std::env::temp_dir().join(format!("tickpath-table-{}-{name}.csv", std::process::id()));
    std::fs::write(&path, text).expect("the temporary folder can be written");
    let columns = [
        Column {
            field: Field::TsNs,
            key: key("time"),
            exponent: 9,
        },
        Column {
            field: Field::PriceE9,
            key: key("price"),
            exponent: 9,
        },
    ];
    let options = LoadOptions {
        policy: Policy::Skip,
        ..LoadOptions::default()
    };
    let loaded = load_csv(
        &path,
        &columns,
        &options,
        &mut |_| ControlFlow::Continue(()),
    );
    std::fs::remove_file(&path).expect("it was written");
    loaded
}

fn by_name(name: &str) -> ColumnKey {
    ColumnKey::Name(name.to_owned())
}

#[test]
fn every_delimiter_quote_and_line_end_gives_the_same_events() {
    let plain = load("time,price\n1.5,2\n2.5,3\n", "plain", by_name).expect("loads");
    assert_eq!(plain.events.len(), 2);
    assert_eq!(
        (plain.events[1].ts_ns, plain.events[1].price_e9),
        (2_500_000_000, 3_000_000_000)
    );
    for (name, text) in [
        ("semicolon", "price;time\r\n2;1.5\r\n3;2.5\r\n"),
        ("tab", "x\ttime\tprice\n\t1.5\t2\n\t2.5\t3"),
        ("pipe", "\u{feff}time|price|a,b,c,d\n1.5|2|,,,\n2.5|3|x\n"),
        (
            "quotes",
            "\"time\",\"price\",\"a \"\"b\"\"\"\n\"1.5\",2,\"x,y\"\n2.5,\"3\",\"\"\n",
        ),
    ] {
        assert_eq!(
            load(text, name, by_name).expect(name).events,
            plain.events,
            "{name}"
        );
    }
}

#[test]
fn bad_lines_are_left_out_one_by_one_with_their_numbers() {
    let text = "time,price\n1,1\n\n2\n3,x\n4,\"1\n5,1,1\n6,\n7,7\n";
    let loaded = load(text, "bad", by_name).expect("two rows are good");
    assert_eq!(loaded.events.len(), 2);
    let lines: Vec<_> = loaded.skipped.iter().map(|e| e.line).collect();
    assert_eq!(lines, [3, 4, 5, 6, 7, 8].map(Some));
    assert_eq!(loaded.skipped[2].field.as_deref(), Some("price_e9"));
    assert!(
        loaded.skipped[2].reason.contains("column \"price\""),
        "{}",
        loaded.skipped[2]
    );
}

#[test]
fn positions_mean_that_there_is_no_header() {
    let at = |name: &str| ColumnKey::Position(usize::from(name == "price"));
    let loaded = load("1,5\n2,6\n", "positions", at).expect("loads");
    assert_eq!(loaded.events.len(), 2);
    let beyond = load("1\n2\n", "beyond", at).expect_err("there is no column 1");
    assert!(
        beyond.to_string().contains("line 1: no column 1"),
        "{beyond}"
    );
}

#[test]
fn a_header_without_the_columns_is_refused_with_what_it_has() {
    for (name, text, part) in [
        ("other", "t;p\n1;2\n", "the header has t, p"),
        (
            "twice",
            "time,price,price\n1,2,3\n",
            "several columns named \"price\"",
        ),
        ("empty", "", "empty"),
        ("blank", "\n1,2\n", "blank"),
        ("binary", "\0\u{1}\u{2}\n", "not text"),
    ] {
        let refused = load(text, name, by_name).expect_err(name);
        assert!(refused.to_string().contains(part), "{refused}");
    }
}

#[test]
fn rows_in_memory_pass_the_same_choices() {
    let rows: Vec<Event> = [5, 9, 3]
        .map(|ts_ns| Event {
            ts_ns,
            ..Event::default()
        })
        .into();
    let bad = [BadRow {
        row: 1,
        field: Field::Side,
        reason: "no value".to_owned(),
    }];
    let take = |policy, out_of_order, bad: &[BadRow]| {
        let options = LoadOptions {
            policy,
            out_of_order,
            ..LoadOptions::default()
        };
        load_rows("t", rows.iter().copied(), bad, &[], &options, &mut |_| {
            ControlFlow::Continue(())
        })
    };
    let strict = take(Policy::Strict, OutOfOrder::Sort, &bad).expect_err("row 1 is bad");
    assert_eq!(strict.to_string(), "t, field side: row 1: no value");
    let sorted = take(Policy::Skip, OutOfOrder::Sort, &bad).expect("sorted");
    assert_eq!(
        sorted.events.iter().map(|e| e.ts_ns).collect::<Vec<_>>(),
        [3, 5]
    );
    assert_eq!(sorted.symbols, [""]);
    let refused = take(Policy::Skip, OutOfOrder::Refuse, &[]).expect_err("3 follows 9");
    assert!(matches!(refused, LoadError::OutOfOrder(_)), "{refused}");
}
