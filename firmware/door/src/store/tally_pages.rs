//! Failures as the settings keep them: bytes of a page of people, of the index of all pages, and of who is cleared of a doubt.
//!
//! ```text
//! lockout   failures u8 | lockouts since the last success u8 | end in seconds since 1970 u32 LE, 0 for none
//! page      eight places: person u32 LE, ff ff ff ff where it is free | lockout by face | lockout by PIN
//! index     lockout of nobody by face | by PIN | 32 versions of pages, u24 LE, 0 for a page that is empty | PINs
//!           of the ration that were compared, u16 LE | writes of failures of faces of their ration, u16 LE | number of the
//!           newest doubt, times two, and one more if there was one, u32 LE; each 0 where it is missing
//! part      of a board with more than 32 pages, the versions of the next 32, as above
//! cleared   number of the doubt u32 LE | a bit for each of 960 slots of the gallery: 1 of who is cleared of it
//! ```
//! A version needs three bytes: each is a step of the counter, which has some two million.

use heapless::Vec;
use policy::{CLEARED_BYTES, MAX_TALLY_PAGES, TALLY_PAGE};

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
const DOUBT: usize = 4;

/// Pages of which a part of the index has the versions.
pub(super) const INDEXED: usize = 32;
/// Most parts of an index.
pub(super) const MAX_INDEXES: usize = MAX_TALLY_PAGES / INDEXED;

const _: () = assert!(TALLY_PAGE * PLACE <= 128 && DOUBT + CLEARED_BYTES <= 128);
const _: () = assert!(2 * LOCKOUT + INDEXED * VERSION + 2 * RATION + DOUBT <= 128);

/// The versions of the pages of a part of the index.
pub(super) type Versions = [u32; INDEXED];

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

/// Appends versions of pages.
///
/// # Errors
/// [`Failed`] if a version is too large.
#[inline(never)]
pub(super) fn push_versions(bytes: &mut Bytes, versions: &Versions) -> Result<(), Failed> {
    for version in versions {
        let [a, b, c, 0] = version.to_le_bytes() else { return Err(Failed) };
        bytes.extend_from_slice(&[a, b, c]).map_err(|_| Failed)?;
    }
    Ok(())
}

/// The versions of pages.
#[inline(never)]
pub(super) fn versions_of(bytes: &[u8]) -> Versions {
    let mut versions = Versions::default();
    for (version, [a, b, c]) in versions.iter_mut().zip(bytes.as_chunks::<VERSION>().0) {
        *version = u32::from_le_bytes([*a, *b, *c, 0]);
    }
    versions
}

/// Who is cleared of the doubt of a number, and who was cleared of the same doubt before.
pub(super) fn cleared_bytes(doubt: u32, mut bits: [u8; CLEARED_BYTES], before: Option<&Bytes>) -> Bytes {
    let before = before.and_then(|bytes| cleared_of(bytes, doubt));
    bits.iter_mut().zip(before.into_iter().flatten()).for_each(|(bits, before)| *bits |= before);
    doubt.to_le_bytes().into_iter().chain(bits).collect()
}

/// The bits of who is cleared, if they are of the doubt of this number.
pub(super) fn cleared_of(bytes: &Bytes, doubt: u32) -> Option<&[u8; CLEARED_BYTES]> {
    let (number, bits) = bytes.split_first_chunk::<DOUBT>()?;
    if u32::from_le_bytes(*number) == doubt { bits.first_chunk() } else { None }
}

/// The index of the pages; the first part of it, where there are more.
#[derive(Default)]
pub(super) struct Index {
    pub(super) nobody: [StoredLockout; 2],
    pub(super) versions: Versions,
    /// PINs that were compared, and writes of failures of faces.
    pub(super) rations: [u16; 2],
    /// The number of the newest doubt, and whether there was one.
    pub(super) doubts: (u32, bool),
}

impl Index {
    pub(super) fn from_bytes(bytes: &Bytes) -> Self {
        let mut index = Self::default();
        let (nobody, versions) = bytes.split_at_checked(2 * LOCKOUT).unwrap_or_default();
        index.nobody = lockouts_of(nobody);
        index.versions = versions_of(versions);
        let rest = versions.get(INDEXED * VERSION..).unwrap_or_default();
        for (ration, used) in index.rations.iter_mut().zip(rest.as_chunks::<RATION>().0) {
            *ration = u16::from_le_bytes(*used);
        }
        let doubts = rest.get(2 * RATION..).and_then(|rest| rest.first_chunk()).copied();
        let doubts = u32::from_le_bytes(doubts.unwrap_or_default());
        index.doubts = (doubts >> 1, doubts & 1 == 1);
        index
    }

    /// The bytes.
    ///
    /// # Errors
    /// [`Failed`] if a version is too large.
    pub(super) fn to_bytes(&self) -> Result<Bytes, Failed> {
        let mut bytes = Bytes::new();
        push_lockouts(&mut bytes, self.nobody)?;
        push_versions(&mut bytes, &self.versions)?;
        for ration in self.rations {
            bytes.extend_from_slice(&ration.to_le_bytes()).map_err(|_| Failed)?;
        }
        let (doubts, doubting) = self.doubts;
        let doubts = doubts << 1 | u32::from(doubting);
        bytes.extend_from_slice(&doubts.to_le_bytes()).map_err(|_| Failed)?;
        Ok(bytes)
    }
}
