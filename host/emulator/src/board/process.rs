//! The board's process, the emulator or the door on Linux: started detached from this program, found again by its recorded id.
//!
//! A process id alone proves nothing: after a crash it may belong to another process. So a board is up only if
//! the process of that id was started with this board's memory, or its configuration.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use client::{Machine, random_key, write_secret};

use super::Folder;
use crate::qemu::{self, EMULATOR};
use crate::{Error, Result};

/// Bytes of the EEPROM with the counter.
const COUNTER_BYTES: usize = 512;

/// How long a killed process may take to be gone.
const END_PATIENCE: Duration = Duration::from_secs(120);

/// Starts the board's process, in a process group of its own, so that an interrupt from the terminal ends the
/// command that waits, and not the board.
pub(super) fn start(folder: &Folder, machine: Machine) -> Result<Child> {
    // Files of the previous process are stale.
    for stale in [folder.socket(), folder.bus(), folder.log()] {
        match fs::remove_file(&stale) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(Error::file(&stale)(error));
            }
            _ => {}
        }
    }
    provide_secrets(folder)?;
    let mut command = match machine {
        Machine::Linux => door(folder)?,
        emulated => {
            write_secret(&folder.entropy(), random_key()?.bytes())?;
            provide_counter(folder)?;
            emulator(folder, emulated)
        }
    };
    let said = folder.emulator_log();
    let said_to = File::create(&said).map_err(Error::file(&said))?;
    let also_to = said_to.try_clone().map_err(Error::file(&said))?;
    let child = command
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(said_to)
        .stderr(also_to)
        .process_group(0)
        .spawn()
        .map_err(|error| match machine {
            Machine::Linux => Error::file(folder.firmware())(error),
            _ => qemu::start_error(error),
        })?;
    let record = folder.pid_file();
    fs::write(&record, child.id().to_string()).map_err(Error::file(&record))?;
    Ok(child)
}

/// The emulator's command line for the board in `folder`. It names files relative to the folder, which is the
/// emulator's current one, except for the memory: its full path identifies the board's process.
fn emulator(folder: &Folder, machine: Machine) -> Command {
    let map = machine.map();
    let mut command = qemu::command(&map, &folder.memory(), Path::new("loader.elf"));
    for serial in [
        "socket,id=host,path=serial.sock,server=on,wait=off",
        "file,id=log,path=log.defmt",
        "socket,id=bus,path=rs485.sock,server=on,wait=off",
    ] {
        let id = serial.split_once("id=").and_then(|(_, rest)| rest.split(',').next()).unwrap_or_default();
        command.args(["-chardev", serial, "-serial", &format!("chardev:{id}")]);
    }
    // A real board has a counter that cannot be lowered.
    command.args(["-drive", "if=none,id=counter,format=raw,file=counter"]);
    command.args(["-device", "at24c-eeprom,address=0x50,rom-size=512,drive=counter"]);
    // A real board has these in fuses and in its random number generator.
    for (file, place) in
        [("unique.key", host_window::fuses::UNIQUE), ("entropy", host_window::fuses::ENTROPY)]
    {
        let address = map.fuses + place;
        command.args(["-device", &format!("loader,file={file},addr={address:#x},force-raw=on")]);
    }
    command
}

/// The command line of the door on Linux for the board in `folder`. Its configuration names files relative to the folder,
/// and its own full path identifies the board's process.
fn door(folder: &Folder) -> Result<Command> {
    let config = folder.config();
    fs::write(&config, DOOR).map_err(Error::file(&config))?;
    let mut command = Command::new(folder.firmware());
    command.arg("--config").arg(config);
    Ok(command)
}

/// The configuration of a door on Linux with a made camera and made pins. Its flash file is the board's memory.
const DOOR: &str = r#"# Written by `postern board up` at each start.
[flash]
file = "memory"

[secret]
file = "unique.key"

[host]
listen = "unix:serial.sock"

[bus]
listen = "unix:rs485.sock"

[made]
"#;

/// Makes the board's unique secret if the board is new.
pub(super) fn provide_secrets(folder: &Folder) -> Result<()> {
    let unique = folder.unique();
    if !fs::exists(&unique).map_err(Error::file(&unique))? {
        write_secret(&unique, random_key()?.bytes())?;
    }
    Ok(())
}

/// Makes the monotonic counter of an emulated board that has none yet.
fn provide_counter(folder: &Folder) -> Result<()> {
    let counter = folder.counter();
    match File::create_new(&counter).and_then(|mut file| file.write_all(&[0; COUNTER_BYTES])) {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(Error::file(&counter)(error)),
        _ => Ok(()),
    }
}

/// The board's process, if it has one.
pub(super) fn running(folder: &Folder) -> Result<Option<i32>> {
    let record = folder.pid_file();
    let text = match fs::read_to_string(&record) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        other => other.map_err(Error::file(&record))?,
    };
    let Ok(pid) = text.trim().parse::<i32>() else {
        return Ok(None);
    };
    let (memory, config) = (qemu::option_value(&folder.memory()), folder.config());
    let marks = [memory.as_str(), &config.to_string_lossy()];
    let is_ours = command_line(pid).is_some_and(|line| marks.iter().any(|mark| line.contains(mark)));
    Ok(is_ours.then_some(pid))
}

/// Kills the process at once and waits until it is gone.
pub(super) fn end(folder: &Folder, pid: i32, child: Option<Child>) -> Result<()> {
    kill(folder, pid)?;
    if let Some(mut child) = child {
        child.wait().map_err(Error::file(EMULATOR))?;
    }
    let until = Instant::now() + END_PATIENCE;
    while running(folder)?.is_some() {
        if Instant::now() >= until {
            return Err(Error::DoesNotEnd { pid });
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    let record = folder.pid_file();
    fs::remove_file(&record).map_err(Error::file(&record))
}

/// Kills a process of the board, if it is there.
pub(super) fn kill(folder: &Folder, pid: i32) -> Result<()> {
    let id = Pid::from_raw(pid).ok_or(Error::DoesNotEnd { pid })?;
    match kill_process(id, Signal::KILL) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
        Err(errno) => Err(Error::file(folder.pid_file())(io::Error::from(errno))),
    }
}

/// Whether there is a process of this number that was started with this path.
pub(super) fn is_of(pid: i32, path: &Path) -> bool {
    command_line(pid).is_some_and(|line| line.contains(&*path.to_string_lossy()))
}

/// The command line of a process; `None` if there is no such process, or if it has ended and is not yet reaped.
fn command_line(pid: i32) -> Option<String> {
    let bytes = match fs::read(format!("/proc/{pid}/cmdline")) {
        Ok(bytes) => bytes,
        // Systems without /proc have ps.
        Err(_) if !fs::exists("/proc/self").unwrap_or(false) => {
            let ps = Command::new("ps").args(["-ww", "-o", "args=", "-p", &pid.to_string()]).output();
            ps.ok()?.stdout
        }
        Err(_) => return None,
    };
    let line = String::from_utf8_lossy(&bytes).replace('\0', " ");
    (!line.trim().is_empty()).then_some(line)
}
