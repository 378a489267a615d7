//! A door with room for many people: volumes of the gallery, failures and rules.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::insider::join;
use crate::lost::erase;
use crate::simulation::{
    Board, Room, World,
    engine::{self, WIDE, one_of_many},
    host,
    rules::{code, set_rule, settings},
    supply::Cut,
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
pub(crate) fn board(volumes: usize) -> Board {
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

pub(crate) fn name(number: u32) -> String {
    format!("person {number}")
}

/// The installers: each may make 1,000 changes at once.
pub(crate) const DESKS: [u8; 4] = [7, 9, 10, 11];

/// The next installer goes on where one has made their changes.
fn next_desk(world: &mut World, desk: &mut usize) {
    *desk += 1;
    world.host.become_host(DESKS[*desk]);
}

/// Enrols people by requests, as hosts do.
pub(crate) async fn enrol(world: &mut World, people: impl Iterator<Item = u32>) {
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
pub(crate) async fn comes(world: &mut World, number: u32) -> bool {
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

/// A board of before has one volume. After an update it has more: who was there stays, with the same ID.
#[test]
fn a_door_of_one_volume_keeps_its_people_when_it_gets_more() {
    let mut board = board(1);
    board.boot(async |world: &mut World| enrol(world, 1..=256).await);
    board.boot(async |world: &mut World| {
        world.host.become_host(DESKS[3]);
        let refused = world.host.enrol_from("one more", &one_of_many(300), Enrolment::NewPerson).await;
        assert!(matches!(refused, Err(Error::GalleryFull { .. })), "{refused:?}");
    });
    board.further = vec![vec![0xff; 48 * SECTOR_SIZE]; 2];
    board.boot(async |world: &mut World| {
        world.host.become_host(DESKS[3]);
        assert_eq!(status(world).await.people, 256);
        enrol(world, 300..=303).await;
        for number in [1, 128, 256, 300, 303] {
            assert!(comes(world, number).await, "{number}");
        }
    });
    board.boot(async |world: &mut World| {
        assert_eq!(status(world).await.people, 260);
        assert!(comes(world, 256).await && comes(world, 303).await);
    });
}

/// The power goes at flash operations of an enrolment and of a removal in the last volume that has people: at each third one, since a
/// door with so many takes long to start. Either change is there as a whole or not at all, and nobody else is lost.
#[test]
fn a_power_cut_among_1500_people_leaves_the_state_before_or_after() {
    let mut board = board(7);
    board.boot(async |world: &mut World| enrol(world, 1..=1_500).await);
    let flash = |board: &Board| {
        [vec![board.gallery.clone(), board.settings.clone(), board.log.clone()], board.further.clone()]
            .concat()
    };
    let before = flash(&board);
    let restore = |board: &mut Board| {
        let mut chips = before.clone().into_iter();
        let mut next = || chips.next().unwrap();
        (board.gallery, board.settings, board.log) = (next(), next(), next());
        board.further = chips.collect();
    };
    let counter = board.counter.as_ref().map(|counter| counter.load(std::sync::atomic::Ordering::Relaxed));
    for removal in [false, true] {
        let (mut outcomes, mut operation) = ([0; 2], 1);
        loop {
            restore(&mut board);
            board.counter = counter.map(|value| std::sync::Arc::new(value.into()));
            let supply = board.supply.clone();
            let acknowledged = board.boot(async |world: &mut World| {
                world.host.become_host(DESKS[3]);
                assert_eq!(status(world).await.people, 1_500);
                supply.operations.set(0);
                supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
                if removal {
                    let name = Name::try_from(name(1_500).as_str()).unwrap();
                    world.host.ask(Request::Remove { name }).await.is_ok()
                } else {
                    let frame = one_of_many(5_000);
                    world.host.enrol_from(&name(5_000), &frame, Enrolment::NewPerson).await.is_ok()
                }
            });
            let was_cut = board.supply.operations.get() >= operation;
            board.supply.cut.set(None);
            board.boot(async |world: &mut World| {
                world.host.become_host(DESKS[3]);
                let people = status(world).await.people;
                let after = if removal { 1_499 } else { 1_501 };
                assert!(people == after || people == 1_500 && !acknowledged, "{operation}: {people}");
                outcomes[usize::from(people == after)] += 1;
                let changed = if removal { 1_500 } else { 5_000 };
                assert_eq!(comes(world, changed).await, removal == (people == 1_500), "{operation}");
                assert!(comes(world, 1).await && comes(world, 1_499).await, "{operation}");
            });
            if !was_cut {
                break;
            }
            operation += 3;
        }
        assert!(outcomes[0] > 0 && outcomes[1] > 0, "{outcomes:?}");
    }
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
