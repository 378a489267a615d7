//! A door on Linux on a real broker, and what is published when one of them, or the bridge, was away.

use std::fs::File;
use std::process::{Child, Stdio};

use fixtures::mqtt::{Mosquitto, Reader};
use fixtures::{Need, need};
use serde_json::Value;

use crate::bench::{Bench, eventually, run, schemas};

const STATUS: &str = "postern/linux/status";

/// A bridge that ends with the test. What it prints is in files.
pub struct Bridge(Child);

impl Bridge {
    fn of(bench: &Bench, broker: &Mosquitto) -> Self {
        Self::with(bench, broker, &[])
    }

    pub fn with(bench: &Bench, broker: &Mosquitto, more: &[&str]) -> Self {
        let file = |name| File::options().create(true).append(true).open(bench.state().join(name));
        let mut command = bench.command(&["bridge", "--broker", &broker.address(), "--interval", "0.1"]);
        command.args(more);
        command.stdout(Stdio::from(file("bridge.out").expect("a file")));
        command.stderr(Stdio::from(file("bridge.err").expect("a file")));
        Self(command.spawn().expect("postern starts"))
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn said(bench: &Bench) -> String {
    std::fs::read_to_string(bench.state().join("bridge.err")).expect("what the bridge said")
}

fn events(reader: &Reader) -> Vec<Value> {
    let payloads = reader.on("postern/linux/event");
    payloads.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect()
}

/// Waits for so many events of a kind.
fn count(reader: &Reader, kind: &str, least: usize) {
    eventually(&format!("{least} events of the kind {kind}"), || {
        events(reader).iter().filter(|event| event["kind"] == kind).count() >= least
    });
}

#[test]
fn a_door_on_a_broker_loses_broker_board_and_bridge_and_no_event() {
    need!(Need::Door, Need::Mosquitto);
    let bench = Bench::new("linux");
    bench.up();
    let folder = tempfile::tempdir().expect("a folder");
    let mut broker = Mosquitto::start(folder.path(), "");
    let reader = Reader::new(&broker, "reader");
    let status = |word: &str| eventually(word, || reader.last(STATUS).as_deref() == Some(word));
    let state = |field: &str, word: &str| {
        eventually(word, || {
            let state = reader.last("postern/linux/state").unwrap_or_default();
            serde_json::from_str::<Value>(&state).unwrap_or_default()[field] == word
        });
    };

    let mut bridge = Bridge::of(&bench, &broker);
    status("online");
    state("lock", "locked");
    bench.done(&["board", "press"]);
    count(&reader, "button", 1);
    state("lock", "open");
    state("lock", "locked");
    bench.done(&["board", "door", "open"]);
    state("contact", "open");
    state("alarm", "on");
    count(&reader, "alarm", 1);
    bench.done(&["board", "door", "closed"]);
    state("contact", "closed");
    bench.done(&["board", "cover", "open"]);
    state("cover", "open");
    bench.done(&["board", "cover", "closed"]);
    state("cover", "closed");

    // The broker is away while somebody goes out.
    broker.down();
    eventually("the bridge says so", || said(&bench).contains("There is no connection to mqtt://127.0.0.1"));
    bench.done(&["board", "press"]);
    eventually("the log has it", || {
        bench.log().iter().filter(|entry| entry["kind"] == "button").count() == 2
    });
    broker.up();
    count(&reader, "button", 2);
    status("online");

    bench.done(&["board", "down"]);
    status("offline");
    eventually("the bridge says so", || said(&bench).contains("The board does not answer"));
    bench.done(&["board", "up"]);
    status("online");
    count(&reader, "booted", 1);

    // The bridge is killed while somebody goes out.
    bridge.0.kill().expect("killed");
    bridge.0.wait().expect("gone");
    status("offline");
    bench.done(&["board", "press"]);
    eventually("the log has it", || {
        bench.log().iter().filter(|entry| entry["kind"] == "button").count() == 3
    });
    let _again = Bridge::of(&bench, &broker);
    count(&reader, "button", 3);
    status("online");

    let log = bench.log();
    let published = events(&reader);
    let first = published[0]["number"].as_u64().expect("a number");
    let of_log: Vec<(u64, &Value)> = log
        .iter()
        .map(|entry| (entry["number"].as_u64().expect("a number"), &entry["kind"]))
        .filter(|(number, _)| *number >= first)
        .collect();
    let of_broker: Vec<(u64, &Value)> =
        published.iter().map(|event| (event["number"].as_u64().expect("a number"), &event["kind"])).collect();
    assert_eq!(of_broker, of_log[..of_broker.len()], "each once, and in order");

    let printed = std::fs::read_to_string(bench.state().join("bridge.out")).expect("what it printed");
    assert!(printed.lines().count() > published.len(), "{printed}");
    for line in printed.lines() {
        let line = serde_json::from_str(line).expect("JSON");
        assert_eq!(fixtures::schema::fault(&schemas()["bridge"], &line), None, "{line}");
    }
}

#[test]
fn a_bridge_that_cannot_begin_says_what_to_do() {
    for (arguments, why) in [
        (&["--broker", "broker.lan"][..], "mqtt://broker.lan:1883"),
        (&["--broker", "mqtt://ada:secret@broker.lan"], "--password-file"),
        (&["--broker", "mqtt://broker.lan", "--prefix", "a/#"], "cannot begin a topic"),
        (&["--broker", "mqtt://broker.lan", "--interval", "0"], "0.1 to 3600"),
        (&["--broker", "mqtt://broker.lan", "--client-cert", "x.pem"], "--client-key"),
        (&["--broker", "mqtt://broker.lan", "--password-file", "x"], "--user"),
    ] {
        let ran = run(&[&["bridge"], arguments].concat());
        assert!(ran.code == 2 && ran.said.contains(why), "{arguments:?}: {}", ran.said);
    }
    let bench = Bench::new("linux");
    bench.refused(&["bridge", "--broker", "mqtt://127.0.0.1:1"], "`postern pair`");
    need!(Need::Door);
    bench.up();
    let password = ["--user", "ada", "--password-file", "/nowhere/password"];
    bench.refused(
        &[&["bridge", "--broker", "mqtt://127.0.0.1:1"], &password[..]].concat(),
        "/nowhere/password",
    );
    bench.refused(&["bridge", "--broker", "mqtt://127.0.0.1:1", "--ca", "x.pem"], "mqtts://");
    bench.refused(&["bridge", "--broker", "mqtt://127.0.0.1:1", "--name", "fleet"], "the topics of fleets");
}
