//! Conformance suite: computations that must give the same bytes on a board and on the host.
//!
//! The same code runs on each emulated board, on real hardware, and on the host. [`suite`] runs every kernel
//! on pseudo-random shapes and prints a checksum for each; the expected lines are in `expected/kernels.txt`.
//! [`job`] runs real networks on real images that a test writes to the memory of the board; their outputs
//! must equal those of the host.
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
