//! The door on Linux and the same application in memory: equal templates, replies and flash.
//!
//! Both start from the same flash and the same entropy, and a host asks both the same. In memory there is no file, no
//! socket and no thread between the two tasks, and time goes on by rounds; on Linux all of these are real. What depends on
//! the time is left out: the audit log's bytes, and what a network cost.

mod simulated_door;

use std::os::unix::fs::FileExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::time::{Duration, Instant};

use client::{Applicant, Credentials, Device, Picture, Signer, Step, Transport};
use e2e::{frame, image};
use fixtures::{Need, need};
use host_window::window::BOOTS;
use protocol::{Enrolment, LivenessMode, ModelKind, PixelFormat, Role, Settings, Source};

use simulated_door::{Cells, ENTROPY, Wires, boot};

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
    let credentials = boot(&mut cells, 1, |line, wires| pair_and_flash(line, wires, &signer));
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

/// Becomes the installer, and installs the models.
fn pair_and_flash(line: Box<dyn Transport>, wires: &Wires, signer: &Signer) -> Credentials {
    let mut device = Device::over(line).expect("it answers");
    let applicant = Applicant { role: Role::Installer, label: "test", signer: Some(signer.public()) };
    let paired = device.pair(&applicant, &mut |step| {
        wires.press_pairing(matches!(step, Step::Press | Step::Confirm));
        Ok(())
    });
    wires.press_pairing(false);
    for (kind, name) in MODELS {
        device.install_model(kind, &image(name), signer, &mut |_, _| {}).expect("it takes the model");
    }
    paired.expect("it is paired").credentials
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
    let test = std::env::current_exe().expect("this program");
    let built = test.ancestors().skip(1).take(3).map(|folder| folder.join("postern-door"));
    let program = built.into_iter().find(|path| path.is_file()).expect("`need!` found it");
    Command::new(program).arg("--config").arg(folder.join("postern-door.toml")).spawn().expect("it starts")
}
