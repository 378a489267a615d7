//! What a newcomer may do wrong: every error says what was wrong and what to do, with exit code 2.

use std::fs;

use fixtures::{Need, need};

use crate::bench::{Bench, STRANGER, picture, run};

fn refused(arguments: &[&str], why: &str) {
    let ran = run(arguments);
    assert_eq!(ran.code, 2, "postern {}: {}", arguments.join(" "), ran.said);
    assert!(ran.said.contains(why), "{:?} does not tell {why:?}", ran.said);
}

#[test]
fn a_board_that_is_down_says_how_to_switch_it_on() {
    need!(Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("an547");
    bench.refused(&["users"], "postern board up");
    bench.refused(&["show", &picture(STRANGER)], "postern board up");
    bench.refused(&["board", "logs"], "postern board up");
    assert_eq!(bench.done(&["board", "list"]).len(), 1);
}

#[test]
fn a_board_keeps_its_machine_and_its_name_in_its_folder() {
    let bench = Bench::new("an500");
    bench.refused(
        &["board", "up", "--machine", "an999"],
        "choose an547 (Cortex-M55), an500 (Cortex-M7) or linux",
    );
    let boards = bench.state().join("boards").display().to_string();
    refused(&["board", "up", "--board", "../x", "--state", &boards], "cannot be the name of a board");
    assert!(!bench.state().join("x").exists());
}

#[test]
fn pictures_that_are_none_are_told_by_name() {
    need!(Need::Cached("images"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    let file = |name: &str, bytes: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, bytes).expect("written");
        path.display().to_string()
    };
    let text = file("text.jpg", b"this is no picture");
    let whole = fs::read(picture(STRANGER)).expect("read");
    let half = file("half.png", &whole[..whole.len() / 2]);
    for broken in [&text, &half] {
        refused(&["embed", "--on", "host", broken], broken);
    }
    refused(&["embed", "--on", "host", "nowhere.jpg"], "nowhere.jpg");
    let grey = folder.path().join("grey.png");
    let mut pixels = b"P5\n64 64\n255\n".to_vec();
    pixels.resize(pixels.len() + 64 * 64, 127);
    fs::write(grey.with_extension("pgm"), pixels).expect("written");
    let blank = grey.with_extension("pgm").display().to_string();
    refused(&["embed", "--on", "host", &blank], "no face");
}

#[test]
fn images_that_are_none_are_refused() {
    need!(Need::Cached("images"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("cut.pstn").display().to_string();
    let whole = fs::read(fixtures::cache("images/yunet.pstn")).expect("yunet is compiled");
    fs::write(&path, &whole[..whole.len() / 2]).expect("written");
    refused(&["inspect", &path], "truncated");
    let mut damaged = whole.clone();
    damaged[whole.len() / 2] ^= 1;
    fs::write(&path, damaged).expect("written");
    refused(&["inspect", &path], "SHA-256");
    fs::write(&path, [7; 300]).expect("written");
    refused(&["inspect", &path], "not a model image");
    refused(&["inspect", "nobody"], "there is no model nobody");
    refused(&["embed", "--on", "host", "--encoder", "yunet", &picture(STRANGER)], "encoder");
}
