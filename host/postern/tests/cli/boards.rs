//! Boards by name, their end, and the people on them by name: on the door on Linux, which needs no emulator.

use std::io::Write;
use std::process::Stdio;

use fixtures::{Need, need};

use crate::bench::{BARACK, Bench, JOE, STRANGER, picture, postern};

#[test]
fn the_environment_names_a_board() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    bench.done(&["board", "up", "--machine", "linux"]);
    let status = |name: &str| {
        let mut command = postern(&["board", "status", "--state"]);
        command.arg(bench.state()).env("POSTERN_BOARD", name).output().expect("postern starts")
    };
    assert!(status("linux").status.success());
    let other = status("another");
    assert!(
        !other.status.success() && String::from_utf8_lossy(&other.stderr).contains("another"),
        "{other:?}"
    );
}

#[test]
fn of_two_boards_no_command_takes_one_that_nobody_named() {
    let state = tempfile::tempdir().expect("a folder");
    for name in ["front", "back"] {
        std::fs::create_dir(state.path().join(name)).expect("made");
        std::fs::write(state.path().join(name).join("board.json"), "{\"machine\":\"linux\"}")
            .expect("written");
    }
    let broker = ["--broker", "mqtt://127.0.0.1:1"];
    let said = |arguments: &[&str]| {
        let output = postern(arguments).arg("--state").arg(state.path()).output().expect("postern starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        said
    };
    for command in [&["keys"][..], &["keys", "forget"], &["pair"], &["users"], &["flash", "firmware"]] {
        assert!(said(command).contains("there are 2 boards: name one of back, front"), "{}", said(command));
        let other = [command, &["--board", "nosuch"]].concat();
        assert!(
            said(&other).contains("there is no board nosuch: name one of back, front"),
            "{}",
            said(&other)
        );
    }
    for command in [&["bridge"][..], &["fleet", "apply"]] {
        let command = [command, &broker].concat();
        assert!(said(&command).contains("there are 2 boards"), "{}", said(&command));
    }
}

#[test]
fn a_board_is_deleted_when_it_is_down_and_leaves_nothing() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    bench.done(&["board", "up", "--machine", "linux"]);
    let delete = |name: &str| {
        let mut command = postern(&["board", "delete", name, "--state"]);
        let output = command.arg(bench.state()).output().expect("postern starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = delete("linux");
    assert!(code == Some(2) && said.contains("board down"), "{said}");
    bench.done(&["board", "down"]);
    // By the option that the other commands have.
    let mut command = postern(&["board", "delete", "--board", "linux", "--state"]);
    assert!(command.arg(bench.state()).output().expect("postern starts").status.success());
    assert!(!bench.folder().exists());
    let (code, said) = delete("linux");
    assert!(code == Some(2) && said.contains("there is no board linux"), "{said}");
}

#[test]
fn a_first_start_that_fails_leaves_no_board() {
    let bench = Bench::new("an547");
    let elf = bench.state().join("wrong.elf");
    std::fs::write(&elf, b"no firmware").expect("written");
    bench.refused(&["board", "up", "--firmware", &elf.display().to_string()], "wrong.elf");
    assert!(!bench.folder().exists());
    assert_eq!(bench.done(&["board", "list"])[0].as_array().map(Vec::len), Some(0));
}

#[test]
fn several_photographs_and_one_on_stdin_are_identified() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.done(&["board", "up", "--machine", "linux"]);
    bench.done(&["pair", "--press-button"]);
    bench.done(&["flash", "models"]);
    bench.done(&["enroll", "Zoe\u{308}", &picture(BARACK[0])]);
    let [known, stranger] = [BARACK[1], STRANGER].map(picture);
    let both = bench.run(&["identify", &known, &known]);
    assert_eq!((both.code, both.answers.len()), (0, 2), "{}", both.said);
    assert_eq!(both.first()["name"], "Zo\u{eb}", "the name is in one form");
    let mixed = bench.run(&["identify", &known, &stranger]);
    assert_eq!((mixed.code, mixed.answers.len()), (1, 2), "{}", mixed.said);
    let mut command = bench.command(&["identify", "-"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("postern starts");
    let bytes = std::fs::read(&known).expect("read");
    child.stdin.take().expect("a pipe").write_all(&bytes).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    assert_eq!(output.status.code(), Some(0), "{output:?}");

    bench.done(&["rename", "Zo\u{eb}", "Bo"]);
    assert_eq!(bench.people(), ["Bo"]);
    let renamed = bench.log().into_iter().rfind(|entry| entry["kind"] == "renamed");
    assert!(renamed.is_some_and(|entry| entry["person"] == 1), "the log has it");
    bench.refused(&["rename", "Zo\u{eb}", "Eve"], "Zo\u{eb}");
    bench.done(&["rename", "Bo", "Zoe\u{308}"]);

    bench.refused(&["enroll", "Joe\u{202e}", &picture(JOE)], "\\u{202e}");
    let reckless = bench.run(&["settings", "--one-in", "5"]);
    assert!(reckless.said.contains("One stranger in 5 will be let in"), "{}", reckless.said);
    let wise = bench.run(&["settings", "--one-in", "10000"]);
    assert!(!wise.said.contains("will be let in"), "{}", wise.said);

    bench.refused(
        &["settings", "--one-in", "20000", "--worst-group"],
        "nobody measured the groups of postern-128",
    );
    bench.refused(&["settings", "--worst-group"], "--one-in");
    assert_eq!(bench.done(&["settings"])[0]["far_one_in"], 10_000, "a refusal changes nothing");

    bench.refused(&["settings", "--zone", "Africa/Casablanca"], "follow no yearly rule");
    let zoned = bench.done(&["settings", "--zone", "America/St_Johns"]);
    assert_eq!(zoned[0]["zone"], "<-0330>3:30<-0230>2:30,M3.2.0/2,M11.1.0/2");
    bench.done(&["board", "down"]);
    bench.done(&["board", "up"]);
    let settings = &bench.done(&["settings"])[0];
    assert_eq!((&settings["zone"], &settings["zone_name"]), (&zoned[0]["zone"], &"America/St_Johns".into()));
    let hours = ["rule", "Zo\u{eb}", "--hours", "mon-fri 08:00-18:00"];
    assert_eq!(bench.done(&hours)[0]["zone_name"], "America/St_Johns");
    // For people the name stands before the offset.
    let mut shown = std::process::Command::new(env!("CARGO_BIN_EXE_postern"));
    let shown =
        shown.args(["rule", "Zo\u{eb}", "--board", bench.name(), "--state"]).arg(bench.state()).output();
    let shown = String::from_utf8(shown.expect("postern starts").stdout).expect("text");
    assert!(shown.contains("(America/St_Johns, UTC-03:30; UTC-02:30 from the second Sunday"), "{shown}");
    let offset = bench.done(&["settings", "--zone", "+01:00"]);
    assert!(offset[0]["zone_name"].is_null());
    let rule = bench.done(&["rule", "Zo\u{eb}", "--hours", "mon-fri 08:00-18:00"]);
    assert_eq!(
        (rule[0]["utc_offset_minutes"].as_i64(), rule[0]["zone"].as_str()),
        (Some(60), Some("<+0100>-1"))
    );
    bench.refused(&["rule", "Zo\u{eb}", "--hours", "mon 08:00-08:00"], "is empty");
}
