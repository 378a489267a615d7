//! What is published when, and what a broker, a board or a bridge that was away has missed: nothing.

use fixtures::mqtt::{Mosquitto, Reader, eventually};
use fixtures::{Need, need};
use serde_json::Value;
use tempfile::TempDir;

use crate::door::{Bridge, Fake, options};

const STATUS: &str = "postern/front/status";

/// A broker, a reader of everything, and a door whose log has one entry.
struct Bench {
    folder: TempDir,
    broker: Mosquitto,
    reader: Reader,
    door: Fake,
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let broker = Mosquitto::start(folder.path(), "");
        let (reader, door) = (Reader::new(&broker, "reader"), Fake::new());
        Self { folder, broker, reader, door }
    }

    /// A bridge that has shown the door.
    fn bridge(&self) -> Bridge {
        let bridge = Bridge::start(options(&self.broker, self.folder.path()), &self.door);
        self.status("online");
        bridge
    }

    /// Waits until this is what was said last of the door.
    fn status(&self, word: &str) {
        eventually(word, || self.reader.last(STATUS).as_deref() == Some(word));
    }

    /// Waits until these events have come, and no other.
    fn events(&self, expected: &[u64]) {
        eventually(&format!("the events {expected:?}"), || self.numbers().len() >= expected.len());
        self.door.is_seen();
        assert_eq!(self.numbers(), expected);
    }

    fn numbers(&self) -> Vec<u64> {
        let number = |text: &String| serde_json::from_str::<Value>(text).expect("JSON")["number"].as_u64();
        self.reader.on("postern/front/event").iter().filter_map(number).collect()
    }

    fn state(&self) -> Value {
        let state = self.reader.last("postern/front/state");
        state.map_or(Value::Null, |text| serde_json::from_str(&text).expect("JSON"))
    }
}

#[test]
fn state_is_retained_events_are_not_and_the_last_will_is_offline() {
    need!(Need::Mosquitto);
    let bench = Bench::new();
    bench.door.happen("refused", None);
    let bridge = bench.bridge();
    // What the log had before is counted, and not published.
    assert_eq!((bench.numbers(), &bench.state()["refused"]), (vec![], &1.into()));
    assert_eq!(bench.state()["last_person"], Value::Null);

    bench.door.happen("admitted", Some((1, "Ada")));
    bench.door.lock().doorway.lock_open = true;
    bench.events(&[2]);
    eventually("lock and person", || {
        let now = bench.state();
        now["lock"] == "open" && now["last_person"] == "Ada" && now["contact"] == "closed"
    });
    let mut pins = bench.door.lock().doorway;
    (pins.lock_open, pins.contact_open, pins.cover_open, pins.alarm) = (false, true, true, true);
    bench.door.lock().doorway = pins;
    eventually("the pins", || {
        let now = bench.state();
        let words = ["lock", "contact", "cover", "alarm"].map(|field| now[field].clone());
        words == ["locked", "open", "open", "on"]
    });

    let later = Reader::new(&bench.broker, "later");
    eventually("what is retained", || later.all().len() >= 3);
    let kept = later.all();
    assert!(kept.iter().all(|message| message.retained), "{kept:?}");
    let mut topics: Vec<&str> = kept.iter().map(|message| message.topic.as_str()).collect();
    topics.sort_unstable();
    assert_eq!(topics, ["homeassistant/device/postern_abababab/config", "postern/front/state", STATUS]);
    bridge.end();
    bench.status("offline");
}

#[test]
fn the_entries_that_the_log_has_are_published_with_past() {
    need!(Need::Mosquitto);
    let bench = Bench::new();
    for _ in 0..8 {
        bench.door.happen("button", None);
    }
    let mut options = options(&bench.broker, bench.folder.path());
    options.past = true;
    let _bridge = Bridge::start(options, &bench.door);
    bench.events(&[0, 1, 2, 3, 4, 5, 6, 7, 8]);
}

