//! The pictures of a person, sealed once for all doors: the key goes to each door in the person's record.
//!
//! ```text
//! sealed   `crypto::record` over a list of JPEG files in the postcard format, bound to "postern fleet pictures"
//! topic    SHA-256 of the sealed bytes, so that a broker cannot exchange them
//! ```
//! The board makes templates of pictures and takes none from outside, so the pictures travel.

use crypto::{Entropy, Key, record};
use sha2::{Digest, Sha256};

use crate::Error;
use crate::envelope::System;
use crate::record::Pictures;

const PLACE: &[u8] = b"postern fleet pictures";
/// Most bytes of the pictures of one person: brokers take messages of 1 MiB without being told (EMQX).
pub const MOST: usize = 960 << 10;

/// Seals pictures. Returns where they are, and the sealed bytes.
///
/// # Errors
/// [`Error::TooLong`].
pub fn seal(pictures: &[Vec<u8>]) -> Result<(Pictures, Vec<u8>), Error> {
    let length: usize = pictures.iter().map(|picture| picture.len() + 8).sum();
    if length > MOST {
        return Err(Error::TooLong);
    }
    let mut body = vec![0; length + 8];
    let body = postcard::to_slice(pictures, &mut body).map_err(|_| Error::TooLong)?;
    let mut buffer = vec![0; body.len() + record::OVERHEAD];
    let length = body.len();
    buffer.iter_mut().skip(record::NONCE).zip(&*body).for_each(|(to, from)| *to = *from);
    let key = System.key();
    let sealed =
        record::seal(&key, &mut System, PLACE, &mut buffer, length).map_err(|_| Error::TooLong)?.to_vec();
    Ok((Pictures { digest: digest(&sealed), key: *key.bytes() }, sealed))
}

/// Opens pictures.
///
/// # Errors
/// [`Error::Forged`]: they are not those that the record names.
pub fn open(which: &Pictures, sealed: &[u8]) -> Result<Vec<Vec<u8>>, Error> {
    if digest(sealed) != which.digest {
        return Err(Error::Forged);
    }
    let mut sealed = sealed.to_vec();
    let body = record::open(&Key::new(which.key), PLACE, &mut sealed).map_err(|_| Error::Forged)?;
    postcard::from_bytes(body).map_err(|_| Error::Forged)
}

/// By which sealed pictures are found.
#[must_use]
pub fn digest(sealed: &[u8]) -> [u8; 32] {
    Sha256::digest(sealed).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pictures_open_with_their_record_and_others_do_not() {
        let pictures = vec![b"one".to_vec(), vec![7; 20_000]];
        let (which, sealed) = seal(&pictures).expect("sealed");
        assert_eq!(open(&which, &sealed).expect("opened"), pictures);
        let (other, _) = seal(&pictures).expect("sealed");
        assert_ne!(which.digest, other.digest, "the broker does not see that they are the same");
        assert!(open(&other, &sealed).is_err());
        assert!(open(&Pictures { key: other.key, ..which }, &sealed).is_err());
        let mut changed = sealed;
        changed[100] ^= 1;
        assert!(open(&which, &changed).is_err());
        assert!(matches!(seal(&[vec![0; MOST]]), Err(Error::TooLong)));
    }
}
