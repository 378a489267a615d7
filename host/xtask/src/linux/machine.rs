//! A virtual computer: the emulator, its kernel, its disk, and how it is killed.
//!
//! It has no network but the two ports that the emulator forwards from this computer to it.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use serde_json::json;

use super::kernel::Kernel;

/// The emulator.
pub const EMULATOR: &str = "qemu-system-aarch64";

/// How long the emulator may take to answer.
const PATIENCE: Duration = Duration::from_secs(60);

/// Mebibytes of the disk. The flash takes 57.
const DISK: u32 = 128;

/// The ports of the door and of the first process, inside.
const PORTS: [u16; 2] = [7700, 7701];

/// The emulator's name of the file behind a disk.
const BELOW: &str = "below";

/// The emulator's name of what it does when a disk is told to write.
const WRITE: &str = "pwritev";

/// The number of an error of input or output.
const EIO: u32 = 5;

/// The keypad of `virt`.
const KEYPAD: &str = "usb-kbd,id=keypad";

/// A virtual computer that runs, until it is dropped.
pub struct Machine {
    emulator: Child,
    console: PathBuf,
    ports: [u16; 2],
    monitor: PathBuf,
}

/// What the clock of a computer says when it starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// The time.
    Set,
    /// 1970: a computer without a battery, or with an empty one.
    Unset,
}

/// A computer to start.
pub struct Parts<'a> {
    /// What it boots.
    pub kernel: &'a Kernel,
    /// The initial RAM file system.
    pub initramfs: &'a Path,
    /// The folder for its console and its monitor.
    pub folder: &'a Path,
    /// The ports of this computer at which its door and its first process are reached. They stay, because the command line
    /// knows a door by its address.
    pub ports: [u16; 2],
}

impl Parts<'_> {
    /// Starts QEMU's `virt` with a Cortex-A76, the processor of a Raspberry Pi 5, and a disk.
    ///
    /// # Errors
    /// The emulator does not start.
    pub fn virt(&self, disk: &Path, clock: Clock) -> anyhow::Result<Machine> {
        self.virt_with(&plain(disk), clock, "")
    }

    /// As [`Self::virt`], with a disk whose writes are logged, see `disk_log`.
    ///
    /// # Errors
    /// The emulator does not start; the log cannot be made.
    pub fn virt_logged(&self, below: &Path, log: &Path) -> anyhow::Result<Machine> {
        fs::write(log, []).with_context(|| log.display().to_string())?;
        let file = |name: &str, path: &Path| {
            ["-blockdev".to_owned(), format!("driver=file,node-name={name},filename={}", path.display())]
        };
        let logged = ["-blockdev", &format!("driver=blklogwrites,node-name=logged,file={BELOW},log=log")];
        let disk = ["-device", "virtio-blk-pci,drive=logged"];
        let [logged, disk] = [logged, disk].map(|words| words.map(str::to_owned));
        self.virt_with(&[file(BELOW, below), file("log", log), logged, disk].concat(), Clock::Set, "")
    }

    /// As [`Self::virt`], with a disk that is the whole system: systemd is its first process, and the one of
    /// `tests/guest` runs beside it.
    ///
    /// # Errors
    /// The emulator does not start.
    pub fn with_systemd(&self, disk: &Path) -> anyhow::Result<Machine> {
        // The kernel hands on a word with `=` that it does not know, to its first process.
        self.virt_with(
            &plain(disk),
            Clock::Set,
            " net.ifnames=0 systemd.unit=multi-user.target POSTERN_ROOT=yes",
        )
    }

    fn virt_with(&self, disk: &[String], clock: Clock, words: &str) -> anyhow::Result<Machine> {
        let mut emulator = self.emulator();
        emulator.args(["-M", "virt", "-cpu", "cortex-a76", "-smp", "2", "-m", "1024"]);
        emulator.arg("-append").arg(format!("console=ttyAMA0 panic=-1 quiet loglevel=3{words}"));
        emulator.arg("-serial").arg(format!("file:{}", self.console().display()));
        emulator.args(["-nic", "none", "-device", "virtio-net-pci,netdev=net,romfile="]);
        emulator.args(disk);
        emulator.args(["-device", "virtio-rng-pci", "-device", "qemu-xhci", "-device", KEYPAD]);
        if clock == Clock::Unset {
            emulator.args(["-rtc", "base=1970-01-01"]);
        }
        self.start(emulator)
    }

    /// Starts a Raspberry Pi 3B, with a network adapter on USB and without a disk.
    ///
    /// # Errors
    /// The emulator does not start.
    pub fn raspberry_pi(&self) -> anyhow::Result<Machine> {
        let mut emulator = self.emulator();
        emulator.args(["-M", "raspi3b", "-m", "1G", "-device", "usb-net,netdev=net"]);
        emulator.arg("-dtb").arg(&self.kernel.raspberry_pi);
        emulator.args(["-append", "console=ttyS1,115200 panic=-1 quiet loglevel=3"]);
        // The console is the second serial port, as on the computer itself.
        emulator.args(["-serial", "null", "-serial"]).arg(format!("file:{}", self.console().display()));
        self.start(emulator)
    }

    fn console(&self) -> PathBuf {
        self.folder.join("console")
    }

    fn emulator(&self) -> Command {
        let mut emulator = Command::new(EMULATOR);
        emulator.args(["-display", "none", "-monitor", "none", "-no-reboot"]);
        emulator.arg("-kernel").arg(&self.kernel.image).arg("-initrd").arg(self.initramfs);
        emulator
    }

    fn start(&self, mut emulator: Command) -> anyhow::Result<Machine> {
        let ports = self.ports;
        let [door, control] = ports;
        let forward = |from: u16, to: u16| format!("hostfwd=tcp:127.0.0.1:{from}-10.0.2.15:{to}");
        let network =
            format!("user,id=net,restrict=on,{},{}", forward(door, PORTS[0]), forward(control, PORTS[1]));
        emulator.args(["-netdev", &network]);
        let monitor = self.folder.join("monitor");
        for old in [&monitor, &self.console()] {
            let _ = fs::remove_file(old);
        }
        emulator.arg("-qmp").arg(format!("unix:{},server=on,wait=off", monitor.display()));
        emulator.stdin(Stdio::null()).stdout(Stdio::null());
        let emulator = emulator.spawn().with_context(|| format!("cannot start {EMULATOR}"))?;
        Ok(Machine { emulator, console: self.console(), ports, monitor })
    }
}

