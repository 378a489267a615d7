//! An emulated board, or a door on Linux that runs here: a folder, and a process while it is up.
//!
//! The folder is the board; the process is its power. To end the process in any way is to cut the power: the
//! content of the flash is there at the next boot.

mod folder;
mod idle_slot;
mod npu_process;
mod process;
mod programmer;
mod shared_line;
pub(crate) mod turn;

use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

pub use folder::Folder;
pub use npu_process::{PlayedNpu, accelerator};

use client::{Device, ENDED_PAIRING, Firmware, Machine};

use self::shared_line::SharedLine;
pub use self::shared_line::in_turns;
use self::turn::{Shared, Turn};
use crate::built::{built_firmware, built_loader, copy, is_door};
use crate::{Camera, Error, Memory, Result};

/// How long a board may take to answer after power-on. The first boot erases the flash.
const BOOT_PATIENCE: Duration = Duration::from_secs(600);

/// How often a wait checks its condition.
const POLL: Duration = Duration::from_millis(20);

/// Whether the board in `folder` has power.
pub(crate) fn is_up(folder: &Folder) -> Result<bool> {
    Ok(process::running(folder)?.is_some())
}

/// An emulated board.
pub struct Board {
    folder: Folder,
    machine: Machine,
    /// The process, if this program started it and so has to reap it.
    child: Option<Child>,
    /// Hears what this program waits for.
    tell: fn(&str),
}

/// How a board is started.
#[derive(Clone, Debug, Default)]
pub struct Launch {
    /// The machine of a new board; by default the one that its name says, else an AN547.
    pub machine: Option<Machine>,
    /// Firmware to program the board with. By default the board keeps its firmware, and a new board gets the
    /// firmware that was built.
    pub firmware: Option<PathBuf>,
    /// The NPU that a board gets when it is switched on; by default it has none.
    pub npu: Option<PlayedNpu>,
}

/// Whether a board has power.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// It has none.
    Down,
    /// It runs as this process.
    Up {
        /// The process.
        pid: i32,
    },
}

impl Board {
    /// The board in `folder`, which must have been up before.
    ///
    /// # Errors
    /// [`Error::Down`] if there is no such board, [`Error::Record`].
    pub fn open(folder: Folder) -> Result<Self> {
        let machine =
            folder.recorded_machine()?.ok_or_else(|| Error::Down { name: folder.name().to_owned() })?;
        Ok(Self { folder, machine, child: None, tell: |_| () })
    }

    /// The board in `folder`, with power: makes it if it is new, starts it if it is down, and waits until it answers.
    ///
    /// # Errors
    /// No emulator, no firmware, or a board that does not answer.
    pub fn up(folder: Folder, launch: &Launch) -> Result<Self> {
        let _alone = folder.lock()?;
        let is_new = folder.recorded_machine()?.is_none();
        let machine = folder.machine(launch.machine)?;
        let mut board = Self { folder, machine, child: None, tell: |_| () };
        if let State::Down = board.state()? {
            if let Err(error) = board.start(launch.firmware.as_deref(), launch.npu.as_ref()) {
                if is_new {
                    board.forget();
                }
                return Err(error);
            }
            return Ok(board);
        }
        if launch.npu.is_some() && launch.npu != board.npu()? {
            board.may_have_npu()?;
            return Err(Error::UpWithoutNpu { name: board.folder.name().to_owned() });
        }
        if launch.npu.is_some() && launch.firmware.is_none() && !npu_process::lives(&board.folder)? {
            return Err(Error::NpuGone { name: board.folder.name().to_owned() });
        }
        if launch.firmware.is_some() {
            board.restart_with(launch.firmware.as_deref())?;
        }
        Ok(board)
    }

    /// Programs it and switches it on.
    fn start(&mut self, firmware: Option<&Path>, npu: Option<&PlayedNpu>) -> Result<()> {
        if npu.is_some() {
            self.may_have_npu()?;
        }
        self.provide_firmware(firmware)?;
        npu_process::end(&self.folder)?;
        if self.machine.is_emulated() {
            self.memory()?.provide_npu(npu.map(|npu| npu.accelerator))?;
        }
        self.child = Some(process::start(&self.folder, self.machine)?);
        if let Some(npu) = npu {
            npu_process::start(&self.folder, npu)?;
        }
        self.wait_for_boot()
    }

    /// Fails on a machine for which this computer plays no NPU.
    fn may_have_npu(&self) -> Result<()> {
        match self.machine.map().npu {
            Some(_) => Ok(()),
            None => Err(Error::NoNpu { machine: self.machine.name() }),
        }
    }

