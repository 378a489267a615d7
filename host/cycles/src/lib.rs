//! Estimated cycles of a Cortex-M55 and a Cortex-M7, low and high, from what an emulator executed.
//!
//! ```text
//! Program      the code of a firmware, from its ELF file
//! decode       what a pipeline must know of an instruction
//! Trace        which blocks ran, how often, and after which: from the log of QEMU
//! m55, m7      pipelines with low and high assumptions
//! estimate     cycles of each part of a trace
//! ```
//! An instruction count says little about time: an instruction that loads seven words counts as one. Each block is
//! therefore simulated after the blocks that most often came before it, so that overlaps across blocks and the steady
//! state of loops count. docs/performance.md lists the assumptions and what each is worth.
#![forbid(unsafe_code)]

pub mod decode;
mod error;
mod estimate;
pub mod instruction;
pub mod m55;
pub mod m7;
pub mod pipeline;
mod program;
pub mod registers;
mod trace;

pub use error::Error;
pub use estimate::{Core, Cost, estimate, weigh};
pub use program::Program;
pub use trace::{Entry, Trace};
