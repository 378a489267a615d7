//! Computations that must give the same bytes on a board and on the host.
//!
//! The same code runs on each emulated board, on real hardware and on the host. [`suite`] runs every kernel on
//! pseudo-random shapes and prints a checksum for each; the expected lines are in `expected/kernels.txt`. [`parsers`]
//! does the same for parsers of foreign bytes, which must not depend on the width of the processor's words. [`job`]
//! runs real networks on real pictures that the host writes into the board's memory (`emulator::measure`); the
//! result must equal the host's.
#![no_std]
#![forbid(unsafe_code)]

pub mod job;
pub mod parsers;
pub mod random;
mod recognize;
mod status;
pub mod suite;
mod text;
