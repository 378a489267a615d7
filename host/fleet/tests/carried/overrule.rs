//! A folder that is brought back, after another one was begun with the same key.

use std::time::Duration;

use fixtures::mqtt::eventually;
use fixtures::{Need, need};
use fleet::overrule::overrule;
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
    let done = overrule(folder, identity, &prefix(), &connection, patience, &|_| true).expect("overruled");
    assert_eq!(done.records, 1, "Zoe");
    drop(connection);
    bench.publish(true);
    bench.complete(0);
    eventually("the door has what the folder has", || bench.standing(0).complete);
    assert_eq!(bench.doors[0].board.names(), ["Ada", "Bob"]);
    // What is on the broker makes the folder again.
    assert_eq!(bench.recovered().enrolled().count(), 2);
}
