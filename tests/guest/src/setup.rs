//! What a first process does: file systems, modules, network, disk.

use std::ffi::{CStr, CString};
use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::ioctl::{Setter, ioctl, opcode};
use rustix::net::{AddressFamily, SocketType, socket};

/// The modules, in the order in which they are loaded: `NAME PARAMETERS` a line. The host has sorted them.
const MODULES: &str = "/modules/order";

/// Where the door keeps what must survive.
pub const STATE: &str = "/var/lib/postern-door";

/// The disk of `virt`.
pub const DISK: &str = "/dev/vda";

/// How long the network interface may take to come.
const PATIENCE: Duration = Duration::from_secs(120);

/// The address that the emulator forwards to.
const ADDRESS: [u8; 4] = [10, 0, 2, 15];

/// Mounts what every Linux has.
///
/// # Errors
/// As mounting, with the path.
pub fn file_systems() -> io::Result<()> {
    for (kind, path) in [("proc", "/proc"), ("sysfs", "/sys"), ("devtmpfs", "/dev"), ("tmpfs", "/run")] {
        fs::create_dir_all(path)?;
        mount(kind, path, kind)?;
    }
    Ok(())
}

/// Loads the modules.
///
/// # Errors
/// The list or a module cannot be read, or the kernel refuses a module.
pub fn modules() -> io::Result<()> {
    for line in fs::read_to_string(MODULES)?.lines() {
        let (name, parameters) = line.split_once(' ').unwrap_or((line, ""));
        let path = format!("/modules/{name}.ko");
        let parameters = CString::new(parameters)?;
        let loaded = File::open(&path).and_then(|file| load(&file, &parameters));
        loaded.map_err(|error| about(&path, error))?;
    }
    Ok(())
}

/// Loads a module.
fn load(module: &File, parameters: &CStr) -> io::Result<()> {
    // SAFETY: the kernel reads the file and a text with a zero at its end; both outlive the call.
    done(unsafe { libc::syscall(libc::SYS_finit_module, module.as_raw_fd(), parameters.as_ptr(), 0) })
}

/// Mounts a file system.
///
/// # Errors
/// As the kernel, with the path.
pub fn mount(source: &str, path: &str, kind: &str) -> io::Result<()> {
    mount_with(source, path, kind, 0)
}

/// Moves a file system that is mounted to another place.
///
/// # Errors
/// As the kernel, with the new place.
pub fn move_mount(from: &str, to: &str) -> io::Result<()> {
    mount_with(from, to, "", libc::MS_MOVE)
}

fn mount_with(source: &str, path: &str, kind: &str, flags: libc::c_ulong) -> io::Result<()> {
    let (source, to, kind) = (CString::new(source)?, CString::new(path)?, CString::new(kind)?);
    // SAFETY: the kernel reads three texts with a zero at their ends, which outlive the call, and no data.
    let mounted =
        unsafe { libc::mount(source.as_ptr(), to.as_ptr(), kind.as_ptr(), flags, std::ptr::null()) };
    done(mounted.into()).map_err(|error| about(path, error))
}

