//! What a door is set up with besides its people: settings, models and firmware.
//!
//! ```text
//! id       "postern setup" | kind u8 | 2 bytes        so that all operators mean the same one
//! kind     0 settings, 1 detector, 2 encoder, 3 liveness, 4 firmware; the 2 bytes begin SHA-256 of the kind of board, or are 0
//! chunk    at most 256 KiB of an image, in order; its topic is its SHA-256
//! ```
//! A record names settings by the options of `postern settings`, and only those that the fleet decides: all others stay the
//! door's own. A record of an image has its length, its digest, its signature and the digests of its chunks. The chunks are not
//! sealed: models and firmware are public and signed, and whoever changes a byte is found by the record.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::rank::{PersonId, Rank};

/// Bytes of a chunk.
pub const CHUNK: usize = 256 << 10;
/// Chunks of an image: as many as a record has room for beside everything else.
pub const MOST_CHUNKS: usize = 256;
/// The kinds of boards that have firmware.
pub const BOARDS: [&str; 2] = ["an547", "an500"];
/// What the id of something else than a person begins with.
const TAG: &[u8; 13] = b"postern setup";

/// Something that a door is set up with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Setup {
    /// Settings: the name of an option of `postern settings` without its dashes, and its value.
    Settings(BTreeMap<String, String>),
    /// A model, or firmware.
    Image(Release),
}

/// A release of a model or of firmware.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Release {
    /// What it is.
    pub kind: Kind,
    /// The kind of board that firmware is for; empty for a model.
    pub board: String,
    /// The name of the model; of firmware, what the operator calls it.
    pub name: String,
    /// The release number: a board takes none that is lower than it had.
    pub release: u64,
    /// Bytes of the image.
    pub length: u32,
    /// SHA-256 of the image.
    pub sha256: [u8; 32],
    /// What `postern sign` writes: the signature, for which the board trusts a key.
    pub signature: String,
    /// SHA-256 of each chunk, in order.
    pub chunks: Vec<[u8; 32]>,
}

/// What an image is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Kind {
    /// The network that finds faces.
    Detector,
    /// The network that tells people apart.
    Encoder,
    /// The network that tells faces from pictures of faces.
    Liveness,
    /// Firmware.
    Firmware,
}

impl Kind {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Detector => "detector",
            Self::Encoder => "encoder",
            Self::Liveness => "liveness",
            Self::Firmware => "firmware",
        }
    }
}

impl Setup {
    /// The id of its record.
    #[must_use]
    pub fn id(&self) -> PersonId {
        match self {
            Self::Settings(_) => settings_id(),
            Self::Image(release) => image_id(release.kind, &release.board),
        }
    }

    /// In a few words: what it is.
    #[must_use]
    pub fn what(&self) -> String {
        match self {
            Self::Settings(_) => "settings".to_owned(),
            Self::Image(Release { kind, board, .. }) if board.is_empty() => kind.word().to_owned(),
            Self::Image(Release { kind, board, .. }) => format!("{} of {board}", kind.word()),
        }
    }

    /// The chunks of its image.
    #[must_use]
    pub fn chunks(&self) -> &[[u8; 32]] {
        match self {
            Self::Settings(_) => &[],
            Self::Image(release) => &release.chunks,
        }
    }

    /// Whether its numbers agree.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        match self {
            Self::Settings(_) => true,
            Self::Image(release) => {
                release.chunks.len() == (release.length as usize).div_ceil(CHUNK)
                    && (1..=MOST_CHUNKS).contains(&release.chunks.len())
                    && release.board.is_empty() == (release.kind != Kind::Firmware)
                    && is_possible(self.id())
            }
        }
    }
}

/// The id of the record of settings.
#[must_use]
pub fn settings_id() -> PersonId {
    id(0, [0; 2])
}

/// The id of the record of an image.
#[must_use]
pub fn image_id(kind: Kind, board: &str) -> PersonId {
    let [a, b, ..]: [u8; 32] = Sha256::digest(board).into();
    let number = match kind {
        Kind::Detector => 1,
        Kind::Encoder => 2,
        Kind::Liveness => 3,
        Kind::Firmware => 4,
    };
    id(number, if board.is_empty() { [0; 2] } else { [a, b] })
}

fn id(kind: u8, board: [u8; 2]) -> PersonId {
    let mut bytes = [0; 16];
    bytes[..TAG.len()].copy_from_slice(TAG);
    bytes[TAG.len()] = kind;
    bytes[TAG.len() + 1..].copy_from_slice(&board);
    PersonId(bytes)
}

