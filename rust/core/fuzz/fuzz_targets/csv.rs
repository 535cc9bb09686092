//! A table whose columns are found by name or, as the first byte says, by position: events or an error.
#![no_main]

#[path = "../../tests/hostile/mod.rs"]
mod hostile;

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    if let Some((&choice, table)) = data.split_first() {
        hostile::load_table(choice, table);
    }
});
