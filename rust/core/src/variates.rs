//! Random numbers by distribution, from one pinned generator: the same seed gives the same numbers on
//! every machine, because the logarithm and its kin come from the `libm` crate.

use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::RngCore;

/// Uniform in (0, 1], with 53 bits; never 0, so that its logarithm is finite.
#[inline]
pub(crate) fn uniform(rng: &mut Xoshiro256PlusPlus) -> f64 {
    ((rng.next_u64() >> 11) + 1) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A standard exponential variate: `-ln(u)`, exactly 0 with a chance of 2⁻⁵³.
#[inline]
pub(crate) fn exponential(rng: &mut Xoshiro256PlusPlus) -> f64 {
    -libm::log(uniform(rng))
}

/// A standard normal variate: Box and Muller, "A note on the generation of random normal deviates",
/// 1958; the cosine half of each pair, so that one draw is always two numbers of the generator.
#[inline]
pub(crate) fn normal(rng: &mut Xoshiro256PlusPlus) -> f64 {
    let radius = libm::sqrt(2.0 * exponential(rng));
    radius * libm::cos(core::f64::consts::TAU * uniform(rng))
}

/// Uniform below `bound`, which is at least 1, without a division (Lemire, "Fast random integer
/// generation in an interval", 2019; the bias of at most bound / 2⁶⁴ is left).
#[inline]
pub(crate) fn below(rng: &mut Xoshiro256PlusPlus, bound: usize) -> usize {
    ((u128::from(rng.next_u64()) * bound as u128) >> 64) as usize
}
