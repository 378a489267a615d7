//! Pairing of a host: six digits are compared, and the pairing button of the board, held, confirms.
//!
//! | state | event | next |
//! |---|---|---|
//! | idle | begin: an expected role, a commitment | requested: nothing is disclosed, a minute runs |
//! | requested | the pairing button is pressed | committed: the board's nonce is drawn, and told when the host polls |
//! | committed | pair: the nonce of the commitment | shown: the code is on the display, a minute runs |
//! | shown | [`COMPARE`] is over | waiting: the button counts now |
//! | waiting | the pairing button is held for two seconds, the host polls | the host is in flash; idle |
//! | waiting | the pairing button is let go sooner | idle, nothing is shown |
//! | idle | erase: an installer asks, or anybody where no installer is known because hosts were lost | erasing, two presses are missing: the display shows it, a minute runs |
//! | erasing | it is shown for [`COMPARE`] | a press counts now |
//! | erasing, two presses are missing | the pairing button is pressed | erasing, one press is missing: [`AGAIN`] runs, and a press counts after [`COMPARE`] |
//! | erasing, one press is missing | the pairing button is pressed | the log has an entry, the board restarts and erases all but its log |
//! | requested, committed, shown, waiting | erase | the same; refused |
//! | erasing | begin | the same; refused |
//! | any | begin or erase again; another session; the time is over; pair with another nonce | idle, nothing is shown |
//!
//! A host commits to its nonce before it sees that of the board, and sees one nonce a press. So whoever wants the board to
//! show a certain code has one try in a million a press, and cannot try without somebody at the board. Another gesture
//! confirms: the button is held. So whoever presses for a code, because the own computer waits for one, confirms no code
//! that another computer had shown in between, and ends that pairing. The hold belongs to the session whose code was shown
//! for at least [`COMPARE`]: a press that began before that does not count, however long it lasts.
//!
//! A press that is meant for a pairing erases nothing: what is erased is shown for [`COMPARE`] before each of two presses, and
//! neither waits for the button while the other does.
//!
//! The pairing button is on the board. It is not the exit button, which opens the door also while a pairing waits. A board
//! without hosts expects an installer, and then trusts the installer's signer. A board with hosts accepts only a host that
//! an installer has invited; physical access to cable and button is not enough.
//!
//! A board that lost the record of a host pairs nobody, until an installer who is left invites somebody. Where none is left,
//! it can be erased. Whoever can write its flash, and damages the records for that, gets a new board, as after an erase of the
//! flash itself: without people, models or settings.

use board_api::{Shown, System};
use crypto::pairing::{code, is_committed};
use embassy_time::{Duration, Instant};
use protocol::{Error, Hash, Host, Label, Role};

use crate::{
    link::{Awaited, Link},
    log::{log, log_private},
};

use super::access::Access;

/// How long each press is waited for.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long the display shows what a press means before one counts: time to compare a code.
const COMPARE: Duration = Duration::from_secs(3);
/// How long the second press that erases is waited for.
const AGAIN: Duration = Duration::from_secs(20);
/// How long an invitation is valid.
const INVITATION: Duration = Duration::from_secs(300);

/// The state of a pairing, and the invitation.
#[derive(Default)]
pub(crate) struct Pairing {
    state: State,
    invitation: Option<(Role, Instant)>,
    /// The number of the last press or hold that was waited for.
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
    /// So many presses have all erased. The button does not count before `from`.
    Erasing {
        host: Hash,
        presses: u8,
        from: Instant,
        until: Instant,
    },
    /// The presses came.
    Erased {
        host: Hash,
    },
    /// They came, and the log could not be written: nothing is erased.
    Unlogged,
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
    /// [`Error::ButtonAwaited`], [`Error::NotInvited`], [`Error::NoSession`], [`Access::whole`].
    pub(crate) fn begin(
        &mut self,
        (role, label, commitment): (Role, Label, Hash),
        access: &Access,
        system: &mut impl System,
        link: &Link,
    ) -> Result<(), Error> {
        if let State::Erasing { .. } = self.state {
            return Err(Error::ButtonAwaited);
        }
        self.cancel(system, link);
        self.expect_role(role, access)?;
        let session = access.session.as_ref().ok_or(Error::NoSession)?;
        let host = Host { key: session.peer, role, label };
        let offer = Offer { host, commitment, binding: session.binding };
        self.state = State::Requested { offer, until: Instant::now() + PATIENCE };
        self.wait_for(Awaited::Press, link);
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
        log_private!(info, "pairing: code {=u32:06}, hold the button to confirm", code);
        system.show(Some(Shown::Code(code)));
        let now = Instant::now();
        self.state = State::Waiting { offer, signer, from: now + COMPARE, until: now + PATIENCE };
        Ok(())
    }

