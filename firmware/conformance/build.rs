//! Provides the linker with the memory layout of the board for this target, and with the list of interrupt
//! names that `cortex-m-rt` requires, which is empty. Does nothing for the host.

use std::path::PathBuf;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rustc-check-cfg=cfg(board, values(\"an547\", \"an500\"))");
    let board = match env::var("TARGET").unwrap_or_default().split('-').next() {
        Some("thumbv8m.main") => "an547",
        Some("thumbv7em") => "an500",
        _ => return Ok(()),
    };
    let memory = format!("../{board}/memory.x");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default());
    // Without the board's number: this is not the firmware of a door, and `postern flash firmware` refuses it.
    let layout: String = fs::read_to_string(&memory)?
        .lines()
        .filter(|line| !line.starts_with("_board"))
        .fold(String::new(), |layout, line| layout + line + "\n");
    fs::write(out.join("memory.x"), layout)?;
    fs::write(out.join("device.x"), "")?;
    println!("cargo:rustc-cfg=board=\"{board}\"");
    println!("cargo:rustc-link-search={}", out.display());
    println!("cargo:rerun-if-changed={memory}");
    Ok(())
}
