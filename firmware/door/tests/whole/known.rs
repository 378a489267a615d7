//! What the settings know of those who were ever enrolled: no ID is given twice, no volume of the gallery is emptied unseen, and no
//! removal is without an entry.

use crate::room::{DESKS, board, comes, enrol, name};
use crate::simulation::{
    Board, World,
    engine::one_of_many,
    rules::{self, code, restore_limits, set_rule, settings},
    supply::Cut,
};
use audit::{Fault, Kind};
use door::Memory;
use nor_model::SECTOR_SIZE;
use policy::{Limits as AccessLimits, Rule};
use protocol::{Enrolment, Error, Limits, Name, Request, Response, Settings};

/// Enough for the first volume, and for some in the further one.
pub const PEOPLE: u32 = 80;

/// A board with people in two small volumes, the last of them in the further one.
pub fn of_two_volumes() -> Board {
    let mut board = board(2);
    board.gallery = vec![0xff; 12 * SECTOR_SIZE];
    board.further = vec![board.gallery.clone()];
    board.boot(async |world: &mut World| enrol(world, 1..=PEOPLE).await);
    let used = board.further.iter().all(|volume| volume[4 * SECTOR_SIZE..].iter().any(|cell| *cell != 0xff));
    assert!(used, "somebody is in the further volume");
    board
}

/// The gallery's flash, and that of the other stores.
fn flash(board: &Board) -> [Vec<u8>; 4] {
    [board.gallery.clone(), board.further[0].clone(), board.settings.clone(), board.log.clone()]
}

fn put_back(board: &mut Board, flash: &[Vec<u8>; 4]) {
    let [gallery, further, settings, log] = flash.clone();
    (board.gallery, board.further, board.settings, board.log) = (gallery, vec![further], settings, log);
}

/// Enrols somebody by their face, and returns their ID.
async fn id_of(world: &mut World, name: &str, face: u32) -> Result<u32, Error> {
    match world.host.enrol_from(name, &one_of_many(face), Enrolment::NewPerson).await? {
        Response::Enrolled { person, .. } => Ok(person),
        other => panic!("{other:?}"),
    }
}

async fn remove(world: &mut World, name: &str) -> Result<Response, Error> {
    world.host.ask(Request::Remove { name: Name::try_from(name).unwrap() }).await
}

/// The people of the entries of a kind, from an entry on.
async fn people_of(world: &mut World, kind: Kind, from: u32) -> Vec<u32> {
    let log = world.host.log().await.into_iter();
    let own = log.filter(|(number, entry)| *number >= from && entry.kind == kind);
    own.filter_map(|(_, entry)| entry.person).collect()
}

/// How many volumes the newest fault of the gallery in the log counts since a boot.
async fn gone(world: &mut World) -> Option<u8> {
    let log = world.host.log().await;
    let boot = log.iter().rposition(|(_, entry)| entry.kind == Kind::Booted).unwrap();
    let fault = |entry: &audit::Entry| entry.kind == Kind::Fault && entry.reason == Fault::Gallery as u8;
    log[boot..].iter().find(|(_, entry)| fault(entry)).map(|(_, entry)| entry.detail[0])
}

/// Nobody has a rule or failures, so that the IDs of who is away are in no other record.
#[test]
fn no_id_is_given_again_while_a_volume_is_away_or_an_older_copy_is_there() {
    let mut board = board(2);
    board.gallery = vec![0xff; 12 * SECTOR_SIZE];
    board.further = vec![board.gallery.clone()];
    board.boot(async |world: &mut World| enrol(world, 1..=10).await);
    let older = flash(&board);
    board.boot(async |world: &mut World| enrol(world, 11..=PEOPLE).await);
    let whole = flash(&board);
    // Without the further volume.
    board.further = Vec::new();
    board.boot(async |world: &mut World| {
        for number in 1..=5 {
            remove(world, &name(number)).await.unwrap();
        }
        assert_eq!(id_of(world, "Bob", 400).await, Ok(PEOPLE + 1));
    });
    board.further = vec![whole[1].clone()];
    // With both volumes as they were when there were ten.
    (board.gallery, board.further) = (older[0].clone(), vec![older[1].clone()]);
    board.boot(async |world: &mut World| {
        assert_eq!(world.host.users().await.len(), 10);
        assert_eq!(id_of(world, "Carol", 401).await, Ok(PEOPLE + 2));
    });
    (board.gallery, board.further) = (whole[0].clone(), vec![whole[1].clone()]);
    board.boot(async |world: &mut World| {
        world.host.become_host(DESKS[3]);
        assert_eq!(world.host.users().await.len(), PEOPLE as usize);
        assert_eq!(id_of(world, "Dora", 402).await, Ok(PEOPLE + 3));
        for number in [1, PEOPLE] {
            assert!(comes(world, number).await, "{number}");
        }
    });
}

