//! A model signed on a computer that reaches no board.
//!
//! ```text
//! {"model":"encoder","release":7,"length":1234,"sha256":"…64 digits…","signer":"…64 digits…","signature":"…128 digits…"}
//! ```
//! `model` is `detector`, `encoder` or `liveness`. The signature covers the kind, the release number, the length and the
//! SHA-256, as [`crypto::Release`] draws them. The board checks it before it takes the first byte, and the image at the end.

use std::path::Path;

use crypto::Release;
use protocol::{Hash, ModelKind, Signature};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::credentials::unhex;
use crate::{Error, Result, Signer, is_signed};

/// The signature of a model image.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ModelSignature {
    /// The kind that it was signed as.
    pub kind: ModelKind,
    /// The release number.
    pub release: u64,
    /// Bytes of the image.
    pub length: u32,
    /// SHA-256 of the image.
    pub sha256: Hash,
    /// The public key of the signer.
    pub signer: Hash,
    signature: Signature,
}

/// The content of a file.
#[derive(Serialize, Deserialize)]
struct Record {
    model: String,
    release: u64,
    length: u32,
    sha256: String,
    signer: String,
    signature: String,
}

/// The kinds of models, and their names in a file.
const KINDS: [(ModelKind, &str); 3] =
    [(ModelKind::Detector, "detector"), (ModelKind::Encoder, "encoder"), (ModelKind::Liveness, "liveness")];

impl ModelSignature {
    /// Signs `image` as a release of a kind of model.
    ///
    /// # Errors
    /// [`Error::TooLong`].
    pub fn new(kind: ModelKind, image: &[u8], release: u64, signer: &Signer) -> Result<Self> {
        let length = u32::try_from(image.len()).map_err(|_| Error::TooLong)?;
        let sha256 = Sha256::digest(image).into();
        let signature = signer.sign(kind, length, sha256, release);
        Ok(Self { kind, release, length, sha256, signer: signer.public(), signature })
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
    /// [`Error::Record`].
    pub fn parse(text: &str, path: &Path) -> Result<Self> {
        let bad = |reason: &str| Error::Record { path: path.to_owned(), reason: reason.to_owned() };
        let record: Record = serde_json::from_str(text).map_err(|error| bad(&error.to_string()))?;
        let kind = KINDS.into_iter().find(|(_, name)| *name == record.model);
        let (kind, _) = kind.ok_or_else(|| bad("a model is a detector, an encoder or liveness"))?;
        let keys = (unhex(&record.sha256), unhex(&record.signer), unhex::<64>(&record.signature));
        let (Some(sha256), Some(signer), Some(signature)) = keys else {
            return Err(bad("a hash and a key have 64 hexadecimal digits, a signature 128"));
        };
        let signature = Signature::new(&signature);
        Ok(Self { kind, release: record.release, length: record.length, sha256, signer, signature })
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let name = KINDS.into_iter().find(|(kind, _)| *kind == self.kind).map_or("", |(_, name)| name);
        let record = Record {
            model: name.to_owned(),
            release: self.release,
            length: self.length,
            sha256: hex::encode(self.sha256),
            signer: hex::encode(self.signer),
            signature: hex::encode(self.signature.bytes()),
        };
        format!("{}\n", serde_json::json!(record))
    }

    /// The signature for the transfer of `image` as a model of a kind.
    ///
    /// # Errors
    /// [`Error::OtherSignature`] if it is not of this image, or of another kind.
    pub fn apply(&self, kind: ModelKind, image: &[u8]) -> Result<Signature> {
        let is_right = kind == self.kind
            && image.len() == self.length as usize
            && Sha256::digest(image)[..] == self.sha256;
        if is_right { self.check() } else { Err(Error::OtherSignature) }
    }

    /// The signature, if its signer made it for this kind, release number, length and digest. The image is not looked at.
    ///
    /// # Errors
    /// [`Error::OtherSignature`].
    pub fn check(&self) -> Result<Signature> {
        let Self { kind, release, length, sha256, .. } = *self;
        let release = Release { kind: kind as u8, sequence: release, length, sha256 };
        let is_right = is_signed(&self.signer, &release.signed(), &self.signature);
        if is_right { Ok(self.signature) } else { Err(Error::OtherSignature) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_is_of_its_model_kind_and_release_only() {
        let folder = tempfile::tempdir().expect("a folder");
        let signer = Signer::make(&Signer::path(folder.path())).expect("a key");
        let image = [1, 2, 3, 4];
        let path = folder.path().join("encoder.sig");
        for (kind, name) in KINDS {
            let signature = ModelSignature::new(kind, &image, 7, &signer).expect("short");
            assert!(signature.to_text().contains(name));
            std::fs::write(&path, signature.to_text()).expect("written");
            let read = ModelSignature::read(&path).expect("read");
            assert_eq!(read, signature);
            assert_eq!(read.apply(kind, &image).expect("its own"), signature.signature);
            for (other, _) in KINDS.into_iter().filter(|(other, _)| *other != kind) {
                assert!(matches!(read.apply(other, &image), Err(Error::OtherSignature)));
                let renamed = ModelSignature { kind: other, ..read.clone() };
                assert!(matches!(renamed.apply(other, &image), Err(Error::OtherSignature)));
            }
            let stranger = Signer::make(&folder.path().join("other.key")).expect("a key").public();
            let other_image = Sha256::digest([1, 2, 3, 5]).into();
            for wrong in [
                ModelSignature { release: 8, ..read.clone() },
                ModelSignature { signer: stranger, ..read.clone() },
                ModelSignature { length: 5, ..read.clone() },
                ModelSignature { sha256: other_image, ..read.clone() },
            ] {
                assert!(matches!(wrong.apply(kind, &image), Err(Error::OtherSignature)), "{wrong:?}");
            }
            assert!(matches!(read.apply(kind, &[1, 2, 3, 5]), Err(Error::OtherSignature)));
            assert!(matches!(read.apply(kind, &image[..3]), Err(Error::OtherSignature)));
        }
        for bad in [
            "",
            "{}",
            "{\"model\":\"firmware\",\"release\":1,\"length\":1,\"sha256\":\"\",\"signer\":\"\",\"signature\":\"\"}",
        ] {
            std::fs::write(&path, bad).expect("written");
            assert!(matches!(ModelSignature::read(&path), Err(Error::Record { .. })), "{bad}");
        }
    }
}
