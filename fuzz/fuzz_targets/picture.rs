//! Any photograph's file. The check and its contract are in `parsers`.
//!
//! A decoder's panic is caught and made an error, so it must not end the fuzzer as its hook would have it;
//! a panic of the check itself does.
#![no_main]

libfuzzer_sys::fuzz_target!(
    init: std::panic::set_hook(Box::new(|_| ())),
    |input: &[u8]| parsers::picture(input)
);
