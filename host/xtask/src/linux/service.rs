//! The package and its service, under Debian's own systemd and dpkg: installed, crashed, hung, upgraded, not downgraded,
//! removed, purged.
//!
//! Two packages with one program are tried, an older and a newer one. Neither has more than `cargo xtask deb` puts in.

use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

use super::guest::Line;
use super::machine::Parts;
use super::steps::{ATTEMPTS, LOCKED_WITHIN, Trial};
use super::{CONFIG, ENCODER, KNOWN, Visitor, heading, picture, root, visitors};
use crate::architecture::Architecture;
use crate::deb;

/// The version before this one.
const BEFORE: &str = concat!(env!("CARGO_PKG_VERSION"), "~before");

/// Where the packages lie in the computer.
const PACKAGES: &str = "packages";

/// The program that is a camera, too.
const CAMERA: &str = "/usr/bin/postern-guest";

/// The service.
const UNIT: &str = "postern-door.service";

/// How long anything may take. The computer is emulated.
const PATIENCE: Duration = Duration::from_secs(900);

/// What `systemd-analyze security` may find at most; 10.0 is a service without any protection.
const MOST_EXPOSURE: f32 = 2.0;

/// What `systemctl edit` writes for a door that listens on a network.
const PERMIT: &[u8] = b"[Service]\nIPAddressAllow=10.0.2.0/24\n";

/// Makes the disk, with both packages on it.
///
/// # Errors
/// As [`root::make`] and [`deb::package`].
pub fn make_disk(path: &Path, program: &[u8], guest: &[u8]) -> anyhow::Result<()> {
    let mut files = vec![
        (CAMERA.trim_start_matches('/').to_owned(), guest.to_vec()),
        (format!("{PACKAGES}/command.toml"), with_command()?.into_bytes()),
        (format!("{PACKAGES}/postern-door.toml"), CONFIG.as_bytes().to_vec()),
        (format!("{PACKAGES}/permit.conf"), PERMIT.to_vec()),
    ];
    for version in [BEFORE, deb::VERSION] {
        let package = deb::package(Architecture::Arm64, program, version)?;
        files.push((in_computer(version), package.bytes()?));
    }
    let extras: Vec<_> = files.iter().map(|(path, bytes)| (path.as_str(), bytes.as_slice())).collect();
    root::make(path, &extras)
}

/// The configuration of a door whose camera is a command.
fn with_command() -> anyhow::Result<String> {
    const DEVICE: &str = "device = \"/dev/video0\"";
    ensure!(CONFIG.contains(DEVICE), "the configuration names no camera");
    Ok(CONFIG.replace(DEVICE, &format!("command = [\"{CAMERA}\", \"camera\"]")))
}

/// Where a version of the package lies, without a slash in front.
fn in_computer(version: &str) -> String {
    format!("{PACKAGES}/{version}.deb")
}

/// Boots it, and tries all.
///
/// # Errors
/// The package or the service does not do what it should.
pub fn run(parts: &Parts<'_>, disk: &Path, state: &Path) -> anyhow::Result<()> {
    heading("Debian with systemd boots, and the package is installed");
    let mut service = Service(Trial::boot(parts.with_systemd(disk)?, state)?);
    service.install()?;
    heading("nobody on a network reaches it until that is permitted");
    service.network()?;
    heading("the door has no capability, and a filter of system calls");
    service.hardening()?;
    heading("the door crashes with its lock open, and systemd starts it again");
    service.crash()?;
    heading("the door hangs with its lock open, and systemd's watchdog ends it");
    service.hang()?;
    heading("a newer package keeps people and configuration, and an older one is refused");
    service.upgrade()?;
    heading("a camera that is a command: a known face, a held-up photograph, a replay on a screen");
    service.command_camera()?;
    heading("the package is removed, and then purged");
    service.removal()
}

struct Service(Trial);

