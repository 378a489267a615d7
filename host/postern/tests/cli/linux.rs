//! The door on Linux, which runs on this computer: what is its own.

use fixtures::{Need, need};

use crate::bench::{Bench, eventually};

/// The kind of board is shown, and a made door has all that an emulated board has.
#[test]
fn a_door_on_linux_starts_without_an_emulator_and_says_what_it_is() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    let up = &bench.done(&["board", "up", "--machine", "linux"])[0];
    assert_eq!((up["machine"].as_str(), up["status"]["board"].as_str()), (Some("linux"), Some("linux")));
    bench.done(&["pair", "--press-button"]);
    let status = &bench.done(&["board", "status"])[0];
    assert_eq!((status["machine"].as_str(), status["status"]["hosts"].as_u64()), (Some("linux"), Some(1)));
    assert!(status["status"]["instructions"].as_u64() > Some(0));
    let list = bench.done(&["board", "list"]);
    assert_eq!(list[0][0]["machine"], "linux");

    bench.done(&["board", "press"]);
    eventually("the exit button opens", || bench.log().iter().any(|entry| entry["kind"] == "button"));
    bench.done(&["board", "cover", "open"]);
    eventually("the tamper switch is seen", || bench.log().iter().any(|entry| entry["reason"] == "cover"));
    bench.done(&["board", "cover", "closed"]);
    let mut logs = bench.command(&["board", "logs"]);
    let logs = logs.output().expect("postern starts");
    assert!(String::from_utf8_lossy(&logs.stdout).contains("the door runs"), "{logs:?}");
    bench.refused(&["flash", "firmware"], "updated by its package");

    let pid = status["pid"].as_i64().expect("a process");
    bench.done(&["board", "down"]);
    // A process that ended and was not waited for has an empty command line.
    let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    assert!(line.is_empty(), "the process is gone");
    bench.done(&["board", "up"]);
    let status = &bench.done(&["board", "status"])[0];
    assert_eq!(status["status"]["hosts"].as_u64(), Some(1), "it is the same door");
}

/// Without a name, the only board is meant.
#[test]
fn the_only_board_needs_no_name() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    let run = |arguments: &[&str]| {
        let mut command = crate::bench::postern(arguments);
        let output = command.arg("--state").arg(bench.state()).output().expect("postern starts");
        assert!(output.status.success(), "{arguments:?}: {output:?}");
    };
    run(&["board", "up", "--machine", "linux"]);
    run(&["pair", "--press-button"]);
    run(&["board", "status"]);
    assert!(bench.folder().join("board.json").is_file(), "it has the name of its machine");
}
