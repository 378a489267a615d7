//! Files that commands write: never over an input, never over a file without `--force`, whole or not at all.

use std::fs;
use std::path::Path;

use fixtures::{Need, need};

use crate::bench::{BARACK, JOE, picture, run};

/// Runs a command that must be refused for this reason.
fn refused(arguments: &[&str], why: &str) {
    let ran = run(arguments);
    assert_eq!(ran.code, 2, "postern {}: {}", arguments.join(" "), ran.said);
    assert!(ran.said.contains(why), "{:?} does not tell {why:?}", ran.said);
}

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("a folder").flatten();
    let mut names: Vec<String> = files.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

#[test]
fn no_command_writes_over_what_it_reads() {
    need!(Need::Cached("images"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (photo, style) = (at("photo.jpg"), at("print.png"));
    fs::copy(picture(BARACK[0]), &photo).expect("copied");
    fs::copy(picture(JOE), &style).expect("copied");
    std::os::unix::fs::symlink("photo.jpg", at("link.jpg")).expect("linked");
    fs::hard_link(&photo, at("hard.jpg")).expect("linked");
    let before = (fs::read(&photo).expect("read"), fs::read(&style).expect("read"));
    for output in ["photo.jpg", "link.jpg", "hard.jpg"] {
        refused(
            &["stylize", &photo, &style, "-o", &at(output), "--force"],
            "never replaces what it is made from",
        );
    }
    let out = at("out.png");
    for (option, file) in [("--preview", &photo), ("--animation", &photo), ("--preview", &out)] {
        let why = if file == &out { "named for two results" } else { "never replaces" };
        refused(&["stylize", &photo, &style, "-o", &out, option, file, "--force"], why);
    }
    // `print.png` is one of the files that the attacks are written to.
    let attacks = ["simulate-attacks", &style, "--output", &at(""), "--force"];
    refused(&attacks, "never replaces");
    refused(&["compile", &photo, "--like", "mobilefacenet", "-o", &at("link.jpg")], "never replaces");
    let encoder = models(&at("encoder.pstn"));
    refused(
        &["calibrate", &at(""), "--encoder", &encoder, "--output", &encoder, "--force"],
        "never replaces",
    );
    // Also below: a folder of people has folders of pictures, and weights can lie beside a network.
    fs::create_dir_all(at("people/Ada")).expect("made");
    fs::copy(&photo, at("people/Ada/1.jpg")).expect("copied");
    for (option, command) in [
        ("--show-augmentation", vec!["train", &at("people"), "--name", "a"]),
        ("--output", vec!["calibrate", &at("people"), "--encoder", &encoder]),
        ("--output", vec!["compile", &photo, "--like", "mobilefacenet", "--calibrate", &at("people")]),
    ] {
        let more = [option, &at("people/Ada/1.jpg"), "--force"];
        refused(
            &[&command.iter().map(|word| &**word).collect::<Vec<&str>>()[..], &more].concat(),
            "never replaces",
        );
    }
    for out in ["people/Ada", "people/new", ""] {
        refused(&["train", &at("people"), "--name", "a", "--out", &at(out), "--over"], "are not apart");
    }
    fs::create_dir(at("mine")).expect("made");
    fs::write(at("mine/loss.png"), "mine").expect("written");
    refused(&["train", &at("people"), "--name", "a", "--out", &at("mine")], "has other files in it");
    for name in ["../a", "a/b", "/a", "..", "."] {
        refused(&["train", &at("people"), "--name", name], "is no name for a file");
    }
    refused(&["sign", &encoder, "--output", &encoder, "--force", "--key", &at("key")], "never replaces");
    assert_eq!((fs::read(&photo).expect("read"), fs::read(&style).expect("read")), before);
}

/// A copy of an encoder's image.
fn models(path: &str) -> String {
    fs::copy(fixtures::cache("images/mobilefacenet.pstn"), path).expect("copied");
    path.to_owned()
}

#[test]
fn a_file_that_is_there_is_replaced_only_with_force() {
    need!(Need::Cached("images"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let encoder = models(&at("encoder.pstn"));
    let sign = ["sign", &encoder, "--key", &at("key"), "--output", &at("encoder.sig"), "--release", "7"];
    assert_eq!(run(&sign).code, 0);
    let first = fs::read(at("encoder.sig")).expect("signed");
    refused(&sign, "replace it with --force");
    assert_eq!(fs::read(at("encoder.sig")).expect("there"), first);
    assert_eq!(run(&[&sign[..], &["--force"]].concat()).code, 0);
    fs::write(at("old.png"), "mine").expect("written");
    refused(&["stylize", &picture(JOE), &picture(BARACK[0]), "-o", &at("old.png")], "--force");
    assert_eq!(fs::read(at("old.png")).expect("there"), b"mine");
    assert_eq!(
        names(folder.path()),
        ["encoder.pstn", "encoder.sig", "key", "old.png"],
        "nothing else is left"
    );
    refused(&["sign", &encoder, "--key", &at("key"), "--output", &at("no/x.sig")], "there is no such folder");
    refused(&["sign", &encoder, "--key", &at("key"), "--output", &at("")], "is a folder");
}

#[test]
fn numbers_without_a_meaning_are_usage_errors_in_json_too() {
    for number in ["nan", "inf", "-1"] {
        let alpha = format!("--alpha={number}");
        let ran = run(&["stylize", "a.jpg", "b.jpg", "-o", "c.png", &alpha]);
        assert_eq!(ran.code, 2);
        let said: serde_json::Value = serde_json::from_str(ran.said.trim()).expect("one line of JSON");
        assert!(said["error"].as_str().expect("a text").contains("--alpha"), "{said}");
    }
    let ran = run(&["bake"]);
    let said: serde_json::Value = serde_json::from_str(ran.said.trim()).expect("one line of JSON");
    assert!(said["error"].as_str().expect("a text").contains("bake"), "{said}");
}
