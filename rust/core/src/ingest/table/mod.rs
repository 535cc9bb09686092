//! Tables with a stated column mapping: what a value of a column means in a field of [`Event`].
//!
//! One rule per field, whatever the table was: a csv file comes through [`load_csv`], values of
//! tables in memory through [`Field::parse`], and both meet here. Numbers are read as decimal
//! text, exactly; a float is its shortest decimal text.

mod csv;
mod memory;

use std::borrow::Cow;

use super::decimal::{self, DecimalError};
use super::event::Event;

pub use self::csv::{Column, ColumnKey, csv_header, load_csv};
pub use self::memory::{BadRow, load_rows};

/// A field of [`Event`] that a column can be mapped to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// [`Event::ts_ns`].
    TsNs,
    /// [`Event::intended_ns`].
    IntendedNs,
    /// [`Event::price_e9`].
    PriceE9,
    /// [`Event::size_e9`].
    SizeE9,
    /// [`Event::order_id`].
    OrderId,
    /// [`Event::sequence`].
    Sequence,
    /// [`Event::symbol`], by name.
    Symbol,
    /// [`Event::kind`].
    Kind,
    /// [`Event::side`].
    Side,
    /// [`Event::flags`].
    Flags,
}

impl Field {
    /// Every field, in the order of the layout.
    pub const ALL: [Self; 10] = [
        Self::TsNs,
        Self::IntendedNs,
        Self::PriceE9,
        Self::SizeE9,
        Self::OrderId,
        Self::Sequence,
        Self::Symbol,
        Self::Kind,
        Self::Side,
        Self::Flags,
    ];

    /// The field's name in `EVENT_DTYPE`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::TsNs => "ts_ns",
            Self::IntendedNs => "intended_ns",
            Self::PriceE9 => "price_e9",
            Self::SizeE9 => "size_e9",
            Self::OrderId => "order_id",
            Self::Sequence => "sequence",
            Self::Symbol => "symbol",
            Self::Kind => "kind",
            Self::Side => "side",
            Self::Flags => "flags",
        }
    }

    /// The field of that name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|field| field.name() == name)
    }

    /// Reads a value of a column whose unit is 10^`exponent` of ours (seconds to ns: 9), as the
    /// bits of a 64-bit integer, signed or not as the field is. The unit of fields that have none
    /// is ignored. A symbol has no number: see [`symbol_name`].
    ///
    /// # Errors
    /// Returns the reason if the text is no such number or does not fit the field.
    pub fn parse(self, text: &[u8], exponent: u32) -> Result<i64, Cow<'static, str>> {
        let plain = plain_decimal(text);
        match self {
            Self::TsNs | Self::IntendedNs => decimal::parse_u64_scaled(&plain, exponent)
                .map(u64::cast_signed)
                .map_err(|error| stamp_reason(text, error)),
            Self::PriceE9 | Self::SizeE9 => decimal::parse_i64_scaled(&plain, exponent)
                .map_err(|error| decimal_reason(text, error)),
            Self::OrderId | Self::Sequence => decimal::parse_u64(&plain)
                .map(u64::cast_signed)
                .map_err(reason),
            Self::Symbol => small(&plain, u64::from(u32::MAX), 32),
            Self::Kind => small(&plain, u64::from(u8::MAX), 8),
            Self::Flags => small(&plain, u64::from(u16::MAX), 16),
            Self::Side => side(text),
        }
    }

    /// Writes what [`Self::parse`] returned into `event`.
    pub fn put(self, event: &mut Event, bits: i64) {
        match self {
            Self::TsNs => event.ts_ns = bits.cast_unsigned(),
            Self::IntendedNs => event.intended_ns = bits.cast_unsigned(),
            Self::PriceE9 => event.price_e9 = bits,
            Self::SizeE9 => event.size_e9 = bits,
            Self::OrderId => event.order_id = bits.cast_unsigned(),
            Self::Sequence => event.sequence = bits.cast_unsigned(),
            Self::Symbol => event.symbol = bits as u32,
            Self::Kind => event.kind = bits as u8,
            Self::Side => event.side = bits as i8,
            Self::Flags => event.flags = bits as u16,
        }
    }
}

/// A symbol's name: any text but the empty one.
///
/// # Errors
/// Returns the reason if there is no name, or it is not UTF-8.
pub fn symbol_name(text: &[u8]) -> Result<&str, Cow<'static, str>> {
    match std::str::from_utf8(text) {
        Ok("") => Err(Cow::Borrowed("empty, expected the name of a symbol")),
        Ok(name) => Ok(name),
        Err(_) => Err(Cow::Borrowed("not UTF-8 text")),
    }
}

