//! `cargo xtask linux`: the door on Debian's kernel for 64-bit Arm, in an emulated computer.
//!
//! Nothing of the door is made for the test. Its camera is a V4L2 node, its lock and buttons are lines of a GPIO chip, its
//! flash is a file on a disk, and hosts reach it over TCP. What is behind these drivers is `tests/guest`, the first process
//! of the computer.
//!
//! ```text
//! kernel, root    packages of Debian, unpacked  cpio, initramfs   what the computer boots with
//! machine     the emulator, its disk           guest             the first process, as seen from here
//! steps       what is tried with a door        visitors          who comes to it
//! keypad      a PIN is typed                   raspberry_pi      another computer
//! power_cut   the computer is killed
//! service     the package under systemd         every_write       the power is cut at every write of a script
//! disk_log    what a disk was told to write     left_disk         what a door finds on a disk that a cut left
//! ```

use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};

use crate::architecture::Architecture;
use crate::cross::Tools;
use crate::deb;
use crate::{debian, images, process, setup, workspace};

mod cpio;
mod disk_log;
mod every_write;
mod guest;
mod initramfs;
mod kernel;
mod keypad;
mod left_disk;
mod machine;
mod power_cut;
mod raspberry_pi;
mod root;
mod service;
mod steps;
mod visitors;

use guest::Line;
use initramfs::Contents;
use machine::{Clock, EMULATOR, Parts};
use steps::Trial;
use visitors::Decision;

/// The door's configuration in the computer.
const CONFIG: &str = include_str!("linux/postern-door.toml");

/// The keypad of `virt`, in its configuration, by the name that `tests/guest` gives it.
const KEYPAD: &str = "\n[keypad]\ndevice = \"/dev/input/by-id/usb-QEMU_QEMU_USB_Keyboard-event-kbd\"\n";

/// The encoder, the smallest: the computer is emulated.
const ENCODER: &str = "slim-60";

/// Who is enrolled.
const KNOWN: &str = "Barack";

/// Options of `cargo xtask linux`.
#[derive(clap::Args)]
pub struct Args {
    /// Only this computer; without it, all
    #[arg(long)]
    machine: Option<Machine>,

    /// The door is a program for this architecture; the computer has 64-bit Arm, and runs those for 32-bit Arm too
    #[arg(long = "arch", alias = "architecture", default_value = "arm64")]
    architecture: Architecture,

    /// Try the cuts of the last `--machine every-write` again, without the virtual computer. A try that was ended goes on
    #[arg(long)]
    again: bool,
}

/// A virtual computer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Machine {
    /// QEMU's `virt`, with a disk
    Virt,
    /// A Raspberry Pi 3B
    RaspberryPi,
    /// Of `virt`, only the PIN on a keypad
    Keypad,
    /// Of `virt`, only the kills in the middle of an enrolment
    Kills,
    /// QEMU's `virt` with Debian's systemd, where the door is a service of its package
    Systemd,
    /// QEMU's `virt`, with a disk whose writes are logged, and a door of this computer that opens what a power cut leaves
    EveryWrite,
}

impl Machine {
    /// The folder of its disk, its console and its monitor. No other computer has it: a disk that one leaves is not blank.
    fn folder(self) -> PathBuf {
        workspace::cache("linux/run").join(format!("{self:?}"))
    }

    /// Its folder, and in it the one where the command line keeps what it knows of the door: nothing yet.
    fn place(self) -> anyhow::Result<[PathBuf; 2]> {
        let folder = self.folder();
        let state = folder.join("host");
        if state.exists() {
            std::fs::remove_dir_all(&state).with_context(|| state.display().to_string())?;
        }
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        Ok([folder, state])
    }
}

