//! The machines that the emulator knows, and the firmware built for them.

use std::path::{Path, PathBuf};

use host_window::Layout;

use super::Folder;
use crate::{Error, Result};

/// A machine of the emulator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Machine {
    /// Arm MPS3 AN547: Cortex-M55 with Helium.
    An547,
    /// Arm MPS2 AN500: Cortex-M7.
    An500,
}

impl Machine {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::An547, Self::An500];

    /// The machine called `name`.
    ///
    /// # Errors
    /// [`Error::UnknownMachine`].
    pub fn named(name: &str) -> Result<Self> {
        match name {
            "an547" => Ok(Self::An547),
            "an500" => Ok(Self::An500),
            _ => Err(Error::UnknownMachine { name: name.to_owned() }),
        }
    }

    /// Its name, as "an547".
    pub fn name(self) -> &'static str {
        match self {
            Self::An547 => "an547",
            Self::An500 => "an500",
        }
    }

    /// Where everything lies in its memory.
    pub fn map(self) -> Layout {
        match self {
            Self::An547 => host_window::AN547,
            Self::An500 => host_window::AN500,
        }
    }

    /// The target its firmware is built for.
    fn target(self) -> &'static str {
        match self {
            Self::An547 => "thumbv8m.main-none-eabihf",
            Self::An500 => "thumbv7em-none-eabihf",
        }
    }

    /// The firmware that `cargo xtask firmware` built: beside this program in cargo's target
    /// folder, else in the target folder of a workspace around the current folder.
    pub fn built_firmware(self) -> Option<PathBuf> {
        self.built(self.name())
    }

    /// The boot loader, from where [`built_firmware`](Self::built_firmware) comes from.
    pub fn built_loader(self) -> Option<PathBuf> {
        self.built("loader")
    }

    fn built(self, name: &str) -> Option<PathBuf> {
        let program = std::env::current_exe().ok();
        let beside = program.iter().flat_map(|path| path.ancestors().skip(1).take(3));
        let current = std::env::current_dir().ok();
        let around = current.iter().flat_map(|path| path.ancestors());
        let around: Vec<PathBuf> = around.map(|folder| folder.join("target")).collect();
        beside
            .chain(around.iter().map(PathBuf::as_path))
            .map(|target| target.join(self.target()).join("firmware").join(name))
            .find(|path| path.is_file())
    }

    /// The emulator's arguments for the board in `folder`. They name files by their place in
    /// the folder, which is the emulator's current one, except for the memory: its full path
    /// tells one board's process from another's.
    pub(super) fn arguments(self, folder: &Folder) -> Vec<String> {
        let map = self.map();
        let memory = option_value(&folder.memory());
        let bytes = map.file_len;
        let [unique, entropy] = [host_window::fuses::UNIQUE, host_window::fuses::ENTROPY]
            .map(|place| map.fuses + place)
            .map(|address| format!("addr={address:#x},force-raw=on"));
        [
            "-machine",
            &format!("{},memory-backend=ddr", map.machine),
            "-object",
            &format!("memory-backend-file,id=ddr,size={bytes},mem-path={memory},share=on"),
            "-display",
            "none",
            "-monitor",
            "none",
            "-chardev",
            "socket,id=host,path=serial.sock,server=on,wait=off",
            "-serial",
            "chardev:host",
            "-chardev",
            "file,id=log,path=log.defmt",
            "-serial",
            "chardev:log",
            "-chardev",
            "socket,id=bus,path=rs485.sock,server=on,wait=off",
            "-serial",
            "chardev:bus",
            // What a real board has in fuses and in its random number generator.
            "-device",
            &format!("loader,file=unique.key,{unique}"),
            "-device",
            &format!("loader,file=entropy,{entropy}"),
            "-kernel",
            "loader.elf",
            // Virtual time is the number of instructions executed, on every host the same.
            "-icount",
            "shift=0",
        ]
        .map(str::to_owned)
        .into()
    }
}

/// A path as a value in the emulator's option lists, where a comma is doubled.
fn option_value(path: &Path) -> String {
    path.to_string_lossy().replace(',', ",,")
}
