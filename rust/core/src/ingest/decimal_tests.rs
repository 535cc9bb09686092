//! Exactness of the decimal parser, against cases by hand and against wide integers.

use proptest::prelude::*;

use super::*;

#[test]
fn stripped_zeros_keep_their_power_of_ten() {
    assert_eq!(parse_u64_e9(b"34200.004241176"), Ok(34_200_004_241_176));
    assert_eq!(parse_u64_e9(b"34200.18996"), Ok(34_200_189_960_000));
    assert_eq!(parse_u64_e9(b"34208"), Ok(34_208_000_000_000));
    assert_eq!(parse_u64_e9(b"0.5"), Ok(500_000_000));
    assert_eq!(parse_u64_e9(b"000.000000001"), Ok(1));
}

#[test]
fn digits_finer_than_a_nanosecond_are_cut_off() {
    assert_eq!(parse_u64_e9(b"34228.9774340989999"), Ok(34_228_977_434_098));
    assert_eq!(parse_i64_e9(b"-0.0000000019"), Ok(-1));
    assert_eq!(parse_u64_e9(b"1.000000000x"), Err(DecimalError::NotANumber));
}

#[test]
fn what_is_not_a_plain_number_is_refused_with_its_reason() {
    for (text, reason) in [
        (&b""[..], DecimalError::Empty),
        (b" 1", DecimalError::WhiteSpace),
        (b"1 ", DecimalError::WhiteSpace),
        (b"nan", DecimalError::NotANumber),
        (b"inf", DecimalError::NotANumber),
        (b"+1", DecimalError::NotANumber),
        (b"1e5", DecimalError::NotANumber),
        (b"1.", DecimalError::NotANumber),
        (b".5", DecimalError::NotANumber),
        (b".", DecimalError::NotANumber),
        (b"1.2.3", DecimalError::NotANumber),
        (b"12a4", DecimalError::NotANumber),
        (b"\0", DecimalError::NotANumber),
        (b"0x10", DecimalError::NotANumber),
        (b"1_000", DecimalError::NotANumber),
        (b"--1", DecimalError::NotANumber),
    ] {
        let shown = text.escape_ascii().to_string();
        assert_eq!(parse_u64_e9(text), Err(reason), "{shown}");
        assert_eq!(parse_i64_e9(text), Err(reason), "{shown}");
    }
    assert_eq!(parse_u64_e9(b"-1"), Err(DecimalError::Sign));
    assert_eq!(parse_u64_e9(b"-x"), Err(DecimalError::NotANumber));
    assert_eq!(parse_u64(b"-1"), Err(DecimalError::Sign));
    assert_eq!(parse_u64(b"5.0"), Err(DecimalError::NotAnInteger));
    assert_eq!(parse_i64(b"-5.0"), Err(DecimalError::NotAnInteger));
    assert_eq!(parse_i64(b"-"), Err(DecimalError::NotANumber));
}

#[test]
fn the_ends_of_the_range_fit_and_one_more_does_not() {
    assert_eq!(parse_u64(b"18446744073709551615"), Ok(u64::MAX));
    assert_eq!(
        parse_u64(b"18446744073709551616"),
        Err(DecimalError::Overflow)
    );
    assert_eq!(parse_i64(b"9223372036854775807"), Ok(i64::MAX));
    assert_eq!(
        parse_i64(b"9223372036854775808"),
        Err(DecimalError::Overflow)
    );
    assert_eq!(parse_i64(b"-9223372036854775808"), Ok(i64::MIN));
    assert_eq!(
        parse_i64(b"-9223372036854775809"),
        Err(DecimalError::Overflow)
    );
    assert_eq!(parse_u64_e9(b"18446744073.709551615"), Ok(u64::MAX));
    assert_eq!(
        parse_u64_e9(b"18446744073.709551616"),
        Err(DecimalError::Overflow)
    );
    assert_eq!(parse_i64_e9(b"-9223372036.854775808"), Ok(i64::MIN));
    assert_eq!(
        parse_i64_e9(b"9223372036.854775808"),
        Err(DecimalError::Overflow)
    );
    assert_eq!(
        parse_u64_e9(b"99999999999999999999999.5"),
        Err(DecimalError::Overflow)
    );
    assert_eq!(
        parse_u64_e9(b"99999999999999999999999.x"),
        Err(DecimalError::NotANumber)
    );
}

proptest! {
    #[test]
    fn any_number_of_units_survives_being_written_and_read(value: i64) {
        let magnitude = value.unsigned_abs();
        let sign = if value < 0 { "-" } else { "" };
        let text = format!("{sign}{}.{:09}", magnitude / UNITS_PER_ONE, magnitude % UNITS_PER_ONE);
        prop_assert_eq!(parse_i64_e9(text.as_bytes()), Ok(value));
        let stripped = text.trim_end_matches('0');
        let stripped = stripped.strip_suffix('.').unwrap_or(stripped);
        prop_assert_eq!(parse_i64_e9(stripped.as_bytes()), Ok(value));
        prop_assert_eq!(parse_i64(value.to_string().as_bytes()), Ok(value));
    }

    #[test]
    fn arbitrary_bytes_are_a_number_only_if_they_have_its_form(text in proptest::collection::vec(any::<u8>(), 0..40)) {
        let form = |t: &[u8]| {
            let t = t.strip_prefix(b"-").unwrap_or(t);
            let parts: Vec<&[u8]> = t.split(|&b| b == b'.').collect();
            parts.len() <= 2 && parts.iter().all(|p| !p.is_empty() && p.iter().all(u8::is_ascii_digit))
        };
        match parse_i64_e9(&text) {
            Ok(_) | Err(DecimalError::Overflow) => prop_assert!(form(&text)),
            Err(_) => prop_assert!(!form(&text)),
        }
        let _ = (parse_u64(&text), parse_i64(&text), parse_u64_e9(&text));
    }
}
