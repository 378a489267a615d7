//! A door with room for many people: volumes of the gallery, failures and rules.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::insider::join;
use crate::lost::erase;
use crate::simulation::{
    Board, Room, World,
    engine::{self, WIDE, one_of_many},
    host,
    rules::{code, set_rule, settings},
};
use door::{Buffers, Memory};
use nor_model::SECTOR_SIZE;
use policy::Rule;
use protocol::{Enrolment, Error, ModelKind, Name, Request, Response, Role, Status};

/// The buffers of a door on Linux. They are too large for a stack.
static LARGE: Mutex<Memory<40, 10_240, 5_120, 256, 32>> = Mutex::new(Memory::new());

impl Room for MutexGuard<'static, Memory<40, 10_240, 5_120, 256, 32>> {
    fn all(&mut self) -> Buffers<'_> {
        (**self).all()
    }
}

/// A board with so many volumes, and settings as large as on Linux.
fn board(volumes: usize) -> Board {
    let mut board = Board::unpaired();
    board.memory = Box::new(LARGE.lock().unwrap_or_else(PoisonError::into_inner));
    board.gallery = vec![0xff; 48 * SECTOR_SIZE];
    board.further = vec![board.gallery.clone(); volumes - 1];
    board.settings = vec![0xff; 64 * SECTOR_SIZE];
    board.boot(async |world: &mut World| {
        host::pair(world).await;
        world.host.flash(ModelKind::Detector, &engine::detector("finder")).await.unwrap();
        world.host.flash(ModelKind::Encoder, &engine::encoder("coder", WIDE)).await.unwrap();
        world.host.ask(Request::SetSettings(settings())).await.unwrap();
        for desk in &DESKS[1..] {
            join(world, Role::Installer, *desk).await;
        }
    });
    board
}

fn name(number: u32) -> String {
    format!("person {number}")
}

/// The installers: each may make 1,000 changes at once.
const DESKS: [u8; 4] = [7, 9, 10, 11];

/// The next installer goes on where one has made their changes.
fn next_desk(world: &mut World, desk: &mut usize) {
    *desk += 1;
    world.host.become_host(DESKS[*desk]);
}

/// Enrols people by requests, as hosts do.
async fn enrol(world: &mut World, people: impl Iterator<Item = u32>) {
    let mut desk = 0;
    for number in people {
        let enrolled = async |world: &mut World| {
            world.host.enrol_from(&name(number), &one_of_many(number), Enrolment::NewPerson).await
        };
        let mut reply = enrolled(world).await;
        if let Err(Error::TooManyChanges { .. }) = reply {
            next_desk(world, &mut desk);
            reply = enrolled(world).await;
        }
        assert!(matches!(reply, Ok(Response::Enrolled { .. })), "{number}: {reply:?}");
    }
}

async fn status(world: &mut World) -> Status {
    match world.host.ask(Request::Status).await {
        Ok(Response::Status(status)) => status,
        other => panic!("{other:?}"),
    }
}

/// Whether the door opens for somebody.
async fn comes(world: &mut World, number: u32) -> bool {
    while world.is_open() {
        world.wait(100).await;
    }
    for _ in 0..3 {
        world.scene.show_bytes(one_of_many(number));
        world.wait(50).await;
    }
    world.is_open()
}

#[test]
fn a_door_with_nine_volumes_knows_2000_people_after_a_reset_and_forgets_who_is_removed() {
    let mut board = board(9);
    board.boot(async |world: &mut World| enrol(world, 1..=2_000).await);
    let used = board.further.iter().filter(|volume| volume.iter().any(|cell| *cell != 0xff)).count();
    assert!(used >= 7, "{used} further volumes have people");
    board.boot(async |world: &mut World| {
        world.host.become_host(DESKS[3]);
        let now = status(world).await;
        assert_eq!((now.people, now.templates), (2_000, 2_000));
        let users = world.host.users().await;
        assert_eq!(users.len(), 2_000);
        for number in [1, 256, 257, 1_000, 1_999, 2_000] {
            assert!(comes(world, number).await, "{number}");
        }
        assert!(!comes(world, 2_001).await, "a stranger");
        for number in [1, 1_000, 2_000] {
            let name = Name::try_from(name(number).as_str()).unwrap();
            world.host.ask(Request::Remove { name }).await.unwrap();
        }
    });
    board.boot(async |world: &mut World| {
        world.host.become_host(DESKS[3]);
        assert_eq!(status(world).await.people, 1_997);
        for number in [1, 1_000, 2_000] {
            assert!(!comes(world, number).await, "{number} is removed");
        }
        assert!(comes(world, 999).await && comes(world, 1_001).await);
        enrol(world, 3_000..3_003).await;
    });
    // An erasure erases all volumes.
    board.boot(async |world: &mut World| {
        world.host.become_host(DESKS[3]);
        erase(world).await;
    });
    board.boot(async |world: &mut World| {
        host::pair(world).await;
        assert_eq!(status(world).await.people, 0);
        assert_eq!(world.host.users().await, [""; 0]);
    });
    let key_journals =
        board.further.iter().all(|volume| volume[8 * SECTOR_SIZE..].iter().all(|cell| *cell == 0xff));
    assert!(key_journals, "no record is left in a further volume");
}

/// A place is only for who has a rule, so there may be more people than places.
#[test]
fn more_people_than_places_for_rules_can_be_enrolled_and_1024_have_a_rule() {
    let mut board = board(6);
    let rule = |number: u32| Rule { pin: code(&format!("{:06}", 100_000 + number)), ..Rule::default() };
    board.boot(async |world: &mut World| {
        enrol(world, 1..=1_030).await;
        world.host.become_host(DESKS[2]);
        let mut desk = 2;
        for number in 1..=1_024 {
            let mut reply = set_rule(world, &name(number), rule(number)).await;
            if let Err(Error::TooManyChanges { .. }) = reply {
                next_desk(world, &mut desk);
                reply = set_rule(world, &name(number), rule(number)).await;
            }
            assert!(reply.is_ok(), "{number}: {reply:?}");
        }
        assert_eq!(set_rule(world, &name(1_025), rule(1_025)).await, Err(Error::RulesFull { limit: 1_024 }));
    });
    board.boot(async |world: &mut World| {
        assert!(!comes(world, 1_024).await, "a PIN is needed");
        world.type_keys("101024#").await;
        assert!(world.is_open());
        assert!(comes(world, 1_025).await, "who has no rule needs none");
        world.host.become_host(DESKS[3]);
        // A place that is free again is another one's.
        set_rule(world, &name(3), Rule::default()).await.unwrap();
        set_rule(world, &name(1_025), rule(1_025)).await.unwrap();
    });
    board.boot(async |world: &mut World| {
        assert!(comes(world, 3).await && !comes(world, 1_025).await);
    });
}
