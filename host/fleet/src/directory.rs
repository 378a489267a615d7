//! Which versions of an operator's records a recipient has, and a digest by which both sides compare.
//!
//! ```text
//! digest   SHA-256 over each person in ascending order: id, 16 | counter u64 LE | removed u8 | SHA-256 of the record, 32
//! part     the same over the people whose id begins with the same four bits; 4 bytes of it go over the broker
//! ```
//! The parts say where to look; only the whole digest says that nothing is missing. A door compares it many times a second, and it
//! changes with a record alone, so it is kept.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

use crate::record::{Head, PersonId, Version};

/// Parts of a directory.
pub const PARTS: usize = 16;

/// The versions of an operator's records.
#[derive(Clone, Debug, Default)]
pub struct Directory {
    records: BTreeMap<PersonId, (Version, [u8; 32])>,
    /// The digests of these records, once somebody asked for them.
    digests: OnceCell<Digests>,
    /// The digest of each part, until a record of it changes.
    parts: [OnceCell<[u8; 4]>; PARTS],
}

/// What identifies the content of a directory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digests {
    /// Of all of it.
    pub whole: [u8; 32],
    /// Of its parts.
    pub parts: [[u8; 4]; PARTS],
    /// Records in it.
    pub records: u32,
}

impl Directory {
    /// Takes a version and the hash of its record, unless it has this version or a later one already. Returns whether it is news.
    pub fn take(&mut self, id: PersonId, version: Version, hash: [u8; 32]) -> bool {
        let known = self.records.get(&id).is_some_and(|(known, _)| *known >= version);
        if !known {
            self.records.insert(id, (version, hash));
            self.digests.take();
            self.parts.get_mut(id.part()).map(OnceCell::take);
        }
        !known
    }

    /// What identifies its content.
    #[must_use]
    pub fn digests(&self) -> Digests {
        *self.digests.get_or_init(|| self.compute())
    }

    fn compute(&self) -> Digests {
        let mut whole = Sha256::new();
        for record in &self.records {
            whole.update(bytes(record));
        }
        let parts = std::array::from_fn(|part| {
            let kept = self.parts.get(part);
            kept.map_or_else(|| self.part(part), |kept| *kept.get_or_init(|| self.part(part)))
        });
        Digests { whole: whole.finalize().into(), parts, records: self.records.len() as u32 }
    }

    /// The beginning of the digest of a part.
    fn part(&self, part: usize) -> [u8; 4] {
        let mut digest = Sha256::new();
        for record in self.records.iter().filter(|(id, _)| id.part() == part) {
            digest.update(bytes(record));
        }
        let [a, b, c, d, ..]: [u8; 32] = digest.finalize().into();
        [a, b, c, d]
    }
}

/// The bytes of a record in a digest.
fn bytes((id, (version, hash)): (&PersonId, &(Version, [u8; 32]))) -> [u8; 57] {
    let mut bytes = [0; 57];
    bytes[..16].copy_from_slice(&id.0);
    bytes[16..24].copy_from_slice(&version.counter.to_le_bytes());
    bytes[24] = version.removed.into();
    bytes[25..].copy_from_slice(hash);
    bytes
}

impl Digests {
    /// The parts that differ from those of a head; all if none does and the whole digest differs.
    #[must_use]
    pub fn differing(&self, head: &Head) -> Vec<usize> {
        if self.whole == head.digest {
            return Vec::new();
        }
        let pairs = self.parts.iter().zip(&head.parts).enumerate();
        let parts: Vec<usize> = pairs.filter(|(_, (a, b))| a != b).map(|(at, _)| at).collect();
        if parts.is_empty() { (0..PARTS).collect() } else { parts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn head(of: Digests) -> Head {
        Head { run: 1, unix_ms: 0, records: of.records, digest: of.whole, parts: of.parts, encoder: None }
    }

    #[test]
    fn order_of_arrival_does_not_matter_and_an_older_version_changes_nothing() {
        let id = |byte: u8| PersonId([byte; 16]);
        let versions: Vec<(PersonId, Version)> = (0..40_u8)
            .flat_map(|at| (1..4).map(move |counter| (id(at * 6), Version { counter, removed: at % 3 == 0 })))
            .collect();
        let (mut there, mut back) = (Directory::default(), Directory::default());
        assert!(versions.iter().all(|(id, version)| there.take(*id, *version, [0; 32])), "each is news");
        for (id, version) in versions.iter().rev() {
            back.take(*id, *version, [0; 32]);
        }
        assert_eq!(there.digests(), back.digests());
        assert!(
            versions.iter().all(|(id, version)| !there.take(*id, *version, [0; 32])),
            "none is news any more"
        );
        assert_eq!(there.digests().records, 40);
    }

    #[test]
    fn only_the_part_of_a_changed_person_differs() {
        let mut directory = Directory::default();
        for byte in 0..=255_u8 {
            directory.take(PersonId([byte; 16]), Version::default(), [0; 32]);
        }
        let before = directory.digests();
        assert_eq!(before.differing(&head(before)), [0; 0]);
        directory.take(PersonId([0x73; 16]), Version { counter: 0, removed: true }, [0; 32]);
        assert_eq!(before.differing(&head(directory.digests())), [7]);
        // A head whose parts do not fit its digest makes the recipient look everywhere.
        let odd = Head { digest: [0; 32], ..head(before) };
        assert_eq!(before.differing(&odd).len(), PARTS);
    }
}
