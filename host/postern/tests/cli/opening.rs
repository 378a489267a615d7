//! Opening a door on Linux by MQTT: a signed command of a fleet's operator, carried by the bridge, checked by the board.

use std::cell::Cell;

use fixtures::mqtt::{Mosquitto, Reader, eventually, publish};
use fixtures::{Need, need};
use serde_json::Value;

use crate::bench::{Bench, Ran};
use crate::bridge::Bridge;
use crate::fleet::Operator;

const OPEN: &str = "postern/linux/open";
const OPENING: &str = "postern/linux/opening";

/// How often the board opened its door by a command, as its log says.
fn openings(bench: &Bench) -> usize {
    bench.log().iter().filter(|entry| entry["kind"] == "opened").count()
}

/// Waits for the answer to a message that is published, and checks that it opens nothing, and why.
fn refused(broker: &Mosquitto, reader: &Reader, message: &str, retain: bool, why: &str) {
    let before = reader.on(OPENING).len();
    publish(broker, OPEN, message, retain);
    eventually("an answer", || reader.on(OPENING).len() > before);
    let answer: Value = serde_json::from_str(&reader.on(OPENING)[before]).expect("JSON");
    assert_eq!(answer["opened"], false, "{answer}");
    assert!(answer["why"].as_str().is_some_and(|text| text.contains(why)), "{why}: {answer}");
}

#[test]
fn a_door_opens_by_a_signed_command_once_and_by_no_other() {
    need!(Need::Door, Need::Mosquitto);
    let bench = Bench::new("linux");
    bench.up();
    let place = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(place.path(), "");
    let reader = Reader::new(&broker, "reader");
    let (operator, code) = Operator::new(&broker);
    let (stranger, strangers) = Operator::new(&broker);
    let listens =
        || eventually("the bridge", || reader.last("postern/linux/status").as_deref() == Some("online"));
    let keys = bench.done(&["keys"]);
    let board = keys[0]["board_key"].as_str().expect("a key").to_owned();
    operator.refused(&["open", "linux"], "--board");

    // By default nothing that arrives by MQTT opens a door, and the bridge does not even listen.
    let bridge = Bridge::with(&bench, &broker, &[]);
    listens();
    operator.refused(&["open", "linux", "--board", &board, "--valid", "5"], "--allow-opening");
    drop(bridge);
    let mut bridge = Bridge::with(&bench, &broker, &["--allow-opening"]);
    eventually("the bridge listens", || broker.log().contains("postern/linux/open (QoS 1)"));
    let no = |ran: &Ran, why: &str| {
        assert!(ran.code == 1 && ran.first()["opened"] == false, "{}: {}", ran.code, ran.said);
        assert!(ran.first()["why"].as_str().is_some_and(|text| text.contains(why)), "{why}: {}", ran.said);
    };
    // The bridge carries commands, and no installer has allowed anybody to sign them.
    no(&operator.run(&["open", "linux"]), "`postern keys allow-opening`");
    assert_eq!(
        (openings(&bench), bench.done(&["keys"])[0]["openers"].as_array().map(Vec::len)),
        (0, Some(0))
    );

    let allowed = bench.done(&["keys", "allow-opening", &code]);
    assert_eq!(
        (&allowed[0]["allowed"], &allowed[0]["board_key"]),
        (&Value::Bool(true), &Value::from(board.as_str()))
    );
    assert_eq!(bench.done(&["keys"])[0]["openers"][0], allowed[0]["opener"]);
    let counter = Cell::new(0);
    let opens = || {
        let ran = operator.run(&["open", "linux"]);
        assert_eq!((ran.code, &ran.first()["opened"]), (0, &Value::Bool(true)), "{}", ran.said);
        let next = ran.first()["counter"].as_u64().expect("a counter");
        assert!(next > counter.replace(next));
    };
    // The bridge asks the door once in two seconds who may.
    eventually("the bridge has asked", || operator.run(&["open", "linux"]).first()["opened"] == true);
    assert_eq!(openings(&bench), 1);
    // Who is trusted no more with the door's people may open it all the same, and is named with what ends that.
    let other = bench.run(&["fleet", "join", &strangers, "--only"]);
    let named = format!("`postern keys forbid-opening {}`", allowed[0]["opener"].as_str().expect("a key"));
    assert!(other.code == 0 && other.said.contains(&named), "{}: {}", other.code, other.said);
    let own = bench.run(&["fleet", "join", &code, "--only"]);
    assert!(own.code == 0 && !own.said.contains("forbid-opening"), "{}: {}", own.code, own.said);
    let log = bench.log();
    let entry = log.iter().find(|entry| entry["kind"] == "opened").expect("an entry");
    let signer = allowed[0]["opener"].as_str().expect("a key");
    let host = keys[0]["key"].as_str().expect("a key");
    assert_eq!((entry["key"].as_str(), entry["host"].as_str()), (Some(&signer[..16]), Some(&host[..8])));
    eventually("Home Assistant is told", || {
        reader.on("postern/linux/event").iter().any(|event| event.contains("\"kind\":\"opened\""))
    });

    // The same message again, also over a bridge that began again; an older one; one that was retained.
    let sent = reader.last(OPEN).expect("the command");
    refused(&broker, &reader, &sent, false, "used already");
    drop(bridge);
    bridge = Bridge::with(&bench, &broker, &["--allow-opening"]);
    let subscribed = || broker.log().matches("postern/linux/open (QoS 1)").count();
    eventually("the bridge listens", || subscribed() == 2);
    refused(&broker, &reader, &sent, false, "used already");
    opens();
    refused(&broker, &reader, &sent, false, "used already");
    refused(&broker, &reader, &sent, true, "retained");
    publish(&broker, OPEN, "", true);

    // Somebody else's command, one whose counter or end was changed, and one for another door.
    no(&stranger.run(&["open", "linux", "--board", &board]), "`postern keys allow-opening`");
    let mut forged: Value = serde_json::from_str(&reader.last(OPEN).expect("a command")).expect("JSON");
    forged["signer"] = Value::from(signer);
    refused(&broker, &reader, &forged.to_string(), false, "signature");
    let mut changed: Value = serde_json::from_str(&sent).expect("JSON");
    changed["counter"] = Value::from(u64::MAX);
    refused(&broker, &reader, &changed.to_string(), false, "signature");
    no(&operator.run(&["open", "linux", "--board", &"0a".repeat(32)]), "another door");
    no(&operator.run(&["open", "linux"]), "another door");
    operator.done(&["open", "linux", "--board", &board]);
    assert_eq!(openings(&bench), 3);

    // A door that was paused, and one whose opener is one no more.
    bench.done(&["board", "cover", "open"]);
    no(&operator.run(&["open", "linux"]), "cover");
    bench.done(&["board", "cover", "closed"]);
    bench.refused(&["keys", "forbid-opening", &strangers], "`postern keys` lists");
    bench.done(&["keys", "forbid-opening", signer]);
    no(&operator.run(&["open", "linux"]), "`postern keys allow-opening`");
    assert_eq!(openings(&bench), 3);
    drop(bridge);
    // A command that nobody carried has expired when somebody does.
    bench.done(&["keys", "allow-opening", &code]);
    operator.refused(&["open", "linux", "--valid", "5"], "opens nothing later");
    let late = reader.last(OPEN).expect("a command");
    let _bridge = Bridge::with(&bench, &broker, &["--allow-opening"]);
    eventually("the bridge listens", || subscribed() == 3);
    refused(&broker, &reader, &late, false, "expired");
    assert_eq!(openings(&bench), 3);
}
