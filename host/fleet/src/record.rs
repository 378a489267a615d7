//! The bodies of envelopes: what holds for a person, what a recipient should have, and what a door has.
//!
//! All are in the postcard format: numbers in groups of seven bits, texts with their length before them.
//!
//! # Order
//! A person has one record of each operator: the one with the highest [`Version`]. Among those of several operators the highest
//! counter holds; with equal counters, a removal before an enrolment, and then the operator with the greater signing key
//! ([`Rank`]). So all doors decide the same, in whatever order records come, and a record that was there before changes nothing.

use postcard::ser_flavors::Flavor;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use crate::rank::{PersonId, Rank, Version};
use crate::setup::{Active, Setup};

/// What holds for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// The person.
    pub id: PersonId,
    /// How many changes of this person the operator has made or known.
    pub counter: u64,
    /// What holds.
    pub holds: Holds,
}

impl Record {
    /// Its version.
    #[must_use]
    pub const fn version(&self) -> Version {
        Version { counter: self.counter, removed: matches!(self.holds, Holds::Removed) }
    }

    /// SHA-256 of the record: what tells two records of one version apart.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        // Nothing in a record refuses to be written, and the hash takes all bytes.
        postcard::serialize_with_flavor(self, Hashing(Sha256::new())).unwrap_or_default()
    }
}

/// Hashes what is written.
struct Hashing(Sha256);

impl Flavor for Hashing {
    type Output = [u8; 32];

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.update([byte]);
        Ok(())
    }

    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.update(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Self::Output> {
        Ok(self.0.finalize().into())
    }
}

/// What holds for a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Holds {
    /// The person is not enrolled.
    Removed,
    /// The person is enrolled.
    Enrolled(Person),
    /// The id is that of a door. For operators alone, who recover their folder from it.
    Door {
        /// The name of the door.
        name: String,
        /// The code of its keys.
        code: String,
    },
    /// The id is that of settings, a model or firmware. Removed, the fleet no longer decides it.
    Setup(Setup),
}

/// A person who is enrolled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// The name.
    pub name: String,
    /// When they may pass, as `postern rule --hours` takes it.
    pub hours: String,
    /// The PIN that is required besides the face.
    pub pin: Option<String>,
    /// The PIN that raises a silent alarm.
    pub duress_pin: Option<String>,
    /// Whether they are refused for now.
    pub suspended: bool,
    /// The pictures that they are enrolled from.
    pub pictures: Pictures,
}

/// Where the pictures of a person are, and what opens them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pictures {
    /// SHA-256 of the sealed pictures: their topic.
    pub digest: [u8; 32],
    /// The key under which they are sealed.
    pub key: [u8; 32],
}

/// What a recipient should have of an operator, after a run of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// The number of the run. It goes up.
    pub run: u64,
    /// When the operator made it, in milliseconds since 1970.
    pub unix_ms: u64,
    /// Records.
    pub records: u32,
    /// The digest of all of them: [`crate::directory::Directory`].
    pub digest: [u8; 32],
    /// The beginning of the digest of each part, so that a recipient fetches only the parts that differ.
    pub parts: [[u8; 4]; 16],
    /// The encoder that the doors must have, if the operator wants a certain one.
    pub encoder: Option<Encoder>,
}

/// An encoder, by name and identity.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Encoder {
    /// Its name.
    pub name: String,
    /// SHA-256 of its image.
    pub sha256: [u8; 32],
}

/// People of another encoder who an acknowledgement names: it has at most 16 KiB.
pub const NAMED: usize = 256;

/// What a door has of an operator's records.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ack {
    /// The number of this acknowledgement. It goes up.
    pub number: u64,
    /// When it was made, in milliseconds since 1970.
    pub unix_ms: u64,
    /// The newest run that the door knows of.
    pub newest: u64,
    /// The last run all of whose records the door had.
    pub complete: u64,
    /// The digest of the records that it has.
    pub digest: [u8; 32],
    /// Records of the newest run that it lacks, as far as their number says.
    pub lacking: u32,
    /// People whose pictures have not come.
    pub pictures: u32,
    /// People who still have to be changed on the board.
    pub waiting: u32,
    /// People who are on the board by this fleet.
    pub people: u32,
    /// Those of them who no operator that the door trusts knows any more.
    pub orphans: u32,
    /// People on the board who the door's files do not have there by this fleet: enrolled at the door, or the files are lost.
    pub others: u32,
    /// Records of this operator that were refused, as many as have room.
    pub refused: Vec<Refused>,
    /// All of this operator's that were refused.
    pub refusals: u32,
    /// People for who another operator's record holds, and wants something else.
    pub overruled: u32,
    /// Why nothing is changed at the moment: the board does not answer, or has another encoder.
    pub trouble: Option<String>,
    /// The head of the door's audit log, signed by the board.
    pub log: Option<LogHead>,
    /// The models that are active on the board, and its firmware.
    pub active: Vec<Active>,
    /// People who are on the board with templates of another encoder than it runs, whoever enrolled them.
    #[serde(default)]
    pub foreign: u32,
    /// Those of them who the fleet enrolled, as many as have room.
    #[serde(default)]
    pub foreign_people: Vec<PersonId>,
}

