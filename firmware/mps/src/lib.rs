//! Drivers of the Arm MPS boards, as far as the emulator models them.
//!
//! The MPS2 and MPS3 are FPGA boards: the same CMSDK and FPGAIO peripherals at other addresses,
//! so a board crate gives the addresses and the interrupt vectors, and everything else is here.
//! What a door has and an MPS board does not (camera, button, NOR flash that lasts) lies in the
//! memory that the emulator shares with its host, see the crate `emulation`. What the emulator
//! does not have, the door does without: it has no source of random numbers.
//!
//! Where `app` has a trait for what a driver does (camera, watchdog, model slots), the driver
//! implements it, as it does those of embedded-hal.
#![no_std]
#![deny(unsafe_op_in_unsafe_fn)]

pub mod log;
pub mod uart;

pub mod clock;
pub mod cmsdk_timer;
pub mod sse_counter;

pub mod fault;
pub mod fpgaio;
pub mod interrupt;
pub mod reset;
pub mod watchdog;

pub mod camera;
pub mod flash;
pub mod window;

mod register;