/// Boots the computers and tries all.
///
/// # Errors
/// Something is missing, or the door does not do what it should.
pub fn run(args: &Args) -> anyhow::Result<()> {
    ensure!(
        args.machine != Some(Machine::Systemd) || args.architecture == Architecture::Arm64,
        "the computer with systemd has packages for arm64 alone"
    );
    if args.again {
        ensure!(args.machine == Some(Machine::EveryWrite), "--again is for --machine every-write");
        images::build()?;
        return every_write::again(&Machine::EveryWrite.folder(), &door_of_this_computer()?);
    }
    heading("what is missing on this machine");
    if !process::answers(EMULATOR) {
        debian::install(&["qemu-system-arm"])?;
    }
    setup::for_demo()?;
    let kernel = kernel::get()?;

    heading("networks, and the door for 64-bit Arm");
    images::build()?;
    images::compile_these(&["yunet"])?;
    // Tasks for one computer each can run beside each other.
    let folder = args.machine.map_or_else(|| workspace::cache("linux/run"), Machine::folder);
    std::fs::create_dir_all(&folder)?;
    let arm64 = Tools::of(Architecture::Arm64, None)?;
    let [mut door, guest] = programs(&arm64, [deb::DOOR, ["postern-guest", "postern-guest"]])?;
    let of_door = Tools::of(args.architecture, None)?;
    if args.architecture != Architecture::Arm64 {
        [door] = programs(&of_door, [deb::DOOR])?;
    }
    let both = [&arm64, &of_door];
    let tools = if args.architecture == Architecture::Arm64 { &both[..1] } else { &both };
    let initramfs = |name: &str, machine: &[&str], config: &str| {
        let (path, modules) = (folder.join(name), kernel.modules(machine)?);
        let contents = Contents { modules: &modules, guest: &guest, door: &door, tools, config };
        contents.write(&path).map(|()| path)
    };
    let virt = initramfs("virt.cpio.gz", &kernel::VIRT, &format!("{CONFIG}{KEYPAD}"))?;
    let pi = initramfs("raspberry-pi.cpio.gz", &kernel::RASPBERRY_PI, &raspberry_pi::config())?;
    let ports = machine::free_ports()?;
    let kernel = &kernel;
    let is_wanted = |machine| args.machine.is_none_or(|only| only == machine);
    if is_wanted(Machine::RaspberryPi) {
        heading("a Raspberry Pi 3B");
        let [folder, state] = Machine::RaspberryPi.place()?;
        raspberry_pi::run(&Parts { kernel, initramfs: &pi, folder: &folder, ports }, &state)?;
    }
    if is_wanted(Machine::Systemd) && args.architecture == Architecture::Arm64 {
        let [folder, state] = Machine::Systemd.place()?;
        let disk = folder.join("system");
        service::make_disk(&disk, &door, &guest)?;
        service::run(&Parts { kernel, initramfs: &virt, folder: &folder, ports }, &disk, &state)?;
    }
    if is_wanted(Machine::EveryWrite) {
        let [folder, state] = Machine::EveryWrite.place()?;
        every_write::run(
            &Parts { kernel, initramfs: &virt, folder: &folder, ports },
            &door_of_this_computer()?,
            &state,
        )?;
    }
    for machine in [Machine::Virt, Machine::Keypad, Machine::Kills] {
        // The last two are steps of the first.
        if args.machine.map_or(machine == Machine::Virt, |only| only == machine) {
            let [folder, state] = machine.place()?;
            let disk = folder.join("disk");
            machine::make_disk(&disk)?;
            on_virt(machine, &Parts { kernel, initramfs: &virt, folder: &folder, ports }, &disk, &state)?;
        }
    }
    heading("all of it held");
    Ok(())
}

/// The door of this computer, which opens what a power cut leaves.
fn door_of_this_computer() -> anyhow::Result<PathBuf> {
    let here =
        Architecture::of_this_computer().context("this computer is none that the door is built for")?;
    let mut built = deb::build(&Tools::of(here, None)?, &[deb::DOOR], &[])?;
    Ok(built.swap_remove(0))
}

/// The computer with a disk, and a door that somebody is enrolled at.
fn with_somebody(parts: &Parts<'_>, disk: &Path, state: &Path) -> anyhow::Result<Trial> {
    heading("the computer boots, a host pairs, installs the networks, and enrols");
    let mut trial = Trial::boot(parts.virt(disk, Clock::Set)?, state)?;
    trial.start()?;
    trial.second_door()?;
    trial.pair()?;
    install(&trial)?;
    trial.postern(&["enroll", KNOWN, &picture("obama.jpg")])?;
    Ok(trial)
}

fn install(trial: &Trial) -> anyhow::Result<()> {
    let networks = ["--detector", "yunet", "--encoder", ENCODER, "--liveness", "liveness"];
    trial.postern(&[&["flash", "models"], &networks[..]].concat())
}

fn type_a_pin(trial: &mut Trial) -> anyhow::Result<()> {
    heading("a PIN is typed on a USB keypad");
    keypad::run(trial)
}

fn kill(parts: &Parts<'_>, disk: &Path, trial: Trial) -> anyhow::Result<()> {
    heading("the computer is killed in the middle of an enrolment");
    power_cut::run(parts, disk, trial)
}

/// The computer with a disk: all that is tried with it, or one step.
fn on_virt(machine: Machine, parts: &Parts<'_>, disk: &Path, state: &Path) -> anyhow::Result<()> {
    match machine {
        Machine::Keypad => type_a_pin(&mut with_somebody(parts, disk, state)?),
        Machine::Kills => kill(parts, disk, with_somebody(parts, disk, state)?),
        _ => all_on_virt(parts, disk, state),
    }
}