fn reason(error: DecimalError) -> Cow<'static, str> {
    Cow::Owned(error.to_string())
}

/// Dates as text are what tables of other people hold most often, and nothing here reads them.
fn stamp_reason(text: &[u8], error: DecimalError) -> Cow<'static, str> {
    let begins_as_a_date = matches!(
        text,
        [a, b, c, d, b'-' | b'/', ..] if [a, b, c, d].into_iter().all(u8::is_ascii_digit)
    );
    let has_a_time = text
        .windows(2)
        .any(|pair| pair[0].is_ascii_digit() && pair[1] == b':');
    if begins_as_a_date || has_a_time {
        return Cow::Borrowed(
            "a date or a time as text, expected a number of s, ms, us or ns; polars and pandas read dates: load it \
             there, and give the frame to MarketDataSource.from_table",
        );
    }
    reason(error)
}

fn decimal_reason(text: &[u8], error: DecimalError) -> Cow<'static, str> {
    match text.iter().position(|&byte| byte == b',') {
        Some(comma) if comma > 0 && comma + 1 < text.len() => {
            Cow::Borrowed("a comma in a number, expected digits and a decimal point")
        }
        _ => reason(error),
    }
}

fn small(text: &[u8], max: u64, bits: u32) -> Result<i64, Cow<'static, str>> {
    let value = decimal::parse_u64(text).map_err(reason)?;
    if value > max {
        return Err(Cow::Owned(format!("does not fit its {bits}-bit field")));
    }
    Ok(value.cast_signed())
}

fn side(text: &[u8]) -> Result<i64, Cow<'static, str>> {
    const NAMES: [(&str, i64); 11] = [
        ("1", 1),
        ("+1", 1),
        ("b", 1),
        ("bid", 1),
        ("buy", 1),
        ("-1", -1),
        ("a", -1),
        ("s", -1),
        ("ask", -1),
        ("sell", -1),
        ("0", 0),
    ];
    NAMES
        .into_iter()
        .find(|(name, _)| text.eq_ignore_ascii_case(name.as_bytes()))
        .map(|(_, side)| side)
        .ok_or(Cow::Borrowed(
            "not a side: expected 1, -1, 0, B, S, A, buy, sell, bid or ask",
        ))
}

/// Largest exponent that is written out; beyond it no field holds the number anyway.
const EXPONENT_MAX: u32 = 400;

/// `1.5e-7` as `0.00000015`: tables are often written with exponents. Anything that is not such a
/// number comes back as it is, for the parser to refuse.
fn plain_decimal(text: &[u8]) -> Cow<'_, [u8]> {
    written_out(text).map_or(Cow::Borrowed(text), Cow::Owned)
}

fn written_out(text: &[u8]) -> Option<Vec<u8>> {
    let at = text.iter().position(|byte| matches!(byte, b'e' | b'E'))?;
    let (mantissa, exponent) = (&text[..at], &text[at + 1..]);
    let (down, exponent) = match exponent.split_first()? {
        (b'-', rest) => (true, rest),
        (b'+', rest) => (false, rest),
        _ => (false, exponent),
    };
    let shift =
        usize::try_from(decimal::parse_u64(exponent).ok()?.min(EXPONENT_MAX.into())).ok()?;
    let (sign, magnitude) = match mantissa.split_first() {
        Some((b'-', rest)) => (&b"-"[..], rest),
        _ => (&b""[..], mantissa),
    };
    let point = magnitude.iter().position(|&byte| byte == b'.');
    let (whole, fraction) = point.map_or((magnitude, &b""[..]), |p| {
        (&magnitude[..p], &magnitude[p + 1..])
    });
    let digits = [whole, fraction].concat();
    let cut_short = whole.is_empty() || (point.is_some() && fraction.is_empty());
    if cut_short || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let zeros = vec![b'0'; shift];
    // Padded by `shift` zeros on the side the point moves to, it always has digits on both sides.
    let (padded, split) = if down {
        ([zeros, b"0".to_vec(), digits].concat(), 1 + whole.len())
    } else {
        ([digits, zeros].concat(), whole.len() + shift)
    };
    let (left, right) = padded.split_at(split);
    let right: &[u8] = if right.is_empty() { b"0" } else { right };
    Some([sign, left, b".", right].concat())
}

#[cfg(test)]
mod tests;
