//! The session with a host, the paired hosts, and their roles.
//!
//! There is one line, and one session at a time. A completed handshake replaces the session before; an incomplete one
//! changes nothing. A role is looked up at every request, so that a removed host loses it at once.

use crypto::{
    Key,
    handshake::{FIRST, Responder, SECOND, THIRD},
    session::BoardSession,
};
use embedded_storage::nor_flash::NorFlash;
use protocol::{Error, Hash, Host, MAX_HOSTS, Role, VERSION};

use crate::store::{Storage, Stored};

use super::table::Need;

/// The session and the hosts.
pub(crate) struct Access {
    /// The board's static secret.
    pub(crate) identity: Key,
    /// The paired hosts, each at its place in flash.
    hosts: [Option<Host>; MAX_HOSTS],
    /// Whether the hosts could be read. If not, nobody is paired, and nobody can be.
    pub(crate) readable: bool,
    /// Places whose record was lost or tampered with, a bit each. Until an installer has looked, nobody can be paired.
    pub(crate) lost: u8,
    handshake: Option<Responder>,
    pub(crate) session: Option<Session>,
}

/// A session with a host.
pub(crate) struct Session {
    pub(crate) answering: BoardSession,
    /// The host's key.
    pub(crate) peer: Hash,
    /// What a pairing code is bound to.
    pub(crate) binding: Hash,
}

/// A step of the handshake was taken.
pub(crate) enum Step {
    /// Send this.
    Message([u8; SECOND]),
    /// The session is there.
    Done,
}

impl Access {
    /// No session. Reads the paired hosts.
    pub(crate) fn open<F: NorFlash>(identity: Key, storage: Option<&mut Storage<F>>) -> Self {
        let mut access = Self {
            identity,
            hosts: [const { None }; MAX_HOSTS],
            readable: true,
            lost: 0,
            handshake: None,
            session: None,
        };
        if let Some(storage) = storage {
            for (place, host) in (0..).zip(&mut access.hosts) {
                match storage.host(place) {
                    Ok(Stored::Valid(kept)) => *host = kept,
                    Ok(Stored::Absent) => {}
                    Ok(Stored::Tampered) => access.lost |= 1 << place,
                    Err(_) => access.readable = false,
                }
            }
        }
        access
    }

    /// Takes a step of the handshake. `ephemeral` is random.
    ///
    /// # Errors
    /// [`Error::NoSession`] if the step is not due, or the host fails to authenticate.
    pub(crate) fn shake_hands(&mut self, message: &[u8], ephemeral: Key) -> Result<Step, Error> {
        match message.len() {
            FIRST => {
                let answered = Responder::answer(self.identity.clone(), ephemeral, VERSION, message);
                let (handshake, second) = answered.map_err(|_| Error::NoSession)?;
                self.handshake = Some(handshake);
                Ok(Step::Message(second))
            }
            THIRD => {
                let handshake = self.handshake.take().ok_or(Error::NoSession)?;
                let done = handshake.finish(message).map_err(|_| Error::NoSession)?;
                let session = Session { answering: done.session, peer: done.peer, binding: done.binding };
                self.session = Some(session);
                Ok(Step::Done)
            }
            _ => Err(Error::NoSession),
        }
    }

    /// Wipes the keys of the session, and those of a handshake under way.
    pub(crate) fn wipe(&mut self) {
        self.handshake = None;
        self.session = None;
    }

    /// The role of the session's host; `None` if it is not paired.
    pub(crate) fn role(&self) -> Option<Role> {
        let peer = self.peer()?;
        self.hosts().find(|host| host.key == peer).map(|host| host.role)
    }

