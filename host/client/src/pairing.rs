//! This computer and a board become known to each other.

use std::path::Path;
use std::time::{Duration, Instant};

use crypto::pairing::{code, commitment};
use protocol::{Hash, Host, Label, Pairing, Request, Response, Role};

use crate::credentials::random_key;
use crate::link::Greeting;
use crate::pending::Pending;
use crate::{Credentials, Device, Error, Result};

/// How often the board is asked whether its button was pressed.
const POLL: Duration = Duration::from_millis(150);

/// How long the board waits for a press.
const SECONDS: u64 = 60;

/// How long it is believed to wait: what it says may be somebody else's word.
const LIMIT: Duration = Duration::from_secs(SECONDS + 5);

/// Who asks to be paired.
#[derive(Clone, Debug)]
pub struct Applicant<'a> {
    /// What this computer wants to be.
    pub role: Role,
    /// What people call it.
    pub label: &'a str,
    /// Whose models the board shall trust, from the first installer.
    pub signer: Option<Hash>,
    /// The file of this computer's keys for the board, which the new ones replace: no other board is asked. Without a file they are
    /// kept nowhere, as for a door in memory.
    pub host_key: Option<&'a Path>,
}

/// What the user of a pairing is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Press the pairing button once, but not if the board shows a code already: it shows one then.
    Press,
    /// Compare this code with the one that the board shows. Only whoever returns without an error knows that they are equal: what
    /// the other end says may be somebody else's word.
    Compare(u32),
    /// The codes were shown for long enough: if they are equal, hold the pairing button for two seconds.
    Confirm,
}

/// What the user of an erasure is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EraseStep {
    /// The board shows that it is to be erased. A press does not count yet.
    Shown,
    /// Press the pairing button.
    Press,
    /// The board has seen the press: let the button go, and wait.
    Seen,
    /// Press the pairing button again.
    Again,
    /// The board has seen that as well, or it no longer waits: let the button go.
    Over,
}

/// A pairing that came about.
#[derive(Clone, Debug)]
pub struct Paired {
    /// The keys, which are in the applicant's file.
    pub credentials: Credentials,
    /// What this computer may do.
    pub role: Role,
}

/// How a pairing ended that did not come about, as far as this computer knows.
enum End {
    /// The board has not stored this computer, and does not any more.
    Over(Error),
    /// It may have.
    Unknown(Error),
}

impl Device {
    /// Asks to be paired, under a new key or that of a pairing whose end this computer has not heard. `tell` is given each
    /// [`Step`] of the user. The keys are in the applicant's file when this returns.
    ///
    /// # Errors
    /// As any request; refused with `NotInvited`; [`Error::OtherBoard`] if it is not that of the applicant's keys, and nothing was
    /// asked of it; [`Error::NotConfirmed`], [`Error::NotCompared`]; [`Error::Unheard`], [`Error::OtherKeys`]; [`Error::File`],
    /// [`Error::Record`]; what `tell` returns.
    pub fn pair(
        &mut self,
        applicant: &Applicant<'_>,
        tell: &mut dyn FnMut(Step) -> Result<()>,
    ) -> Result<Paired> {
        self.pair_by(applicant, tell, &mut |time| {
            std::thread::sleep(time);
            Instant::now()
        })
    }

