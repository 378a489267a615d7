//! Any change to the boot record's flash. The check and its contract are in `parsers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parsers::record(input));
