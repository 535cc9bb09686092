//! Whatever the bytes, plain or compressed, with the format to be found: events or an error.
#![no_main]

#[path = "../../tests/hostile/mod.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|data: &[u8]| hostile::load(None, data));
