//! The handshake between host and board: `Noise_XX_25519_ChaChaPoly_SHA256` of the [Noise framework],
//! revision 34.
//!
//! ```text
//! host → board   e                 32 bytes: ephemeral key
//! board → host   e, ee, s, es      96 bytes: ephemeral key 32, static key 32 + 16, empty payload 16
//! host → board   s, se             64 bytes: static key 32 + 16, empty payload 16
//! prologue       "postern" | version of the protocol u16 LE
//! ```
//! Afterwards each side has proof that the other holds the secret of its static key. The session keys are
//! known to nobody else, not even to somebody who learns the static secrets later (forward secrecy). There is
//! one cipher suite and no choice, so nothing can be downgraded. The version is part of the prologue, so the
//! handshake fails if the two sides assume different versions. The caller maps keys to identities: the host
//! pins the key of the board, the board stores the keys of its hosts.
//!
//! [Noise framework]: https://noiseprotocol.org/noise.html
#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use noise_protocol::{DH, HandshakeState, HandshakeStateBuilder, patterns};

pub use crate::primitives::Curve;
use crate::{
    Error, Key,
    primitives::{ChaChaPoly, Sha},
    session::{BoardSession, HostSession},
};

/// Bytes of the first message, from the host.
pub const FIRST: usize = 32;
/// Bytes of the second message, from the board.
pub const SECOND: usize = 96;
/// Bytes of the third message, from the host.
pub const THIRD: usize = 64;

type State<D> = HandshakeState<D, ChaChaPoly, Sha>;

/// A key agreement over keys of 32 bytes. Boards and hosts use [`Curve`]; a fuzzer, which would spend all its
/// time there, substitutes its own.
pub trait Agreement: DH<Key = Key, Pubkey = [u8; 32], Output = Key> {}

impl<D: DH<Key = Key, Pubkey = [u8; 32], Output = Key>> Agreement for D {}

/// The public key of a static secret.
pub fn public_key(secret: &Key) -> [u8; 32] {
    Curve::pubkey(secret)
}

/// The result of a handshake.
pub struct Established<S> {
    /// This end of the session.
    pub session: S,
    /// Static public key of the peer, which has proved that it holds the secret.
    pub peer: [u8; 32],
    /// Hash of the whole handshake, unique to it (channel binding).
    pub binding: [u8; 32],
}

/// The host, waiting for the second message.
pub type Initiator = InitiatorBy<Curve>;

/// The board, waiting for the third message.
pub type Responder = ResponderBy<Curve>;

/// An [`Initiator`] with any key agreement.
pub struct InitiatorBy<D: Agreement>(State<D>);

/// A [`Responder`] with any key agreement.
pub struct ResponderBy<D: Agreement>(State<D>);

impl<D: Agreement> InitiatorBy<D> {
    /// Starts a handshake and returns its first message. `ephemeral` is random and used only once.
    pub fn begin(secret: Key, ephemeral: Key, version: u16) -> (Self, [u8; FIRST]) {
        let mut state = state(secret, ephemeral, version, true);
        let mut first = [0; FIRST];
        // Cannot fail: the state is new, and the message has this length.
        let _ = state.write_message(&[], &mut first);
        (Self(state), first)
    }

    /// Reads the second message, and returns the session and the third message.
    ///
    /// # Errors
    /// [`Error::Length`], and [`Error::Forged`] if the board does not hold the secret of its key,
    /// or uses another version.
    pub fn answer(self, second: &[u8]) -> Result<(Established<HostSession>, [u8; THIRD]), Error> {
        let Self(mut state) = self;
        read(&mut state, second, SECOND)?;
        let mut third = [0; THIRD];
        state.write_message(&[], &mut third).map_err(|_| Error::Forged)?;
        let (to_board, to_host) = state.get_ciphers();
        let session = HostSession::new(to_board.extract().0, to_host.extract().0);
        Ok((established(&state, session), third))
    }
}

impl<D: Agreement> ResponderBy<D> {
    /// Reads the first message and returns the second. `ephemeral` is random and used only once.
    ///
    /// # Errors
    /// [`Error::Length`], and [`Error::Forged`] for an invalid key.
    pub fn answer(
        secret: Key,
        ephemeral: Key,
        version: u16,
        first: &[u8],
    ) -> Result<(Self, [u8; SECOND]), Error> {
        let mut state = state(secret, ephemeral, version, false);
        read(&mut state, first, FIRST)?;
        let mut second = [0; SECOND];
        state.write_message(&[], &mut second).map_err(|_| Error::Forged)?;
        Ok((Self(state), second))
    }

    /// Reads the third message and returns the session.
    ///
    /// # Errors
    /// [`Error::Length`], and [`Error::Forged`] if the host does not hold the secret of its key, or
    /// uses another version.
    pub fn finish(self, third: &[u8]) -> Result<Established<BoardSession>, Error> {
        let Self(mut state) = self;
        read(&mut state, third, THIRD)?;
        let (to_board, to_host) = state.get_ciphers();
        let session = BoardSession::new(to_board.extract().0, to_host.extract().0);
        Ok(established(&state, session))
    }
}

/// Builds the state of a handshake. It is the only place that does, and it always sets an ephemeral key.
fn state<D: Agreement>(secret: Key, ephemeral: Key, version: u16, initiator: bool) -> State<D> {
    let [low, high] = version.to_le_bytes();
    let prologue = [b'p', b'o', b's', b't', b'e', b'r', b'n', low, high];
    let mut builder = HandshakeStateBuilder::<D>::new();
    builder
        .set_pattern(patterns::noise_xx())
        .set_is_initiator(initiator)
        .set_prologue(&prologue)
        .set_s(secret)
        .set_e(ephemeral);
    builder.build_handshake_state()
}

/// Reads a message of a known length, with an empty payload.
fn read<D: Agreement>(state: &mut State<D>, message: &[u8], length: usize) -> Result<(), Error> {
    if message.len() != length {
        return Err(Error::Length);
    }
    state.read_message(message, &mut []).map_err(|_| Error::Forged)
}

fn established<D: Agreement, S>(state: &State<D>, session: S) -> Established<S> {
    let mut binding = [0; 32];
    binding.iter_mut().zip(state.get_hash()).for_each(|(to, from)| *to = *from);
    // In the pattern XX both sides have received the static key of the peer at the end.
    Established { session, peer: state.get_rs().unwrap_or_default(), binding }
}
