//! Who is at the other end of the line, and what they may ask.
//!
//! | asked | unsealed | guest | auditor | operator | installer |
//! |---|---|---|---|---|---|
//! | hello, status | yes | yes | yes | yes | yes |
//! | pairing: begin, nonce, poll | | yes | yes | yes | yes |
//! | settings, people, rules, events, audit log, release of the firmware | | | yes | yes | yes |
//! | pictures, faces, enrol, verify, identify, remove, pause, clock, rules changed | | | | yes | yes |
//! | own key replaced | | | yes | yes | yes |
//! | settings changed, models, hosts, signer, restart | | | | | yes |
//!
//! A guest has a session, but is not paired. There is one session at a time, as there is one line;
//! a handshake that is completed takes the place of the one before, and one that is not changes
//! nothing. A role is looked up at every request, so that a host that was removed loses it at once.

use crypto::{
    Key,
    handshake::{FIRST, Responder, SECOND, THIRD},
    session::BoardSession,
};
use protocol::{Error, Hash, Host, MAX_HOSTS, Request, Role, VERSION};

use crate::pairing::Pairing;

/// The session and the hosts.
pub(crate) struct Access {
    /// The board's static secret.
    identity: Key,
    /// Hosts that are paired, each at its place in flash.
    pub(crate) hosts: [Option<Host>; MAX_HOSTS],
    /// Whether the flash told who is paired. If not, nobody is: and nobody can become so.
    pub(crate) readable: bool,
    handshake: Option<Responder>,
    pub(crate) session: Option<Session>,
    pub(crate) pairing: Pairing,
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
    /// Nobody is connected yet.
    pub(crate) fn new(identity: Key) -> Self {
        Self {
            identity,
            hosts: [const { None }; MAX_HOSTS],
            readable: true,
            handshake: None,
            session: None,
            pairing: Pairing::default(),
        }
    }

    /// Takes a step of the handshake. `ephemeral` is random.
    ///
    /// # Errors
    /// [`Error::NoSession`] if it is not due, or the host cannot prove who it is.
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

    /// Wipes the keys of the session, and of a handshake that is under way.
    pub(crate) fn wipe(&mut self) {
        self.handshake = None;
        self.session = None;
    }

    /// What the host of the session may do; none if it is not paired.
    pub(crate) fn role(&self) -> Option<Role> {
        let peer = self.session.as_ref()?.peer;
        self.hosts().find(|host| host.key == peer).map(|host| host.role)
    }

    /// The hosts that are paired.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.hosts.iter().flatten()
    }

    /// Where the host of a key is kept.
    pub(crate) fn place(&self, key: &Hash) -> Option<usize> {
        self.hosts.iter().position(|host| host.as_ref().is_some_and(|host| host.key == *key))
    }

    /// Whether the request may be answered.
    ///
    /// # Errors
    /// [`Error::Unpaired`], [`Error::Forbidden`]; [`Error::Flash`] if the hosts are not known.
    pub(crate) fn permit(&self, request: &Request<'_>, sealed: bool) -> Result<(), Error> {
        let needed = match needs(request) {
            Need::Nothing => return Ok(()),
            Need::Session if sealed => return Ok(()),
            Need::Session => return Err(Error::Unpaired),
            Need::Role(needed) => needed,
        };
        match self.role() {
            Some(role) if sealed && role >= needed => Ok(()),
            Some(_) if sealed => Err(Error::Forbidden { needed }),
            None if !self.readable => Err(Error::Flash),
            _ => Err(Error::Unpaired),
        }
    }
}

/// What a request takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Need {
    /// Everybody may ask it.
    Nothing,
    /// A session, be it a stranger's.
    Session,
    /// This role.
    Role(Role),
}

/// The table above. What is not in it takes an installer.
fn needs(request: &Request<'_>) -> Need {
    match request {
        Request::Hello { .. } | Request::Status => Need::Nothing,
        Request::BeginPairing { .. } | Request::Pair { .. } | Request::PollPairing => Need::Session,
        Request::GetSettings
        | Request::ListUsers { .. }
        | Request::ListHosts
        | Request::NextEvents { .. }
        | Request::ReadLog { .. }
        | Request::Firmware
        | Request::GetRule { .. }
        | Request::ReplaceKey { .. } => Need::Role(Role::Auditor),
        Request::BeginFrame { .. }
        | Request::FrameChunk { .. }
        | Request::Detect { .. }
        | Request::Embed { .. }
        | Request::Enrol { .. }
        | Request::Verify { .. }
        | Request::Identify { .. }
        | Request::Remove { .. }
        | Request::PauseDoor { .. }
        | Request::SetClock { .. }
        | Request::SetRule { .. } => Need::Role(Role::Operator),
        _ => Need::Role(Role::Installer),
    }
}

/// The key by which hosts know the board, from its static secret.
pub(crate) fn identity(unique: &Key) -> Key {
    unique.derive(b"", b"postern identity")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto::handshake::{Initiator, public_key};

    fn connected(access: &mut Access, host: u8) {
        let (initiator, first) = Initiator::begin(Key::new([host; 32]), Key::new([100; 32]), VERSION);
        let Ok(Step::Message(second)) = access.shake_hands(&first, Key::new([101; 32])) else { panic!() };
        let (_, third) = initiator.answer(&second).unwrap();
        assert!(matches!(access.shake_hands(&third, Key::new([102; 32])), Ok(Step::Done)));
    }

    #[test]
    fn a_role_may_what_the_table_says() {
        let mut access = Access::new(Key::new([1; 32]));
        let asked = [
            Request::Status,
            Request::PollPairing,
            Request::GetSettings,
            Request::Identify { source: protocol::Source::Camera },
            Request::Reboot,
        ];
        let allowed = |access: &Access, sealed| {
            asked.iter().take_while(|request| access.permit(request, sealed).is_ok()).count()
        };
        assert_eq!(allowed(&access, false), 1);
        connected(&mut access, 7);
        assert_eq!(allowed(&access, true), 2);
        assert_eq!(access.permit(&Request::Reboot, true), Err(Error::Unpaired));
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
        let mut access = Access::new(Key::new([1; 32]));
        connected(&mut access, 7);
        let peer = access.session.as_ref().unwrap().peer;
        assert_eq!(peer, public_key(&Key::new([7; 32])));
        for wrong in [&[0; 0][..], &[1; 5], &[1; THIRD], &[0; FIRST]] {
            assert!(access.shake_hands(wrong, Key::new([9; 32])).is_err());
        }
        assert_eq!(access.session.as_ref().unwrap().peer, peer);
    }
}