impl Machine {
    /// The address of its door, as `--device` takes it.
    pub fn door(&self) -> String {
        format!("tcp:127.0.0.1:{}", self.ports[0])
    }

    /// The port of its first process.
    pub fn control(&self) -> u16 {
        self.ports[1]
    }

    /// What its console shows.
    pub fn said(&self) -> String {
        fs::read(&self.console).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Fails if the emulator ended by itself.
    pub fn check(&mut self) -> anyhow::Result<()> {
        if let Some(status) = self.emulator.try_wait()? {
            bail!("the virtual computer ended ({status}); its console says\n{}", self.said());
        }
        Ok(())
    }

    /// The emulator's monitor.
    pub fn monitor(&self) -> anyhow::Result<Monitor> {
        Monitor::open(&self.monitor)
    }

    /// Kills it, as a power cut does: nothing inside notices.
    pub fn kill(mut self) -> anyhow::Result<()> {
        self.emulator.kill()?;
        self.emulator.wait()?;
        Ok(())
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.emulator.kill();
        let _ = self.emulator.wait();
    }
}

/// The emulator's monitor, which answers in JSON.
pub struct Monitor(BufReader<UnixStream>);

impl Monitor {
    fn open(path: &Path) -> anyhow::Result<Self> {
        let until = Instant::now() + PATIENCE;
        let stream = loop {
            match UnixStream::connect(path) {
                Ok(stream) => break stream,
                Err(error) if Instant::now() > until => return Err(error).context("the emulator's monitor"),
                Err(_) => std::thread::sleep(Duration::from_millis(20)),
            }
        };
        stream.set_read_timeout(Some(PATIENCE))?;
        let mut monitor = Self(BufReader::new(stream));
        monitor.line()?;
        monitor.ask("qmp_capabilities")?;
        Ok(monitor)
    }

    /// How many operations the disk has written so far.
    pub fn writes(&mut self) -> anyhow::Result<u64> {
        let answer = self.ask("query-blockstats")?;
        let disks = answer["return"].as_array().context("the monitor lists no disks")?;
        Ok(disks.iter().filter_map(|disk| disk["stats"]["wr_operations"].as_u64()).sum())
    }

    /// Ends the disk after so many writes from now on: the next one is not made, and the computer stands still, see
    /// [`Self::is_cut`]. The emulator counts them, so a busy machine hits the same write as an idle one.
    pub fn cut_after(&mut self, writes: u64) -> anyhow::Result<()> {
        // A state is one more than the writes so far. In the last one a write fails, which stops the computer.
        let count = |state| json!({ "event": WRITE, "state": state, "new_state": state + 1 });
        let counts: Vec<_> = (1..=writes).map(count).collect();
        let fails = json!({ "event": WRITE, "state": writes + 1, "errno": EIO, "immediately": true });
        let node = json!({
            "driver": "blkdebug", "node-name": "cut", "image": BELOW, "set-state": counts, "inject-error": [fails]
        });
        let place = json!({ "path": "/machine/peripheral/disk", "property": "drive", "value": "cut" });
        for (command, arguments) in [("blockdev-add", node), ("qom-set", place)] {
            self.send(&json!({ "execute": command, "arguments": arguments }).to_string())?;
        }
        Ok(())
    }

