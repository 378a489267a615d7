//! A board whose power is cut at each request of a change, and a door that goes on after it.

use fleet::record::Person;

use crate::local::{Local, enrolled, give, operator, removed};

/// What is done to a person of the door.
type Change = fn(&mut Local, &Person) -> fleet::record::Record;

#[test]
fn a_cut_at_each_request_leaves_nobody_without_a_rule_and_nobody_twice() {
    let changes: [(&str, Change); 5] = [
        ("rename", |_, ada| enrolled(1, 2, &Person { name: "Ada L.".to_owned(), ..ada.clone() })),
        ("pictures", |local, ada| {
            let other = local.person("other pictures of Ada");
            enrolled(1, 2, &Person { pictures: other.pictures, ..ada.clone() })
        }),
        ("both", |local, ada| {
            let other = local.person("other pictures of Ada");
            let name = "Ada L.".to_owned();
            enrolled(1, 2, &Person { name, pictures: other.pictures, ..ada.clone() })
        }),
        ("rule", |_, ada| enrolled(1, 2, &Person { hours: "sat 10:00-12:00".to_owned(), ..ada.clone() })),
        ("remove", |_, _| removed(1, 2)),
    ];
    let us = operator(1);
    let operators = [us.public()];
    let mut cuts = 0;
    for (what, change) in changes {
        // The requests of the first enrolment and of the change are cut at each of them.
        for cut in 0..12 {
            let mut local = Local::new();
            local.board.lock().people.insert("Local".to_owned(), None);
            let ada = local.person("Ada");
            let second = change(&mut local, &ada);
            let mut follower = local.start(&operators);
            local.board.lock().power = Some(cut);
            give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
            let mut answered = local.work(&mut follower);
            give(&mut follower, 0, &us, &second);
            answered &= local.work(&mut follower);
            drop(follower);
            cuts += u32::from(!answered);
            let mut board = local.board.lock();
            (board.lost, board.power) = (None, None);
            drop(board);

            let mut follower = local.start(&operators);
            // The broker still has what it retains.
            give(&mut follower, 0, &us, &second);
            assert!(local.work(&mut follower), "{what} cut at {cut}");
            let wanted = match &second.holds {
                fleet::record::Holds::Enrolled(person) => {
                    vec![(person.name.clone(), Some(person.hours.clone())), ("Local".to_owned(), None)]
                }
                _ => vec![("Local".to_owned(), None)],
            };
            assert_eq!(local.people(), wanted, "{what} cut at {cut}");
        }
    }
    assert!(cuts > 20, "{cuts} cuts were before the end");
}

#[test]
fn a_refusal_after_the_old_pictures_went_leaves_nobody_and_says_why() {
    let us = operator(1);
    let mut local = Local::new();
    let ada = local.person("Ada");
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    assert!(local.work(&mut follower));
    local.board.lock().refuses.push("Ada".to_owned());
    let blurred = local.person("Ada, blurred");
    give(&mut follower, 0, &us, &enrolled(1, 2, &Person { pictures: blurred.pictures, ..ada.clone() }));
    assert!(local.work(&mut follower));
    assert_eq!(local.people(), []);
    let (ack, _) = follower.ack(0, 1).expect("kept");
    assert_eq!((ack.refusals, ack.people), (1, 0));
    assert!(ack.refused[0].why.contains("no face in the picture"), "{ack:?}");
    // Better pictures bring her back.
    local.board.lock().refuses.clear();
    let better = local.person("Ada, better");
    give(&mut follower, 0, &us, &enrolled(1, 3, &Person { pictures: better.pictures, ..ada }));
    assert!(local.work(&mut follower));
    assert_eq!(local.people(), [("Ada".to_owned(), Some("always".to_owned()))]);
    assert_eq!(follower.ack(0, 1).expect("kept").0.refusals, 0);
}

#[test]
fn removals_and_suspensions_come_before_enrolments_that_wait() {
    let us = operator(1);
    let mut local = Local::new();
    let (ada, bob) = (local.person("Ada"), local.person("Bob"));
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    give(&mut follower, 0, &us, &enrolled(2, 1, &bob));
    assert!(local.work(&mut follower));
    local.board.lock().asked.clear();
    for id in 3..20 {
        let person = local.person(&format!("person {id}"));
        give(&mut follower, 0, &us, &enrolled(id, 1, &person));
    }
    give(&mut follower, 0, &us, &enrolled(2, 2, &Person { suspended: true, ..bob }));
    give(&mut follower, 0, &us, &removed(1, 2));
    assert!(local.work(&mut follower));
    let asked = local.board.lock().asked.clone();
    assert_eq!(asked[..2], ["remove Ada", "suspend Bob"], "{asked:?}");
}

#[test]
fn two_people_exchange_their_names() {
    let us = operator(1);
    let mut local = Local::new();
    let (ada, bob) = (local.person("Ada"), local.person("Bob"));
    let mut follower = local.start(&[us.public()]);
    give(&mut follower, 0, &us, &enrolled(1, 1, &ada));
    assert!(local.work(&mut follower));
    // Bob is to be called Ada before Ada is removed.
    give(&mut follower, 0, &us, &enrolled(2, 1, &Person { name: "Ada".to_owned(), ..bob }));
    assert!(local.work(&mut follower));
    assert_eq!(follower.ack(0, 1).expect("kept").0.refusals, 1);
    give(&mut follower, 0, &us, &removed(1, 2));
    assert!(local.work(&mut follower));
    assert_eq!(follower.ack(0, 1).expect("kept").0.refusals, 0);
    let asked = local.board.lock().asked.clone();
    assert!(asked.iter().any(|asked| asked == "remove Ada"), "{asked:?}");
    assert_eq!(local.people().len(), 1);
}
