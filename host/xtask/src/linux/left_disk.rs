//! What a door finds on a disk that a power cut left: its file system is recovered, and the door of this computer starts
//! with the files on it.
//!
//! e2fsck replays the journal, as a mount does, and debugfs takes the files out, so nothing is mounted and nobody need be
//! root. The door has the same program and the same files as in the virtual computer. Its camera and its pins are made.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use anyhow::{Context, bail, ensure};
use sha2::{Digest, Sha256};

use super::disk_log::{Cut, Disk};
use crate::{images, process};

/// The door's files on the disk: flash, secret, counter.
const FILES: [&str; 3] = ["flash", "unique.key", "unique.counter"];

/// How long a door may take to start, and a command to be answered, on a computer that does much else.
const PATIENCE: Duration = Duration::from_secs(300);

/// What e2fsck ends with when the file system is whole, or whole again.
const WHOLE: [i32; 2] = [0, 1];

/// What a door has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// It knows no host.
    NoHost,
    /// People by name, and for how long it opens.
    Has {
        /// Those that it knows.
        people: Vec<String>,
        /// In milliseconds.
        open_ms: u64,
    },
}

/// Opens what is left of disks.
pub struct Opener {
    /// A folder in memory, if this computer has one.
    room: tempfile::TempDir,
    door: PathBuf,
    address: String,
    /// What the command line knows of the door, as it was when it had paired.
    host: PathBuf,
    photos: BTreeMap<String, String>,
    /// By the digest of the door's files.
    known: BTreeMap<[u8; 32], Found>,
}

impl Opener {
    /// `address` is that of the door in the virtual computer, because the command line knows a door by it. `photos` has a
    /// photograph of everybody who may be found.
    ///
    /// # Errors
    /// There is no room.
    pub fn new(door: &Path, address: &str, host: &Path, photos: &[(&str, String)]) -> anyhow::Result<Self> {
        let memory = Path::new("/dev/shm");
        let room = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() }?;
        let photos = photos.iter().map(|(name, photo)| ((*name).to_owned(), photo.clone())).collect();
        let (door, host, address) = (door.to_owned(), host.to_owned(), address.to_owned());
        Ok(Self { room, door, address, host, photos, known: BTreeMap::new() })
    }

    /// How many different sets of files were opened.
    pub fn different(&self) -> usize {
        self.known.len()
    }

    /// What a door finds after this cut.
    ///
    /// # Errors
    /// The file system is lost; the door does not start, or does not answer; its log was changed; a person is not recognised.
    pub fn open(&mut self, disk: &mut Disk<'_>, cut: Cut) -> anyhow::Result<Found> {
        let image = self.room.path().join("disk");
        disk.leave(cut, &image)?;
        let folder = self.room.path().join("door");
        if folder.exists() {
            std::fs::remove_dir_all(&folder)?;
        }
        std::fs::create_dir_all(&folder)?;
        recover(&image, &folder)?;
        let digest = digest(&folder)?;
        if let Some(found) = self.known.get(&digest) {
            return Ok(found.clone());
        }
        let found = self.ask(&folder)?;
        self.known.insert(digest, found.clone());
        Ok(found)
    }

    fn ask(&self, folder: &Path) -> anyhow::Result<Found> {
        let config = format!(
            "[flash]\nfile = \"flash\"\n[secret]\nfile = \"unique.key\"\n[host]\nlisten = \"{}\"\n[made]\n",
            self.address
        );
        std::fs::write(folder.join("postern-door.toml"), config)?;
        let _door = Running::start(&self.door, folder)?;
        let state = self.room.path().join("host");
        if state.exists() {
            std::fs::remove_dir_all(&state)?;
        }
        copy(&self.host, &state)?;
        let by = |state: &Path, arguments: &[&str]| -> anyhow::Result<serde_json::Value> {
            let mut command = images::postern(arguments)?;
            command.arg("--device").arg(&self.address).arg("--state").arg(state).arg("--json");
            let said = process::captured(&mut command, Some(PATIENCE))?;
            Ok(serde_json::from_str(said.lines().next().context("no answer")?)?)
        };
        let answers = |arguments: &[&str]| by(&state, arguments);
        let status = answers(&["board", "status"]);
        if !status.as_ref().is_ok_and(|status| status["open_ms"].is_u64()) {
            // A computer that never met the door is told whether it knows a host, and little more.
            let told = by(&self.room.path().join("stranger"), &["board", "status"])
                .context("the door answers nobody")?;
            ensure!(told["hosts"] == 0, "the door knows a host, and tells its own no status: {status:?}");
            return Ok(Found::NoHost);
        }
        let open_ms = answers(&["settings"])?["open_ms"].as_u64().context("no settings")?;
        let users = answers(&["users"])?;
        let people = users["people"].as_array().context("no list of people")?;
        let mut people: Vec<_> =
            people.iter().filter_map(|person| Some(person["name"].as_str()?.to_owned())).collect();
        people.sort();
        for name in &people {
            let photo = self.photos.get(name).with_context(|| format!("nobody enrolled {name}"))?;
            answers(&["verify", name, photo]).with_context(|| format!("{name} is not recognised"))?;
        }
        answers(&["log", "verify"]).context("the log was changed")?;
        Ok(Found::Has { people, open_ms })
    }
}

