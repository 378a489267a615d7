//! Pairings whose end the computer does not hear, and what is in its files then.

use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use client::protocol::{self, Hash, MAX_BODY, Request, Response, Role, pack};
use client::{Applicant, Credentials, Device, Error, Paired, Patience, Step, Transport};
use crypto::Key;
use crypto::handshake::public_key;

use crate::sealed::{Act, Board, credentials, start};

/// What a board does with a poll after the code was shown.
#[derive(Clone, Copy)]
enum Poll {
    /// It waits for the button.
    Waits,
    /// It stores the computer, and says so.
    Stores,
    /// The same, and the line ends before its reply.
    StoresUnheard,
    /// The line ends, and it has stored nobody.
    Unheard,
    /// It stores the computer, and says that it waits.
    StoresAndWaits,
    /// It says that no pairing is going on.
    Over,
    /// It could not write its flash.
    Fails,
}

/// A board that pairs. The polls after the code have these ends in turn, and all others the last.
struct Pairs {
    board: Arc<Mutex<Board>>,
    role: Arc<Mutex<Option<Role>>>,
    ended: Arc<AtomicBool>,
}

impl Pairs {
    fn new(secret: u8, polls: &'static [Poll]) -> Self {
        let role: Arc<Mutex<Option<Role>>> = Arc::default();
        let ended: Arc<AtomicBool> = Arc::default();
        let (given, ends) = (role.clone(), ended.clone());
        let (mut shown, mut polled) = (false, 0);
        let waits = Response::Pairing(protocol::Pairing::Waiting { left_ms: 60_000 });
        let act = move |_: &mut u16, request: &Request<'_>| {
            let reply = match request {
                Request::BeginPairing { .. } => {
                    (shown, polled) = (false, 0);
                    Ok(Response::Pairing(protocol::Pairing::Requested { left_ms: 60_000 }))
                }
                Request::Pair { .. } => {
                    shown = true;
                    Ok(Response::Pairing(protocol::Pairing::Shown { left_ms: 60_000 }))
                }
                Request::PollPairing if !shown => Ok(Response::PairingNonce { nonce: [3; 32] }),
                Request::PollPairing => {
                    let poll = *polls.get(polled).or(polls.last()).expect("one at least");
                    polled += 1;
                    let role = Role::Installer;
                    if let Poll::Stores | Poll::StoresUnheard | Poll::StoresAndWaits = poll {
                        *given.lock().expect("no panic") = Some(role);
                    }
                    ends.fetch_or(matches!(poll, Poll::StoresUnheard | Poll::Unheard), Ordering::SeqCst);
                    match poll {
                        Poll::Waits | Poll::StoresAndWaits => Ok(waits.clone()),
                        Poll::Over => Ok(Response::Pairing(protocol::Pairing::None)),
                        Poll::Fails => Err(protocol::Error::Flash),
                        _ => Ok(Response::Pairing(protocol::Pairing::Paired { role })),
                    }
                }
                // It knows nobody by any other key.
                Request::ListHosts => Ok(Response::Hosts([].into_iter().collect())),
                _ => Ok(Response::Done),
            };
            let mut room = [0; MAX_BODY];
            let length = match reply {
                Ok(reply) => pack(&reply, &mut room),
                Err(error) => pack(&error, &mut room),
            };
            room[..length.expect("it fits")].to_vec()
        };
        let act = Some(Box::new(act) as Act);
        let board = Board { secret, role: role.clone(), act, ..Board::default() };
        Self { board: Arc::new(Mutex::new(board)), role, ended }
    }

    /// Lets it give this role to whoever comes.
    fn gives(&self, role: Option<Role>) {
        *self.role.lock().expect("no panic") = role;
    }

    /// A new line to it.
    fn device(&self) -> Device {
        self.ended.store(false, Ordering::SeqCst);
        let line = Line { stream: start(&self.board), ended: self.ended.clone() };
        let patience = Patience { repeat: Duration::from_secs(10), give_up: Duration::from_secs(20) };
        Device::open(Box::new(line), patience, patience).expect("it says hello")
    }

    fn login(&self, files: &Files) -> client::Result<Device> {
        self.device().login_with(&files.host_key())
    }

    fn pair_telling(
        &self,
        files: &Files,
        tell: &mut dyn FnMut(Step) -> client::Result<()>,
    ) -> client::Result<Paired> {
        let path = files.host_key();
        let host_key = Some(path.as_path());
        let applicant = Applicant { role: Role::Installer, label: "desk", signer: None, host_key };
        let mut device = self.device();
        let paired = device.pair_by(&applicant, tell, &mut |_| Instant::now())?;
        let secret = device.secret();
        assert_eq!(secret.as_ref(), Some(&paired.credentials.secret), "it is the key that the board stored");
        Ok(paired)
    }

    fn pair(&self, files: &Files) -> client::Result<Paired> {
        self.pair_telling(files, &mut |_| Ok(()))
    }

    /// Pairs, and does not hear the end.
    fn pair_unheard(&self, files: &Files) {
        let ended = self.pair(files).expect_err("its end is not heard");
        assert!(matches!(&ended, Error::Unheard(line) if matches!(**line, Error::Line(_))), "{ended}");
        assert!(files.used().is_none_or(|used| used.board != self.key()), "as far as it knows");
        assert_eq!(files.pending().len(), 1);
    }

    fn key(&self) -> Hash {
        public_key(&Key::new([self.board.lock().expect("no panic").secret; 32]))
    }
}