    /// Whether the computer stands still at a write that its disk did not make.
    pub fn is_cut(&mut self) -> anyhow::Result<bool> {
        Ok(self.ask("query-status")?["return"]["status"] == "io-error")
    }

    /// Presses a key of the keypad, and lets it go. Keys wait for one another.
    pub fn press(&mut self, key: &str) -> anyhow::Result<()> {
        let keys = format!("{{\"keys\":[{{\"type\":\"qcode\",\"data\":\"{key}\"}}]}}");
        self.send(&format!("{{\"execute\":\"send-key\",\"arguments\":{keys}}}")).map(|_| ())
    }

    /// Unplugs the keypad.
    pub fn unplug_keypad(&mut self) -> anyhow::Result<()> {
        self.send("{\"execute\":\"device_del\",\"arguments\":{\"id\":\"keypad\"}}").map(|_| ())
    }

    /// Plugs it in again.
    pub fn plug_in_keypad(&mut self) -> anyhow::Result<()> {
        let (driver, id) = KEYPAD.split_once(",id=").context("the keypad has no name")?;
        let keypad = format!("{{\"driver\":\"{driver}\",\"id\":\"{id}\"}}");
        self.send(&format!("{{\"execute\":\"device_add\",\"arguments\":{keypad}}}")).map(|_| ())
    }

    /// A word of the memory, which is a register of a peripheral there.
    pub fn word(&mut self, address: u32) -> anyhow::Result<u32> {
        let command = format!(
            "{{\"execute\":\"human-monitor-command\",\"arguments\":{{\"command-line\":\"xp /1wx {address:#x}\"}}}}"
        );
        let answer = self.send(&command)?;
        let text = answer["return"].as_str().unwrap_or_default();
        let word = text.rsplit("0x").next().map(|digits| u32::from_str_radix(digits.trim(), 16));
        word.transpose()?.with_context(|| format!("the monitor says {text}"))
    }

    fn ask(&mut self, command: &str) -> anyhow::Result<serde_json::Value> {
        self.send(&format!("{{\"execute\":\"{command}\"}}"))
    }

    fn send(&mut self, command: &str) -> anyhow::Result<serde_json::Value> {
        writeln!(self.0.get_mut(), "{command}")?;
        loop {
            let answer = self.line()?;
            // Events come in between.
            if answer.get("return").is_some() || answer.get("error").is_some() {
                ensure!(answer.get("error").is_none(), "the monitor refuses {command}: {answer}");
                return Ok(answer);
            }
        }
    }

    fn line(&mut self) -> anyhow::Result<serde_json::Value> {
        let mut line = String::new();
        ensure!(self.0.read_line(&mut line)? > 0, "the emulator's monitor is gone");
        Ok(serde_json::from_str(&line)?)
    }
}

/// The emulator's options for a disk.
fn plain(disk: &Path) -> [String; 4] {
    let file = format!("driver=file,node-name={BELOW},filename={}", disk.display());
    // Where a write fails, the computer stands still.
    let device = format!("virtio-blk-pci,drive={BELOW},id=disk,werror=stop");
    ["-blockdev", &file, "-device", &device].map(str::to_owned)
}

/// Two ports that nobody listens at.
///
/// # Errors
/// There are none.
pub fn free_ports() -> anyhow::Result<[u16; 2]> {
    let listeners = [TcpListener::bind(("127.0.0.1", 0))?, TcpListener::bind(("127.0.0.1", 0))?];
    Ok([listeners[0].local_addr()?.port(), listeners[1].local_addr()?.port()])
}

/// Makes an empty disk with a file system.
///
/// # Errors
/// There is no mke2fs.
pub fn make_disk(path: &Path) -> anyhow::Result<()> {
    make_disk_of(path, DISK, None)
}

/// Makes a disk of so many mebibytes, with the files of a folder.
///
/// # Errors
/// There is no mke2fs; the files do not fit.
pub fn make_disk_of(path: &Path, size: u32, files: Option<&Path>) -> anyhow::Result<()> {
    let _ = fs::remove_file(path);
    // Debian puts it into a folder that is not in everybody's path.
    let places = ["/usr/sbin/mke2fs", "/sbin/mke2fs"];
    let program = places.into_iter().find(|place| Path::new(place).is_file()).unwrap_or("mke2fs");
    let mut make = Command::new(program);
    make.args(["-q", "-t", "ext4", "-F"]);
    if let Some(files) = files {
        make.arg("-d").arg(files);
    }
    make.arg(path).arg(format!("{size}M"));
    crate::process::captured(&mut make, None)
        .context("mke2fs, of Debian's package e2fsprogs, makes the disk")?;
    Ok(())
}