/// Recovers a file system, and takes the door's files out of it, as far as they are there.
fn recover(image: &Path, folder: &Path) -> anyhow::Result<()> {
    let checked = Command::new(program("e2fsck")).arg("-p").arg(image).output();
    let checked = checked.context("e2fsck, of Debian's package e2fsprogs, recovers the file system")?;
    if !checked.status.code().is_some_and(|code| WHOLE.contains(&code)) {
        bail!("the file system is lost: {}", String::from_utf8_lossy(&checked.stdout));
    }
    for file in FILES {
        let request = format!("dump -p /{file} {}", folder.join(file).display());
        // It says on stderr what is not there, and that it cannot give a file to root.
        process::captured(Command::new(program("debugfs")).arg("-R").arg(request).arg(image), None)?;
    }
    Ok(())
}

/// Debian puts these programs into a folder that is not in everybody's path.
fn program(name: &str) -> PathBuf {
    let places = ["/usr/sbin", "/sbin"].map(|folder| Path::new(folder).join(name));
    places.into_iter().find(|place| place.is_file()).unwrap_or_else(|| name.into())
}

/// The digest of the door's files, and of which of them are there.
fn digest(folder: &Path) -> anyhow::Result<[u8; 32]> {
    let mut all = Sha256::new();
    for file in FILES {
        let path = folder.join(file);
        all.update([u8::from(path.exists())]);
        if path.exists() {
            all.update(Sha256::digest(std::fs::read(&path)?));
        }
    }
    Ok(all.finalize().into())
}

/// Copies a folder.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    std::fs::create_dir_all(to)?;
    for entry in std::fs::read_dir(from).with_context(|| from.display().to_string())? {
        let entry = entry?;
        let to = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            copy(&entry.path(), &to)?;
        } else {
            std::fs::copy(entry.path(), to)?;
        }
    }
    Ok(())
}

/// A door of this computer, until it is dropped.
struct Running(Child);

impl Running {
    fn start(program: &Path, folder: &Path) -> anyhow::Result<Self> {
        let config = folder.join("postern-door.toml");
        let mut door = Command::new(program)
            .arg("--config")
            .arg(config)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .with_context(|| program.display().to_string())?;
        let said = door.stderr.take().context("the door says nothing")?;
        let running = Self(door);
        let (send, lines) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(said.take(1 << 20)).lines().map_while(Result::ok) {
                let _ = send.send(line);
            }
        });
        let mut all = String::new();
        loop {
            let Ok(line) = lines.recv_timeout(PATIENCE) else {
                bail!("the door does not start, and says\n{all}");
            };
            if line.contains("the door runs") {
                return Ok(running);
            }
            all += &line;
            all.push('\n');
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
