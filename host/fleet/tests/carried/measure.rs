//! The measurement itself, with few doors: it loses nothing, and counts what a change costs.

use fixtures::mqtt::Mosquitto;
use fixtures::{Need, need};
use fleet::measure::{Measured, Plan, Told, measure};

use crate::bench::{prefix, route};

#[test]
fn a_change_costs_each_door_a_record_a_head_and_an_acknowledgement() {
    need!(Need::Mosquitto);
    let folder = tempfile::tempdir().expect("a folder");
    let mut broker = Mosquitto::start(folder.path(), "");
    let plan = Plan { doors: 4, people: 60, picture_bytes: 500, removals: 3, restart: true };
    let mut steps: Vec<Measured> = Vec::new();
    let route = route(&broker);
    let mut hear = |told: Told<'_>| match told {
        Told::Step(step) => steps.push(*step),
        Told::Restart => {
            broker.down();
            broker.up();
        }
    };
    measure(&route, &prefix(), plan, &folder.path().join("fleet"), &mut hear).expect("nothing is lost");
    let step = |name: &str| *steps.iter().find(|step| step.step == name).expect("the step");
    // Pictures, and for each door and the operator's own copy the records and a head; the operator's has the doors, too.
    assert_eq!(step("fill").operator_messages, 60 + 4 * 61 + 65);
    let revoke = step("revoke");
    assert_eq!(
        revoke.operator_messages,
        3 * (4 * 2 + 2 + 1),
        "record and head for each, and the pictures are forgotten"
    );
    // On a busy machine a door may ask again.
    assert!(revoke.door_messages >= 3 * 4 * 2 && revoke.ack_messages >= 3 * 4, "{revoke:?}");
    assert!(revoke.operator_bytes / revoke.operator_messages < 400, "{revoke:?}");
    // What was changed while the broker was away is sent at once: ten records and a head for each door and the operator, and ten
    // pictures are forgotten.
    assert_eq!(step("restart").operator_messages, 5 * 11 + 10);
    assert_eq!(steps.len(), 7);
}
