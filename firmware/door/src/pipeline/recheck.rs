//! Hashes the active models again while they are used.
//!
//! A model is used where it lies in flash, and flash outside the chip can be changed at any time. Its hash at boot does
//! not tell what it is an hour later. So with each turn of the worker a piece of the models is hashed, round and round: a
//! change that stays is found within two rounds. A turn comes with each frame, and once a second without frames.

use heapless::Vec;
use sha2::{Digest, Sha256};

use super::engine::NetworkKind;

/// Bytes that are hashed at a turn: half a percent of the instructions of a frame on a Cortex-M55.
const PIECE: usize = 8 * 1024;

/// An active model: its hash, and its bytes as they are in flash now.
#[derive(Debug, Clone, Copy)]
pub(crate) struct InFlash<'i> {
    pub(crate) kind: NetworkKind,
    pub(crate) sha256: [u8; 32],
    pub(crate) bytes: &'i [u8],
}

/// The active models in flash.
pub(crate) type AllInFlash<'i> = Vec<InFlash<'i>, 3>;

/// How far the round has come.
#[derive(Default)]
pub(crate) struct Recheck {
    model: usize,
    /// Bytes of that model that are hashed.
    at: usize,
    hash: Sha256,
}

impl Recheck {
    /// Hashes the next piece. Returns the kind of a model that has ended with another hash than its own.
    pub(crate) fn turn(&mut self, models: &[InFlash<'_>]) -> Option<NetworkKind> {
        let Some(model) = models.get(self.model) else {
            *self = Self::default();
            return None;
        };
        let rest = model.bytes.get(self.at..).unwrap_or_default();
        let piece = rest.get(..PIECE).unwrap_or(rest);
        self.hash.update(piece);
        self.at += piece.len();
        if piece.len() < rest.len() {
            return None;
        }
        let whole = core::mem::take(&mut self.hash).finalize();
        (self.model, self.at) = (self.model + 1, 0);
        (<[u8; 32]>::from(whole) != model.sha256).then_some(model.kind)
    }
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;

    fn in_flash(kind: NetworkKind, genuine: &[u8], bytes: &'static [u8]) -> InFlash<'static> {
        InFlash { kind, sha256: Sha256::digest(genuine).into(), bytes }
    }

    /// Turns of a round over models of 10 and 3 pieces, and one turn to begin again.
    const ROUND: usize = 10 + 3 + 1;

    #[test]
    fn a_model_that_changes_while_it_is_used_is_found_within_two_rounds() {
        let leak = |bytes: std::vec::Vec<u8>| -> &'static [u8] { bytes.leak() };
        let encoder = leak(std::vec![1; 10 * PIECE]);
        let liveness = leak(std::vec![2; 2 * PIECE + 5]);
        let genuine = [
            in_flash(NetworkKind::Encoder, encoder, encoder),
            in_flash(NetworkKind::Liveness, liveness, liveness),
        ];
        for changed_at in 0..2 * ROUND {
            for place in [0, 5 * PIECE, 10 * PIECE - 1] {
                let mut other = encoder.to_vec();
                other[place] ^= 0x80;
                let changed = [in_flash(NetworkKind::Encoder, encoder, leak(other)), genuine[1]];
                let mut recheck = Recheck::default();
                for _ in 0..changed_at {
                    assert_eq!(recheck.turn(&genuine), None);
                }
                let found = (0..2 * ROUND).find_map(|_| recheck.turn(&changed));
                assert_eq!(found, Some(NetworkKind::Encoder), "changed at turn {changed_at}, byte {place}");
            }
        }
    }

    #[test]
    fn no_model_is_no_change() {
        let mut recheck = Recheck::default();
        assert!((0..3).all(|_| recheck.turn(&[]).is_none()));
    }
}
