//! Emulated boards: their folder, their process, their memory, and what their sensors see.
//!
//! ```text
//! Board      an emulated board: its folder, its process, its memory
//! Folder     the files of one board
//! Memory     the memory that host and board share: flash, camera, pins, keypad
//! Camera     the picture in front of the emulated camera
//! Doorstep   shows pictures to the door and reports its decision
//! PlayedNpu  the NPU of a board, which a process plays
//! Log        the board's defmt log, decoded with its firmware
//! qemu       the command line that starts the emulator; the only place that does
//! executed   which blocks of a job ran, and estimated cycles
//! measure    kernels and networks on a board, compared with the host and counted
//! ```
//! A board is a process that outlives the command that started it; everything known about it is in one
//! folder. Its memory is a file, which the host reads and writes with ordinary file operations. The
//! emulator maps the same pages, so both sides see one memory, and no unsafe code is needed.
#![forbid(unsafe_code)]

mod board;
mod built;
mod camera;
mod doorstep;
mod error;
pub mod executed;
mod log;
pub mod measure;
mod memory;
mod npu;
mod pose;
mod qemu;

pub use board::{Board, Folder, Launch, PlayedNpu, State, accelerator, in_turns};
pub use built::{built_conformance, built_firmware, built_loader, install_firmware};
pub use camera::{Camera, Seen};
pub use client::Machine;
pub use doorstep::{Decision, Doorstep};
pub use error::Error;
pub use log::{Log, LogLine};
pub use memory::{Memory, Shown};
pub use npu::play as play_npu;
pub use pose::show;
pub use qemu::EMULATOR;

/// Short for a result of this crate.
pub type Result<T> = core::result::Result<T, Error>;