/// Whether something can have this id: settings, a model, or firmware of a kind of board that there is.
#[must_use]
pub fn is_possible(id: PersonId) -> bool {
    let models = [Kind::Detector, Kind::Encoder, Kind::Liveness].map(|kind| image_id(kind, ""));
    let firmware = BOARDS.map(|board| image_id(Kind::Firmware, board));
    id == settings_id() || models.contains(&id) || firmware.contains(&id)
}

/// Whether an id is of something else than a person.
#[must_use]
pub fn is_setup(id: PersonId) -> bool {
    id.0.starts_with(TAG)
}

/// The chunks of an image.
#[must_use]
pub fn chunks(image: &[u8]) -> Vec<([u8; 32], &[u8])> {
    image.chunks(CHUNK).map(|chunk| (Sha256::digest(chunk).into(), chunk)).collect()
}

/// What a door knows of something that it is set up with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SetupEntry {
    /// The newest record of each operator.
    pub known: Vec<KnownSetup>,
    /// What the board was last set up with by the fleet.
    pub there: Option<Setup>,
    /// Why the board does not get what holds.
    pub refusal: Option<String>,
    /// Firmware that was sent to the board and that the board did not run since.
    #[serde(default)]
    pub sent: Option<Sent>,
}

/// How often firmware was sent in a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sent {
    /// SHA-256 of its image.
    pub sha256: [u8; 32],
    /// Times that the board had all of it.
    pub times: u8,
}

/// The newest record of an operator.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownSetup {
    /// Its rank.
    pub rank: Rank,
    /// Its hash.
    pub hash: [u8; 32],
    /// What it wants; `None` if the fleet no longer decides it.
    pub wanted: Option<Setup>,
}

/// A model or firmware that is active on a board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Active {
    /// What it is.
    pub kind: Kind,
    /// Its name, which is in the image; of firmware its release number.
    pub name: String,
    /// SHA-256 of its image; zeros where the board says none, as of firmware.
    pub sha256: [u8; 32],
    /// Of firmware that the board fell back to: the newest release that it has had.
    pub newest: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_told_from_those_of_people_and_from_each_other() {
        let all = [
            settings_id(),
            image_id(Kind::Detector, ""),
            image_id(Kind::Encoder, ""),
            image_id(Kind::Liveness, ""),
            image_id(Kind::Firmware, "an547"),
            image_id(Kind::Firmware, "an500"),
        ];
        for (at, id) in all.iter().enumerate() {
            assert!(is_setup(*id) && is_possible(*id) && all.iter().skip(at + 1).all(|other| other != id));
        }
        assert!(!is_setup(PersonId([0x70; 16])));
        let possible = (0..=u16::MAX).filter(|board| is_possible(id(4, board.to_be_bytes()))).count();
        assert_eq!(possible, BOARDS.len(), "no key fills a folder with others");
        assert!(!is_possible(id(5, [0; 2])) && !is_possible(id(1, [1, 0])));
        // What is on the broker stays readable.
        assert_eq!(image_id(Kind::Encoder, "").digits(), "706f737465726e207365747570020000");
    }

    #[test]
    fn an_image_has_as_many_chunks_as_its_length_says() {
        let image = vec![7; CHUNK + 1];
        let cut = chunks(&image);
        assert_eq!(cut.iter().map(|(_, chunk)| chunk.len()).collect::<Vec<_>>(), [CHUNK, 1]);
        let release = Release {
            kind: Kind::Encoder,
            board: String::new(),
            name: "postern-128".to_owned(),
            release: 7,
            length: image.len() as u32,
            sha256: [0; 32],
            signature: String::new(),
            chunks: cut.iter().map(|(digest, _)| *digest).collect(),
        };
        assert!(Setup::Image(release.clone()).is_sound());
        for wrong in [
            Release { length: 1, ..release.clone() },
            Release { length: 0, chunks: Vec::new(), ..release.clone() },
            Release { length: u32::MAX, chunks: vec![[0; 32]; 16_384], ..release.clone() },
            Release { board: "an547".to_owned(), ..release.clone() },
            Release { kind: Kind::Firmware, ..release },
        ] {
            assert!(!Setup::Image(wrong.clone()).is_sound(), "{wrong:?}");
        }
    }
}
