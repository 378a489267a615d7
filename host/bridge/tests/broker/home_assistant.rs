//! What Home Assistant learns, and that nothing that comes from the broker does anything.

use fixtures::mqtt::{Mosquitto, Reader, eventually, publish};
use fixtures::{Need, need};
use serde_json::Value;

use crate::door::{Bridge, Fake, options};

const DISCOVERY: &str = "homeassistant/device/postern_abababab/config";

#[test]
fn home_assistant_learns_of_the_door_and_again_when_it_starts() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let (reader, door) = (Reader::new(&broker, "reader"), Fake::new());
    let _bridge = Bridge::start(options(&broker, folder.path()), &door);
    eventually("discovery", || reader.last("postern/front/status").as_deref() == Some("online"));
    let told: Value = serde_json::from_str(&reader.last(DISCOVERY).expect("discovery")).expect("JSON");
    let components = told["components"].as_object().expect("components");
    let names: Vec<&str> = components.keys().map(String::as_str).collect();
    assert_eq!(names, ["alarm", "contact", "last_person", "lock", "online", "refused", "tamper"]);
    for (name, component) in components {
        assert_eq!(component["unique_id"], format!("postern_abababab_{name}"));
        assert!(component["state_topic"].as_str().is_some_and(|topic| topic.starts_with("postern/front/")));
        assert!(component.get("command_topic").is_none(), "{component}");
        // How a door stands that cannot be reached is unknown; that it cannot be reached is known.
        assert_eq!(component.get("availability").is_some(), name != "online");
    }
    assert_eq!(told["device"]["name"], "front");

    let before =
        [DISCOVERY, "postern/front/state", "postern/front/status"].map(|topic| reader.on(topic).len());
    publish(&broker, "homeassistant/status", "online", false);
    eventually("all of it again", || {
        let now =
            [DISCOVERY, "postern/front/state", "postern/front/status"].map(|topic| reader.on(topic).len());
        now.iter().zip(before).all(|(now, before)| *now > before)
    });
}

#[test]
fn messages_like_commands_do_nothing() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let (reader, door) = (Reader::new(&broker, "reader"), Fake::new());
    // A bridge that took this message would lose its connection to it, on each new one.
    publish(&broker, "homeassistant/status", &"x".repeat(100_000), true);
    let _bridge = Bridge::start(options(&broker, folder.path()), &door);
    eventually("the door is online", || reader.last("postern/front/status").as_deref() == Some("online"));
    let before = reader.all().len();
    let topics = [
        "postern/front/open",
        "postern/front/command",
        "postern/front/set",
        "postern/front/lock/set",
        "homeassistant/lock/postern_abababab/set",
        "homeassistant/device/postern_abababab/set",
        "homeassistant/status",
    ];
    for topic in topics {
        for payload in ["UNLOCK", "OPEN", "open", "ON", "{\"lock\":\"open\"}", ""] {
            publish(&broker, topic, payload, false);
        }
    }
    eventually("the reader has them", || reader.all().len() >= before + 6 * topics.len());
    door.is_seen();
    assert_eq!(reader.all().len(), before + 6 * topics.len(), "nothing was published because of them");
    let subscribed: Vec<String> = broker
        .log()
        .lines()
        .filter_map(|line| line.split_once('\t').map(|(_, topic)| topic.to_owned()))
        .filter(|topic| topic.ends_with("(QoS 1)") && !topic.starts_with('#'))
        .collect();
    assert_eq!(subscribed, ["homeassistant/status (QoS 1)"], "all that the bridge listens to");
    assert!(!broker.log().contains("protocol error"), "{}", broker.log());
}

#[test]
fn names_are_text_in_payloads_never_in_topics_and_can_be_left_out() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let broker = Mosquitto::start(folder.path(), "");
    let (reader, door) = (Reader::new(&broker, "reader"), Fake::new());
    let odd = "<b>+/#\u{7}{{ states }}\"";
    let mut odd_options = options(&broker, folder.path());
    odd_options.name = odd.to_owned();
    let bridge = Bridge::start(odd_options, &door);
    let topic = |end: &str| format!("postern/_3cb_3e_2b_2f_23_07_7b_7b_20states_20_7d_7d_22/{end}");
    eventually("the door is online", || reader.last(&topic("status")).as_deref() == Some("online"));
    door.happen("admitted", Some((1, odd)));
    eventually("the event", || !reader.on(&topic("event")).is_empty());
    let json = |text: String| serde_json::from_str::<Value>(&text).expect("JSON");
    assert_eq!(json(reader.last(&topic("event")).expect("an event"))["name"], odd);
    eventually("the state", || json(reader.last(&topic("state")).expect("a state"))["last_person"] == odd);
    assert_eq!(json(reader.last(DISCOVERY).expect("discovery"))["device"]["name"], odd);
    bridge.end();

    // The name of before is gone, too, where names are not to be published.
    let mut nameless = options(&broker, folder.path());
    nameless.names = false;
    let _bridge = Bridge::start(nameless, &door);
    eventually("the state", || reader.last("postern/front/state").is_some());
    assert_eq!(json(reader.last("postern/front/state").expect("a state"))["last_person"], "person 1");
}
