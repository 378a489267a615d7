//! Firmware, model images and pictures for the tests that run host and emulated board together.
//!
//! `cargo xtask test` makes all of them before it runs a test. A test names what it needs with `fixtures::need!`.
#![forbid(unsafe_code)]

mod spoilt;

use std::path::PathBuf;

use client::{Applicant, Credentials, Device, Signer, Step, Transport};
use emulator::Machine;
use imaging::{CameraFrame, Photo};
use protocol::{ModelKind, Role};
use simulated_door::Wires;

pub use spoilt::spoilt;

/// The conformance suite built for a board.
///
/// # Panics
/// It was not built.
pub fn conformance(machine: Machine) -> PathBuf {
    let elf = emulator::built_conformance(machine);
    let elf = elf.filter(|elf| elf.is_file());
    elf.unwrap_or_else(|| panic!("no conformance suite for {}: run `cargo xtask test`", machine.name()))
}

/// The image of the model `name`.
///
/// # Panics
/// It was not compiled.
pub fn image(name: &str) -> Vec<u8> {
    let path = models::image(name).unwrap_or_else(|error| panic!("{name}: {error}: run `cargo xtask test`"));
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The image of the model `name` with a section for an NPU, which Vela makes.
///
/// # Panics
/// Vela is not there, or fails.
pub fn with_section(name: &str, accelerator: &str) -> Vec<u8> {
    let path = models::image(name).expect("an image");
    let file = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let aligned = compiler::image::Aligned::new(&file);
    let image = npu::Image::read(aligned.bytes()).expect("an image");
    let section = npu::compile(&image, accelerator, &fixtures::cache(npu::vela::FOLDER)).expect("compiled");
    compiler::image::with_npu(&file, &section).expect("an image with a section")
}

/// A picture that setup fetched, as a camera frame.
///
/// # Panics
/// It was not fetched.
pub fn frame(name: &str) -> CameraFrame {
    let path = fixtures::cache(&format!("pictures/{name}"));
    let photo = Photo::open(&path).unwrap_or_else(|error| panic!("{error}: run `cargo xtask test`"));
    photo.to_frame(vision::PixelFormat::Yuyv)
}

/// Becomes the installer of a door in memory, and installs its models.
///
/// # Panics
/// The door refuses.
pub fn pair_and_flash(
    line: Box<dyn Transport>,
    wires: &Wires,
    signer: &Signer,
    models: &[(ModelKind, &str)],
) -> Credentials {
    let mut device = Device::over(line).expect("it answers");
    let applicant =
        Applicant { role: Role::Installer, label: "test", signer: Some(signer.public()), host_key: None };
    let paired = device.pair(&applicant, &mut |step| {
        wires.press_pairing(matches!(step, Step::Press | Step::Confirm));
        Ok(())
    });
    wires.press_pairing(false);
    for (kind, name) in models {
        device.install_model(*kind, &image(name), signer, &mut |_, _| {}).expect("it takes the model");
    }
    paired.expect("it is paired").credentials
}
