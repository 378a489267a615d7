//! Any bytes on an access controller's bus. The check, and what it promises, is `parsers`'s.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parsers::osdp(input));
