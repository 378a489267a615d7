//! The command line as a user runs it, without a board and with emulated ones.
//!
//! The boards run the firmware that `cargo xtask firmware` built, with the models that `postern compile` wrote;
//! `cargo xtask test` makes both first. A test that lacks something is skipped with a line (`fixtures`).

mod bench;
mod boards;
#[cfg(feature = "bridge")]
mod bridge;
mod compile;
#[cfg(feature = "console")]
mod console;
mod copies;
mod door;
mod errors;
#[cfg(feature = "bridge")]
mod fleet;
mod fleet_setup;
mod float;
mod installed;
mod keys;
mod linux;
mod linux_camera;
mod linux_parts;
mod liveness;
mod log;
mod npu;
mod opening;
mod osdp;
mod outputs;
mod pages;
mod pairing;
mod people;
mod policy;
mod power;
mod reasons;
mod report;
mod training;
mod turns;
mod update;