    /// As [`pair`](Self::pair). `wait` waits for a time, and returns what time it is then.
    ///
    /// # Errors
    /// As [`pair`](Self::pair).
    pub fn pair_by(
        &mut self,
        applicant: &Applicant<'_>,
        tell: &mut dyn FnMut(Step) -> Result<()>,
        wait: &mut dyn FnMut(Duration) -> Instant,
    ) -> Result<Paired> {
        let used = applicant.host_key.map(Credentials::load).transpose()?.flatten();
        let (mut secret, mut earlier) = (random_key()?, None);
        let mut greeting = self.greet(&secret, used.as_ref().map(|used| used.board))?;
        if let Some(host_key) = applicant.host_key {
            earlier = Pending::all(host_key, Some(greeting.board))?.into_iter().next();
        }
        if let Some(earlier) = &earlier {
            secret = earlier.keys.secret.clone();
            greeting = self.greet(&secret, Some(greeting.board))?;
        }
        // From here on the line must stay with this board.
        if let Some(identity) = &mut self.link.identity {
            identity.board = Some(greeting.board);
        }
        let mut keys = Credentials { secret: secret.clone(), board: greeting.board, next: None, log: None };
        let mut pending = earlier.clone();
        // A board that knows a new key is none.
        let ended = match greeting.role.filter(|_| earlier.is_some()) {
            Some(role) => {
                self.ended_pairing = true;
                Ok(role)
            }
            None => {
                let code = self.exchange_nonces(applicant, &greeting.binding, tell, wait)?;
                tell(Step::Compare(code))?;
                // The next request can have the board store this computer.
                if let (Some(host_key), None) = (applicant.host_key, &earlier) {
                    pending = Some(Pending::keep(host_key, keys.clone())?);
                }
                self.confirmation(tell, wait)
            }
        };
        let role = match (ended.or_else(|end| self.heard(end, &keys)), pending.as_ref()) {
            (Ok(role), _) => role,
            (Err(End::Over(error)), Some(pending)) if earlier.is_none() => {
                pending.discard()?;
                return Err(error);
            }
            (Err(End::Unknown(error)), Some(_)) => return Err(Error::Unheard(Box::new(error))),
            (Err(End::Over(error) | End::Unknown(error)), _) => return Err(error),
        };
        match (applicant.host_key, pending) {
            (Some(host_key), Some(pending)) => keys = self.take_up(host_key, pending, used.as_ref())?,
            _ => keys.log = self.signer_of_log(),
        }
        Ok(Paired { credentials: keys, role })
    }

    /// Has the board show a code, once its button is pressed. Returns that of this computer.
    fn exchange_nonces(
        &mut self,
        applicant: &Applicant<'_>,
        binding: &Hash,
        tell: &mut dyn FnMut(Step) -> Result<()>,
        wait: &mut dyn FnMut(Duration) -> Instant,
    ) -> Result<u32> {
        let nonce = random_key()?;
        let label = Label::try_from(applicant.label)
            .map_err(|_| Error::NameTooLong { bytes: applicant.label.len() })?;
        let request =
            Request::BeginPairing { role: applicant.role, label, commitment: commitment(nonce.bytes()) };
        self.pairing(&request)?;
        tell(Step::Press)?;
        let limit = wait(Duration::ZERO) + LIMIT;
        let theirs = loop {
            match self.link.ask(&Request::PollPairing)? {
                Response::PairingNonce { nonce } => break nonce,
                Response::Pairing(Pairing::Requested { .. }) if wait(POLL) < limit => {}
                Response::Pairing(_) => return Err(Error::NotConfirmed { seconds: SECONDS }),
                _ => return Err(Error::Garbled),
            }
        };
        self.pairing(&Request::Pair { nonce: *nonce.bytes(), signer: applicant.signer })?;
        Ok(code(binding, nonce.bytes(), &theirs))
    }

    /// Waits until the button is held. Returns the role that the board gives this computer.
    fn confirmation(
        &mut self,
        tell: &mut dyn FnMut(Step) -> Result<()>,
        wait: &mut dyn FnMut(Duration) -> Instant,
    ) -> core::result::Result<Role, End> {
        let limit = wait(Duration::ZERO) + LIMIT;
        let mut told = false;
        loop {
            let counts = match self.pairing(&Request::PollPairing).map_err(End::Unknown)? {
                Pairing::Shown { .. } => false,
                Pairing::Waiting { .. } => true,
                Pairing::Paired { role } => return Ok(role),
                Pairing::None | Pairing::Requested { .. } | Pairing::Erasing { .. } => break,
            };
            if counts && !core::mem::replace(&mut told, true) {
                // Nobody asks whether it was held any more, so the board stores nothing.
                tell(Step::Confirm).map_err(End::Over)?;
            }
            if wait(POLL) >= limit {
                break;
            }
        }
        Err(End::Unknown(Error::NotCompared { seconds: SECONDS }))
    }

    /// Asks the board whether it has stored this computer after all: its reply may be lost, or its power was cut before it. A new
    /// session tells the role, and ends the pairing.
    fn heard(&mut self, end: End, keys: &Credentials) -> core::result::Result<Role, End> {
        let End::Unknown(error) = end else { return Err(end) };
        if let Error::Silent { .. } | Error::Line(_) = error {
            return Err(End::Unknown(error));
        }
        match (self.greet(&keys.secret, Some(keys.board)), &error) {
            (Ok(Greeting { role: Some(role), .. }), _) => Ok(role),
            // A write that failed may be in flash all the same, as the next boot finds it.
            (Ok(_), Error::Refused(_)) => Err(End::Unknown(error)),
            (Ok(_), _) => Err(End::Over(error)),
            (Err(error), _) => Err(End::Unknown(error)),
        }
    }

