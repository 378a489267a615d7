//! The registers of the Arm MPS boards: where they are ([`an547`], [`an500`]), and how they behave.
//!
//! Everything here works over the trait [`Register`], so that the host can test it with registers of its own.
//! There are no tasks, no locks and no log: the crate `mps` makes drivers of this, and the boot loader uses it
//! as it is.
//!
//! # Invariants
//! - Every address and interrupt line of a board stands once, in its description.
//! - Nothing here depends on another package than the maps of the memory.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod an500;
pub mod an547;
mod board;
mod register;

pub mod cmsdk_timer;
pub mod counter;
pub mod eeprom;
pub mod fuses;
pub mod interrupt;
pub mod log_ring;
pub mod mpu;
pub mod npu;
pub mod sse_counter;
pub mod uart;
pub mod volumes;
pub mod watchdog;
pub mod wiegand;

#[cfg(test)]
mod fake;

pub use board::{Board, Lines, UART_CLOCK_HZ};
pub use register::{Mmio, Register};
