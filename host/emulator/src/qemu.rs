//! The command line of the emulator: what every emulated board has in common.
//!
//! A board has no display and no monitor. Its memory is a file that host and board share. Virtual time is
//! the number of executed instructions, so that counts are the same on every computer.

use std::io::ErrorKind;
use std::path::Path;
use std::process::Command;

use host_window::Layout;

use crate::Error;

/// The emulator's program.
pub const EMULATOR: &str = "qemu-system-arm";

/// The emulator for the machine of `map`, whose shared memory is the file `memory`, with `kernel` loaded. Virtual time is
/// the number of executed instructions.
pub(crate) fn command(map: &Layout, memory: &Path, kernel: &Path) -> Command {
    let mut command = without_time(map, memory, kernel);
    command.args(["-icount", "shift=0"]);
    command
}

/// The emulator without virtual time, which would cut blocks of instructions short.
pub(crate) fn without_time(map: &Layout, memory: &Path, kernel: &Path) -> Command {
    let bytes = map.file_len;
    let mut command = Command::new(EMULATOR);
    command
        .args(["-machine", &format!("{},memory-backend=shared", map.machine)])
        .arg("-object")
        .arg(format!("memory-backend-file,id=shared,size={bytes},mem-path={},share=on", option_value(memory)))
        .args(["-display", "none", "-monitor", "none", "-kernel"])
        .arg(kernel);
    command
}

/// A path as a value in the emulator's option lists, where a comma is doubled.
pub(crate) fn option_value(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}

/// For `map_err` on the start of the emulator.
pub(crate) fn start_error(error: std::io::Error) -> Error {
    match error.kind() {
        ErrorKind::NotFound => Error::NoEmulator { program: EMULATOR },
        _ => Error::file(EMULATOR)(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_comma_in_a_path_is_no_separator() {
        let command = command(&host_window::AN500, Path::new("/a,b/memory"), Path::new("x.elf"));
        let shared = "memory-backend-file,id=shared,size=16777216,mem-path=/a,,b/memory,share=on";
        assert!(command.get_args().any(|argument| argument == shared));
    }
}