/// A line that ends when the board says so.
struct Line {
    stream: UnixStream,
    ended: Arc<AtomicBool>,
}

impl Transport for Line {
    fn send(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.stream.send(bytes)
    }

    fn receive(&mut self, buffer: &mut [u8], patience: Duration) -> io::Result<usize> {
        let count = self.stream.receive(buffer, patience)?;
        if self.ended.load(Ordering::SeqCst) { Err(io::ErrorKind::BrokenPipe.into()) } else { Ok(count) }
    }
}

/// The files of a computer for one address.
struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn host_key(&self) -> PathBuf {
        self.0.path().join("front/host.key")
    }

    fn used(&self) -> Option<Credentials> {
        Credentials::load(&self.host_key()).expect("read")
    }

    /// The files beside `host.key`.
    fn pending(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.0.path().join("front")) else { return Vec::new() };
        let paths = entries.map(|entry| entry.expect("an entry").path());
        paths.filter(|path| *path != self.host_key()).collect()
    }
}

fn read(path: &Path) -> Credentials {
    Credentials::load(path).expect("read").expect("there")
}

#[test]
fn the_keys_of_a_pairing_are_in_a_file_of_this_user_alone_before_the_button_is_held() {
    let (pairs, files) = (Pairs::new(5, &[Poll::Waits, Poll::Stores]), Files::new());
    let mut there = Vec::new();
    let paired = pairs.pair_telling(&files, &mut |step| {
        if step == Step::Confirm {
            there = files.pending();
            let mode = fs::metadata(&there[0]).expect("a file").permissions().mode();
            assert_eq!(mode & 0o777, 0o600);
            assert_eq!((read(&there[0]).board, files.used().is_none()), (pairs.key(), true));
        }
        Ok(())
    });
    let paired = paired.expect("it is paired");
    assert_eq!(there.len(), 1, "it was written");
    assert_eq!(files.used().expect("in use").secret, paired.credentials.secret);
    assert!(files.pending().is_empty(), "it is gone");
}

#[test]
fn a_computer_that_does_not_hear_that_it_is_paired_finds_out_at_its_next_session() {
    let (pairs, files) = (Pairs::new(5, &[Poll::Waits, Poll::StoresUnheard]), Files::new());
    pairs.pair_unheard(&files);
    let secret = read(&files.pending()[0]).secret;
    let device = pairs.login(&files).expect("a session");
    assert_eq!((device.role(), device.ended_pairing()), (Some(Role::Installer), true));
    assert_eq!(device.secret().as_ref(), Some(&secret), "it is the key that the board stored");
    assert_eq!(files.used().expect("in use").secret, secret);
    assert_eq!(files.pending().len(), 0);
    assert!(!pairs.login(&files).expect("a session").ended_pairing(), "it is told once");
}

#[test]
fn a_computer_that_does_not_hear_that_it_is_paired_finds_out_when_it_pairs_again() {
    let (pairs, files) = (Pairs::new(5, &[Poll::Waits, Poll::StoresUnheard]), Files::new());
    pairs.pair_unheard(&files);
    let secret = read(&files.pending()[0]).secret;
    let mut told = 0;
    let paired = pairs.pair_telling(&files, &mut |_| {
        told += 1;
        Ok(())
    });
    let paired = paired.expect("it is paired");
    assert_eq!((paired.role, told), (Role::Installer, 0), "nobody presses a button");
    assert_eq!((paired.credentials.secret, files.used().expect("in use").secret), (secret.clone(), secret));
    assert_eq!(files.pending().len(), 0);
}

#[test]
fn a_board_that_is_reset_after_it_has_stored_the_computer_has_paired_it() {
    let (pairs, files) = (Pairs::new(5, &[Poll::StoresAndWaits, Poll::Over]), Files::new());
    // Before the second poll after the code: it knows no session and no pairing any more.
    pairs.board.lock().expect("no panic").reset_after = Some(4);
    let paired = pairs.pair(&files).expect("the new session says so");
    assert_eq!(pairs.board.lock().expect("no panic").refused, 1, "it was reset");
    assert_eq!(paired.role, Role::Installer);
    assert_eq!(files.used().expect("in use").secret, paired.credentials.secret);
}

