//! Events that can be checked by themselves: a sequence, words of four patterns in turn, and a checksum over them all.

use tickpath_core::bus::Payload;

/// Odd, so that no bit of a word is without effect, and another one for each place: words that change places show.
const WEIGHTS: [u64; 6] = [
    0x9E37_79B9_7F4A_7C15,
    0xC2B2_AE3D_27D4_EB4F,
    0x1656_67B1_9E37_79F9,
    0x85EB_CA77_C2B2_AE63,
    0x27D4_EB2F_1656_67C5,
    0xD6E8_FEB8_6659_FD93,
];

/// Over `words`, at most six, under this key.
#[inline]
pub(crate) fn checksum(words: &[u64], key: u64) -> u64 {
    let weighed = words.iter().zip(WEIGHTS);
    weighed.fold(key, |sum, (word, weight)| {
        sum.wrapping_add((word ^ key).wrapping_mul(weight).rotate_left(29))
    })
}

/// Event `seq`: neighbours have words of other patterns, in which halves and bits of a mixture show.
#[inline]
pub(crate) fn event(seq: u64, key: u64) -> Payload {
    let word = |place: u64| match seq & 3 {
        0 => (seq ^ key).wrapping_add(place).wrapping_mul(WEIGHTS[0]),
        1 => 0_u64.wrapping_sub((seq >> 2) & 1),
        2 => 1 << ((seq >> 2).wrapping_add(place) & 63),
        _ => seq ^ 0_u64.wrapping_sub(place & 1),
    };
    let mut words = [seq, word(1), word(2), word(3), word(4), word(5), 0];
    words[6] = checksum(&words[..6], key);
    words
}

/// Whether the words of an event belong together.
#[inline]
pub(crate) fn is_whole(payload: &Payload, key: u64) -> bool {
    payload[6] == checksum(&payload[..6], key)
}
