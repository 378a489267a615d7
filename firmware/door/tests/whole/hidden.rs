//! Volumes of the gallery that are away for a boot, as whoever writes flash can make them: their people are unknown then.

use crate::room::{DESKS, board, comes, enrol, name};
use crate::simulation::{
    Board, World,
    engine::one_of_many,
    rules::{code, set_rule, settings},
};
use policy::Rule;
use protocol::{Enrolment, Limits, Name, Request, Response, Settings};

/// A board with 300 people in two volumes. The last of them has a PIN, and is locked out for an hour after two wrong ones.
fn of_300() -> Board {
    let mut board = board(2);
    board.boot(async |world: &mut World| {
        enrol(world, 1..=300).await;
        let limits = Limits { failures: 2, lockout_ms: 3_600_000, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, ..settings() })).await.unwrap();
        let rule = Rule { pin: code("123456"), ..Rule::default() };
        set_rule(world, &name(300), rule).await.unwrap();
    });
    board
}

/// A boot without the further volume.
fn boot_without(board: &mut Board, act: impl AsyncFnOnce(&mut World)) {
    let further = std::mem::take(&mut board.further);
    board.boot(async |world: &mut World| {
        world.host.become_host(DESKS[3]);
        assert!(world.host.users().await.len() < 300, "the volume is away");
        act(world).await;
        // What the boot found is in flash.
        world.wait(2_000).await;
    });
    board.further = further;
}

/// Enrols somebody by their face, and returns their ID.
async fn id_of(world: &mut World, name: &str, face: u32) -> u32 {
    match world.host.enrol_from(name, &one_of_many(face), Enrolment::NewPerson).await {
        Ok(Response::Enrolled { person, .. }) => person,
        other => panic!("{other:?}"),
    }
}

async fn remove(world: &mut World, number: u32) {
    let name = Name::try_from(name(number).as_str()).unwrap();
    world.host.ask(Request::Remove { name }).await.unwrap();
}

#[test]
fn whoever_is_in_a_volume_that_is_away_for_a_boot_keeps_their_failures() {
    let mut board = of_300();
    let types = async |world: &mut World, pin: &str| {
        assert!(!comes(world, 300).await, "a PIN is needed");
        world.type_keys(pin).await;
        world.is_open()
    };
    board.boot(async |world: &mut World| assert!(!types(world, "654321#").await));
    boot_without(&mut board, async |_| {});
    board.boot(async |world: &mut World| {
        assert!(!types(world, "654321#").await);
        assert!(!types(world, "123456#").await, "the second wrong PIN locks out");
    });
    boot_without(&mut board, async |_| {});
    board.boot(async |world: &mut World| assert!(!types(world, "123456#").await, "still"));
}

/// An operator enrols somebody meanwhile: nobody gets the ID, and so the rule, of somebody who is away. And whoever is enrolled by the name
/// of somebody who is away is removed with them.
#[test]
fn an_id_is_not_given_again_and_both_of_a_name_are_removed() {
    let mut board = of_300();
    boot_without(&mut board, async |world: &mut World| {
        remove(world, 1).await;
        remove(world, 2).await;
        assert_eq!(id_of(world, "Bob", 400).await, 301);
        assert_eq!(id_of(world, &name(299), 401).await, 302);
    });
    board.boot(async |world: &mut World| {
        world.host.become_host(DESKS[3]);
        assert!(comes(world, 400).await, "Bob needs no PIN");
        assert!(!comes(world, 300).await, "another one does");
        world.type_keys("123456#").await;
        assert!(world.is_open());
        assert!(comes(world, 299).await && comes(world, 401).await, "two of a name");
        // What would meet one of the two alone is refused, so that nobody takes the other for suspended.
        let twice = Name::try_from(name(299).as_str()).unwrap();
        let requests = [
            Request::Suspend { name: twice.clone(), suspended: true },
            Request::GetRule { name: twice.clone() },
            Request::Rename { name: twice.clone(), new: Name::try_from("Carol").unwrap() },
            Request::RemoveTemplate { name: twice.clone(), index: 0 },
        ];
        for request in requests {
            let refused = world.host.ask(request).await;
            assert_eq!(refused, Err(protocol::Error::DuplicateName { name: twice.clone() }));
        }
        let rule = Rule { suspended: true, ..Rule::default() };
        assert!(set_rule(world, &name(299), rule).await.is_err());
        remove(world, 299).await;
        assert!(!comes(world, 299).await && !comes(world, 401).await);
        assert!(!world.host.users().await.contains(&name(299)));
    });
}