    /// The paired hosts.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().flatten()
    }

    /// The place of the host with a key.
    fn place(&self, key: &Hash) -> Option<usize> {
        self.hosts.iter().position(|host| host.as_ref().is_some_and(|host| host.key == *key))
    }

    /// The place of the session's host.
    pub(crate) fn place_of_session(&self) -> Option<usize> {
        self.place(&self.peer()?)
    }

    /// The key of the host of the session.
    pub(crate) fn peer(&self) -> Option<Hash> {
        self.session.as_ref().map(|session| session.peer)
    }

    /// Checks that the host of the session has what a request needs.
    ///
    /// # Errors
    /// [`Error::Unpaired`], [`Error::Forbidden`]; [`Error::Flash`] if the hosts could not be read, [`Error::HostsLost`] if some
    /// were lost.
    pub(crate) fn permit(&self, need: Need, sealed: bool) -> Result<(), Error> {
        let needed = match need {
            Need::Nothing => return Ok(()),
            Need::Session if sealed => return Ok(()),
            Need::Session => return Err(Error::Unpaired),
            Need::Role(needed) => needed,
        };
        match self.role() {
            Some(role) if sealed && role >= needed => Ok(()),
            Some(_) if sealed => Err(Error::Forbidden { needed }),
            None => Err(self.whole().err().unwrap_or(Error::Unpaired)),
            _ => Err(Error::Unpaired),
        }
    }

    /// Checks that all hosts are known.
    ///
    /// # Errors
    /// [`Error::Flash`] if they could not be read, [`Error::HostsLost`] if some were lost.
    pub(crate) fn whole(&self) -> Result<(), Error> {
        match (self.readable, self.lost) {
            (false, _) => Err(Error::Flash),
            (true, 0) => Ok(()),
            (true, _) => Err(Error::HostsLost),
        }
    }

    /// Checks that a place is free for a host with a key.
    ///
    /// # Errors
    /// [`Error::HostsFull`].
    pub(crate) fn place_for(&self, key: &Hash) -> Result<usize, Error> {
        let place = self.place(key).or_else(|| self.hosts.iter().position(Option::is_none));
        place.ok_or(Error::HostsFull { limit: MAX_HOSTS as u8 })
    }

    /// Empties the places whose record was lost: an installer has looked, and invites whoever is missing. Nobody is served
    /// who was not before.
    ///
    /// # Errors
    /// [`Error::Flash`].
    pub(crate) fn empty_lost<F: NorFlash>(&mut self, storage: &mut Storage<F>) -> Result<(), Error> {
        for place in 0..MAX_HOSTS as u8 {
            if self.lost >> place & 1 != 0 {
                storage.set_host(place, None)?;
                self.lost &= !(1 << place);
            }
        }
        Ok(())
    }

    /// Checks that the host of the session may have the board erased: an installer, or anybody where no installer is known
    /// because hosts were lost.
    ///
    /// # Errors
    /// [`Error::Forbidden`]; [`Error::Flash`] if the hosts could not be read.
    pub(crate) fn may_erase(&self) -> Result<Hash, Error> {
        let needed = Role::Installer;
        let peer = self.peer().ok_or(Error::NoSession)?;
        let ownerless = self.lost != 0 && !self.hosts().any(|host| host.role == needed);
        match self.readable {
            false => Err(Error::Flash),
            true if ownerless || self.role() == Some(needed) => Ok(peer),
            true => Err(Error::Forbidden { needed }),
        }
    }

    /// Adds a host, or replaces the one with the same key.
    ///
    /// # Errors
    /// [`Error::HostsFull`], [`Error::Flash`].
    pub(crate) fn add_host<F: NorFlash>(
        &mut self,
        host: Host,
        storage: &mut Storage<F>,
    ) -> Result<(), Error> {
        let place = self.place_for(&host.key)?;
        self.keep_host(place, Some(host), storage)
    }

    /// Removes a host.
    ///
    /// # Errors
    /// [`Error::UnknownHost`], [`Error::LastInstaller`], [`Error::Flash`].
    pub(crate) fn remove_host<F: NorFlash>(
        &mut self,
        key: Hash,
        storage: &mut Storage<F>,
    ) -> Result<(), Error> {
        let place = self.place(&key).ok_or(Error::UnknownHost)?;
        if !self.hosts().any(|left| left.role == Role::Installer && left.key != key) {
            return Err(Error::LastInstaller);
        }
        self.keep_host(place, None, storage)
    }

    /// Replaces the key of the session's host.
    ///
    /// # Errors
    /// [`Error::NoSession`], [`Error::UnknownHost`], [`Error::Flash`]; [`Error::Malformed`] if another host has the key.
    pub(crate) fn replace_key<F: NorFlash>(
        &mut self,
        key: Hash,
        storage: &mut Storage<F>,
    ) -> Result<(), Error> {
        let peer = self.peer().ok_or(Error::NoSession)?;
        let place = self.place(&peer).ok_or(Error::UnknownHost)?;
        // The same key again is fine: the acknowledgement may have been lost.
        if self.place(&key).is_some_and(|other| other != place) {
            return Err(Error::Malformed);
        }
        let host = self.hosts.get(place).cloned().flatten().ok_or(Error::UnknownHost)?;
        let host = Host { key, ..host };
        self.keep_host(place, Some(host), storage)?;
        if let Some(session) = &mut self.session {
            session.peer = key;
        }
        Ok(())
    }

    /// Writes a place of a host to flash, and then to memory.
    fn keep_host<F: NorFlash>(
        &mut self,
        place: usize,
        host: Option<Host>,
        storage: &mut Storage<F>,
    ) -> Result<(), Error> {
        storage.set_host(place as u8, host.as_ref())?;
        if let Some(known) = self.hosts.get_mut(place) {
            *known = host;
        }
        Ok(())
    }
}

