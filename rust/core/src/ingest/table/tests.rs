//! Goal: a value means the same whatever its table was, and exactly. Method: values at the edges of
//! every rule, and exponents against their written-out form.

use super::*;

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
