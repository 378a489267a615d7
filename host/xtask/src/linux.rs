//! `cargo xtask linux`: the door on Debian's kernel for 64-bit Arm, in an emulated computer.
//!
//! Nothing of the door is made for the test. Its camera is a V4L2 node, its lock and buttons are lines of a GPIO chip, its
//! flash is a file on a disk, and hosts reach it over TCP. What is behind these drivers is `tests/guest`, the first process
//! of the computer.
//!
//! ```text
//! packages    of Debian, pinned: kernel        cpio, initramfs   what the computer boots with
//! machine     the emulator, its disk           guest             the first process, as seen from here
//! steps       what is tried                    visitors          who comes to the door
//! ```

use std::path::Path;

use anyhow::{Context, ensure};

use crate::deb::{self, Architecture};
use crate::{debian, images, process, setup, workspace};

mod cpio;
mod guest;
mod initramfs;
mod kernel;
mod machine;
mod packages;
mod steps;
mod visitors;

use initramfs::Contents;
use machine::{EMULATOR, Parts};
use steps::Trial;

/// The door's configuration in the computer.
const CONFIG: &str = include_str!("linux/postern-door.toml");

/// Boots the computer and tries all.
///
/// # Errors
/// Something is missing, or the door does not do what it should.
pub fn run() -> anyhow::Result<()> {
    heading("what is missing on this machine");
    if !process::answers(EMULATOR) {
        debian::install(&["qemu-system-arm"])?;
    }
    setup::for_demo(false)?;
    let kernel = kernel::get()?;

    heading("networks, and the door for 64-bit Arm");
    images::build()?;
    images::compile_these(&["yunet", "liveness"])?;
    let folder = workspace::cache("linux/run");
    std::fs::create_dir_all(&folder)?;
    let [door, guest] = programs()?;
    let initramfs = folder.join("initramfs");
    let compiler = Architecture::Arm64.compiler();
    Contents { kernel: &kernel, guest: &guest, door: &door, compiler: &compiler, config: CONFIG }
        .write(&initramfs)?;
    let disk = folder.join("disk");
    machine::make_disk(&disk)?;
    let state = folder.join("host");
    if state.exists() {
        std::fs::remove_dir_all(&state).with_context(|| state.display().to_string())?;
    }
    let parts = Parts { kernel: &kernel, initramfs: &initramfs, folder: &folder };
    virt(&parts, &disk, &state)
}

/// The computer with a disk and a network.
fn virt(parts: &Parts<'_>, disk: &Path, state: &Path) -> anyhow::Result<()> {
    heading("the computer boots, and the door's check finds all it needs");
    let mut trial = Trial::boot(parts.virt(disk)?, state)?;
    let (code, said) = trial.guest.run("/usr/bin/postern-door --check")?;
    print!("{said}");
    ensure!(code == 0, "the check ended with {code}");

    heading("the door runs, and answers a host");
    trial.start()?;
    trial.postern(&["board", "status"])
}

/// The door and the first process.
fn programs() -> anyhow::Result<[Vec<u8>; 2]> {
    let programs = [deb::DOOR, ["postern-guest", "postern-guest"]];
    let built = deb::build(Architecture::Arm64, &programs)?;
    let stripped = built.iter().map(|program| deb::stripped(program, Architecture::Arm64));
    let programs = stripped.collect::<anyhow::Result<Vec<_>>>()?;
    programs.try_into().ok().context("two programs were built")
}

fn heading(what: &str) {
    println!("\n== {what}");
}