impl Service {
    /// Runs a program that must succeed.
    fn run(&mut self, command: &str) -> anyhow::Result<String> {
        let (code, said) = self.0.guest.run(command)?;
        ensure!(code == 0, "`{command}` ended with {code}: {said}");
        Ok(said)
    }

    /// Whether a program succeeds.
    fn succeeds(&mut self, command: &str) -> anyhow::Result<bool> {
        Ok(self.0.guest.run(command)?.0 == 0)
    }

    /// A property of the service.
    fn property(&mut self, name: &str) -> anyhow::Result<String> {
        Ok(self.run(&format!("systemctl show --property={name} --value {UNIT}"))?.trim().to_owned())
    }

    /// Waits until a property has a value.
    fn until(&mut self, name: &str, value: &str) -> anyhow::Result<()> {
        let until = Instant::now() + PATIENCE;
        loop {
            let found = self.property(name)?;
            if found == value {
                return Ok(());
            }
            ensure!(
                Instant::now() < until,
                "{name} of {UNIT} stays {found} and is not {value}; the journal says\n{}",
                self.0.guest.said()?
            );
            std::thread::sleep(Duration::from_millis(200));
        }
    }

    /// Waits until systemd has started the door so many times again, and until it runs.
    fn restarted(&mut self, times: u32) -> anyhow::Result<()> {
        self.until("NRestarts", &times.to_string())?;
        self.until("ActiveState", "active")?;
        ensure!(!self.0.guest.is_high(Line::Lock)?, "the lock is open after the restart");
        Ok(())
    }

    fn dpkg(&mut self, version: &str) -> anyhow::Result<(i32, String)> {
        let path = in_computer(version);
        println!("$ dpkg --install /{path}");
        self.0.guest.run(&format!("dpkg --install /{path}"))
    }

    /// A new door waits for its configuration. Then its check finds all, as the user of the door, and it starts.
    fn install(&mut self) -> anyhow::Result<()> {
        // systemd must be there to be told of a service.
        let until = Instant::now() + PATIENCE;
        while !self.succeeds("systemctl is-active multi-user.target")? {
            ensure!(Instant::now() < until, "systemd does not start: {}", self.0.machine.said());
            std::thread::sleep(Duration::from_millis(500));
        }
        let (code, said) = self.dpkg(BEFORE)?;
        print!("{said}");
        ensure!(code == 0, "dpkg ended with {code}");
        ensure!(self.property("ActiveState")? == "inactive", "a new door waits for its configuration");
        self.run(&format!("cp /{PACKAGES}/postern-door.toml /etc/postern/postern-door.toml"))?;
        // udev gives chip and camera to their groups.
        self.run("udevadm settle")?;
        let as_user = "setpriv --reuid=postern --regid=postern --init-groups --";
        print!("{}", self.run(&format!("{as_user} /usr/bin/postern-door --check"))?);
        self.run(&format!("systemctl enable --now {UNIT}"))?;
        self.until("ActiveState", "active")
    }

    fn network(&mut self) -> anyhow::Result<()> {
        let unreachable = self.0.command(&["board", "status"])?.output()?;
        ensure!(!unreachable.status.success(), "the door is reached, although the unit permits no network");
        println!("  it is not reached");
        self.run(&format!("mkdir -p /etc/systemd/system/{UNIT}.d"))?;
        self.run(&format!("cp /{PACKAGES}/permit.conf /etc/systemd/system/{UNIT}.d/"))?;
        self.run("systemctl daemon-reload")?;
        self.run(&format!("systemctl restart {UNIT}"))?;
        if let Err(error) = self.0.pair() {
            eprintln!("{error:#}; the door's journal:");
            eprintln!("{}", self.run(&format!("journalctl --no-pager -n 40 -u {UNIT}"))?);
            // The connection that the unit did not permit may come through late, and take the line.
            self.0.pair()?;
        }
        // The lock must be open for longer than a fault takes.
        self.0.postern(&["settings", "--open-ms", "10000"])
    }

