//! The conformance suite as a board binary.
//!
//! Without a job in the shared memory it prints the kernel suite over semihosting; with a job it runs the job. The
//! exit code is zero on success. The host's side is `emulator::measure`.
#![cfg_attr(target_os = "none", no_std, no_main)]

#[cfg(target_os = "none")]
mod board;

#[cfg(target_os = "none")]
mod npu;

/// This binary is for a board; the host's program of this name is the crate `emulator`'s.
#[cfg(not(target_os = "none"))]
fn main() {}
