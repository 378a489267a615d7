//! The rule for conflicts, in every order: the higher counter, then the removal, then the operator with the greater key.

use fleet::envelope::{Kind, Sealer};
use fleet::record::{Person, PersonId, Record};

use crate::local::{Local, enrolled, give, operator, removed};

/// All orders of some things.
fn orders<T: Clone>(things: &[T]) -> Vec<Vec<T>> {
    if things.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..things.len() {
        let mut rest = things.to_vec();
        let first = rest.remove(at);
        all.extend(orders(&rest).into_iter().map(|order| [vec![first.clone()], order].concat()));
    }
    all
}

/// Records, each with the operator's number, and the hours that hold at the end.
type Case = (Vec<(usize, Record)>, Option<String>);

#[test]
fn two_operators_come_to_one_result_in_every_order_and_after_every_restart() {
    let (one, two) = (operator(1), operator(2));
    let greater = usize::from(two.public().signing > one.public().signing);
    let operators = [one.public(), two.public()];
    let mut local = Local::new();
    let ada = local.person("Ada");
    let hours = |hours: &str| Person { hours: hours.to_owned(), ..ada.clone() };
    let (of_one, of_two) = (hours("mon 08:00-09:00"), hours("tue 08:00-09:00"));
    let of_greater = [&of_one, &of_two][greater].hours.clone();
    let cases: [Case; 4] = [
        (vec![(0, enrolled(1, 1, &of_one)), (1, enrolled(1, 2, &of_two))], Some(of_two.hours.clone())),
        (
            vec![(0, enrolled(1, 3, &of_one)), (1, enrolled(1, 2, &of_two)), (0, enrolled(1, 1, &of_two))],
            Some(of_one.hours.clone()),
        ),
        (vec![(0, enrolled(1, 2, &of_one)), (1, enrolled(1, 2, &of_two))], Some(of_greater)),
        (vec![(0, enrolled(1, 2, &of_one)), (1, removed(1, 2)), (0, enrolled(1, 1, &of_one))], None),
    ];
    for (records, wanted) in cases {
        for order in orders(&records) {
            let mut door = Local::new();
            door.pictures.clone_from(&local.pictures);
            for (operator, record) in &order {
                let mut follower = door.start(&operators);
                give(&mut follower, *operator, [&one, &two][*operator], record);
                assert!(door.work(&mut follower));
            }
            let expected: Vec<_> =
                wanted.iter().map(|hours| ("Ada".to_owned(), Some(hours.clone()))).collect();
            assert_eq!(door.people(), expected, "{order:?}");
            // All of it again changes nothing.
            let asked = door.board.lock().asked.len();
            let mut follower = door.start(&operators);
            for (operator, record) in &order {
                assert!(!give(&mut follower, *operator, [&one, &two][*operator], record), "it is no news");
            }
            assert!(door.work(&mut follower));
            assert_eq!(door.board.lock().asked.len(), asked);
        }
    }
}

#[test]
fn who_is_no_operator_of_the_door_and_whoever_names_another_person_is_not_heard() {
    let (us, stranger) = (operator(1), operator(9));
    let mut local = Local::new();
    let ada = local.person("Ada");
    let mut follower = local.start(&[us.public()]);
    let record = enrolled(1, 1, &ada);
    let seal = |from| {
        Sealer::new(from, follower.public()).expect("a key").seal(Kind::Record, &record).expect("short")
    };
    let (of_stranger, of_us) = (seal(&stranger), seal(&us));
    assert!(follower.record(0, record.id, &of_stranger).is_err());
    // A topic of another person has her record.
    assert!(follower.record(0, PersonId([2; 16]), &of_us).is_err());
    assert!(local.work(&mut follower) && local.people().is_empty());
    assert!(follower.record(0, record.id, &of_us).expect("hers"));
    assert!(local.work(&mut follower));
    assert_eq!(local.people().len(), 1);
}
