//! What the broker carries: signed by its sender, sealed for one recipient.
//!
//! ```text
//! envelope  form u8 = 1 | ephemeral X25519 key, 32 | sealed( signature, 64 | body )
//! key       HKDF-SHA-256( X25519( ephemeral, recipient's sealing key ), ephemeral | recipient's keys, "postern fleet envelope" )
//! sealed    `crypto::record`, 40 bytes more, bound to: "postern fleet" | kind u8 | sender's signing key
//! signed    "postern fleet 1" | kind u8 | recipient's keys, 64 | body
//! body      in the postcard format
//! ```
//! # Invariants
//! - The signature names the recipient. So a door cannot seal what it got for another door, and the kind cannot be exchanged.
//! - One ephemeral key serves one [`Sealer`]: a run of the operator for one recipient. `crypto::record` draws a nonce for each
//!   envelope, so a key has as many as are needed.
//! - Nothing is negotiated. Another form is refused. A body that ends early is read as if zeros followed, so a field that was added
//!   at its end is empty in what an older program wrote.

use crypto::handshake::public_key;
use crypto::{Entropy, Key, record};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::identity::{Identity, Public};

/// The form that this program writes and reads.
const FORM: u8 = 1;
const PURPOSE: &[u8] = b"postern fleet envelope";
const SIGNATURE: usize = 64;
/// Bytes before the sealed part.
const HEAD: usize = 1 + 32;
/// Bytes that an envelope adds to its body.
pub const OVERHEAD: usize = HEAD + record::OVERHEAD + SIGNATURE;
/// The longest body.
const MOST: usize = 16 * 1024;

/// What a body is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// What holds for a person: [`crate::record::Record`].
    Record = 1,
    /// What a recipient should have: [`crate::record::Head`].
    Head = 2,
    /// What a door has: [`crate::record::Ack`].
    Ack = 3,
}

/// Random numbers of the operating system. Without them nothing may be sealed.
pub struct System;

impl Entropy for System {
    fn fill(&mut self, bytes: &mut [u8]) {
        // Linux has none only before its generator is seeded, and waits then.
        getrandom::fill(bytes).expect("the operating system has random numbers");
    }
}

/// Seals for one recipient.
pub struct Sealer<'a> {
    from: &'a Identity,
    to: Public,
    ephemeral: [u8; 32],
    key: Key,
}

impl<'a> Sealer<'a> {
    /// From a sender for a recipient.
    ///
    /// # Errors
    /// [`Error::Forged`] if the recipient's key is none.
    pub fn new(from: &'a Identity, to: Public) -> Result<Self, Error> {
        let secret = System.key();
        let ephemeral = public_key(&secret);
        let common = crypto::agree(&secret, &to.sealing).map_err(|_| Error::Forged)?;
        Ok(Self { from, to, ephemeral, key: derived(&common, &ephemeral, &to) })
    }

    /// An envelope with a body.
    ///
    /// # Errors
    /// [`Error::TooLong`].
    pub fn seal<T: Serialize>(&self, kind: Kind, body: &T) -> Result<Vec<u8>, Error> {
        let mut room = [0; MOST];
        let body = postcard::to_slice(body, &mut room).map_err(|_| Error::TooLong)?;
        let signature = self.from.sign(&signed(kind, &self.to, body));
        let mut buffer = vec![0; record::NONCE];
        buffer.extend_from_slice(&signature);
        buffer.extend_from_slice(body);
        let length = SIGNATURE + body.len();
        buffer.resize(length + record::OVERHEAD, 0);
        let place = place(kind, &self.from.public());
        let sealed = record::seal(&self.key, &mut System, &place, &mut buffer, length);
        let sealed = sealed.map_err(|_| Error::TooLong)?;
        Ok([&[FORM][..], &self.ephemeral, sealed].concat())
    }
}

/// Opens what is sealed for one recipient.
pub struct Opener {
    /// The key of the ephemeral key and the recipient that came last: a run of the operator has one.
    last: Option<([u8; 32], Key)>,
}

impl Opener {
    /// Nothing was opened yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// The body of an envelope that `from` sealed for `to`.
    ///
    /// # Errors
    /// [`Error::Forged`]: of another sender, for another recipient, of another kind or form, or changed.
    pub fn open<T: DeserializeOwned>(
        &mut self,
        to: &Identity,
        from: &Public,
        kind: Kind,
        envelope: &[u8],
    ) -> Result<T, Error> {
        let (head, sealed) = envelope.split_first_chunk::<HEAD>().ok_or(Error::Forged)?;
        let [FORM, ephemeral @ ..] = *head else { return Err(Error::Forged) };
        let key = match &self.last {
            Some((known, key)) if *known == ephemeral => key.clone(),
            _ => derived(&to.agree(&ephemeral)?, &ephemeral, &to.public()),
        };
        let mut sealed = sealed.to_vec();
        let opened = record::open(&key, &place(kind, from), &mut sealed).map_err(|_| Error::Forged)?;
        self.last = Some((ephemeral, key));
        let (signature, body) = opened.split_first_chunk::<SIGNATURE>().ok_or(Error::Forged)?;
        crypto::verify(&from.signing, &signed(kind, &to.public(), body), signature)
            .map_err(|_| Error::Forged)?;
        let longer = || postcard::from_bytes(&[body, &[0; 8]].concat());
        postcard::from_bytes(body).or_else(|_| longer()).map_err(|_| Error::Forged)
    }
}