    /// The NPU that it was switched on with.
    ///
    /// # Errors
    /// [`Error::Record`], [`Error::File`].
    pub fn npu(&self) -> Result<Option<PlayedNpu>> {
        Ok(npu_process::recorded(&self.folder)?.map(|(npu, _)| npu))
    }

    /// Takes away what a first start that failed left: no board is there afterwards.
    fn forget(&mut self) {
        // The first error is told; what cannot be taken away stays.
        let _ = self.cut_power();
        let _ = std::fs::remove_dir_all(self.folder.path());
    }

    /// Deletes a board that has no power: its folder with all that it held.
    ///
    /// # Errors
    /// [`Error::Running`], [`Error::File`].
    pub fn delete(self) -> Result<()> {
        let _alone = self.folder.lock()?;
        if let State::Up { .. } = self.state()? {
            return Err(Error::Running { name: self.folder.name().to_owned() });
        }
        std::fs::remove_dir_all(self.folder.path()).map_err(Error::file(self.folder.path()))
    }

    /// Whoever waits for another program says so through `tell`.
    #[must_use]
    pub fn telling(mut self, tell: fn(&str)) -> Self {
        self.tell = tell;
        self
    }

    /// Its machine.
    pub fn machine(&self) -> Machine {
        self.machine
    }