/// The longest reason of a refusal, in bytes.
pub(crate) const REASON: usize = 600;

impl Ack {
    /// What the operator keeps and prints of it: as much as a door that is in order sends, and no control characters.
    #[must_use]
    pub fn bounded(mut self) -> Self {
        let text = |text: String| text.chars().filter(|of| !of.is_control()).take(REASON).collect::<String>();
        self.refused.truncate(20);
        for refused in &mut self.refused {
            refused.why = text(std::mem::take(&mut refused.why));
        }
        self.trouble = self.trouble.map(text);
        self.foreign_people.truncate(NAMED);
        self.active.truncate(8);
        for active in &mut self.active {
            active.name = text(std::mem::take(&mut active.name));
        }
        self.log = self.log.filter(|log| log.entry.len() <= 256 && log.signature.len() <= 64);
        self
    }
}

/// A record that a door refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// The person.
    pub id: PersonId,
    /// Why.
    pub why: String,
}

/// The newest entry of a door's audit log, signed by the board.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogHead {
    /// The number of the entry.
    pub number: u32,
    /// Its bytes.
    pub entry: Vec<u8>,
    /// Its link of the hash chain.
    pub chain: [u8; 16],
    /// When the board signed, in milliseconds since 1970, by its clock.
    pub unix_ms: u64,
    /// Whether that clock was set.
    pub exact: bool,
    /// The key with which the board signs.
    pub signer: [u8; 32],
    /// The signature.
    pub signature: Vec<u8>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_higher_counter_holds_then_the_removal_then_the_operator() {
        let rank = |counter, removed, operator| Rank {
            version: Version { counter, removed },
            operator: [operator; 32],
        };
        let order =
            [rank(1, false, 9), rank(1, true, 1), rank(2, false, 3), rank(2, false, 4), rank(2, true, 0)];
        assert!(order.is_sorted() && order.windows(2).all(|pair| pair[0] != pair[1]), "{order:?}");
    }

    #[test]
    fn what_an_acknowledgement_says_is_bounded() {
        let log = LogHead {
            number: 1,
            entry: vec![0; 10_000],
            chain: [0; 16],
            unix_ms: 0,
            exact: true,
            signer: [0; 32],
            signature: vec![0; 64],
        };
        let why = format!("\u{1b}[2J{}", "a".repeat(5000));
        let ack = Ack {
            number: 1,
            unix_ms: 0,
            newest: 1,
            complete: 1,
            digest: [0; 32],
            lacking: 0,
            pictures: 0,
            waiting: 0,
            people: 0,
            orphans: 0,
            others: 0,
            refused: vec![Refused { id: PersonId([0; 16]), why: why.clone() }; 500],
            refusals: 500,
            overruled: 0,
            trouble: Some(why),
            log: Some(log),
            active: Vec::new(),
            foreign: 500,
            foreign_people: vec![PersonId([0; 16]); 500],
        };
        let ack = ack.bounded();
        assert_eq!((ack.refused.len(), ack.log, ack.foreign_people.len()), (20, None, NAMED));
        let texts = ack.refused.into_iter().map(|refused| refused.why).chain(ack.trouble);
        assert!(texts.into_iter().all(|text| text.len() == REASON && !text.contains('\u{1b}')));
    }

    /// What is on the broker stays readable: the bytes of a record are pinned.
    #[test]
    fn the_bytes_of_a_record_are_these() {
        let mut room = [0; 256];
        let removed = Record { id: PersonId([0xAB; 16]), counter: 300, holds: Holds::Removed };
        let bytes = postcard::to_slice(&removed, &mut room).expect("short");
        assert_eq!(hex::encode(bytes), format!("{}ac0200", "ab".repeat(16)));
        let person = Person {
            name: "Ada".to_owned(),
            hours: "always".to_owned(),
            pin: Some("1234".to_owned()),
            duress_pin: None,
            suspended: true,
            pictures: Pictures { digest: [1; 32], key: [2; 32] },
        };
        let enrolled = Record { id: PersonId([0; 16]), counter: 1, holds: Holds::Enrolled(person) };
        let bytes = postcard::to_slice(&enrolled, &mut room).expect("short");
        let expected = format!(
            "{}0101{}{}{}0001{}{}",
            "00".repeat(16),
            "03416461",
            "06616c77617973",
            "010431323334",
            "01".repeat(32),
            "02".repeat(32)
        );
        assert_eq!(hex::encode(bytes), expected);
    }
}