    /// The key of the board's log. A pairing stands if the board cannot sign now: the next export asks again.
    pub(crate) fn signer_of_log(&mut self) -> Option<Hash> {
        self.log_head(0).ok().map(|head| head.signer)
    }

    /// Has the board erase all but its log, once its pairing button is pressed twice. `tell` is given each [`EraseStep`] of the
    /// user. As the computer that this one is, or as any: the board accepts that where it lost the record of its installer.
    /// `open` opens the line again where it ends with the program of a door that starts again.
    ///
    /// # Errors
    /// As any request; refused with `Forbidden`, `ButtonAwaited`; [`Error::NotConfirmed`]; what `tell` returns.
    pub fn erase(
        &mut self,
        tell: &mut dyn FnMut(EraseStep) -> Result<()>,
        open: &mut dyn FnMut() -> Option<Self>,
    ) -> Result<()> {
        let open = &mut || open().map(|device| device.link);
        if self.link.identity.is_none() {
            self.greet(&random_key()?, None)?;
        }
        let mut state = self.pairing(&Request::Erase)?;
        let mut told = None;
        // A board that restarts answers nothing for a while.
        let give_up = Instant::now() + 3 * Duration::from_secs(SECONDS);
        while let Pairing::Erasing { presses, counts, .. } = state {
            let step = match (presses, counts) {
                (2, false) => EraseStep::Shown,
                (2, true) => EraseStep::Press,
                (_, false) => EraseStep::Seen,
                (_, true) => EraseStep::Again,
            };
            if told.replace(step) != Some(step) {
                tell(step)?;
            }
            std::thread::sleep(POLL);
            state = match self.pairing(&Request::PollPairing) {
                Err(error) if Instant::now() >= give_up || matches!(error, Error::Refused(_)) => {
                    return Err(error);
                }
                Err(_) => {
                    self.link.reopen(open);
                    state
                }
                Ok(state) => state,
            };
        }
        // The board that starts again sees a button that is not pressed.
        tell(EraseStep::Over)?;
        loop {
            match self.status() {
                Ok(status) if status.hosts == 0 => return Ok(()),
                // It is about to restart, or nobody pressed the button.
                Ok(_) if Instant::now() >= give_up => return Err(Error::NotConfirmed { seconds: SECONDS }),
                Ok(_) => {}
                Err(error) if Instant::now() >= give_up => return Err(error),
                Err(_) => self.link.reopen(open),
            }
            std::thread::sleep(POLL);
        }
    }

    /// Lets one more computer be paired with the board as `role`.
    ///
    /// # Errors
    /// As any request.
    pub fn invite(&mut self, role: Role) -> Result<()> {
        self.done(&Request::Invite { role })
    }

    /// The computers that the board knows.
    ///
    /// # Errors
    /// As any request.
    pub fn hosts(&mut self) -> Result<Vec<Host>> {
        match self.link.ask(&Request::ListHosts)? {
            Response::Hosts(hosts) => Ok(hosts.into_iter().collect()),
            _ => Err(Error::Garbled),
        }
    }

    /// Lets the board forget a computer.
    ///
    /// # Errors
    /// As any request; refused with `UnknownHost`, `LastInstaller`.
    pub fn remove_host(&mut self, key: Hash) -> Result<()> {
        self.done(&Request::RemoveHost { key })
    }

    /// Lets the board know this computer by another key.
    ///
    /// # Errors
    /// As any request.
    pub fn replace_key(&mut self, key: Hash) -> Result<()> {
        self.done(&Request::ReplaceKey { key })
    }

    /// Lets the board trust models that this key signed.
    ///
    /// # Errors
    /// As any request.
    pub fn set_signer(&mut self, signer: Hash) -> Result<()> {
        self.done(&Request::SetSigner { signer })
    }

    fn pairing(&mut self, request: &Request<'_>) -> Result<Pairing> {
        match self.link.ask(request)? {
            Response::Pairing(state) => Ok(state),
            _ => Err(Error::Garbled),
        }
    }

    pub(crate) fn done(&mut self, request: &Request<'_>) -> Result<()> {
        match self.link.ask(request)? {
            Response::Done => Ok(()),
            _ => Err(Error::Garbled),
        }
    }
}
