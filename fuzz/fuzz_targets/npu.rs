//! Any NPU section. The check and its contract are in `parsers`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| parsers::npu(input));
