//! Pairing of a host: six digits are compared, and the pairing button of the board confirms.
//!
//! | state | event | next |
//! |---|---|---|
//! | idle | begin: an expected role, a commitment | requested: nothing is disclosed, a minute runs |
//! | requested | the pairing button is pressed | committed: the board's nonce is drawn, and told when the host polls |
//! | committed | pair: the nonce of the commitment | shown: the code is on the display, a minute runs |
//! | shown | [`COMPARE`] is over | waiting: a press counts now |
//! | waiting | the pairing button is pressed, the host polls | the host is in flash; idle |
//! | idle | erase: an installer asks, or anybody where no installer is known because hosts were lost | erasing: a minute runs |
//! | erasing | the pairing button is pressed | the log has an entry, the board restarts and erases all but its log |
//! | any | begin again; another session; the time is over; pair with another nonce | idle, no code is shown |
//!
//! A host commits to its nonce before it sees that of the board, and sees one nonce a press. So whoever wants the board to
//! show a certain code has one try in a million a press, and cannot try without somebody at the board. The second press
//! belongs to the session whose code was shown for at least [`COMPARE`]: a press that was meant for the code before does
//! not count.
//!
//! The pairing button is on the board. It is not the exit button, which opens the door also while a pairing waits. A board
//! without hosts expects an installer, and then trusts the installer's signer. A board with hosts accepts only a host that
//! an installer has invited; physical access to cable and button is not enough.
//!
//! A board that lost the record of a host pairs nobody, until an installer who is left invites somebody. Where none is left,
//! it can be erased. Whoever can write its flash, and damages the records for that, gets a new board, as after an erase of the
//! flash itself: without people, models or settings.

use board_api::System;
use crypto::pairing::{code, is_committed};
use embassy_time::{Duration, Instant};
use protocol::{Error, Hash, Host, Label, Role};

use crate::{
    link::Link,
    log::{log, log_private},
};

use super::access::Access;

/// How long each press is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a code is shown before a press counts: time to compare it.
const COMPARE: Duration = Duration::from_secs(3);
/// How long an invitation is valid.
const INVITATION: Duration = Duration::from_secs(300);

/// The state of a pairing, and the invitation.
#[derive(Default)]
pub(crate) struct Pairing {
    state: State,
    invitation: Option<(Role, Instant)>,
    /// The number of the last press that was waited for.
    number: u32,
}

#[derive(Default)]
enum State {
    #[default]
    Idle,
    Requested {
        offer: Offer,
        until: Instant,
    },
    Committed {
        offer: Offer,
        nonce: Hash,
        until: Instant,
    },
    /// A press has all erased.
    Erasing {
        host: Hash,
        until: Instant,
    },
    /// The press came.
    Erased {
        host: Hash,
    },
    /// Also while the button does not count yet: before `from`.
    Waiting {
        offer: Offer,
        signer: Option<Hash>,
        from: Instant,
        until: Instant,
    },
}

/// A host that was confirmed at the board, and the signer that it brings if it is the first.
pub(crate) struct Confirmed {
    pub(crate) host: Host,
    pub(crate) signer: Option<Hash>,
}

/// What a host asks for.
struct Offer {
    host: Host,
    commitment: Hash,
    /// The session in which it asks.
    binding: Hash,
}

impl Pairing {
    /// Begins the pairing of the session's host: the button is waited for.
    ///
    /// # Errors
    /// [`Error::NotInvited`], [`Error::NoSession`], [`Access::whole`].
    pub(crate) fn begin(
        &mut self,
        (role, label, commitment): (Role, Label, Hash),
        access: &Access,
        system: &mut impl System,
        link: &Link,
    ) -> Result<(), Error> {
        self.cancel(system, link);
        self.expect_role(role, access)?;
        let session = access.session.as_ref().ok_or(Error::NoSession)?;
        let host = Host { key: session.peer, role, label };
        let offer = Offer { host, commitment, binding: session.binding };
        self.state = State::Requested { offer, until: Instant::now() + PATIENCE };
        self.await_press(link);
        Ok(())
    }

