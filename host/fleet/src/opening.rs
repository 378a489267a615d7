//! Commands of the operator that open a door: signed here, carried by the door's bridge, checked by its board.
//!
//! `openings.json` of the folder has the last counter, and the key of each board that was named. The counter is in the file before
//! a command is sent. It is the time of now, or one more than the last one: a folder that was lost goes on above what was used.

use std::collections::BTreeMap;

use bridge::command::Command;
use crypto::Opening;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::folder::Folder;
use crate::identity::Identity;
use crate::place::{read, write};

/// The file in the folder.
const FILE: &str = "openings.json";
const REMEDY: &str = "Remove it, and name the board of each door again with `--board`";

/// What the file has.
#[derive(Default, Serialize, Deserialize)]
struct Kept {
    counter: u64,
    /// The key of the board of each door, in hexadecimal digits.
    boards: BTreeMap<String, String>,
}

/// Signs a command that opens a door once, until `valid_ms` after `now_ms`. `board` is the key of its board, which is kept: so it
/// is named once.
///
/// # Errors
/// [`Error::NoBoard`], [`Error::Counter`]; the file cannot be read or written.
pub fn sign(
    folder: &Folder,
    identity: &Identity,
    door: &str,
    board: Option<[u8; 32]>,
    (now_ms, valid_ms): (u64, u64),
) -> Result<Command, Error> {
    let path = folder.path().join(FILE);
    let mut kept: Kept = read(&path, REMEDY)?.unwrap_or_default();
    let no_board = || Error::NoBoard { door: door.to_owned() };
    if let Some(board) = board {
        kept.boards.insert(door.to_owned(), hex::encode(board));
    }
    let digits = kept.boards.get(door).cloned().ok_or_else(no_board)?;
    let mut board = [0; 32];
    hex::decode_to_slice(&digits, &mut board).map_err(|_| no_board())?;
    kept.counter =
        now_ms.max(kept.counter.checked_add(1).ok_or_else(|| Error::Counter { file: path.clone() })?);
    write(&path, &kept)?;
    let opening = Opening { board, counter: kept.counter, until: now_ms.saturating_add(valid_ms) };
    Ok(Command {
        board: digits,
        signer: hex::encode(identity.public().signing),
        counter: opening.counter,
        until: opening.until,
        signature: hex::encode(identity.sign(&opening.signed())),
    })
}

#[cfg(test)]
mod tests {
    use crypto::Key;

    use super::*;

    #[test]
    fn a_counter_rises_whatever_the_clock_does_and_a_board_is_named_once() {
        let place = tempfile::tempdir().expect("a folder");
        let identity = Identity::of(&Key::new([1; 32]));
        let path = place.path().join("fleet");
        let folder = Folder::make(&path, identity.public(), serde_json::json!({})).expect("made");
        let sign = |door, board, now| super::sign(&folder, &identity, door, board, (now, 30));
        assert!(matches!(sign("front", None, 5), Err(Error::NoBoard { .. })));
        let first = sign("front", Some([7; 32]), 1000).expect("signed");
        assert_eq!(
            (first.counter, first.until, first.board.as_str()),
            (1000, 1030, "07".repeat(32).as_str())
        );
        let mut signature = [0; 64];
        hex::decode_to_slice(&first.signature, &mut signature).expect("digits");
        let opening = Opening { board: [7; 32], counter: 1000, until: 1030 };
        assert_eq!(opening.verify(&identity.public().signing, &signature), Ok(()));
        assert!(sign("back", None, 1001).is_err(), "another door");
        write(
            &path.join(FILE),
            &Kept { counter: u64::MAX, ..read(&path.join(FILE), REMEDY).expect("read").expect("there") },
        )
        .expect("written");
        let error = sign("front", None, 2000).expect_err("the board would refuse it as used").to_string();
        assert!(error.contains("forbid-opening") && error.contains(FILE), "{error}");
        std::fs::remove_file(path.join(FILE)).expect("removed");
        sign("front", Some([7; 32]), 1000).expect("signed");
        for (now, counter) in [(1001, 1001), (1001, 1002), (3, 1003), (2000, 2000)] {
            assert_eq!(sign("front", None, now).expect("signed").counter, counter);
        }
    }
}