    /// Checks whether the button was pressed. If so, returns the host that is to be stored.
    ///
    /// # Errors
    /// [`Error::NoSession`], [`Error::HostsFull`]; [`Error::Flash`] if the board was to be erased, and its log cannot be written.
    pub(crate) fn poll(
        &mut self,
        access: &Access,
        system: &mut impl System,
        link: &Link,
    ) -> Result<Option<Confirmed>, Error> {
        if let State::Unlogged = self.state {
            self.state = State::Idle;
            return Err(Error::Flash);
        }
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

    /// Shows that all is to be erased, for the session's host, and waits for two presses.
    ///
    /// # Errors
    /// [`Error::ButtonAwaited`], [`Access::may_erase`].
    pub(crate) fn begin_erasing(
        &mut self,
        access: &Access,
        system: &mut impl System,
        link: &Link,
    ) -> Result<(), Error> {
        let host = access.may_erase()?;
        if let State::Requested { .. } | State::Committed { .. } | State::Waiting { .. } = self.state {
            return Err(Error::ButtonAwaited);
        }
        self.cancel(system, link);
        log!(info, "the display shows that the board is to be erased");
        system.show(Some(Shown::Erase));
        let now = Instant::now();
        self.state = State::Erasing { host, presses: 2, from: now + COMPARE, until: now + PATIENCE };
        Ok(())
    }

    /// Does what is due: ends a pairing that took too long, draws the nonce after the first press, and lets the
    /// hold count once the code was shown for long enough.
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
            State::Erasing { host, presses: 2, .. } if self.is_pressed(link) => {
                let host = *host;
                link.config.update(|config| config.pairing = Awaited::Nothing);
                self.state = State::Erasing { host, presses: 1, from: now + COMPARE, until: now + AGAIN };
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
            State::Waiting { .. } if self.is_declined(link) => {
                log!(info, "the pairing is declined: the button was let go too soon");
                self.cancel(system, link);
            }
            State::Waiting { from, .. } if *from <= now && link.config.get().pairing == Awaited::Nothing => {
                self.wait_for(Awaited::Hold, link);
            }
            State::Erasing { from, .. } if *from <= now && link.config.get().pairing == Awaited::Nothing => {
                self.wait_for(Awaited::Press, link);
            }
            _ => {}
        }
    }

    /// Ends an erasure that the log could not take down: the host is told.
    pub(crate) fn refuse_erasing(&mut self) {
        self.state = State::Unlogged;
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

    /// Lets the pairing button count from now on.
    fn wait_for(&mut self, what: fn(u32) -> Awaited, link: &Link) {
        self.number = self.number.wrapping_add(1).max(1);
        let number = self.number;
        link.config.update(|config| config.pairing = what(number));
    }

    /// Whether the press or hold that is waited for came.
    fn is_pressed(&self, link: &Link) -> bool {
        match link.config.get().pairing {
            Awaited::Nothing => false,
            Awaited::Press(number) | Awaited::Hold(number) => link.state.get().confirmed == number,
        }
    }

    /// Whether the button was let go before the hold that is waited for was over.
    fn is_declined(&self, link: &Link) -> bool {
        matches!(link.config.get().pairing, Awaited::Hold(number) if link.state.get().declined == number)
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
            State::Requested { until, .. } => protocol::Pairing::Requested { left_ms: left(until) },
            State::Erasing { presses, from, until, .. } => {
                protocol::Pairing::Erasing { presses: *presses, counts: *from <= now, left_ms: left(until) }
            }
            State::Waiting { from, until, .. } if *from > now => {
                protocol::Pairing::Shown { left_ms: left(until) }
            }
            State::Waiting { until, .. } => protocol::Pairing::Waiting { left_ms: left(until) },
            State::Idle | State::Erased { .. } | State::Unlogged | State::Committed { .. } => {
                protocol::Pairing::None
            }
        }
    }

    /// Ends the pairing under way, and returns its state.
    fn cancel(&mut self, system: &mut impl System, link: &Link) -> State {
        link.config.update(|config| config.pairing = Awaited::Nothing);
        let state = core::mem::take(&mut self.state);
        if let State::Waiting { .. } | State::Erasing { .. } = state {
            system.show(None);
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

#[cfg(test)]
mod tests;