fn all_on_virt(parts: &Parts<'_>, disk: &Path, state: &Path) -> anyhow::Result<()> {
    heading("the computer boots, and the door's check finds all it needs");
    let mut trial = Trial::boot(parts.virt(disk, Clock::Set)?, state)?;
    let (code, said) = trial.guest.run("/usr/bin/postern-door --check")?;
    print!("{said}");
    ensure!(code == 0, "the check ended with {code}");
    trial.start()?;
    heading("a second door finds all of it in use");
    trial.second_door()?;

    heading("a host pairs");
    trial.pair()?;
    // The lock must be open for longer than its keeper takes to lock.
    trial.postern(&["settings", "--open-ms", "10000"])?;

    heading("exit button and tamper");
    trial.exit_button()?;
    trial.tamper()?;
    trial.postern(&["log"])?;
    trial.postern(&["log", "verify"])?;

    heading("the door is killed, and then stopped, while the lock is open");
    trial.fault("KILL")?;
    trial.fault("STOP")?;

    heading("a host installs the networks, and enrols");
    install(&trial)?;
    trial.same_template(&picture("obama3.jpg"))?;
    trial.postern(&["enroll", KNOWN, &picture("obama.jpg")])?;

    heading(
        "who comes to the door: a known face, a stranger, a photograph that is held up, a print, a still picture, a replay",
    );
    // Nobody is to be refused for the failures of those before.
    trial.postern(&["settings", "--failures", "100"])?;
    visitors(&mut trial, &Visitor::ALL)?;

    type_a_pin(&mut trial)?;
    kill(parts, disk, trial)
}

/// Pictures of a person who moves, made from a photograph once.
fn moving(photo: &str) -> anyhow::Result<PathBuf> {
    let folder = workspace::cache("linux/moving").join(photo);
    if !folder.join("sheet.png").is_file() {
        let (photo, output) = (picture(photo), folder.display().to_string());
        let made = ["simulate-attacks", &photo, "--output", &output, "--force", "--pictures", "30"];
        process::quiet(&format!("drawing {photo} as a living head"), &mut images::postern(&made)?, None)?;
    }
    Ok(folder.join("sequences"))
}

/// Who or what stays outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Visitor {
    /// Somebody who is not enrolled.
    Stranger,
    /// A photograph that is held up.
    Photograph,
    /// A print that is moved.
    Print,
    /// A picture on a screen that is held still.
    Still,
    /// A film of a living head, on a screen.
    Replay,
}

impl Visitor {
    const ALL: [Self; 5] = [Self::Stranger, Self::Photograph, Self::Print, Self::Still, Self::Replay];

    /// The pictures that the camera sees.
    fn pictures(self) -> anyhow::Result<PathBuf> {
        Ok(match self {
            Self::Stranger => moving("astronaut.png")?.join("bona-fide/1"),
            Self::Photograph => workspace::cache("pictures/obama2.jpg"),
            Self::Print => moving("obama2.jpg")?.join("print/1"),
            Self::Still => moving("obama2.jpg")?.join("still/1"),
            Self::Replay => moving("obama2.jpg")?.join("replay/1"),
        })
    }
}

/// Shows who is enrolled, and then those who must stay outside.
fn visitors(trial: &mut Trial, nobody_enters: &[Visitor]) -> anyhow::Result<()> {
    let opened = Decision::Opened(KNOWN.to_owned());
    let decision = trial.visit_again(&moving("obama2.jpg")?.join("bona-fide/1"), &opened)?;
    ensure!(decision == opened, "the known face is not let in: {decision:?}");
    trial.relocks()?;
    for who in nobody_enters {
        let decision = trial.visit(&who.pictures()?)?;
        ensure!(!matches!(decision, Decision::Opened(_)), "{who:?} is let in");
        let locked_out = matches!(&decision, Decision::Denied(reason) if reason == "locked-out");
        ensure!(!locked_out, "{who:?} is refused for failures before, and not for what the door sees");
        ensure!(!trial.guest.is_high(Line::Lock)?, "the lock is open for {who:?}");
    }
    Ok(())
}

fn picture(name: &str) -> String {
    workspace::cache("pictures").join(name).display().to_string()
}

/// Programs, built together and stripped.
fn programs<const N: usize>(tools: &Tools, programs: [[&str; 2]; N]) -> anyhow::Result<[Vec<u8>; N]> {
    let built = deb::build(tools, &programs, &[])?;
    let stripped = built.iter().map(|program| deb::stripped(program, tools));
    let stripped = stripped.collect::<anyhow::Result<Vec<_>>>()?;
    stripped.try_into().ok().context("another number of programs was built")
}

fn heading(what: &str) {
    println!("\n== {what}");
}
