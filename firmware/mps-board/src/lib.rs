//! The firmware of an Arm MPS board, over a description of it (`mps_registers::an547`, `an500`).
//!
//! Two executors at two interrupt priorities run the door. The higher one has what must be in time: bytes,
//! button, watchdog and the lock. The lower one has pictures, networks, requests and flash. Thread mode sleeps.
//!
//! A board's binary is [`board!`] with its description, and the memory for its linker.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

mod macros;
mod npu;
mod start;
mod system;

pub use npu::played_npu;
pub use start::{ARENA_BYTES, Drivers, FindNpu, Further, Serial, executors, run};
pub use system::System;

/// What [`board!`] needs of other crates.
#[doc(hidden)]
pub mod reexport {
    pub use {cortex_m, cortex_m_rt, defmt, door, embassy_time, embassy_time_driver, heapless, mps};
    pub use {mps_registers, nn, static_cell};
}
