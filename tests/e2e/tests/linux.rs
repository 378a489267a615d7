//! The door on Linux and the same application in memory: equal templates, replies and flash.
//!
//! Both start from the same flash and the same entropy, and a host asks both the same. In memory there is no file, no
//! socket and no thread between the two tasks, and time goes on by rounds; on Linux all of these are real. What depends on
//! the time is left out: the audit log's bytes, and what a network cost.

use std::io::{Read, Write};
use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use client::{Credentials, Device, Picture, Signer, Transport};
use e2e::{frame, pair_and_flash};
use fixtures::{Need, need};
use host_window::window::BOOTS;
use protocol::{Enrolment, LivenessMode, ModelKind, PixelFormat, Settings, Source};

use serialport::{SerialPort, TTYPort};
use simulated_door::{Cells, ENTROPY, boot};

const MODELS: [(ModelKind, &str); 3] = [
    (ModelKind::Detector, "yunet"),
    (ModelKind::Encoder, "mobilefacenet"),
    (ModelKind::Liveness, "liveness"),
];

#[test]
fn templates_replies_and_flash_equal_those_of_the_simulation() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let signer = Signer::passing().expect("a key");
    let mut cells = Cells::erased();
    let credentials = boot(&mut cells, 1, |line, wires| pair_and_flash(line, wires, &signer, &MODELS));
    let before = cells.clone();
    let of_simulation = boot(&mut cells, 2, |line, _| ask(line, &credentials));

    let door = Door::with_flash(&before);
    let stream = door.connect();
    let of_linux = ask(Box::new(stream), &credentials);
    let linux = door.flash();
    assert_eq!(of_linux.len(), of_simulation.len());
    for (linux, simulation) in of_linux.iter().zip(&of_simulation) {
        assert_eq!(linux, simulation);
    }
    for ((name, region, of_simulation), (.., of_start)) in
        cells.partitions().into_iter().zip(before.partitions())
    {
        let of_linux = &linux[region.offset as usize..region.end() as usize];
        // The log has times, and the settings have the idempotency keys that a host draws for its requests.
        if ["log", "settings"].contains(&name) {
            assert!(of_linux != of_start, "{name} was written");
            continue;
        }
        assert!(of_linux == of_simulation, "{name} differs");
        assert_eq!(of_simulation != of_start, name == "gallery", "{name}: what the requests change");
    }
}

#[test]
fn a_host_reaches_the_door_over_a_serial_line() {
    need!(Need::Door);
    let cable = Cable::new();
    let folder = tempfile::tempdir().expect("a folder");
    let config = CONFIG.replace("unix:host.sock", &format!("serial:{}:9600", cable.ends[0]));
    let config = config.replace("entropy = \"entropy\"", "");
    std::fs::write(folder.path().join("postern-door.toml"), config).expect("written");
    let process = start(folder.path());
    let mut door = Door { folder, process };
    let address: client::Address = format!("serial:{}:9600", cable.ends[1]).parse().expect("an address");
    let until = Instant::now() + Duration::from_secs(300);
    // The door is there when it answers. What is sent before is lost, as on a wire.
    let mut device = loop {
        let device = <dyn Transport>::open(&address).and_then(Device::over);
        match device {
            Ok(device) => break device,
            Err(error) => assert!(Instant::now() < until, "{error}"),
        }
    };
    assert!(device.users().is_err(), "who is not paired is told nothing");
    door.stop();
}

#[test]
fn who_calls_and_says_nothing_takes_the_line_from_nobody() {
    need!(Need::Door);
    let folder = tempfile::tempdir().expect("a folder");
    let config = CONFIG.replace("entropy = \"entropy\"", "");
    std::fs::write(folder.path().join("postern-door.toml"), config).expect("written");
    let process = start(folder.path());
    let mut door = Door { folder, process };
    let over = |stream| Device::over(Box::new(stream)).expect("the door answers");
    let mut device = over(door.connect());

    let [mut silent, _newer] = [door.connect(), door.connect()];
    assert_eq!(silent.read(&mut [0]).expect("it is cut off"), 0, "the newer one took its place");
    command(door.folder.path()).arg("--check").output().expect("it starts");
    device.status().expect("who speaks has the line");

    let mut other = over(door.connect());
    other.status().expect("whoever spoke last has the line");
    assert!(device.status().is_err(), "who had it is cut off");
    door.stop();
}

/// Two serial ports with a cable between them: what is written to one is read from the other.
struct Cable {
    ends: [String; 2],
    /// Kept open: a port that nobody has open ends.
    _ports: [TTYPort; 2],
}

impl Cable {
    fn new() -> Self {
        let [(a, port_a), (b, port_b)] = [(); 2].map(|()| TTYPort::pair().expect("a pseudo-terminal"));
        let ends = [&port_a, &port_b].map(|port| port.name().expect("a name"));
        for (mut from, mut to) in
            [(a.try_clone_native().expect("a port"), b.try_clone_native().expect("a port")), (b, a)]
        {
            let carry = move || {
                let mut bytes = [0; 256];
                loop {
                    match from.read(&mut bytes) {
                        Ok(count) => to.write_all(&bytes[..count]).expect("the cable takes it"),
                        Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {}
                        Err(_) => return,
                    }
                }
            };
            // It ends with the test.
            std::thread::spawn(carry);
        }
        Self { ends, _ports: [port_a, port_b] }
    }
}

