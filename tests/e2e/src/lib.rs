//! Where the tests of host and board together find firmware, model images and pictures.
//!
//! All of them are made by `cargo xtask test` before it runs a test; what is missing says so.
#![forbid(unsafe_code)]

use std::path::{Path, PathBuf};

use client::Machine;
use imaging::{CameraFrame, Photo};

/// The conformance suite built for a board.
///
/// # Panics
/// It was not built.
pub fn conformance(machine: Machine) -> PathBuf {
    let elf = machine.built_firmware().map(|firmware| firmware.with_file_name("conformance"));
    let elf = elf.filter(|elf| elf.is_file());
    elf.unwrap_or_else(|| panic!("no conformance suite for {}: run `cargo xtask test`", machine.name()))
}

/// The image of the model `name`.
///
/// # Panics
/// It was not compiled.
pub fn image(name: &str) -> Vec<u8> {
    let path = cache(&format!("images/{name}.pstn"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}: run `cargo xtask test`", path.display()))
}

/// A picture that setup fetched, before the door's camera.
///
/// # Panics
/// It was not fetched.
pub fn frame(name: &str) -> CameraFrame {
    let path = cache(&format!("pictures/{name}"));
    let photo = Photo::open(&path).unwrap_or_else(|error| panic!("{error}: run `cargo xtask test`"));
    photo.to_frame(vision::PixelFormat::Yuyv)
}

fn cache(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../.cache").join(path)
}
