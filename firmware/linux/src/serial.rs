//! Serial ports: eight bits, no parity, no flow control, every byte as it is.

use std::fs::{File, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::termios::{ControlModes, OptionalActions, ioctl_tiocexcl, isatty, tcgetattr, tcsetattr};

/// Opens the port at `path`, for this process alone.
///
/// # Errors
/// As opening a file; `InvalidInput` if it is no port, or does not know the speed.
pub fn open(path: &Path, baud: u32) -> io::Result<File> {
    // Without `O_NONBLOCK` some ports wait for a carrier. Reads and writes then wait by `poll`.
    let flags = libc::O_NOCTTY | libc::O_NONBLOCK;
    let port = OpenOptions::new().read(true).write(true).custom_flags(flags).open(path)?;
    if !isatty(&port) {
        return Err(ErrorKind::InvalidInput.into());
    }
    ioctl_tiocexcl(&port)?;
    let mut settings = tcgetattr(&port)?;
    settings.make_raw();
    settings.control_modes |= ControlModes::CLOCAL | ControlModes::CREAD;
    settings.control_modes -= ControlModes::CRTSCTS | ControlModes::CSTOPB;
    settings.set_speed(baud)?;
    tcsetattr(&port, OptionalActions::Flush, &settings)?;
    // A driver that does not know a speed keeps another one, and says nothing.
    if tcgetattr(&port)?.output_speed() != baud {
        return Err(ErrorKind::InvalidInput.into());
    }
    Ok(port)
}

/// What to do about an error of [`open`].
pub fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        ErrorKind::NotFound => "is the adapter plugged in? `ls /dev/serial/by-id` lists them",
        ErrorKind::PermissionDenied => "the user of the door must be in the group `dialout`",
        ErrorKind::ResourceBusy => {
            "another program has it: end that one; a login there ends with `systemctl disable --now serial-getty@PORT`"
        }
        ErrorKind::InvalidInput => "it is no serial port, or does not know that speed",
        _ => "it does not work as a serial port",
    }
}
