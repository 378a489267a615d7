//! Any bytes in a slot of firmware. The check, and what it promises, is `parsers`'s.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parsers::firmware(input));
