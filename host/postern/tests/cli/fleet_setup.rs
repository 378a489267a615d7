//! Settings, models and firmware that a fleet brings to boards, as an operator uses it.

use std::path::{Path, PathBuf};

use client::Machine;
use emulator::Folder;
use fixtures::mqtt::Mosquitto;
use fixtures::{Need, need};
use serde_json::Value;

use crate::bench::{BARACK, Bench, eventually, picture, run};
use crate::fleet::{Applying, Operator, said};
use crate::linux::lose;

/// Signs with the key that a bench's board trusts, or with one that it does not.
fn sign(bench: &Bench, what: &str, key: Option<&Path>) -> String {
    let name = Path::new(what).file_name().expect("a name").to_string_lossy().into_owned();
    let file = bench.state().join(format!("{name}.sig")).display().to_string();
    let trusted: PathBuf = Folder::new(Some(bench.state()), "an547").expect("a name").signing_key();
    let key = key.map_or(trusted, Path::to_owned).display().to_string();
    let ran = run(&["sign", what, "--key", &key, "--output", &file, "--force"]);
    assert_eq!(ran.code, 0, "{}", ran.said);
    file
}

/// The door's standing, once it is so; what it said last is printed with a test that fails.
fn standing(operator: &Operator, bench: &Bench, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let mut last = Value::Null;
    eventually(&format!("{what}: {}", said(bench)), || {
        last = operator.status();
        println!("{last}");
        is(&last["doors"][0])
    });
    last
}

