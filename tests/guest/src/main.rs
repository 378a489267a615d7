//! The first process of the virtual machine of `cargo xtask linux`.
//!
//! The kernel is Debian's own, and so are its drivers. What a computer with a door has around it is made here, one level
//! below the drivers, so that the door meets a real camera node and a real GPIO chip:
//!
//! ```text
//! adapter   a USB adapter with eight GPIO lines, over /dev/uhid: the kernel's hid-cp2112 makes a chip of it
//! scene     what stands before the camera: pictures into vivid's output, which vivid's camera then sees
//! output    pictures to a V4L2 output
//! keypad    the name of the USB keypad
//! setup     file systems, modules, network
//! door      the door's process: started, killed, stopped, started again; or the service of systemd
//! root      the disk of a whole system: systemd becomes process 1, and this program runs beside it
//! control   what the host asks for, over TCP
//! ```
//! It runs in the virtual machine alone: it expects to be process 1, and root.

use std::process::ExitCode;
use std::sync::Arc;

mod adapter;
mod control;
mod door;
mod keypad;
mod output;
mod root;
mod scene;
mod setup;

use adapter::Adapter;
use control::Surroundings;
use door::Door;
use scene::Scene;

fn main() -> ExitCode {
    let Err(error) = match std::env::args().nth(1) {
        Some(word) if word == root::BESIDE => surround(Door::of_systemd()),
        Some(word) if word == scene::COMMAND => scene::as_command(),
        _ => run(),
    };
    // The kernel panics when its first process ends, and the emulator ends with it: the host sees this line.
    eprintln!("guest: {error}");
    ExitCode::FAILURE
}

fn run() -> std::io::Result<std::convert::Infallible> {
    setup::file_systems()?;
    setup::modules()?;
    setup::network()?;
    if root::is_wanted() {
        return root::enter();
    }
    setup::disk()?;
    keypad::name()?;
    surround(Door::default())
}

/// Makes what is around the door, and answers the host for ever.
fn surround(door: Door) -> std::io::Result<std::convert::Infallible> {
    let adapter = Adapter::plug_in()?;
    let scene = Scene::start()?;
    eprintln!("guest: ready");
    control::serve(&Arc::new(Surroundings { adapter, scene, door }))
}
