//! A fleet of two doors on Linux on a real broker, as an operator uses it.

use std::fs::File;
use std::path::Path;
use std::process::{Child, Stdio};

use fixtures::mqtt::{Mosquitto, Reader};
use fixtures::{Need, need};
use serde_json::Value;

use crate::bench::{BARACK, Bench, JOE, Ran, eventually, picture, postern, run};

/// The operator's computer: a folder for the fleet, and a key.
pub struct Operator(tempfile::TempDir);

impl Operator {
    /// Begins a fleet, and returns its code.
    pub fn new(broker: &Mosquitto) -> (Self, String) {
        let operator = Self(tempfile::tempdir().expect("a folder"));
        let made = operator.done(&["init", "--broker", &broker.address()]);
        let code = made[0]["code"].as_str().expect("a code").to_owned();
        (operator, code)
    }

    pub fn folder(&self) -> &Path {
        self.0.path()
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        let arguments = [&["fleet"], arguments].concat();
        let mut command = postern(&arguments);
        command
            .arg("--fleet")
            .arg(self.folder().join("fleet"))
            .arg("--key")
            .arg(self.folder().join("operator.key"));
        Ran::of(&arguments, &command.output().expect("postern starts"))
    }

    /// Runs a command that must end with exit code 0.
    pub fn done(&self, arguments: &[&str]) -> Vec<Value> {
        let ran = self.run(arguments);
        assert_eq!(ran.code, 0, "postern fleet {}: {}", arguments.join(" "), ran.said);
        ran.answers
    }

    /// Runs a command that must end with exit code 2, and tell `why`.
    pub fn refused(&self, arguments: &[&str], why: &str) {
        let ran = self.run(arguments);
        assert!(ran.code == 2 && ran.said.contains(why), "{arguments:?} {}: {}", ran.code, ran.said);
    }

    /// Adds a door to the fleet.
    pub fn add(&self, bench: &Bench, name: &str, code: &str) {
        let joined = bench.done(&["fleet", "join", code]);
        self.done(&["add-door", name, joined[0]["code"].as_str().expect("a code")]);
    }

    pub fn status(&self) -> Value {
        self.run(&["status"]).first().clone()
    }

    /// Waits until both doors say that they have everything.
    pub fn complete(&self) {
        eventually("all doors have everything", || {
            let status = self.status();
            println!("{status}");
            status["doors"].as_array().expect("doors").iter().all(|door| door["complete"] == true)
        });
    }
}

/// The program at a door, which ends with the test. What it prints is in files.
pub struct Applying(Child);

impl Applying {
    pub fn of(bench: &Bench, broker: &Mosquitto) -> Self {
        let file = |name| {
            let path = bench.state().join(name);
            Stdio::from(File::options().create(true).append(true).open(path).expect("a file"))
        };
        let mut command = bench.command(&["fleet", "apply", "--broker", &broker.address()]);
        command.stdout(file("apply.out")).stderr(file("apply.err"));
        Self(command.spawn().expect("postern starts"))
    }
}