/// Asks a door, and returns its replies, in which the cost of a network is zero.
fn ask(line: Box<dyn Transport>, credentials: &Credentials) -> Vec<String> {
    let mut replies = Vec::new();
    let mut device = Device::over(line).and_then(|device| device.login(credentials)).expect("a session");
    let settings = Settings {
        accept_unproven: true,
        liveness: LivenessMode::Off,
        open_ms: 4_321,
        ..Settings::default()
    };
    replies.push(format!("{:?}", device.set_settings(settings)));
    let enrolments = [
        ("Barack", "obama.jpg", Enrolment::NewPerson),
        ("Joe", "biden.jpg", Enrolment::NewPerson),
        ("Barry", "obama2.jpg", Enrolment::NewPerson),
        ("Barack", "obama2.jpg", Enrolment::AddTemplate),
    ];
    for (name, picture, enrolment) in enrolments {
        stage(&mut device, picture);
        let enrolled = device.enrol(name, Source::Staged, enrolment);
        replies
            .push(format!("{:?}", enrolled.map(|enrolled| client::Enrolled { instructions: 0, ..enrolled })));
    }
    for picture in ["obama3.jpg", "astronaut.png"] {
        stage(&mut device, picture);
        let embedding = device.embed(Source::Staged);
        replies.push(format!(
            "{:?}",
            embedding.map(|embedding| client::Embedding { instructions: 0, ..embedding })
        ));
        let faces = device.detect(Source::Staged).map(|found| found.faces);
        replies.push(format!("{faces:?}"));
        let identified = device.identify(Source::Staged);
        replies.push(format!(
            "{:?}",
            identified.map(|comparison| protocol::Comparison { instructions: 0, ..comparison })
        ));
    }
    replies.push(format!("{:?}", device.users()));
    replies.push(format!("{:?}", device.remove("Joe")));
    replies.push(format!("{:?}", device.remove("Joe")));
    replies.push(format!("{:?}", device.users()));
    replies.push(format!("{:?}", device.settings()));
    replies
}

fn stage(device: &mut Device, name: &str) {
    let frame = frame(name);
    let (width, height) = (frame.width as u16, frame.height as u16);
    let picture = Picture { width, height, format: PixelFormat::Yuyv, data: &frame.bytes };
    device.stage(&picture).expect("it takes the picture");
}

/// A door on Linux, in a folder of its own.
struct Door {
    folder: tempfile::TempDir,
    process: Child,
}

impl Door {
    /// A door that starts for the second time, with this flash.
    fn with_flash(cells: &Cells) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = folder.path();
        std::fs::write(at.join("postern-door.toml"), CONFIG).expect("written");
        client::write_secret(&at.join("unique.key"), &simulated_door::UNIQUE).expect("written");
        std::fs::write(at.join("entropy"), ENTROPY).expect("written");
        // It makes its flash itself, and all of it is then that of the simulation.
        let mut door = Self { process: start(at), folder };
        drop(door.connect());
        door.stop();
        let file = std::fs::OpenOptions::new().write(true).open(door.path()).expect("the flash");
        for (_, region, bytes) in cells.partitions() {
            file.write_all_at(bytes, region.offset.into()).expect("written");
        }
        file.write_all_at(&1u32.to_le_bytes(), BOOTS as u64).expect("written");
        door.process = start(door.folder.path());
        door
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("flash")
    }

    /// Connects, once the door listens.
    fn connect(&self) -> UnixStream {
        let until = Instant::now() + Duration::from_secs(300);
        loop {
            match UnixStream::connect(self.folder.path().join("host.sock")) {
                Ok(stream) => return stream,
                Err(error) => assert!(Instant::now() < until, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// The flash, after the door was killed.
    fn flash(mut self) -> Vec<u8> {
        self.stop();
        std::fs::read(self.path()).expect("the flash")
    }

    fn stop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Drop for Door {
    fn drop(&mut self) {
        self.stop();
    }
}

const CONFIG: &str = r#"
[flash]
file = "flash"
[secret]
file = "unique.key"
[host]
listen = "unix:host.sock"
[made]
entropy = "entropy"
"#;

fn start(folder: &Path) -> Child {
    command(folder).spawn().expect("it starts")
}

/// The door's program with the configuration in `folder`.
fn command(folder: &Path) -> Command {
    let test = std::env::current_exe().expect("this program");
    let built = test.ancestors().skip(1).take(3).map(|folder| folder.join("postern-door"));
    let program = built.into_iter().find(|path| path.is_file()).expect("`need!` found it");
    let mut command = Command::new(program);
    command.arg("--config").arg(folder.join("postern-door.toml"));
    command
}
