#![no_main]
//! Whatever the bytes of an encoded histogram: counts or an error, and no more memory than a histogram has.

use tickpath_core::metrics::{Basis, LatencyHistogram, from_v2};

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    match from_v2(data) {
        Ok(counts) => {
            let read = LatencyHistogram::from_hdr(&counts, None, Basis::Observed);
            assert_eq!(read.count(), counts.len());
            assert!(read.min_ns() <= read.percentile(0.5).max(read.min_ns()));
        }
        Err(e) => assert!(!e.to_string().contains('\n'), "{e}"),
    }
});
