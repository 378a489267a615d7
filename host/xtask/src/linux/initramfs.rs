//! What the virtual computer boots with: its first process, the kernel's modules, the door, and the door's configuration.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::cpio::Cpio;
use super::kernel::Module;
use crate::cross::Tools;
use crate::process;

/// Libraries that programs load, beside the one that loads them.
const LIBRARIES: [&str; 3] = ["libc.so.6", "libgcc_s.so.1", "libm.so.6"];

/// What is put into it.
pub struct Contents<'a> {
    /// The kernel's modules, in their order.
    pub modules: &'a [Module],
    /// The first process.
    pub guest: &'a [u8],
    /// The door.
    pub door: &'a [u8],
    /// Whose C compilers know where the libraries of these programs are.
    pub tools: &'a [&'a Tools],
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
        for tools in self.tools {
            let [loader, folder] = tools.libraries().context("no program for such a computer")?;
            cpio.file(&format!("lib/{loader}"), 0o755, &read(&library(tools, loader)?)?);
            for name in LIBRARIES {
                cpio.file(&format!("{folder}/{name}"), 0o755, &read(&library(tools, name)?)?);
            }
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
}

/// Where a library lies.
fn library(tools: &Tools, name: &str) -> anyhow::Result<PathBuf> {
    let compiler = tools.compiler();
    let said = process::captured(Command::new(&compiler).arg(format!("-print-file-name={name}")), None)?;
    let path = PathBuf::from(said.trim());
    // A compiler that does not know it says the name alone.
    ensure!(path.is_absolute(), "{compiler} has no {name}: is its C library installed?");
    Ok(path)
}

fn read(path: &Path) -> anyhow::Result<Vec<u8>> {
    std::fs::read(path).with_context(|| path.display().to_string())
}
