//! Which compiler builds for a board.
//!
//! Where rustup has the target, the workspace's own toolchain does. Where rustup is absent or its
//! server cannot be reached, Debian's compiler does, which ships the sources of `core`: cargo
//! then builds `core` and `alloc` too (`-Zbuild-std`), and LLVM's linker comes from Debian.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use crate::{process, workspace};

/// The boards' targets.
pub const TARGETS: [&str; 2] = ["thumbv8m.main-none-eabihf", "thumbv7em-none-eabihf"];

/// Debian's packages that together build for a target.
pub const DEBIAN_PACKAGES: [&str; 4] = ["rustc-web", "cargo-web", "rust-web-src", "lld"];

/// rustup downloads some 30 MB; a server that has sent nothing for this long will not.
const RUSTUP_LIMIT: Duration = Duration::from_secs(20);

/// How long the answer "rustup cannot fetch" is believed.
const REMEMBER: Duration = Duration::from_secs(7 * 24 * 3600);

/// The oldest compiler that builds this workspace, as the root Cargo.toml says.
const MINIMUM: (u32, u32) = (1, 95);

/// A compiler for a board's target.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Provider {
    /// The toolchain that runs this task, with the target's libraries.
    Rustup,
    /// Debian's, with `core` built from source.
    Debian,
}

impl Provider {
    /// The provider that can build for `target` now, if any.
    pub fn of(target: &str) -> Option<Self> {
        if has_libraries(target) {
            Some(Self::Rustup)
        } else if debian_is_ready() {
            Some(Self::Debian)
        } else {
            None
        }
    }

    /// The version of its compiler, as "1.95".
    pub fn version(self) -> Option<String> {
        version(self.rustc()).map(|(major, minor)| format!("{major}.{minor}"))
    }

    fn rustc(self) -> &'static str {
        match self {
            Self::Rustup => "rustc",
            Self::Debian => "/usr/bin/rustc",
        }
    }

    /// Where the sources of `core` lie if they are installed, and the name that the compiler gives them otherwise.
    pub fn core_sources(self) -> Option<(PathBuf, String)> {
        let printed = process::captured(Command::new(self.rustc()).arg("-vV"), None).ok()?;
        let commit = printed.lines().find_map(|line| line.strip_prefix("commit-hash: "))?;
        Some((sysroot(self.rustc())?.join("lib/rustlib/src/rust"), format!("/rustc/{commit}")))
    }

    /// A `cargo build` for `target` by this provider.
    pub fn build(self, target: &str) -> Command {
        match self {
            Self::Rustup => {
                let mut cargo = process::cargo();
                cargo.arg("build").args(["--target", target]);
                cargo
            }
            Self::Debian => {
                let linker =
                    format!("CARGO_TARGET_{}_LINKER", target.to_uppercase().replace(['-', '.'], "_"));
                let mut cargo = Command::new("/usr/bin/cargo");
                cargo
                    .env("RUSTC", "/usr/bin/rustc")
                    .env("RUSTC_BOOTSTRAP", "1")
                    .env(linker, "ld.lld")
                    .env_remove("RUSTUP_TOOLCHAIN")
                    .args(["build", "-Zbuild-std=core,alloc", "--target", target]);
                cargo
            }
        }
    }
}

/// Asks rustup for `targets`; what came of it is remembered, so that a machine which cannot reach
/// rustup's server waits for it once.
///
/// # Errors
/// rustup is absent, fails, or does not answer in time.
pub fn add_by_rustup(targets: &[&str]) -> anyhow::Result<()> {
    let memory = workspace::cache("setup/rustup-unreachable");
    if let Ok(age) = age_of(&memory)
        && age < REMEMBER
    {
        anyhow::bail!("rustup did not answer before ({} says so)", memory.display());
    }
    let what = format!("asking rustup for {} (at most {} s)", targets.join(", "), RUSTUP_LIMIT.as_secs());
    let result = process::quiet(
        &what,
        Command::new("rustup").args(["target", "add"]).args(targets),
        Some(RUSTUP_LIMIT),
    );
    if let Err(error) = &result {
        std::fs::create_dir_all(workspace::cache("setup"))?;
        std::fs::write(&memory, format!("{error:#}\n"))?;
    }
    result.map(|_| ())
}

/// Whether the running toolchain has the libraries of `target`.
pub fn has_libraries(target: &str) -> bool {
    let Some(sysroot) = sysroot("rustc") else {
        return false;
    };
    let libraries = sysroot.join("lib/rustlib").join(target).join("lib");
    std::fs::read_dir(libraries).is_ok_and(|entries| {
        entries.flatten().any(|entry| entry.file_name().to_string_lossy().starts_with("libcore-"))
    })
}

fn debian_is_ready() -> bool {
    let new_enough = version("/usr/bin/rustc").is_some_and(|version| version >= MINIMUM);
    let has_sources =
        sysroot("/usr/bin/rustc").is_some_and(|root| root.join("lib/rustlib/src/rust/library/core").is_dir());
    new_enough && has_sources && Path::new("/usr/bin/cargo").exists() && process::answers("ld.lld")
}

fn sysroot(rustc: &str) -> Option<PathBuf> {
    let printed = process::captured(Command::new(rustc).args(["--print", "sysroot"]), None).ok()?;
    Some(PathBuf::from(printed.trim()))
}

/// Major and minor version of a compiler.
fn version(rustc: &str) -> Option<(u32, u32)> {
    let printed = process::captured(Command::new(rustc).arg("--version"), None).ok()?;
    let mut numbers = printed.split_whitespace().nth(1)?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

fn age_of(path: &Path) -> anyhow::Result<Duration> {
    Ok(std::fs::metadata(path)?.modified()?.elapsed()?)
}
