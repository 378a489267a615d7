//! How host and board get to know each other: the handshake `Noise_XX_25519_ChaChaPoly_SHA256`
//! of the [Noise framework], revision 34.
//!
//! ```text
//! host → board   e                 32 bytes: ephemeral key
//! board → host   e, ee, s, es      96 bytes: ephemeral key 32, static key 32 + 16, nothing 16
//! host → board   s, se             64 bytes: static key 32 + 16, nothing 16
//! prologue       "postern" | version of the protocol u16 LE
//! ```
//! Afterwards each knows that the other holds the secret of its static key, and both have keys
//! that nobody else has, not even who learns the static secrets later. There is one suite and
//! nothing to choose, so that there is nothing to downgrade; the version is in the prologue, so that
//! two sides that were told different ones do not understand each other. Whom a key belongs to is
//! for the caller to know: the host pins the board's, the board keeps a list of hosts'.
//!
//! [Noise framework]: https://noiseprotocol.org/noise.html

use noise_protocol::{DH, HandshakeState, HandshakeStateBuilder, patterns};

pub use crate::primitives::Curve;
use crate::{
    Error, Key,
    primitives::{ChaChaPoly, Sha},
    session::{BoardSession, HostSession},
};

/// Bytes of the host's first message.
pub const FIRST: usize = 32;
/// Bytes of the board's message.
pub const SECOND: usize = 96;
/// Bytes of the host's second message.
pub const THIRD: usize = 64;

type State<D> = HandshakeState<D, ChaChaPoly, Sha>;

/// A key agreement over keys of 32 bytes. Boards and hosts have [`Curve`]; a fuzzer, which would spend all
/// its time on that one, brings its own.
pub trait Agreement: DH<Key = Key, Pubkey = [u8; 32], Output = Key> {}

impl<D: DH<Key = Key, Pubkey = [u8; 32], Output = Key>> Agreement for D {}

/// The public half of a static secret.
pub fn public_key(secret: &Key) -> [u8; 32] {
    Curve::pubkey(secret)
}

/// What is known after a handshake.
pub struct Established<S> {
    /// This side's end of the session.
    pub session: S,
    /// The other side's static key, whose secret it holds.
    pub peer: [u8; 32],
    /// A hash of the whole handshake, which no two handshakes share.
    pub binding: [u8; 32],
}

/// The host, which waits for the board's message.
pub type Initiator = InitiatorBy<Curve>;

/// The board, which waits for the host's second message.
pub type Responder = ResponderBy<Curve>;

/// An [`Initiator`] by any key agreement.
pub struct InitiatorBy<D: Agreement>(State<D>);

/// A [`Responder`] by any key agreement.
pub struct ResponderBy<D: Agreement>(State<D>);

impl<D: Agreement> InitiatorBy<D> {
    /// Begins: the handshake and its first message. `ephemeral` is random, and used for this alone.
    pub fn begin(secret: Key, ephemeral: Key, version: u16) -> (Self, [u8; FIRST]) {
        let mut state = state(secret, ephemeral, version, true);
        let mut first = [0; FIRST];
        // Fresh, and the message has this length: it cannot fail.
        let _ = state.write_message(&[], &mut first);
        (Self(state), first)
    }

    /// Takes the board's message, and gives the second one to it.
    ///
    /// # Errors
    /// [`Error::Length`], and [`Error::Forged`] if the board does not hold the secret of its key,
    /// or speaks another version.
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
    /// Takes the host's first message, and gives the board's. `ephemeral` is random, and used for
    /// this alone.
    ///
    /// # Errors
    /// [`Error::Length`], and [`Error::Forged`] for a key that is none.
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

    /// Takes the host's second message.
    ///
    /// # Errors
    /// [`Error::Length`], and [`Error::Forged`] if the host does not hold the secret of its key, or
    /// speaks another version.
    pub fn finish(self, third: &[u8]) -> Result<Established<BoardSession>, Error> {
        let Self(mut state) = self;
        read(&mut state, third, THIRD)?;
        let (to_board, to_host) = state.get_ciphers();
        let session = BoardSession::new(to_board.extract().0, to_host.extract().0);
        Ok(established(&state, session))
    }
}

/// The one place that begins a handshake, always with an ephemeral key.
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

/// Reads a message of a length that is known, with nothing in it but the handshake's own.
fn read<D: Agreement>(state: &mut State<D>, message: &[u8], length: usize) -> Result<(), Error> {
    if message.len() != length {
        return Err(Error::Length);
    }
    state.read_message(message, &mut []).map_err(|_| Error::Forged)
}

fn established<D: Agreement, S>(state: &State<D>, session: S) -> Established<S> {
    let mut binding = [0; 32];
    binding.iter_mut().zip(state.get_hash()).for_each(|(to, from)| *to = *from);
    // Both patterns of the handshake carry the other side's key before they end.
    Established { session, peer: state.get_rs().unwrap_or_default(), binding }
}
