//! The chain of hashes through the entries, and who checks it.
//!
//! ```text
//! chain[i] = SHA-256( chain[before i] | number, u32 LE | entry, 28 bytes )[..16]
//! ```
//! The chain before the first entry is zeros. Numbers may leave gaps where a power cut interrupted a
//! write; the chain then goes from the entry before the gap to the one after it, so that such a gap is
//! told from an entry that was there and is not any more.

use sha2::{Digest, Sha256};

use crate::entry::ENTRY_BYTES;

/// Bytes of a link of the chain.
pub const CHAIN_BYTES: usize = 16;

/// A link of the chain: what stands for an entry and all before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Chain(pub [u8; CHAIN_BYTES]);

impl Chain {
    /// The link of the entry of this number and these bytes, after this one.
    #[must_use]
    pub fn next(self, number: u32, entry: &[u8; ENTRY_BYTES]) -> Self {
        let hash = Sha256::new().chain_update(self.0).chain_update(number.to_le_bytes()).chain_update(entry);
        let mut chain = [0; CHAIN_BYTES];
        chain.copy_from_slice(&hash.finalize()[..CHAIN_BYTES]);
        Self(chain)
    }
}

/// What is wrong with a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Finding {
    /// The numbers do not rise.
    Order {
        /// The number that should not follow.
        number: u32,
    },
    /// An entry's hash is not that of itself and the one before: it, or something between them, was changed
    /// or taken out.
    Broken {
        /// The last entry that is right, if any was seen.
        after: Option<u32>,
        /// The first that is not.
        number: u32,
    },
}

/// Checks the chain, entry by entry, the oldest first.
///
/// The log gives way at its old end, so that the first entry is taken as it is, unless the verifier
/// begins at a link known from before ([`Verifier::after`]).
#[derive(Debug, Clone, Copy, Default)]
pub struct Verifier {
    last: Option<(u32, Chain)>,
}

impl Verifier {
    /// Takes the first entry as it is; one of the number 0 must be the chain's first.
    #[must_use]
    pub const fn new() -> Self {
        Self { last: None }
    }

    /// Begins after an entry whose link is known.
    #[must_use]
    pub const fn after(number: u32, chain: Chain) -> Self {
        Self { last: Some((number, chain)) }
    }

    /// The last entry that was right, and its link.
    #[must_use]
    pub const fn last(&self) -> Option<(u32, Chain)> {
        self.last
    }

    /// Takes the next entry, with the link that the log keeps beside it. After a finding, the check goes
    /// on from this entry.
    ///
    /// # Errors
    /// A [`Finding`].
    pub fn check(&mut self, number: u32, entry: &[u8; ENTRY_BYTES], chain: Chain) -> Result<(), Finding> {
        let before = self.last.replace((number, chain));
        let expected = match before {
            Some((last, _)) if last >= number => return Err(Finding::Order { number }),
            Some((_, link)) => link.next(number, entry),
            None if number == 0 => Chain::default().next(number, entry),
            None => chain,
        };
        let after = before.map(|(last, _)| last);
        if expected == chain { Ok(()) } else { Err(Finding::Broken { after, number }) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn log() -> [(u32, [u8; ENTRY_BYTES], Chain); 5] {
        let mut chain = Chain::default();
        [0, 1, 2, 4, 5].map(|number| {
            let entry = [number as u8; ENTRY_BYTES];
            chain = chain.next(number, &entry);
            (number, entry, chain)
        })
    }

    fn verify<'a>(
        entries: impl IntoIterator<Item = &'a (u32, [u8; ENTRY_BYTES], Chain)>,
    ) -> Result<(), Finding> {
        let mut verifier = Verifier::new();
        entries.into_iter().try_for_each(|(number, entry, chain)| verifier.check(*number, entry, *chain))
    }

    #[test]
    fn a_link_is_this() {
        // Python: hashlib.sha256(bytes(16) + bytes(4) + bytes(28)).digest()[:16].hex()
        let expected = 0x17b0_761f_87b0_81d5_cf10_757c_cc89_f12b_u128;
        assert_eq!(Chain::default().next(0, &[0; ENTRY_BYTES]).0, expected.to_be_bytes());
    }

    #[test]
    fn gaps_and_a_lost_old_end_are_no_finding() {
        assert_eq!(verify(&log()), Ok(()));
        assert_eq!(verify(&log()[2..]), Ok(()));
    }

    #[test]
    fn whatever_is_changed_taken_out_or_moved_is_found() {
        for index in 1..4 {
            let mut changed = log();
            changed[index].1[9] ^= 1;
            let number = changed[index].0;
            let after = Some(changed[index - 1].0);
            assert_eq!(verify(&changed), Err(Finding::Broken { after, number }));
            let entries = log();
            let rest = entries.iter().enumerate().filter(|(place, _)| *place != index);
            assert!(verify(rest.map(|(_, entry)| entry)).is_err());
        }
        let mut swapped = log();
        swapped.swap(1, 2);
        assert!(verify(&swapped).is_err());
        let mut first = log();
        first[0].1[0] ^= 1;
        assert_eq!(verify(&first), Err(Finding::Broken { after: None, number: 0 }));
    }

    #[test]
    fn a_new_log_does_not_pass_for_the_one_known() {
        let (number, _, chain) = log()[2];
        let mut verifier = Verifier::after(number, chain);
        let (next, entry, link) = log()[3];
        assert_eq!(verifier.check(next, &entry, link), Ok(()));
        let mut verifier = Verifier::after(number, Chain([7; CHAIN_BYTES]));
        assert!(verifier.check(next, &entry, link).is_err());
    }
}
