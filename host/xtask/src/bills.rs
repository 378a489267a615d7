//! `cargo xtask sbom`, which starts this program again with the library that writes bills of materials.
//!
//! No other task needs that library and the 13 others that it brings, and compiling them took the first `cargo xtask` of a fresh clone
//! longer than any other library. So they are a feature.

/// The feature with the library, for cargo.
pub const FEATURE: [&str; 2] = ["--features", "postern-xtask/sbom"];

#[cfg(feature = "sbom")]
pub use crate::sbom::run;

/// Builds the firmware, and writes a bill for each program.
///
/// # Errors
/// cargo fails, or the task does.
#[cfg(not(feature = "sbom"))]
pub fn run() -> anyhow::Result<()> {
    let mut cargo = crate::process::cargo();
    cargo.args(["run", "--release", "--bin", "xtask"]).args(FEATURE).args(["--", "sbom"]);
    crate::process::shown(cargo.current_dir(crate::workspace::root()))
}
