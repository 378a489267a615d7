//! A model image for an Ethos-U: TOSA, Arm's compiler Vela, and the NPU section of the image.
//!
//! The section holds what the NPU runs instead of the operators, with the same bytes as result. It lies outside of the
//! identity of the image, so templates do not depend on where they were made. [`lower`] has the form of each operator.
//! `docs/npu.md` says what was compared with what.
#![forbid(unsafe_code)]

use std::path::Path;

mod convolution;
mod error;
mod graph;
mod image;
mod network;
mod npz;
mod record;

pub mod lower;
pub mod sum;
pub mod tosa;
pub mod vela;

mod section;

pub use error::Error;
pub use image::Image;
pub use network::{network, section};

/// The NPU section of `image`, an image at a multiple of 16 bytes that the engine takes, for `accelerator`, by the Vela in
/// `folder`. The section was read back, and its commands were checked.
///
/// # Errors
/// See [`Error`].
pub fn compile(image: &Image, accelerator: &str, folder: &Path) -> Result<Vec<u8>, Error> {
    let network = tosa::write(&lower::network(image)?);
    section::write(&vela::compile(&network, accelerator, folder)?, accelerator, image)
}
