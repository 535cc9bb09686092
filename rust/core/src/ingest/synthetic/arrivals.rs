//! When events happen: the clock that turns gaps into integer stamps, and the two memoryless models.

use rand_xoshiro::Xoshiro256PlusPlus;

use crate::variates::exponential;

/// A stream of stamps, the first 0, never decreasing.
pub(super) trait Arrivals {
    /// The next stamp in nanoseconds; `None` when it does not fit 64 bits.
    fn next_ns(&mut self) -> Option<u64>;
}

/// Adds gaps given as floating-point nanoseconds without losing any of their fractions.
///
/// Whole nanoseconds are kept as an integer and only the fraction (below 1) as a float, so the
/// resolution is the same after a day as in the first second.
#[derive(Debug, Default)]
pub(super) struct StampClock {
    whole_ns: u64,
    fraction_ns: f64,
}

impl StampClock {
    /// Moves on by `gap_ns` ≥ 0 and returns the stamp; `None` when it does not fit 64 bits.
    pub(super) fn advance(&mut self, gap_ns: f64) -> Option<u64> {
        let total = self.fraction_ns + gap_ns;
        // 2⁶⁴ itself: everything below it converts exactly.
        if total >= 18_446_744_073_709_551_616.0 {
            return None;
        }
        let whole = total as u64;
        self.fraction_ns = total - whole as f64;
        self.whole_ns = self.whole_ns.checked_add(whole)?;
        Some(self.whole_ns)
    }
}

/// Independent arrivals: exponential gaps.
#[derive(Debug)]
pub(super) struct Poisson {
    mean_gap_ns: f64,
    clock: StampClock,
    started: bool,
    rng: Xoshiro256PlusPlus,
}

impl Poisson {
    pub(super) fn new(rate_hz: f64, rng: Xoshiro256PlusPlus) -> Self {
        Self {
            mean_gap_ns: 1e9 / rate_hz,
            clock: StampClock::default(),
            started: false,
            rng,
        }
    }
}

impl Arrivals for Poisson {
    fn next_ns(&mut self) -> Option<u64> {
        if !self.started {
            self.started = true;
            return Some(0);
        }
        let gap_ns = exponential(&mut self.rng) * self.mean_gap_ns;
        self.clock.advance(gap_ns)
    }
}

/// Stamp `i` is exactly `floor(i · 10⁹ / rate_hz)`.
///
/// `rate_hz` is a double, hence a fraction `m / 2ˢ`; the gap is `10⁹ · 2ˢ / m`, and a remainder
/// carried from stamp to stamp keeps it exact, as a line is drawn on a raster.
#[derive(Debug)]
pub(super) struct Constant {
    gap_whole_ns: u64,
    gap_remainder: u128,
    denominator: u128,
    next_ns: Option<u64>,
    carried: u128,
}

impl Constant {
    /// `rate_hz` must lie in [10⁹ / 9.2e18, 10⁹]: then every shift below fits 128 bits.
    pub(super) fn new(rate_hz: f64) -> Self {
        let bits = rate_hz.to_bits();
        // In that range the number is normal: 52 stored bits and a hidden one; the exponent puts
        // the point `shift` bits from the right, 23 (for 10⁹) to 86 (for 1.1e-10) of them.
        let mantissa = (bits & ((1 << 52) - 1)) | (1 << 52);
        let shift = 1075 - (bits >> 52);
        let numerator = 1_000_000_000u128 << shift;
        let denominator = u128::from(mantissa);
        Self {
            gap_whole_ns: (numerator / denominator) as u64,
            gap_remainder: numerator % denominator,
            denominator,
            next_ns: Some(0),
            carried: 0,
        }
    }
}

impl Arrivals for Constant {
    fn next_ns(&mut self) -> Option<u64> {
        let now = self.next_ns?;
        self.carried += self.gap_remainder;
        let carry = self.carried >= self.denominator;
        if carry {
            self.carried -= self.denominator;
        }
        self.next_ns = now
            .checked_add(self.gap_whole_ns)
            .and_then(|ns| ns.checked_add(u64::from(carry)));
        Some(now)
    }
}