    /// Its folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Whether it has power.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn state(&self) -> Result<State> {
        Ok(match process::running(&self.folder)? {
            Some(pid) => State::Up { pid },
            None => State::Down,
        })
    }

    /// Cuts its power immediately, as `kill -9` does. Returns whether it had power.
    ///
    /// # Errors
    /// [`Error::DoesNotEnd`], [`Error::File`].
    pub fn cut_power(&mut self) -> Result<bool> {
        let State::Up { pid } = self.state()? else {
            return Ok(false);
        };
        process::end(&self.folder, pid, self.child.take())?;
        npu_process::end(&self.folder)?;
        Ok(true)
    }

    /// Programs it with other firmware as a factory does, whatever its signature and release, and boots it if it was up.
    ///
    /// # Errors
    /// [`Error::File`], and as [`up`](Self::up).
    pub fn install_firmware(&mut self, firmware: &Path) -> Result<()> {
        let _alone = self.folder.lock()?;
        match self.state()? {
            State::Up { .. } => self.restart_with(Some(firmware)),
            State::Down => self.provide_firmware(Some(firmware)),
        }
    }

    /// Opens the line to it, in a session if this computer is paired with it. One program at a time uses the line:
    /// this waits for the others. A program with a long job gives way between two requests.
    ///
    /// # Errors
    /// [`Error::Down`], [`Error::LineBusy`], and as [`Device::connect`].
    pub fn connect(&self) -> Result<Device> {
        let turn = self.turn_with_power()?;
        self.speak(turn, true)
    }

    /// Opens the line without a session.
    ///
    /// # Errors
    /// As [`connect`](Self::connect).
    pub fn connect_unpaired(&self) -> Result<Device> {
        let turn = self.turn_with_power()?;
        self.speak(turn, false)
    }

    fn turn_with_power(&self) -> Result<Turn> {
        let turn = self.turn()?;
        match self.state()? {
            State::Down => Err(Error::Down { name: self.folder.name().to_owned() }),
            State::Up { .. } => Ok(turn),
        }
    }

    /// Opens the line; `turn` is the lock on it.
    fn speak(&self, turn: Turn, login: bool) -> Result<Device> {
        let device = Device::over(Box::new(SharedLine::new(self.folder.clone(), turn, self.tell)?))?;
        if !login {
            return Ok(device);
        }
        let device = device.login_with(&self.folder.host_key())?;
        if device.ended_pairing() {
            (self.tell)(ENDED_PAIRING);
        }
        Ok(device)
    }

    /// Its camera, for this program alone. It exists from the first [`up`](Self::up) on, even without power. While this
    /// waits for another program, `device` gives way on the line.
    ///
    /// # Errors
    /// [`Error::OwnParts`], [`Error::File`], [`Error::LineBusy`].
    pub fn camera(&self, device: Option<&mut Device>) -> Result<Camera> {
        let mut device = device;
        let turn = Turn::take(self.folder.path(), Shared::Camera, self.tell, || {
            if let Some(device) = &mut device {
                device.give_way();
            }
            Ok(())
        })?;
        Ok(Camera::taken(self.memory()?, turn))
    }

    /// Whether it is a door on Linux whose configuration names a camera and lines of its own: this computer feeds none of its
    /// parts.
    pub fn has_own_parts(&self) -> bool {
        let is_made = |config: String| config.lines().any(|line| line.trim_start().starts_with("[made]"));
        self.machine == Machine::Linux
            && std::fs::read_to_string(self.folder.config()).is_ok_and(|config| !is_made(config))
    }

    /// Its memory, by which this computer feeds camera, pins and keypad.
    ///
    /// # Errors
    /// [`Error::OwnParts`], [`Error::File`].
    pub fn memory(&self) -> Result<Memory> {
        if self.has_own_parts() {
            return Err(Error::OwnParts { name: self.folder.name().to_owned() });
        }
        self.any_memory()
    }

    /// Its memory, whatever its parts are.
    fn any_memory(&self) -> Result<Memory> {
        Memory::open(&self.folder.memory(), self.machine.map())
    }

    /// Its memory while it has power, for pins that nobody reads without.
    ///
    /// # Errors
    /// [`Error::Down`]; as [`memory`](Self::memory).
    pub fn powered_memory(&self) -> Result<Memory> {
        match self.state()? {
            State::Down => Err(Error::Down { name: self.folder.name().to_owned() }),
            State::Up { .. } => self.memory(),
        }
    }

    fn restart_with(&mut self, firmware: Option<&Path>) -> Result<()> {
        let npu = self.npu()?;
        self.cut_power()?;
        self.start(firmware, npu.as_ref())
    }

    /// Programs a board without power: with `firmware`, else, if it is new, with the one in its folder, else with the
    /// one that was built.
    fn provide_firmware(&self, firmware: Option<&Path>) -> Result<()> {
        process::provide_secrets(&self.folder)?;
        Memory::create(&self.folder.memory(), self.machine.map())?;
        let memory = self.any_memory()?;
        let none = || match self.machine {
            Machine::Linux => Error::NoDoor,
            emulated => Error::NoFirmware { machine: emulated.name() },
        };
        let (own, loader) = (self.folder.firmware(), self.folder.loader());
        if !self.machine.is_emulated() {
            let source = match firmware {
                // What is there is kept until it is known that the other one is a door.
                Some(path) if !is_door(path) => return Err(Error::NotDoor { path: path.to_owned() }),
                Some(path) => path.to_owned(),
                None if own.exists() => return Ok(()),
                None => built_firmware(self.machine).ok_or_else(none)?,
            };
            return copy(&source, &own);
        }
        let source = match firmware {
            Some(path) => path.to_owned(),
            None if loader.exists() && programmer::is_programmed(&self.folder, &memory)? => return Ok(()),
            None if own.exists() => own.clone(),
            None => built_firmware(self.machine).ok_or_else(none)?,
        };
        let firmware = Firmware::read(&source)?;
        firmware.check(self.machine)?;
        copy(&built_loader(self.machine).ok_or_else(none)?, &loader)?;
        self.keep_firmware(&source)?;
        programmer::program(&self.folder, &memory, &firmware)
    }

    /// Keeps the ELF file of the running firmware, which the log is decoded with.
    ///
    /// # Errors
    /// [`Error::File`].
    pub fn keep_firmware(&self, elf: &Path) -> Result<()> {
        copy(elf, &self.folder.firmware())
    }

    /// Waits until it answers. If its process ends, the error has the process's output.
    fn wait_for_boot(&mut self) -> Result<()> {
        let until = Instant::now() + BOOT_PATIENCE;
        loop {
            if let Some(status) = self.child.as_mut().and_then(|child| child.try_wait().ok()?) {
                self.child = None;
                let (status, output) = (status.to_string(), self.folder.last_words());
                return Err(match self.machine {
                    Machine::Linux => Error::DoorEnded { output },
                    _ => Error::EmulatorEnded { status, output },
                });
            }
            // The child's state was checked above, because for a moment after its start the system does not yet
            // show its command line, which identifies a board's process.
            match self.turn().and_then(|turn| self.speak(turn, false)) {
                Ok(_) => return Ok(()),
                Err(Error::Client(client::Error::Connect { .. })) if Instant::now() < until => {
                    std::thread::sleep(POLL)
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Waits for the turn on the line.
    fn turn(&self) -> Result<Turn> {
        Turn::take(self.folder.path(), Shared::Line, self.tell, || Ok(()))
    }
}
