//! What Home Assistant learns of a door: one retained message for the whole device
//! (<https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload>).
//!
//! The lock is a `binary_sensor`, not a `lock`: a lock of Home Assistant has a topic for commands, and this bridge takes none.

use serde_json::{Value, json};

use crate::door::About;
use crate::topics::{Topics, identifier};

/// The message for a door with this name and this public key.
pub fn message(name: &str, key: [u8; 32], topics: &Topics, about: &About) -> Value {
    let id = identifier(key);
    let mut components = serde_json::Map::new();
    let mut add = |component: &str, mut fields: Value| {
        fields["unique_id"] = format!("{id}_{component}").into();
        if fields.get("state_topic").is_none() {
            fields["state_topic"] = topics.state.as_str().into();
            fields["availability"] = json!([{ "topic": topics.status }]);
        }
        components.insert(component.to_owned(), fields);
    };
    let of = |field: &str| format!("{{{{ value_json.{field} }}}}");
    let two = |name: &str, class: &str, field: &str, on: &str, off: &str| {
        json!({
            "platform": "binary_sensor", "name": name, "device_class": class,
            "value_template": of(field), "payload_on": on, "payload_off": off,
        })
    };
    add("lock", two("Lock", "lock", "lock", "open", "locked"));
    add("contact", two("Door", "door", "contact", "open", "closed"));
    add("tamper", two("Cover", "tamper", "cover", "open", "closed"));
    add("alarm", two("Alarm", "problem", "alarm", "on", "off"));
    add(
        "last_person",
        json!({
            "platform": "sensor", "name": "Last person", "icon": "mdi:account",
            "value_template": of("last_person"),
        }),
    );
    add(
        "refused",
        json!({
            "platform": "sensor", "name": "Refused", "icon": "mdi:account-cancel",
            "state_class": "total_increasing", "value_template": of("refused"),
        }),
    );
    add(
        "online",
        json!({
            "platform": "binary_sensor", "name": "Online", "device_class": "connectivity",
            "entity_category": "diagnostic", "state_topic": topics.status,
            "payload_on": "online", "payload_off": "offline",
        }),
    );
    json!({
        "device": {
            "identifiers": [id], "name": name, "manufacturer": "Postern", "model": about.machine,
            "sw_version": about.firmware,
        },
        "origin": { "name": "Postern", "sw_version": env!("CARGO_PKG_VERSION") },
        "components": components,
        "qos": 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of docs/bridge.md is what Home Assistant is told.
    #[test]
    fn the_page_lists_each_entity_with_its_kind_and_class() {
        let level = |text: &str| text.parse().expect("a level");
        let topics = Topics::of(&level("postern"), &level("homeassistant"), "front", [0xAB; 32]);
        let about = About { machine: "an547".to_owned(), firmware: "0.1.0".to_owned() };
        let message = message("front", [0xAB; 32], &topics, &about);
        let page = include_str!("../../../docs/bridge.md");
        let components = message["components"].as_object().expect("components");
        for component in components.values() {
            let text = |field: &str| component[field].as_str();
            let class = text("device_class").map(|class| format!(", class `{class}`")).unwrap_or_default();
            let (name, platform) = (text("name").expect("a name"), text("platform").expect("a platform"));
            let row = format!("| {name} | `{platform}`{class} | ");
            assert!(page.contains(&row), "docs/bridge.md has no row {row}");
        }
    }
}
