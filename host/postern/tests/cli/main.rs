//! The command line as a user runs it, without a board and with emulated ones.
//!
//! The boards run the firmware that `cargo xtask firmware` built, with the models that
//! `postern compile` wrote; `cargo xtask test` sees to both first.

mod bench;
mod door;
mod errors;
mod keys;
mod log;
mod osdp;
mod policy;
mod power;
mod report;
mod training;
mod update;
