//! Brokers that refuse, and bridges that are one too many.

use std::process::Command;

use fixtures::mqtt::{Mosquitto, eventually};
use fixtures::{Need, need};

use crate::door::{Bridge, Fake, options};

/// A broker that lets in `ada` with the password `secret`, and what it allows her.
fn with_a_user(folder: &std::path::Path, list: &str) -> Mosquitto {
    let (passwords, access) = (folder.join("passwords"), folder.join("access"));
    let mut make = Command::new("mosquitto_passwd");
    let made = make.args(["-c", "-b"]).arg(&passwords).args(["ada", "secret"]).status();
    assert!(made.expect("mosquitto_passwd comes with mosquitto").success());
    std::fs::write(&access, list).expect("written");
    let lines = format!(
        "allow_anonymous false\npassword_file {}\nacl_file {}",
        passwords.display(),
        access.display()
    );
    Mosquitto::with(folder, &lines)
}

#[test]
fn a_wrong_password_ends_with_the_reason_and_the_right_one_is_taken() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let broker = with_a_user(folder.path(), "user ada\ntopic readwrite #\n");
    let door = Fake::new();
    for (user, password) in [(None, None), (Some("ada"), Some("wrong")), (Some("ada"), None)] {
        let mut options = options(&broker, folder.path());
        (options.user, options.password) = (user.map(str::to_owned), password.map(str::to_owned));
        let said = Bridge::start(options, &door).error();
        assert!(said.contains("user or password are wrong") && said.contains("--password-file"), "{said}");
    }
    let mut options = options(&broker, folder.path());
    (options.user, options.password) = (Some("ada".to_owned()), Some("secret".to_owned()));
    let bridge = Bridge::start(options, &door);
    bridge.says("Connected to mqtt://127.0.0.1");
    bridge.end();
}

#[test]
fn a_topic_that_the_broker_does_not_take_is_named() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let list = "user ada\ntopic readwrite homeassistant/#\ntopic readwrite postern/front/status\n";
    let broker = with_a_user(folder.path(), list);
    let mut options = options(&broker, folder.path());
    (options.user, options.password) = (Some("ada".to_owned()), Some("secret".to_owned()));
    let said = Bridge::start(options, &Fake::new()).error();
    assert!(said.contains("postern/front/state") && said.contains("access list"), "{said}");
}

#[test]
fn two_bridges_for_one_door_are_said() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let door = Fake::new();
    let first = Bridge::start(options(&broker, folder.path()), &door);
    first.says("Connected");
    // On this computer, a second one does not begin.
    let said = Bridge::start(options(&broker, folder.path()), &door).error();
    assert!(said.contains("runs already"), "{said}");
    // One on another computer takes the place of the first. Mosquitto 2.0.11 does not say why it closes.
    let _second = Bridge::start(options(&broker, &folder.path().join("elsewhere")), &door);
    eventually("the first one ends, or says what may be", || {
        first.is_finished() || first.said().iter().any(|said| said.contains("Another bridge for this door"))
    });
    if first.is_finished() {
        let said = first.error();
        assert!(said.contains("another bridge for this door"), "{said}");
    }
}
