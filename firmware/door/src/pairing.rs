//! A host becomes known to the board: by a press of its button, with the code compared.
//!
//! | state | event | next |
//! |---|---|---|
//! | idle | begin: a role that is expected, a commitment | committed: the board's nonce is told |
//! | committed | pair: the nonce committed to | waiting: the code is shown, a minute runs |
//! | waiting | the button is pressed, the host polls | the host is in flash; idle |
//! | any | begin again; another session; the time is over | idle, the code is no longer shown |
//!
//! A board without hosts expects an installer, whose models it then trusts. A board that has
//! one expects only whom an installer invited: who can reach cable and button is not yet entitled to
//! anything. While a pairing waits, a press of the button confirms it and opens no door.

use core::sync::atomic::Ordering;

use board_api::{Board, System as _};
use crypto::pairing::{code, is_committed};
use embassy_time::{Duration, Instant};
use protocol::{Error, EventKind, Hash, Host, Label, MAX_HOSTS, Response, Role};

use crate::{desk::Desk, engine::Engine, log::log};

/// How long a code is shown.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an invitation holds.
const INVITATION: Duration = Duration::from_secs(300);

/// How far a pairing is, and who is invited.
#[derive(Default)]
pub(crate) struct Pairing {
    state: State,
    invitation: Option<(Role, Instant)>,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Committed {
        host: Host,
        commitment: Hash,
        nonce: Hash,
    },
    Waiting {
        host: Host,
        signer: Option<Hash>,
        until: Instant,
    },
}

impl<B: Board, E: Engine> Desk<'_, '_, B, E> {
    /// Begins a pairing of the session's host.
    pub(crate) fn begin_pairing(
        &mut self,
        role: Role,
        label: Label,
        commitment: Hash,
    ) -> Result<Response, Error> {
        self.forget_pairing();
        self.expect_role(role)?;
        let key = self.access.session.as_ref().ok_or(Error::NoSession)?.peer;
        let mut nonce = [0; 32];
        self.system.fill_random(&mut nonce);
        let host = Host { key, role, label };
        self.access.pairing.state = State::Committed { host, commitment, nonce };
        Ok(Response::PairingNonce { nonce })
    }

    /// Takes the host's nonce, shows the code, and waits for the button.
    pub(crate) fn pair(&mut self, theirs: Hash, signer: Option<Hash>) -> Result<Response, Error> {
        let binding = self.access.session.as_ref().ok_or(Error::NoSession)?.binding;
        let state = core::mem::take(&mut self.access.pairing.state);
        let State::Committed { host, commitment, nonce } = state else { return Err(Error::NoPairing) };
        if !is_committed(&commitment, &theirs) {
            return Err(Error::NoPairing);
        }
        let code = code(&binding, &theirs, &nonce);
        log!(info, "pairing: code {=u32:06}, confirm by the button", code);
        self.system.show_pairing_code(Some(code));
        self.access.pairing.state = State::Waiting { host, signer, until: Instant::now() + PATIENCE };
        self.link.confirmed.store(false, Ordering::Release);
        self.link.confirming.store(true, Ordering::Release);
        self.poll_pairing_state()
    }

    /// Looks whether the button was pressed, and if so makes the host known.
    pub(crate) fn poll_pairing(&mut self) -> Result<Response, Error> {
        self.tick_pairing();
        if !self.link.confirmed.swap(false, Ordering::AcqRel) {
            return self.poll_pairing_state();
        }
        let State::Waiting { host, signer, .. } = self.end_pairing() else {
            return self.poll_pairing_state();
        };
        if let (0, Some(signer)) = (self.access.hosts().count(), signer) {
            self.storage()?.set_signer(&signer)?;
        }
        let hosts = &self.access.hosts;
        let known = self.access.place(&host.key);
        let place = known.or_else(|| hosts.iter().position(Option::is_none));
        let place = place.ok_or(Error::HostsFull { limit: MAX_HOSTS as u8 })?;
        self.keep_host(place, Some(host.clone()))?;
        self.access.pairing.invitation = None;
        log!(info, "a host was paired");
        self.link.record(EventKind::Paired { role: host.role, label: host.label });
        Ok(Response::Pairing(protocol::Pairing::Paired { role: host.role }))
    }

