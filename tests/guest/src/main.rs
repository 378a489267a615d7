//! The first process of the virtual machine of `cargo xtask linux`.
//!
//! The kernel is Debian's own, and so are its drivers. What a computer with a door has around it is made here, one level
//! below the drivers, so that the door meets a real camera node and a real GPIO chip:
//!
//! ```text
//! adapter   a USB adapter with eight GPIO lines, over /dev/uhid: the kernel's hid-cp2112 makes a chip of it
//! scene     what stands before the camera: pictures into vivid's output, which vivid's camera then sees
//! output    pictures to a V4L2 output
//! setup     file systems, modules, network
//! door      the door's process: started, killed, stopped, started again
//! control   what the host asks for, over TCP
//! ```
//! It runs in the virtual machine alone: it expects to be process 1, and root.

use std::process::ExitCode;
use std::sync::Arc;

mod adapter;
mod control;
mod door;
mod output;
mod scene;
mod setup;

use adapter::Adapter;
use control::Surroundings;
use door::Door;
use scene::Scene;

fn main() -> ExitCode {
    let Err(error) = run();
    // The kernel panics when its first process ends, and the emulator ends with it: the host sees this line.
    eprintln!("guest: {error}");
    ExitCode::FAILURE
}

fn run() -> std::io::Result<std::convert::Infallible> {
    setup::file_systems()?;
    setup::modules()?;
    setup::network()?;
    setup::disk()?;
    let adapter = Adapter::plug_in()?;
    let scene = Scene::start()?;
    eprintln!("guest: ready");
    control::serve(&Arc::new(Surroundings { adapter, scene, door: Door::default() }))
}
