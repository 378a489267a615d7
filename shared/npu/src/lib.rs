//! The NPU section of a model image, the proof that its commands stay inside, and the driver that runs it.
//!
//! An Ethos-U55 has no memory protection: its command stream can read and write wherever the bus leads. So
//! [`Section::read`] walks through the stream once, before anything runs, with the registers as the NPU would have them, and
//! refuses it unless every command reads only the data and the scratch, and writes only the scratch and the memory in the
//! NPU. What the checker does not know, a command, a register, a bit of it, a format, is refused by name.
//!
//! A section computes one network. It is read with the network's identity and sizes, and refused with another's.
//!
//! [`Npu`] runs a section that was read, over the registers of a board's [`bus::NpuBus`]; [`chip_bus`] makes one of the
//! description of a chip. [`StreamMemory`] keeps the stream
//! where only the board can change it.
//!
//! [`format`] draws the section, [`stream`] the commands.
#![no_std]
#![forbid(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

pub mod bus;
pub mod chip_bus;
pub mod chips;
pub mod format;
pub mod register;
pub mod stream;

mod accelerator;
mod check;
mod driver;
mod error;
mod fault;
mod memory;
mod section;

pub use accelerator::{ACCELERATORS, Accelerator};
pub use driver::Npu;
pub use error::{Error, Part};
pub use fault::Fault;
pub use memory::StreamMemory;
pub use section::{Network, Section};