    /// Ends what took too long.
    pub(crate) fn tick_pairing(&mut self) {
        if matches!(self.access.pairing.state, State::Waiting { until, .. } if until <= Instant::now()) {
            self.end_pairing();
        }
    }

    /// Ends a pairing that is under way, and returns how far it was.
    fn end_pairing(&mut self) -> State {
        self.link.confirming.store(false, Ordering::Release);
        self.link.confirmed.store(false, Ordering::Release);
        let state = core::mem::take(&mut self.access.pairing.state);
        if let State::Waiting { .. } = state {
            self.system.show_pairing_code(None);
        }
        state
    }

    /// A session begins: what the one before had begun is over.
    pub(crate) fn forget_pairing(&mut self) {
        self.end_pairing();
    }

    /// The cover is open: the keys of the session are wiped, and what it had begun is over.
    pub(crate) fn wipe_session(&mut self) {
        self.end_pairing();
        self.access.wipe();
    }

    /// Lets one more host be paired.
    pub(crate) fn invite(&mut self, role: Role) -> Response {
        self.access.pairing.invitation = Some((role, Instant::now() + INVITATION));
        Response::Done
    }

    /// Forgets a host.
    pub(crate) fn remove_host(&mut self, key: Hash) -> Result<Response, Error> {
        let place = self.access.place(&key).ok_or(Error::UnknownHost)?;
        if !self.access.hosts().any(|left| left.role == Role::Installer && left.key != key) {
            return Err(Error::LastInstaller);
        }
        self.keep_host(place, None)?;
        Ok(Response::Done)
    }

    /// Puts a new key in the place of the session's host's own.
    pub(crate) fn replace_key(&mut self, key: Hash) -> Result<Response, Error> {
        let peer = self.access.session.as_ref().ok_or(Error::NoSession)?.peer;
        let place = self.access.place(&peer).ok_or(Error::UnknownHost)?;
        // Done before, if its acknowledgement was lost; somebody else's key is not taken over.
        if self.access.place(&key).is_some_and(|other| other != place) {
            return Err(Error::Malformed);
        }
        let host = self.access.hosts.get(place).cloned().flatten().ok_or(Error::UnknownHost)?;
        let host = Host { key, ..host };
        self.keep_host(place, Some(host))?;
        if let Some(session) = &mut self.access.session {
            session.peer = key;
        }
        Ok(Response::Done)
    }

    fn poll_pairing_state(&self) -> Result<Response, Error> {
        Ok(Response::Pairing(match &self.access.pairing.state {
            State::Waiting { until, .. } => {
                let left = until.saturating_duration_since(Instant::now());
                protocol::Pairing::Waiting { left_ms: left.as_millis() as u32 }
            }
            _ => protocol::Pairing::None,
        }))
    }

    fn expect_role(&self, role: Role) -> Result<(), Error> {
        if !self.access.readable {
            return Err(Error::Flash);
        }
        let expected = match self.access.pairing.invitation {
            _ if self.access.hosts().next().is_none() => Some(Role::Installer),
            Some((invited, until)) if until > Instant::now() => Some(invited),
            _ => None,
        };
        if expected == Some(role) { Ok(()) } else { Err(Error::NotInvited { role }) }
    }

    /// Puts a host, or the lack of one, into flash and then into memory.
    fn keep_host(&mut self, place: usize, host: Option<Host>) -> Result<(), Error> {
        self.storage()?.set_host(place as u8, host.as_ref())?;
        if let Some(known) = self.access.hosts.get_mut(place) {
            *known = host;
        }
        Ok(())
    }
}
