//! Any contents of a gallery's records. The check, and what it promises, is `parsers`'s.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parsers::records(input));