    fn hardening(&mut self) -> anyhow::Result<()> {
        let pid = self.property("MainPID")?;
        let status = self.run(&format!("cat /proc/{pid}/status"))?;
        let field = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
            line.map(str::trim).with_context(|| format!("the kernel says nothing of {name}"))
        };
        for capabilities in ["CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb"] {
            let of_door = field(capabilities)?;
            ensure!(of_door.bytes().all(|digit| digit == b'0'), "{capabilities} is {of_door}");
        }
        ensure!(
            field("NoNewPrivs")? == "1" && field("Seccomp")? == "2",
            "no filter of system calls: {status}"
        );
        let uid = self.run("id --user postern")?;
        let of_door = field("Uid")?.split_whitespace().all(|number| number == uid.trim());
        ensure!(of_door && uid.trim() != "0", "the door runs as {} and not as {uid}", field("Uid")?);
        println!("  user postern, no capability, no new privileges, seccomp mode 2");
        let mounts = self.run(&format!("cat /proc/{pid}/mountinfo"))?;
        let root = mounts.lines().find(|line| line.split(' ').nth(4) == Some("/"));
        let options = root.and_then(|line| line.split(' ').nth(5)).context("no system")?;
        ensure!(options.split(',').any(|option| option == "ro"), "the door may write its system: {options}");
        println!("  the system is read-only to it");
        let security = self.run(&format!("systemd-analyze security --no-pager {UNIT}"))?;
        let overall = security.lines().rev().find(|line| line.contains("Overall exposure level"));
        let overall = overall.with_context(|| format!("systemd does not rate it: {security}"))?;
        println!("  {}", overall.trim_start_matches(|letter: char| !letter.is_ascii_alphabetic()));
        let numbers = overall.split(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let exposure = numbers.filter_map(|number| number.parse::<f32>().ok()).next_back();
        ensure!(exposure.is_some_and(|exposure| exposure < MOST_EXPOSURE), "{overall}");
        Ok(())
    }

    fn crash(&mut self) -> anyhow::Result<()> {
        self.locks_and_restarts("KILL", None)?;
        println!("  the door alone was killed: systemd started it again, and the lock is locked");
        let restarts: u32 = self.property("NRestarts")?.parse()?;
        // Door and keeper at once: nobody is left who could lock, but what systemd runs after them.
        self.0.guest.press_until_high(Line::Exit, Line::Lock)?;
        self.run(&format!("systemctl kill --signal=KILL {UNIT}"))?;
        self.0.guest.wait(Line::Lock, false, PATIENCE)?;
        self.restarted(restarts + 1)?;
        println!("  door and keeper were killed: locked, and started again");
        Ok(())
    }

    /// Sends a signal to the door while its lock is open. The line falls in time, systemd says this of it, and it starts
    /// the door again.
    fn locks_and_restarts(&mut self, signal: &str, says: Option<&str>) -> anyhow::Result<()> {
        for attempt in 1.. {
            let (restarts, from) = (self.property("NRestarts")?.parse::<u32>()?, self.0.guest.said()?.len());
            self.0.guest.press_until_high(Line::Exit, Line::Lock)?;
            let took: u128 =
                self.0.guest.ask(&format!("fault {signal} {}", Line::Lock as u8), &[])?.parse()?;
            println!("  locked {took} ms after SIG{signal}, by the clock of the virtual computer");
            if let Some(says) = says {
                self.0.guest.wait_for(says, from)?;
            }
            self.restarted(restarts + 1)?;
            if took <= LOCKED_WITHIN {
                break;
            }
            // The clock of the virtual computer goes on while this computer does something else.
            ensure!(attempt < ATTEMPTS, "the lock was open for {took} ms after SIG{signal}");
        }
        Ok(())
    }

    fn hang(&mut self) -> anyhow::Result<()> {
        // Nobody wakes it.
        self.locks_and_restarts("STOP", Some("Watchdog timeout"))?;
        println!("  the watchdog of systemd ended it, and started it again");
        Ok(())
    }

