//! Failures as the settings keep them: bytes of a page of people, and of the index of all pages.
//!
//! ```text
//! lockout   failures u8 | lockouts since the last success u8 | end in seconds since 1970 u32 LE, 0 for none
//! page      eight places: person u32 LE, ff ff ff ff where it is free | lockout by face | lockout by PIN
//! index     lockout of nobody by face | by PIN | 32 versions of pages, u24 LE, 0 for a page that is empty | PINs
//!           of the ration that were compared, u16 LE | writes of failures of faces of their ration, u16 LE; each 0
//!           where it is missing
//! ```
//! A version needs three bytes: each is a step of the counter, which has some two million.

use heapless::Vec;
use policy::{TALLY_PAGE, TALLY_PAGES};

use super::failed::Failed;

/// The bytes of a page or of the index.
pub(super) type Bytes = Vec<u8, 128>;

/// A lockout: failures, lockouts since the last success, and the end in seconds since 1970, 0 for none.
pub(super) type StoredLockout = (u8, u8, u32);

/// The number of a free place.
const FREE: u32 = u32::MAX;
const LOCKOUT: usize = 6;
const PLACE: usize = 4 + 2 * LOCKOUT;
const VERSION: usize = 3;
const RATION: usize = 2;

const _: () = assert!(TALLY_PAGE * PLACE <= 128 && 2 * LOCKOUT + TALLY_PAGES * VERSION + 2 * RATION <= 128);

/// Appends the two lockouts of somebody or nobody.
pub(super) fn push_lockouts(bytes: &mut Bytes, lockouts: [StoredLockout; 2]) -> Result<(), Failed> {
    for (failures, times, until) in lockouts {
        bytes.extend_from_slice(&[failures, times]).map_err(|_| Failed)?;
        bytes.extend_from_slice(&until.to_le_bytes()).map_err(|_| Failed)?;
    }
    Ok(())
}

/// Appends a place of a page.
pub(super) fn push_place(
    bytes: &mut Bytes,
    person: Option<u32>,
    lockouts: [StoredLockout; 2],
) -> Result<(), Failed> {
    bytes.extend_from_slice(&person.unwrap_or(FREE).to_le_bytes()).map_err(|_| Failed)?;
    push_lockouts(bytes, lockouts)
}

/// The places of a page: person and lockouts of those that are taken.
pub(super) fn places(bytes: &Bytes) -> impl Iterator<Item = (usize, u32, [StoredLockout; 2])> {
    let places = bytes.as_chunks::<PLACE>().0.iter().enumerate();
    let places = places.map(|(place, [a, b, c, d, lockouts @ ..])| {
        (place, u32::from_le_bytes([*a, *b, *c, *d]), lockouts_of(lockouts))
    });
    places.filter(|(_, person, _)| *person != FREE)
}

/// Two lockouts.
fn lockouts_of(bytes: &[u8]) -> [StoredLockout; 2] {
    let mut found = [(0, 0, 0); 2];
    for (found, [failures, times, until @ ..]) in found.iter_mut().zip(bytes.as_chunks::<LOCKOUT>().0) {
        *found = (*failures, *times, u32::from_le_bytes(*until));
    }
    found
}

/// The index of the pages.
#[derive(Default)]
pub(super) struct Index {
    pub(super) nobody: [StoredLockout; 2],
    pub(super) versions: [u32; TALLY_PAGES],
    /// PINs that were compared, and writes of failures of faces.
    pub(super) rations: [u16; 2],
}

impl Index {
    pub(super) fn from_bytes(bytes: &Bytes) -> Self {
        let mut index = Self::default();
        let (nobody, versions) = bytes.split_at_checked(2 * LOCKOUT).unwrap_or_default();
        index.nobody = lockouts_of(nobody);
        for (version, [a, b, c]) in index.versions.iter_mut().zip(versions.as_chunks::<VERSION>().0) {
            *version = u32::from_le_bytes([*a, *b, *c, 0]);
        }
        let rations = versions.get(TALLY_PAGES * VERSION..).unwrap_or_default().as_chunks::<RATION>().0;
        for (ration, used) in index.rations.iter_mut().zip(rations) {
            *ration = u16::from_le_bytes(*used);
        }
        index
    }

    /// The bytes.
    ///
    /// # Errors
    /// [`Failed`] if a version is too large.
    pub(super) fn to_bytes(&self) -> Result<Bytes, Failed> {
        let mut bytes = Bytes::new();
        push_lockouts(&mut bytes, self.nobody)?;
        for version in self.versions {
            let [a, b, c, 0] = version.to_le_bytes() else { return Err(Failed) };
            bytes.extend_from_slice(&[a, b, c]).map_err(|_| Failed)?;
        }
        for ration in self.rations {
            bytes.extend_from_slice(&ration.to_le_bytes()).map_err(|_| Failed)?;
        }
        Ok(bytes)
    }
}