/// What a call of the kernel says.
fn done(result: libc::c_long) -> io::Result<()> {
    if result == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Gives the network interface its address. One on USB comes some time after its driver.
///
/// # Errors
/// None comes, or the kernel refuses the address.
pub fn network() -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    let name = loop {
        let entries = fs::read_dir("/sys/class/net")?.flatten();
        // One without a device is the kernel's own.
        if let Some(entry) = entries.into_iter().find(|entry| entry.path().join("device").exists()) {
            break entry.file_name();
        }
        if Instant::now() > until {
            return Err(io::Error::other("no network interface came"));
        }
        std::thread::sleep(Duration::from_millis(50));
    };
    let name = name.as_encoded_bytes();
    let socket = socket(AddressFamily::INET, SocketType::DGRAM, None)?;
    // struct ifreq: 16 bytes of name, then a union of 24.
    let mut request = [0u8; 40];
    let place = request.get_mut(..name.len()).filter(|place| place.len() < 16);
    place.ok_or(io::ErrorKind::InvalidInput)?.copy_from_slice(name);
    // struct sockaddr_in: family, port, address.
    request[16..18].copy_from_slice(&2u16.to_ne_bytes());
    request[20..24].copy_from_slice(&ADDRESS);
    const SIOCSIFADDR: rustix::ioctl::Opcode = 0x8916;
    const SIOCSIFFLAGS: rustix::ioctl::Opcode = 0x8914;
    // SAFETY: SIOCSIFADDR reads a struct ifreq, which is these 40 bytes.
    unsafe { ioctl(&socket, Setter::<SIOCSIFADDR, [u8; 40]>::new(request)) }?;
    const UP_AND_RUNNING: u16 = 0x41;
    request[16..].fill(0);
    request[16..18].copy_from_slice(&UP_AND_RUNNING.to_ne_bytes());
    // SAFETY: as above.
    unsafe { ioctl(&socket, Setter::<SIOCSIFFLAGS, [u8; 40]>::new(request)) }?;
    Ok(())
}

/// Mounts the disk that survives the machine. A machine without one has the folder in memory.
///
/// # Errors
/// The disk has no file system.
pub fn disk() -> io::Result<()> {
    fs::create_dir_all(STATE)?;
    if Path::new(DISK).exists() {
        mount(DISK, STATE, "ext4")?;
    }
    Ok(())
}

/// Gives a video node the timings of 640x480 at 59.94 pictures a second, as a monitor would.
///
/// # Errors
/// As the driver.
pub fn video_timings(node: &str) -> io::Result<()> {
    let file = File::options().read(true).write(true).open(node).map_err(|error| about(node, error))?;
    // SAFETY: VIDIOC_S_DV_TIMINGS reads a struct v4l2_dv_timings, which is these 132 bytes.
    let set = unsafe { ioctl(&file, Setter::<TIMINGS_SET, [u8; TIMINGS]>::new(timings())) };
    set.map_err(|error| about(node, error.into()))
}

/// Bytes of a `struct v4l2_dv_timings`.
const TIMINGS: usize = 132;

/// `VIDIOC_S_DV_TIMINGS`. It is said to write, too: what it writes is of no use here, and goes into the copy.
const TIMINGS_SET: rustix::ioctl::Opcode = opcode::read_write::<[u8; TIMINGS]>(b'V', 87);

/// CEA-861's format 1: a packed `struct v4l2_dv_timings` with a `struct v4l2_bt_timings`.
fn timings() -> [u8; TIMINGS] {
    let mut bytes = [0; TIMINGS];
    let mut words = Vec::new();
    // Kind, width, height, interlaced, polarities.
    words.extend([0u32, 640, 480, 0, 0]);
    // The pixel clock has 64 bits.
    words.extend([25_175_000, 0]);
    // Front porch, sync and back porch: horizontal, vertical, of a second field.
    words.extend([16, 96, 48, 10, 2, 33, 0, 0, 0]);
    // Standards: CEA-861 and DMT.
    words.push(3);
    for (place, word) in bytes.chunks_exact_mut(4).zip(words) {
        place.copy_from_slice(&word.to_le_bytes());
    }
    bytes
}

/// An error with what it is about.
pub fn about(what: &str, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{what}: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_timings_are_those_of_a_monitor() {
        let word = |at: usize| u32::from_le_bytes(timings()[at..at + 4].try_into().expect("four bytes"));
        assert_eq!((word(4), word(8)), (640, 480));
        // 25.175 MHz over 800 pixels by 525 lines is 59.94 pictures a second.
        let (columns, rows) = (640 + word(28) + word(32) + word(36), 480 + word(40) + word(44) + word(48));
        assert_eq!((columns, rows), (800, 525));
        assert_eq!(word(20) * 100 / (columns * rows), 5_994);
    }
}