    fn upgrade(&mut self) -> anyhow::Result<()> {
        self.0.postern(&[
            "flash",
            "models",
            "--detector",
            "yunet",
            "--encoder",
            ENCODER,
            "--liveness",
            "liveness",
        ])?;
        self.0.postern(&["enroll", KNOWN, &picture("obama.jpg")])?;
        let before = self.property("MainPID")?;
        let (code, said) = self.dpkg(deb::VERSION)?;
        print!("{said}");
        ensure!(code == 0, "dpkg ended with {code}");
        self.until("ActiveState", "active")?;
        let after = self.property("MainPID")?;
        ensure!(before != after, "the door of before runs on");
        self.knows_the_known()?;
        self.run(&format!("cmp /{PACKAGES}/postern-door.toml /etc/postern/postern-door.toml"))?;
        println!("  people and configuration are there, and the newer door runs");

        let (code, said) = self.dpkg(BEFORE)?;
        ensure!(code != 0 && said.contains("a door is never downgraded"), "an older package: {code}, {said}");
        let version = self.run("dpkg-query --show --showformat=${Version} postern-door")?;
        ensure!(version.trim() == deb::VERSION, "{version} is installed");
        ensure!(self.property("MainPID")? == after, "the door was disturbed");
        self.knows_the_known()?;
        println!("  the older package was refused, and the newer door runs on");
        Ok(())
    }

    /// The door knows who was enrolled, and recognises them.
    fn knows_the_known(&mut self) -> anyhow::Result<()> {
        let people = self.0.people()?;
        ensure!(people.iter().any(|name| name == KNOWN), "{KNOWN} is lost");
        self.0.postern(&["verify", KNOWN, &picture("obama3.jpg")]).context("the template is damaged")
    }

    /// The pictures come from a program, as those of a network camera do, and the door decides the same.
    fn command_camera(&mut self) -> anyhow::Result<()> {
        self.run(&format!("cp /{PACKAGES}/command.toml /etc/postern/postern-door.toml"))?;
        let from = self.0.guest.said()?.len();
        let (code, _) = self.0.guest.run(&format!("systemctl restart {UNIT}"))?;
        ensure!(code == 0, "the door does not start: {}", self.0.guest.said()?.split_off(from));
        self.until("ActiveState", "active")?;
        // Nobody is to be refused for the failures of those before.
        self.0.postern(&["settings", "--failures", "100"])?;
        visitors(&mut self.0, &[Visitor::Photograph, Visitor::Replay])
    }

    fn removal(&mut self) -> anyhow::Result<()> {
        let flash = "/var/lib/postern-door/flash";
        self.0.guest.press_until_high(Line::Exit, Line::Lock)?;
        self.run("dpkg --remove postern-door")?;
        self.0.guest.wait(Line::Lock, false, PATIENCE)?;
        ensure!(!self.succeeds("test -e /usr/bin/postern-door")?, "the program is there after its removal");
        let processes = format!("test -e /sys/fs/cgroup/system.slice/{UNIT}");
        ensure!(!self.succeeds(&processes)?, "a door runs after its removal");
        self.run(&format!("test -s {flash}"))?;
        self.run("test -e /etc/postern/postern-door.toml")?;
        println!("  removed: the lock is locked, no door runs, people and configuration are left");

        let (code, said) = self.dpkg(deb::VERSION)?;
        ensure!(code == 0, "dpkg ended with {code}: {said}");
        self.run(&format!("systemctl enable --now {UNIT}"))?;
        self.until("ActiveState", "active")?;
        self.knows_the_known()?;
        println!("  installed again: the people are there");

        self.run("dpkg --purge postern-door")?;
        for left in ["/var/lib/postern-door", "/etc/postern", "/usr/bin/postern-door", "/run/postern-door"] {
            ensure!(!self.succeeds(&format!("test -e {left}"))?, "{left} is left after a purge");
        }
        println!("  purged: nothing is left");
        Ok(())
    }
}
