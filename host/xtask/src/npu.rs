//! `cargo xtask npu`: every network on the NPU, byte for byte.
//!
//! The test command compares the small networks. This compares all of them, the large ones too, for both accelerators: the
//! engine, the stream in the functional model, Arm's TOSA reference model, and an emulated AN547 that drives the NPU. It takes
//! some minutes.

use crate::{firmware, images, process, setup, workspace};

/// Compares all networks.
///
/// # Errors
/// Something cannot be installed or built, or a byte differs.
pub fn run() -> anyhow::Result<()> {
    setup::for_npu()?;
    images::compile()?;
    firmware::build_all()?;
    // Of the tests with an emulated board only those with an NPU.
    for (test, filter) in [("equal", ""), ("equality", "npu")] {
        let mut cargo = process::cargo();
        cargo.args(["test", "--release", "--test", test, "--", "--nocapture", filter]);
        cargo.env("POSTERN_NPU", "all").env("POSTERN_REQUIRE", "1").current_dir(workspace::root());
        process::shown(&mut cargo)?;
    }
    Ok(())
}