impl Drop for Applying {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What the program at a door said so far.
pub fn said(bench: &Bench) -> String {
    let read = |name| std::fs::read_to_string(bench.state().join(name)).unwrap_or_default();
    format!("{}{}", read("apply.out"), read("apply.err"))
}

#[test]
fn two_doors_get_people_rules_and_removals_also_those_of_the_days_they_were_away() {
    need!(Need::Door, Need::Mosquitto, Need::Cached("images"), Need::Cached("pictures"));
    let folder = tempfile::tempdir().expect("a folder");
    let mut broker = Mosquitto::start(folder.path(), "");
    let reader = Reader::new(&broker, "reader");
    let (operator, code) = Operator::new(&broker);
    let (front, back) = (Bench::new("linux"), Bench::new("linux"));
    front.install();
    back.install();
    operator.add(&front, "front", &code);
    operator.add(&back, "back", &code);
    // One person was enrolled before there was a door, as far as the back door knows.
    operator.done(&["enroll", "Barack", &picture(BARACK[0]), &picture(BARACK[1])]);
    assert!(operator.status()["doors"][0]["why"].as_str().expect("a reason").contains("postern fleet apply"));
    let at_front = Applying::of(&front, &broker);
    let at_back = Applying::of(&back, &broker);
    operator.complete();
    assert_eq!((front.people(), back.people()), (vec!["Barack".to_owned()], vec!["Barack".to_owned()]));
    assert_eq!(front.run(&["identify", &picture(BARACK[2])]).code, 0, "{}", said(&front));

    operator.done(&["enroll", "Joe", &picture(JOE), "--hours", "mon-fri 08:00-18:00"]);
    operator.done(&["suspend", "Barack"]);
    operator.complete();
    let rule = |bench: &Bench, name: &str| bench.done(&["rule", name])[0].clone();
    for bench in [&front, &back] {
        assert_eq!(rule(bench, "Joe")["hours"], "mon-fri 08:00-18:00", "{}", said(bench));
        assert_eq!(rule(bench, "Barack")["suspended"], true);
    }
    let log = &operator.status()["doors"][0]["log"];
    assert_eq!(log["signed"], true, "{log}");

    operator.done(&["rule", "Joe", "--hours", "sat 10:00-12:00"]);
    operator.complete();
    for bench in [&front, &back] {
        assert_eq!(rule(bench, "Joe")["hours"], "sat 10:00-12:00", "{}", said(bench));
        assert_eq!(rule(bench, "Barack")["suspended"], true, "a rule is one person's");
    }

    // The back door is away while people change; the broker starts again meanwhile.
    drop(at_back);
    operator.done(&["remove", "Joe"]);
    operator.done(&["resume", "Barack"]);
    operator.done(&["rename", "Barack", "Barack O."]);
    eventually("the front door has it", || front.people() == ["Barack O."]);
    let behind = operator.status();
    let door = |name: &str| {
        let doors = behind["doors"].as_array().expect("doors").iter();
        doors.clone().find(|door| door["name"] == name).cloned().expect("the door")
    };
    assert_eq!(door("back")["complete"], false);
    assert!(door("back")["behind"].as_u64() >= Some(1), "{behind}");
    assert!(
        door("back")["why"].as_str().expect("a reason").contains("has not seen the newest run"),
        "{behind}"
    );
    let at_back = serde_json::json!([{"name": "Joe", "doors": ["back"]}]);
    eventually("Joe may still be at the back door alone", || operator.status()["leaving"] == at_back);
    broker.down();
    operator.refused(&["enroll", "Joe", &picture(JOE)], "`postern fleet publish`");
    broker.up();
    let at_back = Applying::of(&back, &broker);
    operator.done(&["publish"]);
    operator.complete();
    for bench in [&front, &back] {
        let mut people = bench.people();
        people.sort();
        assert_eq!(people, ["Barack O.", "Joe"], "{}", said(bench));
        assert_eq!(rule(bench, "Barack O.")["suspended"], false);
        assert_eq!(rule(bench, "Joe")["hours"], "always", "Joe's old rule went with him");
    }
    drop(at_front);

    assert_eq!(operator.status()["leaving"], serde_json::json!([]), "all doors have removed Joe");

    // The folder is lost: the key and the broker make it again. A fleet that began with this key would write over it.
    std::fs::remove_dir_all(operator.folder().join("fleet")).expect("lost");
    operator.refused(&["status"], "`postern fleet recover` makes one again that was lost");
    operator.refused(&["init", "--broker", &broker.address()], "so it has had a fleet");
    let recovered = &operator.done(&["recover", "--broker", &broker.address()])[0];
    assert_eq!(
        (recovered["people"].as_u64(), recovered["doors"].as_u64()),
        (Some(2), Some(2)),
        "{recovered}"
    );
    operator.done(&["remove", "Joe"]);
    operator.done(&["publish", "--all"]);
    eventually("the back door follows the new folder", || back.people() == ["Barack O."]);

    // The fleet moves to another broker, and a door follows it there.
    let elsewhere = tempfile::tempdir().expect("a folder");
    let other = Mosquitto::start(elsewhere.path(), "");
    operator.refused(&["set-broker", "--broker", "mqtt://127.0.0.1:1"], "Nothing was changed");
    operator.done(&["set-broker", "--broker", &other.address()]);
    drop(at_back);
    let _at_back = Applying::of(&back, &other);
    operator.done(&["suspend", "Barack O."]);
    eventually("the back door follows the other broker", || rule(&back, "Barack O.")["suspended"] == true);

    // The broker never saw a name.
    let names = ["Barack", "Joe", "front", "back"];
    for message in reader.all() {
        let text = format!("{} {}", message.topic, message.payload);
        assert!(names.iter().all(|name| !text.contains(name)), "{text}");
    }
}

#[test]
fn a_fleet_that_cannot_begin_says_what_to_do() {
    let ran = run(&["fleet", "status", "--fleet", "/nowhere/fleet"]);
    assert!(ran.code == 2 && ran.said.contains("`postern fleet init`"), "{}", ran.said);
    let bench = Bench::new("linux");
    let ran = bench.run(&["fleet", "join", "abc"]);
    assert!(ran.code == 2 && ran.said.contains("132 hexadecimal digits"), "{}", ran.said);
    bench.refused(&["fleet", "apply", "--broker", "mqtt://127.0.0.1:1"], "`postern pair`");
    need!(Need::Door, Need::Mosquitto);
    bench.up();
    bench.refused(&["fleet", "apply", "--broker", "mqtt://127.0.0.1:1"], "`postern fleet join CODE`");
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let (operator, code) = Operator::new(&broker);
    operator.refused(&["init", "--broker", &broker.address()], "--fleet");
    let nowhere = tempfile::tempdir().expect("a folder");
    let nowhere = Operator(nowhere);
    nowhere.refused(&["init", "--broker", "mqtt://127.0.0.1:1"], "Nothing was made");
    assert!(!nowhere.folder().join("operator.key").exists(), "no key without a fleet");
    assert_eq!(operator.done(&["code"])[0]["code"], code.as_str());
    operator.refused(&["add-door", "front", &code], "`postern fleet join`");
    operator.refused(&["remove", "Nobody"], "`postern fleet status` lists the people");
    operator.add(&bench, "front", &code);
    let trusted = &bench.done(&["fleet", "trusted"])[0]["operators"];
    assert_eq!(
        (&trusted[0]["code"], &trusted[0]["installer"]),
        (&code.clone().into(), &false.into()),
        "{trusted}"
    );
    let again = bench.done(&["fleet", "join", &code]);
    let again = again[0]["code"].as_str().expect("a code");
    operator.refused(&["add-door", "back", again], "this is the code of the door front");
    a_second_door_behind_one_address(&code);
    a_lost_key_is_not_made_again(&operator, &broker);
    bench.done(&["keys", "rotate"]);
    let apply = ["fleet", "apply", "--broker", &broker.address()];
    bench.refused(&apply, "`postern fleet join CODE` again");
    std::fs::write(operator.folder().join("operator.key"), "ab".repeat(32)).expect("written");
    operator.refused(&["status"], "--key");
}

/// A key that is gone is not replaced by one that rules no door.
fn a_lost_key_is_not_made_again(operator: &Operator, broker: &Mosquitto) {
    let (key, kept) = (operator.folder().join("operator.key"), operator.folder().join("kept.key"));
    std::fs::rename(&key, &kept).expect("moved");
    operator.refused(&["status"], "is gone: bring a copy of it back");
    operator.refused(&["init", "--broker", &broker.address()], "there is a fleet");
    operator.refused(&["recover", "--broker", &broker.address()], "there is no key");
    assert!(!key.exists(), "no command made another one");
    let offline = operator.run(&["status", "--offline"]);
    assert_eq!(offline.code, 1, "what the folder knows needs no key: {}", offline.said);
    std::fs::rename(&kept, &key).expect("moved");
}

/// Two doors that are reached one after the other by the same address, as by a tunnel: the keys and the fleet of the first one
/// stay as they are.
fn a_second_door_behind_one_address(code: &str) {
    let (first, second) = (Bench::new("linux"), Bench::new("linux"));
    first.up();
    second.up();
    let here = tempfile::tempdir().expect("a folder");
    let address = here.path().join("door.sock");
    let lead_to = |bench: &Bench| {
        let _ = std::fs::remove_file(&address);
        std::os::unix::fs::symlink(bench.folder().join("serial.sock"), &address).expect("linked");
    };
    let command = |arguments: &[&str]| {
        let mut command = postern(arguments);
        command.args(["--device", &format!("unix:{}", address.display()), "--state"]).arg(here.path());
        command
    };
    let run = |arguments: &[&str]| Ran::of(arguments, &command(arguments).output().expect("postern starts"));
    let pair = |bench: &Bench| {
        bench.done(&["keys", "invite", "operator"]);
        bench.pair_other(command(&["pair", "--role", "operator"]));
    };
    lead_to(&first);
    pair(&first);
    assert_eq!(run(&["fleet", "join", code]).code, 0);

    lead_to(&second);
    second.done(&["keys", "invite", "operator"]);
    for arguments in [&["pair", "--role", "operator"][..], &["pair", "--role", "operator", "--erase"]] {
        let ran = run(arguments);
        assert!(ran.code == 2 && ran.said.contains("if this is another door"), "{}", ran.said);
    }
    lead_to(&first);
    assert_eq!(run(&["users"]).code, 0, "its key is still there");

    // The board was replaced, as somebody says: the people in the folder are not on the new one.
    lead_to(&second);
    assert_eq!(run(&["keys", "forget"]).code, 0);
    pair(&second);
    let ran = run(&["fleet", "join", code]);
    assert!(ran.code == 2 && ran.said.contains("is of another board"), "{}", ran.said);
}
