//! What a board must compute exactly as the host does.
//!
//! The same code runs in three places: on each emulated board, on real hardware, and on the
//! host. [`suite`] runs every kernel on pseudo-random shapes and prints a checksum for each; the
//! lines are in `expected/kernels.txt`. [`job`] runs real networks on real pictures that a test
//! puts into the board's memory, where nothing but equality with the host's result can be
//! expected.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(not(target_os = "none"))]
extern crate std;

#[cfg(not(target_os = "none"))]
pub mod host;
pub mod job;
pub mod random;
mod recognize;
pub mod suite;
mod text;