/// Whoever cuts the power in an enrolment, and then has an older copy of the gallery there, gets no ID twice.
#[test]
fn an_enrolment_that_is_cut_short_gives_its_number_to_nobody_else() {
    let whole = rules::board();
    let (mut lost, mut given) = (0, 0);
    for operation in 1.. {
        let mut board = whole.copy();
        let supply = board.supply.clone();
        board.boot(async |world: &mut World| {
            world.wait(100).await;
            supply.operations.set(0);
            supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
            let _ = world.host.enrol("Carol", 3).await;
        });
        let cut = !supply.is_on();
        supply.cut.set(None);
        let after = std::mem::replace(&mut board.gallery, whole.gallery.clone());
        let id = async |world: &mut World, name: &str, face| match world.host.enrol(name, face).await {
            Ok(Response::Enrolled { person, .. }) => person,
            other => panic!("{other:?}"),
        };
        let other = board.boot(async |world: &mut World| id(world, "Dora", 4).await);
        board.gallery = after;
        board.boot(async |world: &mut World| {
            let users = world.host.ask(Request::ListUsers { from: 0 }).await;
            let Ok(Response::Users { users, .. }) = users else { panic!("{users:?}") };
            match users.iter().find(|user| user.name == *"Carol") {
                Some(carol) => {
                    assert_ne!(carol.person, other, "operation {operation}");
                    given += 1;
                }
                None => lost += u32::from(other > 3),
            }
            assert!(id(world, "Emil", 5).await > other, "operation {operation}");
        });
        if !cut {
            break;
        }
    }
    assert!(lost > 0 && given > 0, "{lost} numbers were lost, {given} given");
}

/// Two people of a name, one in each volume. Each removal has an entry, which is charged.
#[test]
fn each_removal_of_two_people_of_a_name_is_in_the_log_wherever_the_power_is_cut() {
    let mut board = of_two_volumes();
    let whole = flash(&board);
    board.further = Vec::new();
    board.boot(async |world: &mut World| {
        remove(world, &name(1)).await.unwrap();
        assert_eq!(id_of(world, &name(PEOPLE), 500).await, Ok(PEOPLE + 1));
    });
    board.further = vec![whole[1].clone()];
    let counter = board.counter.clone().unwrap();
    let (before, value) = (flash(&board), counter.load(std::sync::atomic::Ordering::Relaxed));
    let (mut one, mut told) = (0, 0);
    for operation in 1.. {
        put_back(&mut board, &before);
        counter.store(value, std::sync::atomic::Ordering::Relaxed);
        let supply = board.supply.clone();
        let from = board.boot(async |world: &mut World| {
            world.wait(100).await;
            let from = world.host.log().await.last().unwrap().0;
            supply.operations.set(0);
            supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
            let _ = remove(world, &name(PEOPLE)).await;
            from
        });
        let cut = !supply.is_on();
        supply.cut.set(None);
        board.boot(async |world: &mut World| {
            let log = world.host.log().await;
            let interrupted = log.iter().any(|(number, entry)| {
                *number > from && entry.kind == Kind::Interrupted && entry.reason == Kind::Removed as u8
            });
            let entries = people_of(world, Kind::Removed, from).await;
            let mut ids = Vec::new();
            let mut next = Some(0);
            while let Some(from) = next {
                let page = world.host.ask(Request::ListUsers { from }).await;
                let Ok(Response::Users { users, next: more }) = page else { panic!("{page:?}") };
                ids.extend(users.iter().map(|user| user.person));
                next = more;
            }
            let gone: Vec<u32> = [PEOPLE, PEOPLE + 1].into_iter().filter(|id| !ids.contains(id)).collect();
            let untold = gone.iter().filter(|id| !entries.contains(id)).count();
            assert!(untold == 0 || untold == 1 && interrupted, "{operation}: {gone:?} {entries:?}");
            one += u32::from(gone.len() == 1);
            told += u32::from(interrupted && !entries.is_empty());
            assert!(cut || entries.len() == 2 && gone.len() == 2, "{operation}: {gone:?} {entries:?}");
        });
        if !cut {
            break;
        }
    }
    assert!(one > 0 && told > 0, "{one} cuts left one of them, {told} came in the middle of the second");
}