    /// Takes the host's nonce, and shows the code.
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
        let State::Committed { offer, nonce, .. } = self.cancel(system, link) else {
            return Err(Error::NoPairing);
        };
        if offer.binding != binding || !is_committed(&offer.commitment, &theirs) {
            return Err(Error::NoPairing);
        }
        let code = code(&binding, &theirs, &nonce);
        log!(info, "the display shows the code of a pairing");
        log_private!(info, "pairing: code {=u32:06}, confirm by the button", code);
        system.show_pairing_code(Some(code));
        let now = Instant::now();
        self.state = State::Waiting { offer, signer, from: now + COMPARE, until: now + PATIENCE };
        Ok(())
    }

    /// Checks whether the button was pressed. If so, returns the host that is to be stored.
    ///
    /// # Errors
    /// [`Error::NoSession`], [`Error::HostsFull`].
    pub(crate) fn poll(
        &mut self,
        access: &Access,
        system: &mut impl System,
        link: &Link,
    ) -> Result<Option<Confirmed>, Error> {
        if !matches!(self.state, State::Waiting { .. }) || !self.is_pressed(link) {
            return Ok(None);
        }
        let binding = access.session.as_ref().ok_or(Error::NoSession)?.binding;
        let State::Waiting { offer, signer, .. } = self.cancel(system, link) else { return Ok(None) };
        if offer.binding != binding {
            return Ok(None);
        }
        access.place_for(&offer.host.key)?;
        self.invitation = None;
        let signer = signer.filter(|_| access.hosts().next().is_none());
        Ok(Some(Confirmed { host: offer.host, signer }))
    }

    /// Waits for the press after which all is erased, for the session's host.
    ///
    /// # Errors
    /// [`Access::may_erase`].
    pub(crate) fn begin_erasing(
        &mut self,
        access: &Access,
        system: &mut impl System,
        link: &Link,
    ) -> Result<(), Error> {
        self.cancel(system, link);
        self.state = State::Erasing { host: access.may_erase()?, until: Instant::now() + PATIENCE };
        self.await_press(link);
        Ok(())
    }

    /// Does what is due: ends a pairing that took too long, draws the nonce after the first press, and lets the second
    /// press count once the code was shown for long enough.
    pub(crate) fn tick(&mut self, system: &mut impl System, link: &Link) {
        let now = Instant::now();
        match &self.state {
            State::Requested { until, .. }
            | State::Erasing { until, .. }
            | State::Committed { until, .. }
            | State::Waiting { until, .. }
                if *until <= now =>
            {
                self.cancel(system, link);
            }
            State::Erasing { host, .. } if self.is_pressed(link) => {
                let host = *host;
                self.cancel(system, link);
                self.state = State::Erased { host };
            }
            State::Requested { .. } if self.is_pressed(link) => {
                let State::Requested { offer, .. } = self.cancel(system, link) else { return };
                let mut nonce = [0; 32];
                system.fill_random(&mut nonce);
                self.state = State::Committed { offer, nonce, until: now + PATIENCE };
            }
            State::Waiting { from, .. } if *from <= now && link.config.get().pairing == 0 => {
                self.await_press(link);
            }
            _ => {}
        }
    }

    /// The host that has all erased, once the button was pressed for that.
    pub(crate) fn take_erased(&mut self) -> Option<Hash> {
        let State::Erased { host } = self.state else { return None };
        self.state = State::Idle;
        Some(host)
    }

    /// The board's nonce, after the first press.
    pub(crate) fn nonce(&self) -> Option<Hash> {
        match &self.state {
            State::Committed { nonce, .. } => Some(*nonce),
            _ => None,
        }
    }

    /// Lets the next press of the pairing button count.
    fn await_press(&mut self, link: &Link) {
        self.number = self.number.wrapping_add(1).max(1);
        let number = self.number;
        link.config.update(|config| config.pairing = number);
    }

    /// Whether the press that is waited for came.
    fn is_pressed(&self, link: &Link) -> bool {
        let waited = link.config.get().pairing;
        waited != 0 && link.state.get().confirmed == waited
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
        let now = Instant::now();
        let left = |until: &Instant| until.saturating_duration_since(now).as_millis() as u32;
        match &self.state {
            State::Requested { until, .. } | State::Erasing { until, .. } => {
                protocol::Pairing::Requested { left_ms: left(until) }
            }
            State::Waiting { from, until, .. } if *from > now => {
                protocol::Pairing::Shown { left_ms: left(until) }
            }
            State::Waiting { until, .. } => protocol::Pairing::Waiting { left_ms: left(until) },
            State::Idle | State::Erased { .. } | State::Committed { .. } => protocol::Pairing::None,
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
        access.whole()?;
        let expected = match self.invitation {
            _ if access.hosts().next().is_none() => Some(Role::Installer),
            Some((invited, until)) if until > Instant::now() => Some(invited),
            _ => None,
        };
        if expected == Some(role) { Ok(()) } else { Err(Error::NotInvited { role }) }
    }
}
