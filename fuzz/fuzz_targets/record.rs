//! Any change to the boot record's flash. The check, and what it promises, is `parsers`'s.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parsers::record(input));
