//! Commands to open that arrive over a real broker, at a door in memory.

use std::path::Path;
use std::time::Duration;

use bridge::Options;
use bridge::command::Command;
use fixtures::mqtt::{Mosquitto, Reader, eventually, publish};
use fixtures::{Need, need};
use serde_json::{Value, json};

use crate::door::{Bridge, Fake, KEY, options};

const OPEN: &str = "postern/front/open";
const OPENING: &str = "postern/front/opening";

fn command(board: [u8; 32], counter: u64) -> String {
    let digits = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let (board, signer, signature) = (digits(&board), digits(&[1; 32]), digits(&[2; 64]));
    json!(Command { board, signer, counter, until: 9, signature }).to_string()
}

/// A bridge that takes commands to open. It looks at the door seldom; a command does not wait for that.
fn allowing(broker: &Mosquitto, folder: &Path, door: &Fake) -> Bridge {
    let interval = Duration::from_secs(3600);
    Bridge::start(Options { allow_opening: true, interval, ..options(broker, folder) }, door)
}

/// What the bridge says next.
fn answer(reader: &Reader, before: usize) -> Value {
    eventually("an answer", || reader.on(OPENING).len() > before);
    serde_json::from_str(&reader.on(OPENING)[before]).expect("JSON")
}

#[test]
fn commands_reach_the_door_where_that_is_allowed_and_each_has_an_answer() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let (reader, door) = (Reader::new(&broker, "reader"), Fake::new());
    // What is retained is there before the bridge, and comes with each connection.
    publish(&broker, OPEN, &command(KEY, 1), true);
    let bridge = allowing(&broker, folder.path(), &door);
    let said = |before: usize, opened: bool, why: &str| {
        let answer = answer(&reader, before);
        assert_eq!(answer["opened"], opened, "{answer}");
        assert!(answer["why"].as_str().unwrap_or_default().contains(why), "{answer}");
        answer
    };
    said(0, false, "retained");
    // One that was retained while the bridge listens.
    publish(&broker, OPEN, &command(KEY, 1), true);
    said(1, false, "retained");
    for (before, wrong) in ["OPEN", "", "{}", &format!("{}x", command(KEY, 1))].into_iter().enumerate() {
        publish(&broker, OPEN, wrong, false);
        let answer = said(2 + before, false, "`postern fleet open`");
        assert_eq!((&answer["counter"], &answer["signer"]), (&Value::Null, &Value::Null));
    }
    publish(&broker, OPEN, &command([0xAC; 32], 1), false);
    said(6, false, "another door");
    assert_eq!(door.lock().commands, [], "none of them reached the door");
    publish(&broker, OPEN, &command(KEY, 7), false);
    let answer = said(7, true, "");
    assert_eq!((&answer["counter"], &answer["signer"]), (&json!(7), &json!("01".repeat(32))));
    publish(&broker, OPEN, &command(KEY, 7), false);
    said(8, false, "used already");
    door.lose(true);
    publish(&broker, OPEN, &command(KEY, 8), false);
    said(9, false, "nobody is there");
    assert!(
        bridge.said().iter().any(|remark| remark.contains("did not open the door: it is for another door"))
    );
    // No answer is kept by the broker for whoever comes later.
    let later = Reader::new(&broker, "later");
    eventually("the later reader has what is retained", || later.last("postern/front/status").is_some());
    assert_eq!(later.on(OPENING).len(), 0);
}

#[test]
fn a_flood_of_messages_is_dropped_and_the_bridge_goes_on() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let (reader, door) = (Reader::new(&broker, "reader"), Fake::new());
    // Messages that open nothing are no reason to look at the door.
    let bridge = allowing(&broker, folder.path(), &door);
    eventually("the bridge listens", || broker.log().contains("postern/front/open (QoS 1)"));
    publish(&broker, OPEN, &"x".repeat(100_000), false);
    for _ in 0..50 {
        publish(&broker, OPEN, "x", false);
    }
    publish(&broker, OPEN, &command(KEY, 7), false);
    eventually("the door is opened", || {
        if door.lock().commands.is_empty() {
            // One of a flood may be dropped, as any other.
            publish(&broker, OPEN, &command(KEY, 7), false);
        }
        !door.lock().commands.is_empty()
    });
    eventually("the answer", || reader.on(OPENING).iter().any(|answer| answer.contains("\"opened\":true")));
    let remarks = bridge.said();
    let remarks = remarks.iter().filter(|remark| remark.contains("`postern fleet open`")).count();
    assert!((1..10).contains(&remarks), "{remarks} remarks: the same is not said each time");
    let looks = door.lock().looks;
    let opened = door.lock().commands.len();
    assert!(looks < 10 + opened, "{looks} looks");
}

/// Commands that a door would take wait while it is busy with one, and not without end.
#[test]
fn some_commands_wait_for_a_door_that_does_not_answer_and_the_others_are_dropped() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let (reader, door) = (Reader::new(&broker, "reader"), Fake::new());
    let _bridge = allowing(&broker, folder.path(), &door);
    // It has looked at the door, and waits for commands.
    eventually("the bridge", || reader.last("postern/front/status").as_deref() == Some("online"));
    let acknowledgement = "Received PUBACK from postern_abababab_front";
    let arrived = || broker.log().matches(acknowledgement).count();
    let before = arrived();
    let busy = door.lock();
    for counter in 1..=60 {
        publish(&broker, OPEN, &command(KEY, counter), false);
    }
    eventually("all of them arrived", || arrived() == before + 60);
    drop(busy);
    eventually("those that waited", || reader.on(OPENING).len() >= 8);
    publish(&broker, OPEN, &command(KEY, 100), false);
    eventually("the last one", || reader.on(OPENING).iter().any(|answer| answer.contains("\"counter\":100")));
    let reached: Vec<u64> = door.lock().commands.iter().map(|command| command.counter).collect();
    assert_eq!(reached[..8], [1, 2, 3, 4, 5, 6, 7, 8]);
    // Eight wait, one is asked, and the broker may be quicker to write what it heard than the bridge to take it.
    assert!(reached.len() < 20, "{reached:?}");
}
