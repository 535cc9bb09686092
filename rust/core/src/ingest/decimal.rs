//! Exact numbers from text: decimal text to integers in units of 1e-9, without floats.
//!
//! The accepted form is digits, optionally a point with digits on both sides of it, and a leading
//! minus where a sign is allowed. White space, a plus, an exponent, `nan` and an empty field are
//! errors. Digits finer than 1e-9 are cut off (towards zero), but must still be digits.

use std::fmt;

/// How many of our units (1e-9) make one.
pub const UNITS_PER_ONE: u64 = 1_000_000_000;

/// Digits after the point that are kept.
const KEPT_DECIMALS: u32 = 9;

/// Why a text is not a number that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DecimalError {
    /// Nothing where a number was expected.
    Empty,
    /// White space in or around the number.
    WhiteSpace,
    /// Some other character.
    NotANumber,
    /// A point where an integer was expected.
    NotAnInteger,
    /// A sign where none is allowed.
    Sign,
    /// A number that does not fit its field.
    Overflow,
}

impl fmt::Display for DecimalError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Empty => "empty, expected a number",
            Self::WhiteSpace => "white space in a number",
            Self::NotANumber => "not a number",
            Self::NotAnInteger => "expected an integer",
            Self::Sign => "a sign where only a non-negative number is allowed",
            Self::Overflow => "does not fit its 64-bit field",
        })
    }
}

impl std::error::Error for DecimalError {}

/// Says why `text`, which is not a plain number, was refused.
#[cold]
fn refused(text: &[u8]) -> DecimalError {
    if text.is_empty() {
        DecimalError::Empty
    } else if text.iter().any(u8::is_ascii_whitespace) {
        DecimalError::WhiteSpace
    } else {
        DecimalError::NotANumber
    }
}

/// Appends a run of digits to `value`; `None` if it overflows, `Err` at anything else than a digit.
#[inline]
fn digits(text: &[u8], mut value: u64) -> Result<Option<u64>, ()> {
    let mut fits = true;
    for &byte in text {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return Err(());
        }
        match value
            .checked_mul(10)
            .and_then(|v| v.checked_add(u64::from(digit)))
        {
            Some(next) => value = next,
            None => fits = false,
        }
    }
    Ok(fits.then_some(value))
}

/// A non-negative integer.
///
/// # Errors
/// If the text is not digits only, or does not fit.
#[inline]
pub fn parse_u64(text: &[u8]) -> Result<u64, DecimalError> {
    if text.is_empty() {
        return Err(DecimalError::Empty);
    }
    match digits(text, 0) {
        Ok(value) => value.ok_or(DecimalError::Overflow),
        Err(()) => Err(refused_integer(text, false)),
    }
}

/// An integer with an optional leading minus.
///
/// # Errors
/// If the text is not an integer, or does not fit.
#[inline]
pub fn parse_i64(text: &[u8]) -> Result<i64, DecimalError> {
    let (negative, magnitude) = split_sign(text);
    if magnitude.is_empty() {
        return Err(refused(text));
    }
    match digits(magnitude, 0) {
        Ok(Some(value)) => signed(value, negative),
        Ok(None) => Err(DecimalError::Overflow),
        Err(()) => Err(refused_integer(text, true)),
    }
}

/// A non-negative decimal in units of 1e-9, cut off beyond them.
///
/// # Errors
/// If the text is not such a decimal, or does not fit.
#[inline]
pub fn parse_u64_e9(text: &[u8]) -> Result<u64, DecimalError> {
    parse_u64_scaled(text, KEPT_DECIMALS)
}

/// A non-negative decimal in units of 10^-`decimals` (at most 18), cut off beyond them.
///
/// # Errors
/// If the text is not such a decimal, or does not fit.
#[inline]
pub fn parse_u64_scaled(text: &[u8], decimals: u32) -> Result<u64, DecimalError> {
    if text.first() == Some(&b'-') {
        let body = &text[1..];
        return Err(scaled(body, decimals).map_or_else(|_| refused(text), |_| DecimalError::Sign));
    }
    scaled(text, decimals)?.ok_or(DecimalError::Overflow)
}

/// A decimal with an optional leading minus in units of 1e-9, cut off towards zero beyond them.
///
/// # Errors
/// If the text is not such a decimal, or does not fit.
#[inline]
pub fn parse_i64_e9(text: &[u8]) -> Result<i64, DecimalError> {
    parse_i64_scaled(text, KEPT_DECIMALS)
}

/// A decimal with an optional leading minus in units of 10^-`decimals` (at most 18), cut off towards
/// zero beyond them.
///
/// # Errors
/// If the text is not such a decimal, or does not fit.
#[inline]
pub fn parse_i64_scaled(text: &[u8], decimals: u32) -> Result<i64, DecimalError> {
    let (negative, magnitude) = split_sign(text);
    match scaled(magnitude, decimals) {
        Ok(Some(value)) => signed(value, negative),
        Ok(None) => Err(DecimalError::Overflow),
        Err(_) => Err(refused(text)),
    }
}

#[inline]
fn split_sign(text: &[u8]) -> (bool, &[u8]) {
    match text.split_first() {
        Some((b'-', rest)) => (true, rest),
        _ => (false, text),
    }
}

#[inline]
fn signed(magnitude: u64, negative: bool) -> Result<i64, DecimalError> {
    let value = if negative {
        0_i64.checked_sub_unsigned(magnitude)
    } else {
        magnitude.try_into().ok()
    };
    value.ok_or(DecimalError::Overflow)
}

#[cold]
fn refused_integer(text: &[u8], sign_allowed: bool) -> DecimalError {
    let (negative, magnitude) = split_sign(text);
    match scaled(magnitude, KEPT_DECIMALS) {
        Ok(_) if negative && !sign_allowed => DecimalError::Sign,
        Ok(_) => DecimalError::NotAnInteger,
        Err(_) => refused(text),
    }
}

/// An unsigned decimal times 10^`decimals`; `None` if that does not fit 64 bits.
#[inline]
fn scaled(text: &[u8], decimals: u32) -> Result<Option<u64>, DecimalError> {
    let Some(point) = text.iter().position(|&b| b == b'.') else {
        if text.is_empty() {
            return Err(DecimalError::Empty);
        }
        let whole = digits(text, 0).map_err(|()| refused(text))?;
        return Ok(whole.and_then(|w| w.checked_mul(10_u64.pow(decimals))));
    };
    let (whole, fraction) = (&text[..point], &text[point + 1..]);
    if whole.is_empty() || fraction.is_empty() {
        return Err(refused(text));
    }
    let (kept, cut) = fraction.split_at(fraction.len().min(decimals as usize));
    if !cut.iter().all(u8::is_ascii_digit) {
        return Err(refused(text));
    }
    let value = digits(whole, 0).map_err(|()| refused(text))?;
    // Validated even where the whole part already overflowed: a bad character comes first.
    let value = digits(kept, value.unwrap_or(0))
        .map_err(|()| refused(text))?
        .filter(|_| value.is_some());
    let missing = decimals - kept.len() as u32;
    Ok(value.and_then(|v| v.checked_mul(10_u64.pow(missing))))
}

#[cfg(test)]
#[path = "decimal_tests.rs"]
mod tests;
