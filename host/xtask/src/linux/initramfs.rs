//! What the virtual computer boots with: its first process, the kernel's modules, the door, and the door's configuration.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::cpio::Cpio;
use super::kernel::Module;
use crate::process;

/// Libraries that the programs load, the loader first: those of the C compiler for 64-bit Arm.
const LIBRARIES: [&str; 4] = ["ld-linux-aarch64.so.1", "libc.so.6", "libgcc_s.so.1", "libm.so.6"];

/// What is put into it.
pub struct Contents<'a> {
    /// The kernel's modules, in their order.
    pub modules: &'a [Module],
    /// The first process.
    pub guest: &'a [u8],
    /// The door.
    pub door: &'a [u8],
    /// The C compiler, which knows where its libraries are.
    pub compiler: &'a str,
    /// The door's configuration.
    pub config: &'a str,
}

impl Contents<'_> {
    /// Writes it to `path`.
    ///
    /// # Errors
    /// A library or a module is not there.
    pub fn write(&self, path: &Path) -> anyhow::Result<()> {
        let mut cpio = Cpio::default();
        for folder in ["proc", "sys", "dev", "run", "tmp"] {
            cpio.folder(folder, 0o755);
        }
        // The kernel opens it for the first process, before that can mount anything.
        cpio.characters("dev/console", 0o600, [5, 1]);
        cpio.file("init", 0o755, self.guest);
        cpio.file("usr/bin/postern-door", 0o755, self.door);
        cpio.file("etc/postern/postern-door.toml", 0o644, self.config.as_bytes());
        for library in LIBRARIES {
            cpio.file(&format!("lib/{library}"), 0o755, &read(&self.library(library)?)?);
        }
        let mut order = String::new();
        for Module { name, parameters, file } in self.modules {
            order += format!("{name} {parameters}").trim_end();
            order.push('\n');
            cpio.file(&format!("modules/{name}.ko"), 0o644, &read(file)?);
        }
        cpio.file("modules/order", 0o644, order.as_bytes());
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&cpio.finish())?;
        std::fs::write(path, packed.finish()?).with_context(|| path.display().to_string())
    }

    /// Where a library lies.
    fn library(&self, name: &str) -> anyhow::Result<PathBuf> {
        let mut ask = Command::new(self.compiler);
        let said = process::captured(ask.arg(format!("-print-file-name={name}")), None)?;
        let path = PathBuf::from(said.trim());
        // A compiler that does not know it says the name alone.
        ensure!(
            path.is_absolute(),
            "{} has no {name}: is a C library for 64-bit Arm installed?",
            self.compiler
        );
        Ok(path)
    }
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}