impl Default for Opener {
    fn default() -> Self {
        Self::new()
    }
}

fn derived(common: &Key, ephemeral: &[u8; 32], to: &Public) -> Key {
    common.derive(&[&ephemeral[..], &to.sealing, &to.signing].concat(), PURPOSE)
}

fn place(kind: Kind, from: &Public) -> Vec<u8> {
    [&b"postern fleet"[..], &[kind as u8], &from.signing].concat()
}

fn signed(kind: Kind, to: &Public, body: &[u8]) -> Vec<u8> {
    [&b"postern fleet 1"[..], &[kind as u8], &to.sealing, &to.signing, body].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(byte: u8) -> Identity {
        Identity::of(&Key::new([byte; 32]))
    }

    #[test]
    fn an_envelope_opens_for_its_recipient_from_its_sender_as_its_kind_alone() {
        let (operator, front, back) = (identity(1), identity(2), identity(3));
        let sealer = Sealer::new(&operator, front.public()).expect("a key");
        let body = "Ada may pass".to_owned();
        let envelope = sealer.seal(Kind::Record, &body).expect("sealed");
        assert_eq!(envelope.len(), body.len() + 1 + OVERHEAD, "a length byte of postcard");
        assert!(!envelope.windows(3).any(|window| window == b"Ada"));
        let open = |to: &Identity, from: &Identity, kind, bytes: &[u8]| {
            Opener::new().open::<String>(to, &from.public(), kind, bytes)
        };
        assert_eq!(open(&front, &operator, Kind::Record, &envelope).expect("opened"), body);
        assert!(open(&back, &operator, Kind::Record, &envelope).is_err(), "another recipient");
        assert!(open(&front, &back, Kind::Record, &envelope).is_err(), "another sender");
        assert!(open(&front, &operator, Kind::Head, &envelope).is_err(), "another kind");
        let of_small_order = Public { sealing: [0; 32], ..front.public() };
        assert!(Sealer::new(&operator, of_small_order).is_err(), "everybody would know the key");
        for at in 0..envelope.len() {
            let mut changed = envelope.clone();
            changed[at] ^= 1;
            assert!(open(&front, &operator, Kind::Record, &changed).is_err(), "byte {at}");
            assert!(open(&front, &operator, Kind::Record, &envelope[..at]).is_err(), "cut at {at}");
        }
    }

    #[test]
    fn a_field_that_was_added_is_empty_in_what_an_older_program_wrote() {
        let (door, operator) = (identity(1), identity(2));
        let sealer = Sealer::new(&door, operator.public()).expect("a key");
        let old = sealer.seal(Kind::Ack, &(7_u32, "fine".to_owned())).expect("sealed");
        let read: (u32, String, Vec<u32>, Option<u8>) =
            Opener::new().open(&operator, &door.public(), Kind::Ack, &old).expect("opened");
        assert_eq!(read, (7, "fine".to_owned(), Vec::new(), None));
    }

    /// Anybody can seal for a door; what it got from the operator is valid for itself alone.
    #[test]
    fn a_door_cannot_pass_on_what_was_sealed_for_it() {
        let (operator, front, back) = (identity(1), identity(2), identity(3));
        let body = "Ada may pass at the front".to_owned();
        let mut room = [0; 64];
        let bytes = postcard::to_slice(&body, &mut room).expect("short");
        // The front door has the signature, and seals it for the back door in the operator's name.
        let signature = operator.sign(&signed(Kind::Record, &front.public(), bytes));
        let secret = System.key();
        let ephemeral = public_key(&secret);
        let common = crypto::agree(&secret, &back.public().sealing).expect("a key");
        let key = derived(&common, &ephemeral, &back.public());
        let length = SIGNATURE + bytes.len();
        let mut buffer = [&[0; record::NONCE][..], &signature, bytes, &[0; 16]].concat();
        let place = place(Kind::Record, &operator.public());
        let sealed = record::seal(&key, &mut System, &place, &mut buffer, length).expect("sealed");
        let envelope = [&[FORM][..], &ephemeral, sealed].concat();
        let opened = Opener::new().open::<String>(&back, &operator.public(), Kind::Record, &envelope);
        assert!(matches!(opened, Err(Error::Forged)), "{opened:?}");
    }

    #[test]
    fn two_runs_have_two_keys_and_an_opener_follows() {
        let (operator, door) = (identity(1), identity(2));
        let mut opener = Opener::new();
        for run in 0..3_u32 {
            let sealer = Sealer::new(&operator, door.public()).expect("a key");
            for body in 0..3_u32 {
                let envelope = sealer.seal(Kind::Head, &(run, body)).expect("sealed");
                let opened: (u32, u32) =
                    opener.open(&door, &operator.public(), Kind::Head, &envelope).expect("opened");
                assert_eq!(opened, (run, body));
            }
        }
    }
}
