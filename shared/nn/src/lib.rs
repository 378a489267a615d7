//! Model image format, memory plan and interpreter. A network runs in place from flash.
//!
//! [`format`] draws the image byte by byte. [`Model::load`] checks all of it once: sizes, offsets, shapes,
//! ranges of scales, that no operator overwrites its own input, and the SHA-256. After that [`Model::run`]
//! uses no unchecked number and copies no weights, and fails only if the arena is too small or misaligned.
#![no_std]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate std;

#[cfg(target_endian = "big")]
compile_error!("model images are little endian and are used in place");

pub mod bands;
pub mod format;

mod arena;
mod check;
mod error;
mod half;
mod load;
mod model;
mod operator;

pub use arena::Arena;
pub use error::{Error, Part};
pub use kernels::Shape;
pub use model::{Model, Output, Outputs};
pub use operator::Operator;
