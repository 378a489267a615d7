//! Keys: an unpaired computer is refused, a second one is invited, keys are rotated and removed, and a copy
//! of a board's memory is of no use.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use emulator::{Board, Folder};
use fixtures::{Need, need};
use serde_json::Value;

use crate::bench::{BARACK, Bench, picture, postern};

/// A second computer: it reaches the board by its socket, and keeps its keys elsewhere.
struct Second {
    device: String,
    state: tempfile::TempDir,
}

impl Second {
    fn new(board: &Board) -> Self {
        let device = format!("unix:{}", board.folder().socket().display());
        Self { device, state: tempfile::tempdir().expect("a folder") }
    }

    fn command(&self, arguments: &[&str]) -> std::process::Command {
        let mut command = postern(arguments);
        command.args(["--device", &self.device, "--state"]).arg(self.state.path());
        command
    }

    fn refused(&self, arguments: &[&str], why: &str) {
        let output = self.command(arguments).output().expect("postern starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert!(said.contains(why), "{said:?} does not tell {why:?}");
    }

    fn done(&self, arguments: &[&str]) {
        let output = self.command(arguments).output().expect("postern starts");
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}

fn computers(bench: &Bench) -> Vec<Value> {
    bench.done(&["keys"])[0]["computers"].as_array().expect("a list").clone()
}

#[test]
fn a_board_obeys_paired_computers_only() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("an500");
    bench.done(&["board", "up"]);
    bench.refused(&["settings"], "`postern pair`");
    bench.refused(&["users"], "not paired");
    bench.refused(&["flash", "models"], "not paired");
    bench.done(&["pair", "--press-button", "--label", "workshop"]);
    bench.refused(&["pair", "--press-button"], "paired with the board already");
    bench.done(&["settings", "--agreement", "2"]);
    let folder = Folder::new(Some(bench.state()), "an500").expect("a name");
    for secret in [folder.host_key(), folder.signing_key(), folder.unique()] {
        let mode = fs::metadata(&secret).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{}", secret.display());
    }

    let board = Board::open(folder.clone()).expect("a board");
    let second = Second::new(&board);
    second.refused(&["settings"], "`postern pair`");
    second.refused(&["pair"], "nobody invited an installer");
    bench.done(&["keys", "invite", "operator"]);
    bench.pair_other(second.command(&["pair", "--role", "operator", "--label", "reception"]));
    second.done(&["users"]);
    second.refused(&["settings", "--agreement", "5"], "the role of installer");

    bench.done(&["keys", "rotate"]);
    let known = computers(&bench);
    let roles: Vec<&str> = known.iter().filter_map(|host| host["role"].as_str()).collect();
    assert_eq!(roles, ["installer", "operator"]);
    let key = known[1]["key"].as_str().expect("a key");
    bench.done(&["keys", "remove", &key[..8]]);
    second.refused(&["users"], "not paired");
    bench.refused(&["keys", "remove", "nonsense"], "0 keys");
    // What was rotated and removed stays so.
    bench.done(&["board", "down"]);
    bench.done(&["board", "up"]);
    assert_eq!(computers(&bench).len(), 1);
    bench.done(&["keys", "forget"]);
    bench.refused(&["settings"], "`postern pair`");
}

#[test]
fn a_copy_of_the_memory_is_no_copy_of_the_board() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("an500");
    bench.install();
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    bench.done(&["board", "down"]);
    let folder = Folder::new(Some(bench.state()), "an500").expect("a name");
    let flash = fs::read(folder.memory()).expect("read");
    assert!(!flash.windows(6).any(|window| window == b"Barack"), "a name lies in flash");

    let thief = Bench::new("an500");
    thief.done(&["board", "up"]);
    thief.done(&["board", "down"]);
    let copy = Folder::new(Some(thief.state()), "an500").expect("a name");
    fs::write(copy.memory(), &flash).expect("written");
    thief.done(&["board", "up"]);
    let status = thief.done(&["board", "status"]);
    assert_eq!(
        status[0]["status"].get("models"),
        None,
        "a computer that is not paired is told nothing of them"
    );
    assert_eq!(status[0]["status"]["development"], false, "`board up` takes production firmware");
    thief.done(&["pair", "--press-button"]);
    thief.refused(&["users"], "belong to another board");

    // The board itself, whose process was only gone, knows everybody. Another one at its place, with a
    // copy of its memory, is told by the computer that was paired.
    bench.done(&["board", "up"]);
    assert_eq!(bench.people(), ["Barack"]);
    bench.done(&["board", "down"]);
    fs::copy(copy.unique(), folder.unique()).expect("copied");
    bench.refused(&["board", "up"], "not the board that this computer is paired with");
    bench.refused(&["users"], "not the board that this computer is paired with");
}

#[test]
fn a_board_is_erased_by_its_button_and_keeps_its_log() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("an547");
    bench.done(&["board", "up"]);
    bench.done(&["pair", "--press-button", "--label", "workshop"]);
    bench.done(&["settings", "--agreement", "2"]);
    let folder = Folder::new(Some(bench.state()), "an547").expect("a name");
    let board = Board::open(folder).expect("a board");
    Second::new(&board).refused(&["pair", "--erase"], "requires the role of installer");
    bench.done(&["pair", "--erase", "--press-button", "--label", "again"]);
    let known = computers(&bench);
    assert_eq!(known.len(), 1, "{known:?}");
    assert_eq!(known[0]["label"], "again");
    assert_eq!(bench.done(&["settings"])[0]["agreement_frames"], 3, "as in a new board");
    let log = bench.done(&["log"]);
    let kinds: Vec<&str> = log.iter().filter_map(|entry| entry["kind"].as_str()).collect();
    let erased = kinds.iter().position(|kind| *kind == "erased").expect("an entry");
    assert!(kinds[..erased].contains(&"settings") && kinds[erased..].contains(&"paired"), "{kinds:?}");
}

/// The door's keys of the fleet follow from that of its computer. Where it is lost which keys those were, the people of the fleet on the
/// board are strangers to it.
#[cfg(feature = "bridge")]
#[test]
fn a_rotation_after_one_whose_acknowledgement_was_lost_keeps_the_door_in_its_fleet() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    bench.up();
    let operator = fleet::identity::Identity::of(&client::random_key().expect("random")).public();
    bench.done(&["fleet", "join", &operator.to_string()]);
    let read = |file: &str| -> Value {
        serde_json::from_slice(&fs::read(bench.folder().join(file)).expect("read")).expect("JSON")
    };
    let mut lost = read("host.key");
    bench.done(&["keys", "rotate"]);
    // The acknowledgement is lost: what this leaves is the file of before, with the key that the board knows as the next one.
    lost["next"] = read("host.key")["secret"].clone();
    let mut trusted = read("fleet/trusted.json");
    trusted["rotated"] = Value::Null;
    fs::write(bench.folder().join("host.key"), lost.to_string()).expect("written");
    fs::write(bench.folder().join("fleet/trusted.json"), trusted.to_string()).expect("written");
    bench.done(&["keys", "rotate"]);
    let rotated = read("fleet/trusted.json")["rotated"].clone();
    let code = &bench.done(&["fleet", "join", &operator.to_string()])[0]["code"];
    assert_eq!(&rotated, code, "the keys follow from those of before");
}
