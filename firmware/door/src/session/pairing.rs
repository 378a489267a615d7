//! Pairing of a host: six digits are compared, and the button of the board confirms.
//!
//! | state | event | next |
//! |---|---|---|
//! | idle | begin: an expected role, a commitment | committed: the board's nonce is sent |
//! | committed | pair: the nonce of the commitment | waiting: the code is shown, a minute runs |
//! | waiting | the button is pressed, the host polls | the host is in flash; idle |
//! | any | begin again; another session; the time is over | idle, the code is no longer shown |
//!
//! A board without hosts expects an installer, and then trusts the installer's signer. A board with hosts accepts only a
//! host that an installer has invited; physical access to cable and button is not enough. While a pairing waits, a press of
//! the button confirms it and opens no door.

use board_api::System;
use crypto::pairing::{code, is_committed};
use embassy_time::{Duration, Instant};
use embedded_storage::nor_flash::NorFlash;
use protocol::{Error, Hash, Host, Label, Role};

use crate::{link::Link, log::log, store::Storage};

use super::access::Access;

/// How long a code is shown.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long an invitation is valid.
const INVITATION: Duration = Duration::from_secs(300);

/// The state of a pairing, and the invitation.
#[derive(Default)]
pub(crate) struct Pairing {
    state: State,
    invitation: Option<(Role, Instant)>,
    /// The number of the last pairing that waited for the button.
    number: u32,
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

impl Pairing {
    /// Begins the pairing of the session's host. Returns the board's nonce.
    ///
    /// # Errors
    /// [`Error::NotInvited`], [`Error::NoSession`]; [`Error::Flash`] if the hosts could not be read.
    pub(crate) fn begin(
        &mut self,
        (role, label, commitment): (Role, Label, Hash),
        access: &Access,
        system: &mut impl System,
        link: &Link,
    ) -> Result<Hash, Error> {
        self.cancel(system, link);
        self.expect_role(role, access)?;
        let key = access.peer().ok_or(Error::NoSession)?;
        let mut nonce = [0; 32];
        system.fill_random(&mut nonce);
        self.state = State::Committed { host: Host { key, role, label }, commitment, nonce };
        Ok(nonce)
    }

    /// Takes the host's nonce, shows the code, and waits for the button.
    ///
    /// # Errors
    /// [`Error::NoSession`]; [`Error::NoPairing`] if none was begun, or the nonce does not match the commitment.
    pub(crate) fn pair(
        &mut self,
        (theirs, signer): (Hash, Option<Hash>),
        access: &Access,
        system: &mut impl System,
        link: &Link,
    ) -> Result<(), Error> {
        let binding = access.session.as_ref().ok_or(Error::NoSession)?.binding;
        let state = core::mem::take(&mut self.state);
        let State::Committed { host, commitment, nonce } = state else { return Err(Error::NoPairing) };
        if !is_committed(&commitment, &theirs) {
            return Err(Error::NoPairing);
        }
        let code = code(&binding, &theirs, &nonce);
        log!(info, "pairing: code {=u32:06}, confirm by the button", code);
        system.show_pairing_code(Some(code));
        self.state = State::Waiting { host, signer, until: Instant::now() + PATIENCE };
        self.number = self.number.wrapping_add(1).max(1);
        let number = self.number;
        link.config.update(|config| config.pairing = number);
        Ok(())
    }

    /// Checks whether the button was pressed. If so, stores the host and returns it.
    ///
    /// # Errors
    /// [`Error::HostsFull`], [`Error::Flash`].
    pub(crate) fn poll<F: NorFlash>(
        &mut self,
        access: &mut Access,
        storage: &mut Storage<F>,
        system: &mut impl System,
        link: &Link,
    ) -> Result<Option<Host>, Error> {
        self.tick(system, link);
        if !matches!(self.state, State::Waiting { .. }) || link.state.get().confirmed != self.number {
            return Ok(None);
        }
        let State::Waiting { host, signer, .. } = self.cancel(system, link) else { return Ok(None) };
        if let (0, Some(signer)) = (access.hosts().count(), signer) {
            storage.set_signer(&signer)?;
        }
        access.add_host(host.clone(), storage)?;
        self.invitation = None;
        log!(info, "a host was paired");
        Ok(Some(host))
    }

    /// Ends a pairing that took too long.
    pub(crate) fn tick(&mut self, system: &mut impl System, link: &Link) {
        if matches!(self.state, State::Waiting { until, .. } if until <= Instant::now()) {
            self.cancel(system, link);
        }
    }

    /// Ends the pairing under way.
    pub(crate) fn end(&mut self, system: &mut impl System, link: &Link) {
        self.cancel(system, link);
    }

    /// Allows one more host to be paired.
    pub(crate) fn invite(&mut self, role: Role) {
        self.invitation = Some((role, Instant::now() + INVITATION));
    }

    /// The state for the host.
    pub(crate) fn state(&self) -> protocol::Pairing {
        match &self.state {
            State::Waiting { until, .. } => {
                let left = until.saturating_duration_since(Instant::now());
                protocol::Pairing::Waiting { left_ms: left.as_millis() as u32 }
            }
            _ => protocol::Pairing::None,
        }
    }

    /// Ends the pairing under way, and returns its state.
    fn cancel(&mut self, system: &mut impl System, link: &Link) -> State {
        link.config.update(|config| config.pairing = 0);
        let state = core::mem::take(&mut self.state);
        if let State::Waiting { .. } = state {
            system.show_pairing_code(None);
        }
        state
    }

    fn expect_role(&self, role: Role, access: &Access) -> Result<(), Error> {
        if !access.readable {
            return Err(Error::Flash);
        }
        let expected = match self.invitation {
            _ if access.hosts().next().is_none() => Some(Role::Installer),
            Some((invited, until)) if until > Instant::now() => Some(invited),
            _ => None,
        };
        if expected == Some(role) { Ok(()) } else { Err(Error::NotInvited { role }) }
    }
}
