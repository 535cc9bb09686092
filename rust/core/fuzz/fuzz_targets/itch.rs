//! Whatever the bytes, read as itch: events or an error.
#![no_main]

#[path = "../../tests/hostile/mod.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    hostile::load(Some(tickpath_core::ingest::Kind::Itch), data);
});
