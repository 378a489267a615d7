//! A folder that is brought back, after another one was begun with the same key.

use std::time::Duration;

use fixtures::mqtt::eventually;
use fixtures::{Need, need};
use fleet::overrule::{Change, Effect, overrule};
use fleet::publish::publish;

use crate::bench::{Bench, Operator, prefix};

#[test]
fn a_folder_that_is_brought_back_overrules_what_was_begun_again_with_its_key() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    bench.operator.enrol("Bob");
    bench.publish(false);
    bench.complete(0);

    // The same key, and nothing of the folder: the door takes its records, and not its heads.
    let mut begun_again = Operator::new(1);
    begun_again.folder.add_door("door 0", bench.doors[0].public()).expect("added");
    begun_again.enrol("Zoe");
    let connection = bench.connect("begun_again");
    let Operator { identity, folder, .. } = &mut begun_again;
    publish(folder, identity, &prefix(), &connection, "the broker", (false, 1)).expect("published");
    eventually("the door enrols who the folder does not know", || bench.doors[0].board.has("Zoe"));
    drop(connection);
    bench.operator.change("Ada", |ada| ada.hours = "sat 10:00-12:00".to_owned());
    bench.publish(true);
    // Before the door has seen the newest head, it is behind for another reason.
    eventually("the operator is told what heals the folder", || {
        let standing = bench.standing(0);
        !standing.complete && standing.why.is_some_and(|why| why.contains("--overrule"))
    });

    let connection = bench.connect("operator");
    let Operator { identity, folder, .. } = &mut bench.operator;
    let patience = ("the broker", Duration::from_secs(60));
    // Nothing changes before somebody agreed.
    let before = (folder.settings.run, folder.own_records().collect::<Vec<_>>());
    let mut told = Vec::new();
    let mut declines = |changes: &[Change]| {
        told = changes.to_vec();
        false
    };
    let mut overrule = |agrees: &mut dyn FnMut(&[Change]) -> bool| {
        overrule(folder, identity, &prefix(), &connection, patience, &|_| true, agrees)
            .map(|done| (done, (folder.settings.run, folder.own_records().collect::<Vec<_>>())))
    };
    assert_eq!(overrule(&mut declines).expect("told"), (None, before));
    let change = |of: &str, effect| Change { of: of.to_owned(), effect };
    // The copy knows the door by another id.
    assert_eq!(told, [change("Zoe", Effect::Removed), change("door 0", Effect::Forgotten)]);
    let (done, _) = overrule(&mut |_| true).expect("overruled");
    assert_eq!(done.expect("agreed").records, 1, "Zoe");
    drop(connection);
    bench.publish(true);
    bench.complete(0);
    eventually("the door has what the folder has", || bench.standing(0).complete);
    assert_eq!(bench.doors[0].board.names(), ["Ada", "Bob"]);
    // What is on the broker makes the folder again.
    assert_eq!(bench.recovered().enrolled().count(), 2);
}

/// A copy of the folder of before, which knows less: what each of its records would change is said.
#[test]
fn an_older_copy_of_a_folder_is_told_what_it_would_change() {
    need!(Need::Mosquitto);
    let mut bench = Bench::new(1);
    for name in ["Ada", "Bob", "Cleo"] {
        bench.operator.enrol(name);
    }
    bench.publish(false);
    let mut copy = bench.operator.copied();
    bench.operator.change("Ada", |ada| (ada.pin, ada.suspended) = (Some("4711".to_owned()), true));
    bench.operator.remove("Bob");
    bench.operator.enrol("Dora");
    bench.publish(false);
    let connection = bench.connect("operator");
    let Operator { identity, folder, .. } = &mut copy;
    let mut told = Vec::new();
    let mut declines = |changes: &[Change]| {
        told = changes.to_vec();
        false
    };
    let patience = ("the broker", Duration::from_secs(60));
    let done = overrule(folder, identity, &prefix(), &connection, patience, &|_| true, &mut declines);
    assert_eq!(done.expect("told"), None);
    let change = |of: &str, effect| Change { of: of.to_owned(), effect };
    assert_eq!(
        told,
        [
            change("Ada", Effect::Changed(vec!["PIN"])),
            change("Bob", Effect::StaysRemoved),
            change("Dora", Effect::Removed),
        ],
        "Ada stays suspended"
    );
}

/// An older copy overrules: its hours hold again, and who was removed or suspended by the other copy stays so.
#[test]
fn what_another_copy_removed_or_suspended_stays_when_it_is_overruled() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    bench.operator.enrol("Bob");
    bench.publish(false);
    bench.complete(0);
    let copy = bench.operator.copied();
    bench.operator.change("Ada", |ada| (ada.hours, ada.suspended) = ("sat 10:00-12:00".to_owned(), true));
    bench.operator.remove("Bob");
    bench.publish(false);
    bench.complete(0);
    let ada = |bench: &Bench| {
        let door = bench.doors[0].board.lock();
        let rule = door.people["Ada"].as_ref().expect("a rule");
        (rule.hours.clone(), rule.suspended)
    };
    assert_eq!(ada(&bench), ("sat 10:00-12:00".to_owned(), true));

    bench.operator = copy;
    let connection = bench.connect("operator");
    let Operator { identity, folder, .. } = &mut bench.operator;
    let patience = ("the broker", Duration::from_secs(60));
    let done = overrule(folder, identity, &prefix(), &connection, patience, &|_| true, &mut |_| true);
    assert_eq!(done.expect("overruled").expect("agreed").records, 2);
    drop(connection);
    bench.publish(true);
    bench.complete(0);
    assert_eq!(bench.doors[0].board.names(), ["Ada"]);
    assert_eq!(ada(&bench), ("always".to_owned(), true));
}

/// Then it is not known what another copy sent, and the run may stay below what the doors have seen.
#[test]
fn a_head_that_is_not_authentic_is_no_empty_broker() {
    need!(Need::Mosquitto);
    let mut bench = Bench::with_ada(1);
    bench.publish(false);
    let somebody = bench.connect("somebody");
    let us = bench.operator.identity.public();
    let head = bench.operator.topics().head(&us);
    somebody.publish(&head, b"a head of somebody else".to_vec(), true).expect("published");
    let connection = bench.connect("operator");
    let Operator { identity, folder, .. } = &mut bench.operator;
    let before = folder.settings.run;
    let patience = ("the broker", Duration::from_secs(60));
    let done = overrule(folder, identity, &prefix(), &connection, patience, &|_| true, &mut |_| true);
    assert!(done.expect_err("refused").to_string().contains("not authentic"));
    assert_eq!(folder.settings.run, before);
}