/// A volume that is set to ones looks like a new one. Its people are not forgotten, and nobody else gets its room.
#[test]
fn a_volume_that_was_emptied_is_logged_and_takes_nobody_until_an_installer_gives_it_up() {
    let mut board = of_two_volumes();
    board.boot(async |world: &mut World| assert_eq!(gone(world).await, None));
    let further = std::mem::replace(&mut board.further[0], vec![0xff; 12 * SECTOR_SIZE]);
    let known = board.boot(async |world: &mut World| {
        world.host.become_host(DESKS[1]);
        assert_eq!(gone(world).await, Some(1));
        let known = world.host.users().await.len();
        assert!(known < PEOPLE as usize && comes(world, 1).await);
        // The first volume is full.
        assert_eq!(id_of(world, "Bob", 400).await, Err(Error::Tampered));
        known
    });
    // It comes back, and so do its people.
    let emptied = std::mem::replace(&mut board.further[0], further);
    board.boot(async |world: &mut World| {
        assert_eq!(gone(world).await, None);
        assert_eq!(world.host.users().await.len(), PEOPLE as usize);
        assert_eq!(id_of(world, "Bob", 400).await, Ok(PEOPLE + 1));
    });
    board.further[0] = emptied;
    board.boot(async |world: &mut World| {
        assert_eq!(gone(world).await, Some(1), "at each boot");
        world.host.become_host(DESKS[1]);
        restore_limits(world, Limits::default()).await;
        assert_eq!(world.host.users().await.len(), known);
        assert_eq!(id_of(world, "Carol", 401).await, Ok(PEOPLE + 2));
    });
    board.boot(async |world: &mut World| {
        assert_eq!(gone(world).await, None);
        assert!(comes(world, 401).await);
    });
}

/// A board has one volume.
#[test]
fn a_gallery_that_was_emptied_takes_nobody_until_an_installer_gives_its_people_up() {
    let mut board = rules::board();
    board.gallery.fill(0xff);
    board.boot(async |world: &mut World| {
        assert_eq!(gone(world).await, Some(1));
        assert_eq!(world.host.enrol("Carol", 3).await, Err(Error::Tampered));
        restore_limits(world, Limits::default()).await;
        let enrolled = world.host.enrol("Carol", 3).await;
        assert!(matches!(enrolled, Ok(Response::Enrolled { person: 3, .. })), "{enrolled:?}");
    });
    board.boot(async |world: &mut World| {
        assert_eq!(gone(world).await, None);
        assert!(rules::comes(world, 3).await && !rules::comes(world, 1).await);
    });
}

/// Eight places for failures: seven are of people in a volume that is away. Nobody waits for a restart.
#[test]
fn who_fails_gets_the_place_of_somebody_who_is_gone_while_the_door_runs() {
    let mut board = of_two_volumes();
    board.memory = Box::new(Memory::<2, 512, 256, 1, 8>::new());
    let limits = AccessLimits { failures: 3, ..AccessLimits::default() };
    let fails = async |world: &mut World, number: u32| {
        set_rule(world, &name(number), Rule { pin: code("123456"), ..Rule::default() }).await.unwrap();
        assert!(!comes(world, number).await, "a PIN is needed");
        world.type_keys("654321#").await;
    };
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetSettings(Settings { limits, ..settings() })).await.unwrap();
        for number in PEOPLE - 6..=PEOPLE {
            fails(world, number).await;
        }
    });
    board.further = Vec::new();
    board.boot(async |world: &mut World| {
        assert!(comes(world, 2).await, "one place is free");
        fails(world, 1).await;
        assert!(comes(world, 2).await && comes(world, 3).await, "places of who is gone are free again");
    });
}