/// The static key of the board, by which hosts know it.
pub(crate) fn identity(secret: &Key) -> Key {
    secret.derive(b"", b"postern identity")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::table::row;
    use crypto::handshake::{Initiator, public_key};
    use nor_model::Nor;
    use protocol::Request;

    fn access() -> Access {
        Access::open(Key::new([1; 32]), None::<&mut Storage<Nor<&mut [u8]>>>)
    }

    fn connected(access: &mut Access, host: u8) {
        let (initiator, first) = Initiator::begin(Key::new([host; 32]), Key::new([100; 32]), VERSION);
        let Ok(Step::Message(second)) = access.shake_hands(&first, Key::new([101; 32])) else { panic!() };
        let (_, third) = initiator.answer(&second).unwrap();
        assert!(matches!(access.shake_hands(&third, Key::new([102; 32])), Ok(Step::Done)));
    }

    #[test]
    fn a_role_may_what_the_table_says() {
        let mut access = access();
        let asked = [
            Request::Status,
            Request::PollPairing,
            Request::GetSettings,
            Request::Identify { source: protocol::Source::Camera },
            Request::Reboot,
        ];
        let allowed = |access: &Access, sealed| {
            asked.iter().take_while(|request| access.permit(row(request).need, sealed).is_ok()).count()
        };
        assert_eq!(allowed(&access, false), 1);
        connected(&mut access, 7);
        assert_eq!(allowed(&access, true), 2);
        assert_eq!(access.permit(row(&Request::Reboot).need, true), Err(Error::Unpaired));
        let key = public_key(&Key::new([7; 32]));
        for (count, role) in [(3, Role::Auditor), (4, Role::Operator), (5, Role::Installer)] {
            access.hosts[3] = Some(Host { key, role, label: Default::default() });
            assert_eq!(allowed(&access, true), count, "{role}");
            assert_eq!(allowed(&access, false), 1, "what is not sealed has no role");
        }
        connected(&mut access, 8);
        assert_eq!(allowed(&access, true), 2, "another host");
    }

    #[test]
    fn a_step_that_is_not_due_changes_nothing() {
        let mut access = access();
        connected(&mut access, 7);
        let peer = access.session.as_ref().unwrap().peer;
        assert_eq!(peer, public_key(&Key::new([7; 32])));
        for wrong in [&[0; 0][..], &[1; 5], &[1; THIRD], &[0; FIRST]] {
            assert!(access.shake_hands(wrong, Key::new([9; 32])).is_err());
        }
        assert_eq!(access.session.as_ref().unwrap().peer, peer);
    }
}
