//! Any bytes on the line. The check and its contract are in `parsers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parsers::deframe(input));
