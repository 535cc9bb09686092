//! Whatever the bytes of an encoded histogram: counts or an error, and no more memory than a histogram has.
#![no_main]

use tickpath_core::metrics::{Basis, LatencyHistogram, from_v2};

/// The counts of five digits for any latency, and what is decompressed; the most there is.
const HELD_BYTES_MAX: u64 = 80 << 20;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let mut read = None;
    let held = allocation_counter::measure(|| read = Some(from_v2(data))).bytes_max;
    assert!(held <= HELD_BYTES_MAX, "{held} bytes held at once");
    match read.expect("read") {
        Ok(counts) => {
            let read = LatencyHistogram::from_hdr(&counts, None, Basis::Observed);
            assert_eq!(read.count(), counts.len());
            assert!(read.min_ns() <= read.percentile(0.5).max(read.min_ns()));
        }
        Err(e) => assert!(!e.to_string().contains('\n'), "{e}"),
    }
});