#[test]
fn a_door_takes_settings_and_models_of_an_operator_who_it_trusts_as_an_installer() {
    need!(Need::Door, Need::Mosquitto, Need::Cached("images"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let (operator, code) = Operator::new(&broker);
    let door = Bench::new("linux");
    door.up();
    operator.add(&door, "front", &code);
    operator.refused(&["settings", "open-ms=soon"], "open-ms");
    operator.refused(&["settings", "device=unix:/x"], "postern settings --help");
    operator.refused(&["rule", "Nobody"], "--hours");
    let before = door.done(&["settings"])[0].clone();
    operator.done(&["settings", "open-ms=4321", "agreement=3"]);
    let applying = Applying::of(&door, &broker);
    let at = |standing: &Value| standing["refused"][0]["name"] == "settings";
    let told = standing(&operator, &door, "the operator is told that the door does not trust them", at);
    let why = told["doors"][0]["refused"][0]["why"].as_str().expect("a reason").to_owned();
    assert!(why.contains("postern fleet join CODE --installer"), "{why}");
    assert_eq!(told["set_up"][0]["doors"], 0);
    assert_eq!(told["doors"][0]["connected"], true);
    assert_eq!(door.done(&["settings"])[0], before);

    drop(applying);
    let away = standing(&operator, &door, "the door is away", |door| door["connected"] == false);
    assert!(away["doors"][0]["away_since"].is_string(), "{away}");
    door.done(&["fleet", "join", &code, "--installer"]);
    // Joined again without a word on it, for its code, the door trusts as before.
    door.done(&["fleet", "join", &code]);
    let _applying = Applying::of(&door, &broker);
    operator.complete();
    let after = door.done(&["settings"])[0].clone();
    assert_eq!((after["open_ms"].as_u64(), after["agreement_frames"].as_u64()), (Some(4321), Some(3)));
    assert_eq!(after["far_one_in"], before["far_one_in"], "what the fleet does not decide stays");

    // What no board takes is said before it is sent.
    operator.refused(&["settings", "open-ms=5"], "100 to 60000 ms");
    operator.done(&["settings", "open-ms="]);
    operator.complete();
    assert_eq!(operator.done(&["settings"])[0]["settings"], serde_json::json!({"agreement": "3"}));

    // Models: of a key that the board does not trust, and then of the one that it does. Nobody is enrolled before.
    operator.done(&["enroll", "Barack", &picture(BARACK[0])]);
    let stranger = folder.path().join("stranger.key");
    operator.done(&["release", "yunet", "--signature", &sign(&door, "yunet", Some(&stranger))]);
    standing(&operator, &door, "the board does not trust the signature", |door| {
        let refused = door["refused"].as_array().expect("a list").iter();
        refused.clone().any(|one| {
            one["name"] == "detector"
                && one["why"].as_str().is_some_and(|why| why.contains("not signed by the key"))
        })
    });
    for name in ["yunet", "liveness", "postern-128"] {
        operator.done(&["release", name, "--signature", &sign(&door, name, None)]);
    }
    operator.complete();
    let status = operator.status();
    let active = status["doors"][0]["active"].as_array().expect("a list");
    assert_eq!(active.len(), 3, "{status}");
    assert!(status["set_up"].as_array().expect("a list").iter().all(|one| one["doors"] == 1), "{status}");
    assert_eq!(door.run(&["identify", &picture(BARACK[2])]).code, 0, "{}", said(&door));

    operator.refused(&["withdraw", "firmware"], "it decides");
    operator.done(&["withdraw", "settings"]);
    operator.complete();
    assert_eq!(door.done(&["settings"])[0]["agreement_frames"], 3, "the door keeps what it has");
}

/// Settings that were damaged are no defaults, with some of which a fleet or a command would set a board up by itself.
#[test]
fn what_a_board_lost_is_not_set_by_a_fleet_nor_one_by_one() {
    need!(Need::Door, Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let (operator, code) = Operator::new(&broker);
    let door = Bench::new("linux");
    door.up();
    operator.add(&door, "front", &code);
    door.done(&["fleet", "join", &code, "--installer"]);
    door.done(&["settings", "--matching", "verify"]);
    operator.done(&["settings", "open-ms=4321"]);
    let applying = Applying::of(&door, &broker);
    operator.complete();
    drop(applying);
    door.done(&["board", "down"]);
    lose(&door, 0x0235);
    door.done(&["board", "up"]);
    // The fleet wants another one, and what it wanted before is not there either.
    operator.done(&["settings", "open-ms=4322"]);
    let applying = Applying::of(&door, &broker);
    standing(&operator, &door, "the board refuses, and the fleet keeps that", |door| {
        door["refused"][0]["why"].as_str().is_some_and(|why| why.contains("postern settings --defaults"))
            && door["complete"] == false
    });
    for arguments in [&["settings"][..], &["settings", "--open-ms", "4000"]] {
        door.refused(arguments, "the board lost its settings, and admits nobody");
    }
    drop(applying);
    let set = door.done(&["settings", "--defaults", "--matching", "verify"])[0].clone();
    assert_eq!((set["matching"].as_str(), set["open_ms"].as_u64()), (Some("verify"), Some(3000)));
    let _applying = Applying::of(&door, &broker);
    operator.complete();
    let set = door.done(&["settings"])[0].clone();
    assert_eq!((set["matching"].as_str(), set["open_ms"].as_u64()), (Some("verify"), Some(4322)));
}

#[test]
fn firmware_of_a_fleet_is_tried_by_the_boards_that_it_is_for_and_the_board_says_which_it_runs() {
    need!(Need::Boards, Need::Door, Need::Mosquitto, Need::Cached("images"));
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let (operator, code) = Operator::new(&broker);
    let (board, door) = (Bench::new("an547"), Bench::new("linux"));
    let add = |bench: &Bench, name: &str| {
        bench.up();
        operator.add(bench, name, &code);
        bench.done(&["fleet", "join", &code, "--installer"]);
    };
    add(&board, "an emulated one");
    add(&door, "on Linux");
    let elf = emulator::built_firmware(Machine::An547).expect("`need!` found it").display().to_string();
    let released = operator.done(&["release", &elf, "--signature", &sign(&board, &elf, None)]);
    let release =
        released[0]["name"].as_str().expect("a name").rsplit(' ').next().expect("a number").to_owned();
    let _at_board = Applying::of(&board, &broker);
    let _at_door = Applying::of(&door, &broker);
    operator.complete();
    let status = operator.status();
    let active = |door: usize| status["doors"][door]["active"].as_array().expect("a list").clone();
    let runs = |active: &Value| active["kind"] == "firmware" && active["name"] == release.as_str();
    assert!(active(0).iter().any(runs), "{status} {}", said(&board));
    assert!(active(1).is_empty(), "a door on Linux has a package: {status}");
    assert_eq!(status["set_up"][0]["doors"], 1, "one board runs it: {status}");
    let log = board.done(&["log"]);
    assert!(log.iter().any(|entry| entry["kind"] == "firmware" && entry["reason"] == "active"), "{log:?}");
}

#[test]
fn an_encoder_that_locks_everybody_out_is_asked_about_and_then_said() {
    need!(Need::Door, Need::Mosquitto, Need::Cached("images"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let (operator, code) = Operator::new(&broker);
    let door = Bench::new("linux");
    door.install();
    operator.add(&door, "front", &code);
    door.done(&["fleet", "join", &code, "--installer"]);
    operator.done(&["enroll", "Barack", &picture(BARACK[0])]);
    let _applying = Applying::of(&door, &broker);
    operator.complete();

    let signature = sign(&door, "mobilefacenet", None);
    let other = ["release", "mobilefacenet", "--signature", &signature];
    operator.refused(&other, "front (postern-128)");
    operator.refused(&other, "Barack. `--yes` releases it all the same");
    assert_eq!(operator.status()["set_up"], serde_json::json!([]), "nothing was released");
    operator.done(&[&other[..], &["--yes"]].concat());
    let locked = standing(&operator, &door, "the door says that it opens to nobody", |door| {
        door["why"].as_str().is_some_and(|why| why.contains("opens to nobody, for 1 person"))
    });
    assert_eq!(locked["people"][0]["doors"], 0, "{locked}");
    assert_eq!(locked["doors"][0]["refused"][0]["name"], "Barack", "{locked}");
    assert_eq!(operator.run(&["status"]).code, 1);

    // The encoder of before takes no word: nobody loses anything by it.
    operator.done(&["release", "postern-128", "--signature", &sign(&door, "postern-128", None)]);
    operator.complete();
    assert_eq!(door.run(&["identify", &picture(BARACK[2])]).code, 0, "{}", said(&door));
}