#[test]
fn a_pairing_that_is_declined_leaves_the_keys_as_they_were() {
    let files = Files::new();
    credentials(5).save(&files.host_key()).expect("written");
    let before = fs::read(files.host_key()).expect("read");
    let declined = Pairs::new(5, &[Poll::Waits, Poll::Over]);
    let ended = declined.pair(&files).expect_err("it is declined");
    assert!(matches!(ended, Error::NotCompared { .. }), "{ended}");
    assert_eq!((fs::read(files.host_key()).expect("read"), files.pending().len()), (before.clone(), 0));

    let differ = Pairs::new(5, &[Poll::Waits]);
    let ended = differ.pair_telling(&files, &mut |step| match step {
        Step::Confirm => Err(Error::CodesDiffer),
        _ => Ok(()),
    });
    assert!(matches!(ended, Err(Error::CodesDiffer)));
    assert_eq!((fs::read(files.host_key()).expect("read"), files.pending().len()), (before, 0));
}

#[test]
fn a_board_that_did_not_take_a_pairing_is_paired_by_the_next_under_the_same_key() {
    let (pairs, files) = (Pairs::new(5, &[Poll::Waits, Poll::Unheard]), Files::new());
    pairs.pair_unheard(&files);
    let secret = read(&files.pending()[0]).secret;
    let mut device = pairs.login(&files).expect("it is no error");
    assert_eq!(device.role(), None);
    assert!(matches!(device.reboot(), Err(Error::Refused(protocol::Error::Unpaired))));
    pairs.pair_unheard(&files);
    assert_eq!(read(&files.pending()[0]).secret, secret, "keys do not pile up");

    let pairs = Pairs::new(5, &[Poll::Waits, Poll::Stores]);
    let paired = pairs.pair(&files).expect("it is paired");
    assert_eq!((paired.credentials.secret, files.pending().len()), (secret, 0));
}

#[test]
fn a_flash_that_fails_leaves_it_open_whether_the_next_boot_knows_the_computer() {
    let (pairs, files) = (Pairs::new(5, &[Poll::Waits, Poll::Fails]), Files::new());
    let ended = pairs.pair(&files).expect_err("it is refused");
    assert!(matches!(&ended, Error::Unheard(refused) if matches!(**refused, Error::Refused(_))), "{ended}");
    pairs.gives(Some(Role::Installer));
    assert!(pairs.login(&files).expect("a session").ended_pairing());
}

#[test]
fn keys_of_a_pairing_neither_hide_nor_replace_those_of_another_board() {
    let (front, files) = (Pairs::new(5, &[Poll::Waits, Poll::StoresUnheard]), Files::new());
    front.pair_unheard(&files);
    // Another board at the same address.
    let back = Pairs::new(6, &[Poll::Waits, Poll::Stores]);
    let mut device = back.login(&files).expect("it is no error");
    assert!(matches!(device.reboot(), Err(Error::Refused(protocol::Error::Unpaired))));
    back.pair(&files).expect("it is paired");
    assert_eq!(files.used().expect("in use").board, back.key());
    assert_eq!(back.login(&files).expect("a session").role(), Some(Role::Installer));
    // The first one is there again. Its keys are not those in use, and not gone.
    assert!(matches!(front.login(&files).err(), Some(Error::OtherBoard)));
    assert_eq!((files.used().expect("in use").board, files.pending().len()), (back.key(), 1));
    assert!(Credentials::forget(&files.host_key()).expect("forgotten"));
    assert!(front.login(&files).expect("a session").ended_pairing());
    assert_eq!(files.used().expect("in use").board, front.key());
    assert!(Credentials::forget(&files.host_key()).expect("forgotten"));
    assert!(!Credentials::forget(&files.host_key()).expect("there are none"));
}

#[test]
fn who_forgets_a_board_forgets_a_pairing_whose_end_is_not_known() {
    let (pairs, files) = (Pairs::new(5, &[Poll::Waits, Poll::StoresUnheard]), Files::new());
    pairs.pair_unheard(&files);
    assert!(Credentials::are_pending(&files.host_key()).expect("read"));
    // One that cannot be read stands in nobody's way.
    let damaged = format!("{}.pending-000000000000", files.host_key().display());
    std::fs::write(&damaged, "not keys").expect("written");
    assert!(Credentials::forget(&files.host_key()).expect("forgotten"));
    assert_eq!(files.pending(), [std::path::PathBuf::from(damaged)]);
    assert_eq!(pairs.login(&files).expect("no session").role(), None);
}

#[test]
fn two_pairings_at_once_leave_both_keys() {
    // The second one begins and ends after the first one has its key in a file, or before that.
    for (begins, shared) in [(Step::Confirm, true), (Step::Press, false)] {
        let [first, second] = [(); 2].map(|()| Pairs::new(5, &[Poll::Waits, Poll::Stores]));
        let (files, mut other) = (Files::new(), None);
        let ended = first.pair_telling(&files, &mut |step| {
            if step == begins {
                other = Some(second.pair(&files).expect("it is paired").credentials.secret);
            }
            Ok(())
        });
        let used = files.used().expect("in use").secret;
        assert_eq!(other.as_ref(), Some(&used));
        match ended {
            Ok(paired) => assert!(shared && paired.credentials.secret == used),
            Err(Error::OtherKeys { pending, .. }) => {
                assert!(!shared && read(&pending).secret != used, "the other key is kept, too");
            }
            Err(error) => panic!("{error}"),
        }
    }
}
