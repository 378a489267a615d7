//! Several commands at one board at the same time.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Stdio};

use fixtures::mqtt::Mosquitto;
use fixtures::{Need, need};
use serde_json::Value;

use crate::bench::{BARACK, Bench, JOE, Ran, STRANGER, eventually, picture, postern};

/// A command that is ended with the test.
struct Running(Child);

impl Running {
    fn start(bench: &Bench, arguments: &[&str]) -> Self {
        let mut command = bench.command(arguments);
        Self(command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("postern starts"))
    }

    fn is_over(&mut self) -> bool {
        self.0.try_wait().expect("asked").is_some()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn events_and_other_commands_come_while_show_runs() {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("linux");
    bench.install();
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    // No lockout between the presentations.
    bench.done(&["settings", "--failures", "100"]);
    let mut watch = Running::start(&bench, &["watch", "--past"]);
    let mut lines = BufReader::new(watch.0.stdout.take().expect("a pipe")).lines();
    let mut next = || -> Value {
        let line = lines.next().expect("an event").expect("a line");
        serde_json::from_str(&line).expect("JSON")
    };
    let visitors = [BARACK[1], JOE, STRANGER, BARACK[2]].map(picture);
    let mut show =
        Running::start(&bench, &[&["show"][..], &visitors.each_ref().map(String::as_str)].concat());
    // The first frame with a face is seen by `watch` while most presentations are still to come.
    while next()["result"].as_str().is_none_or(|result| result == "no-face") {}
    assert!(!show.is_over(), "the event came before `show` had ended");
    assert_eq!(bench.people(), ["Barack"]);
    assert!(!show.is_over(), "another command had its turn meanwhile");
    let decisions = BufReader::new(show.0.stdout.take().expect("a pipe")).lines();
    let doors: Vec<Value> =
        decisions.map(|line| serde_json::from_str(&line.expect("a line")).expect("JSON")).collect();
    assert_eq!(doors.len(), visitors.len());
    assert_eq!((doors[0]["door"].as_str(), doors[2]["door"].as_str()), (Some("open"), Some("locked")));
}

/// Nothing happens at the door, so nothing is written that a closed end could refuse.
#[test]
fn a_command_that_waits_ends_by_itself_when_its_reader_goes_away() {
    need!(Need::Door);
    let bench = Bench::new("linux");
    bench.up();
    for (arguments, ready) in [(&["watch"][..], "Watching the door"), (&["board", "logs", "--follow"], "")] {
        let mut command = bench.command(arguments);
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("postern starts");
        let (out, said) = (child.stdout.take().expect("a pipe"), child.stderr.take().expect("a pipe"));
        let mut waiting = Running(child);
        let mut out = BufReader::new(out);
        let mut said = BufReader::new(said);
        let mut line = String::new();
        if ready.is_empty() {
            out.read_line(&mut line).expect("a line");
        } else {
            said.read_line(&mut line).expect("a line");
        }
        assert!(line.contains(ready) && !waiting.is_over(), "{arguments:?}: {line}");
        drop(out);
        eventually("it ends", || waiting.is_over());
        let code = waiting.0.wait().expect("ended").code();
        let mut rest = String::new();
        said.read_to_string(&mut rest).expect("text");
        assert_eq!((code, rest.as_str()), (Some(0), ""), "{arguments:?}");
    }
}

/// A door that is reached by its address, as by a tunnel: the bridge asks it each second, and other programs have their turns.
#[test]
fn a_bridge_at_an_address_takes_no_line_from_other_commands() {
    need!(Need::Door, Need::Mosquitto, Need::Cached("images"), Need::Cached("pictures"));
    let door = Bench::new("linux");
    door.install();
    let here = tempfile::tempdir().expect("a folder");
    let address = format!("unix:{}", door.folder().join("serial.sock").display());
    let command = |arguments: &[&str]| {
        let mut command = postern(arguments);
        command.args(["--device", &address, "--state"]).arg(here.path());
        command
    };
    door.done(&["keys", "invite", "operator"]);
    door.pair_other(command(&["pair", "--role", "operator"]));
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let mut bridge = command(&["bridge", "--broker", &broker.address(), "--name", "front"]);
    let bridge = bridge.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("postern starts");
    let mut bridge = Running(bridge);
    let mut lines = BufReader::new(bridge.0.stdout.take().expect("a pipe")).lines();
    let mut published = |what: &str| {
        let is = |line: std::io::Result<String>| line.expect("a line").contains(what);
        assert!(lines.by_ref().any(is), "the bridge ended before it said {what}");
    };
    published("\"online\"");
    for (name, photograph) in [("Barack", BARACK[0]), ("Joe", JOE)] {
        let arguments = ["enroll", name, &picture(photograph)];
        let ran = Ran::of(&arguments, &command(&arguments).output().expect("postern starts"));
        assert_eq!(ran.code, 0, "{}", ran.said);
        published("enrolled");
    }
    assert!(!bridge.is_over());
}
