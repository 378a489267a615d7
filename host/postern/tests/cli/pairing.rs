//! A pairing whose end the computer does not hear.

use std::io::{Read, Write};
use std::net::Shutdown;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use client::protocol::{Deframer, Kind};
use fixtures::{Need, need};

use crate::bench::{Bench, Ran, postern};

/// Another computer, at a line that can end in the place of the reply that the computer is stored.
struct Other {
    device: String,
    state: tempfile::TempDir,
    /// Whether it does so, once.
    loses: Arc<AtomicBool>,
}

impl Other {
    fn of(bench: &Bench) -> Self {
        let (state, loses) = (tempfile::tempdir().expect("a folder"), Arc::<AtomicBool>::default());
        let path = state.path().join("line.sock");
        let listener = UnixListener::bind(&path).expect("a socket");
        let (door, lost) = (bench.folder().join("serial.sock"), loses.clone());
        // It ends with the test.
        std::thread::spawn(move || {
            while let Ok((host, _)) = listener.accept() {
                let door = UnixStream::connect(&door).expect("the door listens");
                carry(host, door, &lost);
            }
        });
        Self { device: format!("unix:{}", path.display()), state, loses }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = postern(arguments);
        command.args(["--device", &self.device, "--state"]).arg(self.state.path());
        command
    }

    fn run(&self, arguments: &[&str]) -> Ran {
        Ran::of(arguments, &self.command(arguments).output().expect("postern starts"))
    }

    /// Pairs over the line that ends too soon, and returns what the command says.
    fn pair_unheard(&self, bench: &Bench, role: &str) -> Ran {
        self.loses.store(true, Ordering::SeqCst);
        let arguments = ["pair", "--role", role, "--label", "reception"];
        let ran = Ran::of(&arguments, &bench.answer_pairing(self.command(&arguments)));
        assert!(!self.loses.load(Ordering::SeqCst), "the reply was lost: {}", ran.said);
        ran
    }

    /// The file of its keys, and those beside it that are of a pairing.
    fn keys(&self) -> Vec<PathBuf> {
        let folders = std::fs::read_dir(self.state.path()).expect("a folder").flatten();
        let files = folders.filter_map(|folder| std::fs::read_dir(folder.path()).ok()).flatten().flatten();
        let is_key = |path: &Path| path.to_string_lossy().contains("/host.key");
        files.map(|file| file.path()).filter(|path| is_key(path)).collect()
    }
}

/// Carries the bytes of one connection, and ends it when the reply is lost. Nobody can read that reply. But it is as short as that to
/// the handshake, with which the door tells a computer that it has no role; those before it say how long the door waits.
fn carry(mut host: UnixStream, mut door: UnixStream, loses: &AtomicBool) {
    let (mut from, mut to) = (host.try_clone().expect("a line"), door.try_clone().expect("a line"));
    let up = std::thread::spawn(move || {
        let _ = std::io::copy(&mut from, &mut to);
        let _ = to.shutdown(Shutdown::Both);
    });
    let (mut deframer, mut shortest) = (Box::<Deframer>::default(), None);
    let mut bytes = [0; 512];
    'line: while let Ok(count @ 1..) = door.read(&mut bytes) {
        for byte in bytes.iter().take(count) {
            let Some(Ok(packet)) = deframer.push(*byte) else { continue };
            if packet.kind != Kind::Sealed {
                continue;
            }
            let length = packet.body.len();
            match shortest {
                None => shortest = Some(length),
                Some(shortest) if length <= shortest && loses.swap(false, Ordering::SeqCst) => break 'line,
                Some(_) => {}
            }
        }
        if host.write_all(&bytes[..count]).is_err() {
            break;
        }
    }
    for line in [&host, &door] {
        let _ = line.shutdown(Shutdown::Both);
    }
    up.join().expect("no panic");
}

#[test]
fn who_does_not_hear_that_it_is_paired_is_told_so_by_the_next_command() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    bench.done(&["board", "up", "--machine", "linux"]);
    let first = Other::of(&bench);
    let ran = first.pair_unheard(&bench, "installer");
    assert_eq!(ran.code, 2, "{}", ran.said);
    assert!(ran.said.contains("is not known; `postern pair` asks it"), "{}", ran.said);
    assert_eq!(first.keys().len(), 1, "the keys of the pairing alone");

    let ran = first.run(&["pair", "--label", "another"]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    assert!(ran.said.contains("they are paired now") && !ran.said.contains("Press"), "{}", ran.said);
    assert_eq!((&ran.first()["role"], &ran.first()["label"]), (&"installer".into(), &"reception".into()));
    assert_eq!(first.keys().len(), 1, "the keys in use alone");
    let ran = first.run(&["pair"]);
    assert!(ran.code == 2 && ran.said.contains("paired with the board already"), "{}", ran.said);
    assert_eq!(first.run(&["settings", "--agreement", "2"]).code, 0, "it is the installer");

    // Any command finds out, and one without a session as well.
    for command in [&["users"][..], &["keys"]] {
        assert_eq!(first.run(&["keys", "invite", "operator"]).code, 0);
        let second = Other::of(&bench);
        second.pair_unheard(&bench, "operator");
        let ran = second.run(command);
        assert!(ran.code == 0 && ran.said.contains("they are paired now"), "{}", ran.said);
        assert!(second.keys()[0].ends_with("host.key"), "{:?}", second.keys());
    }
}