#[test]
fn a_broker_that_was_away_gets_state_and_events_and_none_twice() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new();
    let bridge = bench.bridge();
    bench.door.happen("button", None);
    bench.events(&[1]);

    bench.broker.down();
    bridge.says("There is no connection to mqtt://127.0.0.1");
    for _ in 0..7 {
        bench.door.happen("button", None);
    }
    let before = bench.reader.on(STATUS).len();
    bench.broker.up();
    bench.events(&[1, 2, 3, 4, 5, 6, 7, 8]);
    eventually("it is online again", || bench.reader.on(STATUS).len() > before);
    bench.status("online");

    // A broker that has forgotten everything gets what is retained again.
    bench.broker.down();
    std::fs::remove_file(bench.folder.path().join("mosquitto.db")).expect("forgotten");
    bench.broker.up();
    let fresh = Reader::new(&bench.broker, "fresh");
    eventually("state, status and discovery", || {
        let has = |topic| fresh.last(topic).is_some();
        has("postern/front/state") && has(STATUS) && has("homeassistant/device/postern_abababab/config")
    });
}

#[test]
fn a_broker_that_is_down_at_first_is_waited_for_and_said() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new();
    bench.broker.down();
    let bridge = Bridge::start(options(&bench.broker, bench.folder.path()), &bench.door);
    bridge.says("The bridge tries again until there is one");
    bench.broker.up();
    bench.status("online");
    assert_eq!(bridge.said().iter().filter(|said| said.contains("no connection")).count(), 1, "said once");
}

#[test]
fn a_bridge_that_was_away_goes_on_where_it_was() {
    need!(Need::Mosquitto);
    let bench = Bench::new();
    let bridge = bench.bridge();
    bench.door.happen("admitted", Some((1, "Ada")));
    bench.door.happen("refused", None);
    bench.events(&[1, 2]);
    bridge.end();
    bench.status("offline");
    for _ in 0..5 {
        bench.door.happen("refused", None);
    }
    let _bridge = bench.bridge();
    bench.events(&[1, 2, 3, 4, 5, 6, 7]);
    eventually("what is counted goes on", || {
        bench.state()["refused"] == 6 && bench.state()["last_person"] == "Ada"
    });
}

#[test]
fn a_board_that_was_lost_is_offline_and_comes_back_with_its_events() {
    need!(Need::Mosquitto);
    let bench = Bench::new();
    let bridge = bench.bridge();
    bench.door.lose(true);
    bridge.says("The board does not answer: nobody is there");
    bench.status("offline");
    bench.door.happen("button", None);
    bench.door.lose(false);
    bridge.says("The board answers again");
    bench.status("online");
    bench.events(&[1]);
}

#[test]
fn another_log_is_published_from_its_beginning() {
    need!(Need::Mosquitto);
    let bench = Bench::new();
    let bridge = bench.bridge();
    bench.door.happen("refused", None);
    bench.events(&[1]);
    // The board is replaced: its log is longer than that of the one before, and has other links.
    bench.door.lose(true);
    bench.status("offline");
    bench.door.lock().entries.clear();
    for kind in ["paired", "admitted", "button"] {
        bench.door.happen(kind, None);
    }
    bench.door.lose(false);
    bridge.says("The log is another one than before");
    bench.events(&[1, 0, 1, 2]);
    eventually("nothing of the other log is counted", || bench.state()["refused"] == 0);
}

#[test]
fn entries_that_were_erased_before_they_were_published_are_said() {
    need!(Need::Mosquitto);
    let bench = Bench::new();
    let bridge = bench.bridge();
    bridge.end();
    for _ in 0..6 {
        bench.door.happen("button", None);
    }
    bench.door.lock().entries.drain(..4);
    let bridge = bench.bridge();
    bridge.says("The board has erased 3 entries that were not published yet");
    bench.events(&[4, 5, 6]);
}
