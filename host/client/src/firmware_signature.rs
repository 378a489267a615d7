//! Firmware signed on a computer that reaches no board.
//!
//! ```text
//! {"board":"an547","release":7,"fallback":true,"signer":"…64 digits…","image":"…128 digits…","transfer":"…128 digits…"}
//! ```
//! `fallback` tells whether a board may start the release before it if this one is damaged. `image` is the signature in the header of the image, which the boot loader checks. `transfer` is the signature over the
//! whole image as a release, which the running firmware checks before it takes the first byte.

use std::path::Path;

use crypto::Release;
use protocol::{Hash, ModelKind, Signature};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::credentials::unhex;
use crate::{Error, Fallback, Firmware, Machine, Result, Signer, is_signed};

/// The signatures of firmware.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FirmwareSignature {
    /// The board it is for.
    pub machine: Machine,
    /// The release number.
    pub release: u64,
    /// Whether a board may start the release before it.
    pub fallback: Fallback,
    /// The public key of the signer.
    pub signer: Hash,
    image: Signature,
    transfer: Signature,
}

/// The content of a file.
#[derive(Serialize, Deserialize)]
struct Record {
    board: String,
    release: u64,
    fallback: bool,
    signer: String,
    image: String,
    transfer: String,
}

impl FirmwareSignature {
    /// Signs `firmware` as a release.
    pub fn new(firmware: &Firmware, release: u64, fallback: Fallback, signer: &Signer) -> Self {
        let mut header = firmware.header(release, fallback);
        header.signature = signer.sign_bytes(&header.signed());
        let image = firmware.image(&header);
        let transfer =
            signer.sign(ModelKind::Firmware, image.len() as u32, Sha256::digest(&image).into(), release);
        Self {
            machine: firmware.machine(),
            release,
            fallback,
            signer: signer.public(),
            image: Signature::new(&header.signature),
            transfer,
        }
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`Error::File`], [`Error::Record`].
    pub fn read(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(Error::file(path))?;
        Self::parse(&text, path)
    }

    /// Reads the text of a file, which `path` names in errors.
    ///
    /// # Errors
    /// [`Error::Record`]; another board than those that are known.
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let bad = |reason: &str| Error::Record { path: path.to_owned(), reason: reason.to_owned() };
        let record: Record = serde_json::from_str(text).map_err(|error| bad(&error.to_string()))?;
        let machine = Machine::named(&record.board)?;
        let (signer, image, transfer) =
            (unhex(&record.signer), unhex::<64>(&record.image), unhex::<64>(&record.transfer));
        let (Some(signer), Some(image), Some(transfer)) = (signer, image, transfer) else {
            return Err(bad("a key has 64 hexadecimal digits, a signature 128"));
        };
        let (image, transfer) = (Signature::new(&image), Signature::new(&transfer));
        let fallback = if record.fallback { Fallback::Permitted } else { Fallback::Refused };
        Ok(Self { machine, release: record.release, fallback, signer, image, transfer })
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let record = Record {
            board: self.machine.name().to_owned(),
            release: self.release,
            fallback: self.fallback == Fallback::Permitted,
            signer: hex::encode(self.signer),
            image: hex::encode(self.image.bytes()),
            transfer: hex::encode(self.transfer.bytes()),
        };
        format!("{}\n", serde_json::json!(record))
    }

    /// The signed image of `firmware`, and the signature for its transfer.
    ///
    /// # Errors
    /// [`Error::OtherSignature`] if these are not its signatures.
    pub fn apply(&self, firmware: &Firmware) -> Result<(Vec<u8>, Signature)> {
        let mut header = firmware.header(self.release, self.fallback);
        header.signature = self.image.bytes();
        let image = firmware.image(&header);
        let transfer = self.check(image.len() as u32, Sha256::digest(&image).into())?;
        let is_right =
            self.machine == firmware.machine() && is_signed(&self.signer, &header.signed(), &self.image);
        if is_right { Ok((image, transfer)) } else { Err(Error::OtherSignature) }
    }

    /// The signature for the transfer of an image of this length and digest, if it is one.
    ///
    /// # Errors
    /// [`Error::OtherSignature`].
    pub fn check(&self, length: u32, sha256: Hash) -> Result<Signature> {
        let release = Release { kind: ModelKind::Firmware as u8, sequence: self.release, length, sha256 };
        let is_right = is_signed(&self.signer, &release.signed(), &self.transfer);
        if is_right { Ok(self.transfer) } else { Err(Error::OtherSignature) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_its_firmware_and_release_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let signer = Signer::make(&Signer::path(folder.path())).expect("a key");
        let firmware = Firmware::of_code(Machine::An547, 0x100, vec![1, 2, 3, 4]);
        let signature = FirmwareSignature::new(&firmware, 7, Fallback::Refused, &signer);
        let path = folder.path().join("firmware.sig");
        std::fs::write(&path, signature.to_text()).expect("written");
        let read = FirmwareSignature::read(&path).expect("read");
        assert_eq!(read, signature);
        let (image, transfer) = read.apply(&firmware).expect("its own");
        assert_eq!((&image[image.len() - 4..], transfer), (&[1, 2, 3, 4][..], signature.transfer));

        let changed = Firmware::of_code(Machine::An547, 0x100, vec![1, 2, 3, 5]);
        assert!(matches!(read.apply(&changed), Err(Error::OtherSignature)));
        let moved = Firmware::of_code(Machine::An547, 0x104, vec![1, 2, 3, 4]);
        assert!(matches!(read.apply(&moved), Err(Error::OtherSignature)));
        let other = Firmware::of_code(Machine::An500, 0x100, vec![1, 2, 3, 4]);
        assert!(matches!(read.apply(&other), Err(Error::OtherSignature)));
        let stranger = Signer::make(&folder.path().join("other.key")).expect("a key").public();
        for wrong in [
            FirmwareSignature { release: 8, ..read.clone() },
            FirmwareSignature { fallback: Fallback::Permitted, ..read.clone() },
            FirmwareSignature { signer: stranger, ..read.clone() },
            FirmwareSignature { image: read.transfer, ..read.clone() },
            FirmwareSignature { transfer: read.image, ..read.clone() },
        ] {
            assert!(matches!(wrong.apply(&firmware), Err(Error::OtherSignature)), "{wrong:?}");
            let (length, sha256) = (image.len() as u32, Sha256::digest(&image).into());
            let checked = wrong.check(length, sha256);
            assert!(
                checked.is_err() || wrong.fallback != signature.fallback || wrong.image != signature.image
            );
        }
    }
}
