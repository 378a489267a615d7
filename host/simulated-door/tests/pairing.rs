//! A pairing whose end gets lost: the door itself, and the computer with its files.

use std::cell::Cell;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::{Applicant, Credentials, Device, Error, Paired, Step, Transport};
use protocol::Role;
use simulated_door::{Cells, Wires, boot};

/// A line that others can have later.
#[derive(Clone)]
struct Line(Arc<Mutex<Box<dyn Transport>>>);

impl Line {
    fn new(line: Box<dyn Transport>) -> Self {
        Self(Arc::new(Mutex::new(line)))
    }
}

impl Transport for Line {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.0.lock().expect("no panic").send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        self.0.lock().expect("no panic").receive(buffer, patience)
    }
}

/// The line of a pairing, which ends in the place of the reply that the computer is stored. Nobody can read that reply, but it is
/// shorter than those before it, which say how long the door waits.
struct Losing {
    line: Line,
    /// What came of the frame that is coming.
    coming: Vec<u8>,
    /// What came and was not taken.
    came: Vec<u8>,
    /// The length of the frame before.
    before: usize,
    /// Whether the button is to be held now.
    held: Arc<Mutex<bool>>,
}

impl Transport for Losing {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.line.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        if self.came.is_empty() {
            let mut bytes = [0; 1024];
            let count = self.line.receive(&mut bytes, patience)?;
            for byte in &bytes[..count] {
                self.coming.push(*byte);
                // A frame begins and ends with a zero.
                if *byte == 0 && self.coming.len() > 1 {
                    let frame = std::mem::take(&mut self.coming);
                    if *self.held.lock().expect("no panic") && frame.len() < self.before {
                        return Err(io::ErrorKind::BrokenPipe.into());
                    }
                    self.before = frame.len();
                    self.came.extend(frame);
                }
            }
        }
        let count = self.came.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.came[..count]);
        self.came.drain(..count);
        Ok(count)
    }
}

/// Pairs; `hold` presses or releases the button when it is to be held.
fn pair(
    line: Box<dyn Transport>,
    wires: &Wires,
    host_key: &Path,
    mut hold: impl FnMut(&Wires),
) -> client::Result<Paired> {
    let host_key = Some(host_key);
    let applicant = Applicant { role: Role::Installer, label: "test", signer: Some([7; 32]), host_key };
    let paired = Device::over(line)?.pair(&applicant, &mut |step| {
        match step {
            Step::Press => wires.press_pairing(true),
            Step::Compare(_) => wires.press_pairing(false),
            Step::Confirm => hold(wires),
        }
        Ok(())
    });
    wires.press_pairing(false);
    paired
}

/// Pairs over a line that loses the reply.
fn pair_unheard(line: Line, wires: &Wires, host_key: &Path) {
    let held: Arc<Mutex<bool>> = Arc::default();
    let line = Losing { line, coming: Vec::new(), came: Vec::new(), before: 0, held: held.clone() };
    let ended = pair(Box::new(line), wires, host_key, |wires| {
        *held.lock().expect("no panic") = true;
        wires.press_pairing(true);
    });
    assert!(matches!(ended, Err(Error::Unheard(_))), "{ended:?}");
    assert!(Credentials::load(host_key).expect("read").is_none(), "it does not know");
}

#[test]
fn a_computer_whose_pairing_ends_without_a_reply_is_the_installer_at_its_next_session() {
    let folder = tempfile::tempdir().expect("a folder");
    let host_key = folder.path().join("host.key");
    boot(&mut Cells::erased(), 1, |line, wires| {
        let line = Line::new(line);
        pair_unheard(line.clone(), wires, &host_key);
        let mut device =
            Device::over(Box::new(line)).and_then(|device| device.login_with(&host_key)).expect("known");
        assert_eq!((device.role(), device.ended_pairing()), (Some(Role::Installer), true));
        let used = Credentials::load(&host_key).expect("read").expect("in use");
        assert_eq!(device.hosts().expect("told")[0].key, used.public());
        assert_eq!(std::fs::read_dir(&folder).expect("a folder").count(), 1, "nothing is beside it");
    });
}

#[test]
fn a_door_whose_power_is_cut_before_it_says_that_a_computer_is_stored_has_its_installer() {
    let folder = tempfile::tempdir().expect("a folder");
    let host_key = folder.path().join("host.key");
    let mut cells = Cells::erased();
    boot(&mut cells, 1, |line, wires| pair_unheard(Line::new(line), wires, &host_key));
    boot(&mut cells, 2, |line, wires| {
        let paired = pair(line, wires, &host_key, |_| panic!("nobody holds a button")).expect("it is paired");
        assert_eq!(paired.role, Role::Installer);
        let used = Credentials::load(&host_key).expect("read").expect("in use");
        assert_eq!(used.public(), paired.credentials.public());
    });
}

#[test]
fn a_pairing_that_nobody_confirms_leaves_no_key_here_and_no_computer_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let host_key = folder.path().join("host.key");
    boot(&mut Cells::erased(), 1, |line, wires| {
        let line = Line::new(line);
        let files = || std::fs::read_dir(&folder).expect("a folder").count();
        let (begun, shown) = (Instant::now(), Cell::new(false));
        let applicant =
            Applicant { role: Role::Installer, label: "test", signer: None, host_key: Some(&host_key) };
        let mut tell = |step| {
            wires.press_pairing(step == Step::Press);
            shown.set(step == Step::Confirm);
            assert_eq!(files(), usize::from(shown.get()), "{step:?}");
            Ok(())
        };
        let device = Device::over(Box::new(line.clone()));
        // More than a minute goes by while the door waits for the button to be held.
        let mut wait = |_| if shown.get() { begun + Duration::from_secs(600) } else { begun };
        let ended = device.and_then(|mut device| device.pair_by(&applicant, &mut tell, &mut wait));
        assert!(matches!(ended, Err(Error::NotCompared { .. })), "{ended:?}");
        assert_eq!(files(), 0);
        assert_eq!(Device::over(Box::new(line)).expect("it answers").status().expect("told").hosts, 0);
    });
}
