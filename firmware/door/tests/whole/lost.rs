//! Records that were lost or tampered with: what stops, who has a way out, and what whoever damaged them gains.

use crate::simulation::{
    Board, World, engine,
    host::{self, signing_key},
    rules::{board, comes},
    supply::Cut,
};
use audit::{Entry, Kind};
use protocol::{Error, Label, ModelKind, Pairing, Request, Response, Role};

/// The keys of the record of a host, of the active encoder and of its newest release, as `store::storage` draws them.
const HOST: u16 = 0x0240;
const ACTIVE_ENCODER: u16 = 0x0202;
const NEWEST_ENCODER: u16 = 0x0222;
/// And of the signer.
const SIGNER: u16 = 0x0231;

/// Damages every record of a key of the settings.
pub fn lose(board: &mut Board, key: u16) {
    let found = records(&board.settings, key);
    assert!(!found.is_empty());
    found.into_iter().for_each(|at| board.settings[at + 10] = !board.settings[at + 10]);
}

/// Where the records of a key begin in the flash of the settings.
pub fn records(flash: &[u8], key: u16) -> Vec<usize> {
    let is_record = |at: &usize| {
        // The key follows the length of a sealed record. Bytes that are sealed can look like a key.
        let [low, high] = [flash[at - 4], flash[at - 3]];
        flash[*at..*at + 2] == key.to_le_bytes() && (46..=222).contains(&u16::from_le_bytes([low, high]))
    };
    (8..flash.len() - 12).filter(is_record).collect()
}

/// A board with two people, an installer (host 7), and another host (8).
fn board_with(role: Role) -> Board {
    let mut board = board();
    board.boot(async |world: &mut World| join(world, role, 8).await.unwrap());
    board
}

/// Pairs a host that the installer invites.
async fn join(world: &mut World, role: Role, secret: u8) -> Result<(), Error> {
    world.host.become_host(7);
    world.host.ask(Request::Invite { role }).await?;
    world.host.become_host(secret);
    world.host.begin_pairing(role, "desk").await?;
    world.confirm().await;
    world.host.ask(Request::PollPairing).await.map(drop)
}

async fn begin(world: &mut World, role: Role) -> Result<Response, Error> {
    let label = Label::try_from("thief").unwrap();
    world.host.ask(Request::BeginPairing { role, label, commitment: [0; 32] }).await
}

#[test]
fn an_installer_who_is_left_lets_others_be_paired_again() {
    let mut board = board_with(Role::Operator);
    lose(&mut board, HOST + 1);
    board.boot(async |world: &mut World| {
        world.host.become_host(8);
        assert_eq!(world.host.connect().await, None);
        assert_eq!(
            world.host.ask(Request::GetSettings).await,
            Err(Error::HostsLost),
            "it is served no longer"
        );
        assert_eq!(begin(world, Role::Installer).await, Err(Error::HostsLost), "and nobody is paired");
        assert!(comes(world, 1).await, "people come in");
        join(world, Role::Operator, 9).await.unwrap();
        assert_eq!(world.host.connect().await, Some(Role::Operator));
        world.host.become_host(8);
        assert_eq!(
            world.host.ask(Request::GetSettings).await,
            Err(Error::Unpaired),
            "who was lost stays out"
        );
        world.host.become_host(7);
        let log = world.host.log().await;
        let (_, invited) = log.iter().rfind(|(_, entry)| entry.kind == Kind::Invited).unwrap();
        assert_eq!(invited.detail[4], 0b10, "the log says whose record was emptied");
    });
    board.boot(async |world: &mut World| {
        assert!(!faulty(&world.host.log().await), "the board is whole again");
        world.host.become_host(8);
        assert_eq!(world.host.connect().await, None);
    });
}

/// Whether the last boot found a fault.
fn faulty(log: &[(u32, Entry)]) -> bool {
    let since = log.iter().rev().take_while(|(_, entry)| entry.kind != Kind::Booted);
    since.into_iter().any(|(_, entry)| entry.kind == Kind::Fault)
}

/// Asks for all to be erased, and presses the pairing button twice.
pub async fn erase(world: &mut World) {
    let waits = world.host.ask(Request::Erase).await;
    let waits = waits.map(|waits| matches!(waits, Response::Pairing(Pairing::Erasing { .. })));
    assert_eq!(waits, Ok(true));
    world.confirm().await;
    assert_eq!(world.wires.restarts.get(), 0, "one press erases nothing");
    world.confirm().await;
    world.wait(2_000).await;
    assert_eq!(world.wires.restarts.get(), 1);
}

/// A board as new: nobody is known, and the log is there.
async fn is_new(world: &mut World) {
    assert!(!comes(world, 1).await);
    host::pair(world).await;
    assert_eq!(world.host.users().await, [""; 0]);
    let Ok(Response::Status(status)) = world.host.ask(Request::Status).await else { panic!() };
    assert_eq!((status.hosts, status.models.len()), (1, 0));
    let log = world.host.log().await;
    assert!(log.iter().any(|(_, entry)| entry.kind == Kind::Enrolled), "what was before");
    let erased = log.iter().find(|(_, entry)| entry.kind == Kind::Erased).unwrap().1;
    let thief = crypto::handshake::public_key(&crypto::Key::new([66; 32]));
    assert_eq!(erased.detail[..4], thief[..4], "and who had it erased");
}

#[test]
fn whoever_damages_the_installers_record_gets_a_new_board_and_nothing_of_the_old_one() {
    let mut board = board_with(Role::Operator);
    lose(&mut board, HOST);
    let damaged = board.copy();
    board.boot(async |world: &mut World| {
        world.host.become_host(66);
        assert_eq!(begin(world, Role::Installer).await, Err(Error::HostsLost));
        world.host.ask(Request::Erase).await.unwrap();
        world.wait(61_000).await;
        world.confirm().await;
        world.confirm().await;
        world.wait(2_000).await;
        assert_eq!(world.wires.restarts.get(), 0, "too late");
        world.host.ask(Request::Erase).await.unwrap();
        for _ in 0..2 {
            world.wait(4_500).await;
            world.press().await;
        }
        world.wait(2_000).await;
        assert_eq!(world.wires.restarts.get(), 0, "the exit button erases nothing");
        world.host.become_host(8);
        assert_eq!(world.host.users().await, ["Ann", "Bob"], "the operator goes on");
    });
    board.boot(async |world: &mut World| {
        world.host.become_host(66);
        erase(world).await;
    });
    board.boot(is_new);
    assert!(!board.settings.windows(3).any(|bytes| bytes == b"Ann"));
    // Everything that the damage took is gone as well where the power fails while it is erased.
    let mut board = damaged;
    board.boot(async |world: &mut World| {
        world.host.become_host(66);
        erase(world).await;
    });
    let ordered = board;
    for operation in 1.. {
        let mut board = ordered.copy();
        let supply = board.supply.clone();
        supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
        board.boot(async |world: &mut World| {
            world.host.become_host(8);
            assert_eq!(world.host.connect().await, None, "operation {operation}");
        });
        let cut = !supply.is_on();
        supply.cut.set(None);
        board.boot(is_new);
        if !cut || operation > 12 {
            assert!(operation > 4);
            break;
        }
    }
}

#[test]
fn while_an_installer_is_known_nobody_else_erases_anything() {
    let mut board = board_with(Role::Operator);
    let refused = Err(Error::Forbidden { needed: Role::Installer });
    for lost in [false, true] {
        if lost {
            lose(&mut board, HOST + 1);
        }
        board.boot(async |world: &mut World| {
            for secret in [8, 66] {
                world.host.become_host(secret);
                assert_eq!(world.host.ask(Request::Erase).await, refused, "{secret}");
            }
            world.host.send_plain(&Request::Erase);
            assert_eq!(world.host.receive().await.1, Err(Error::Unpaired));
            world.confirm().await;
            world.confirm().await;
            world.wait(2_000).await;
            assert_eq!(world.wires.restarts.get(), 0);
        });
    }
    board.boot(async |world: &mut World| erase(world).await);
    board.boot(async |world: &mut World| {
        host::pair(world).await;
        assert_eq!(world.host.users().await, [""; 0], "an installer may");
    });
}

#[test]
fn a_flash_that_does_not_erase_admits_and_serves_nobody_and_is_erased_by_a_later_boot() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetSigner { signer: [1; 32] }).await.unwrap();
        erase(world).await;
    });
    for broken in ["gallery", "settings", "log"] {
        let supply = board.supply.clone();
        supply.broken.set(Some(broken));
        board.boot(async |world: &mut World| {
            assert!(!comes(world, 1).await, "{broken}");
            assert_eq!(world.host.connect().await, None, "{broken}");
        });
        supply.broken.set(None);
    }
    board.boot(async |world: &mut World| {
        host::pair(world).await;
        assert_eq!(world.host.users().await, [""; 0]);
    });
    board.boot(async |world: &mut World| assert_eq!(world.host.connect().await, Some(Role::Installer)));
}

/// A worn sector does not heal, and each boot would wear all others.
#[test]
fn a_flash_that_never_erases_is_erased_by_so_many_boots_and_no_more() {
    for broken in ["gallery", "settings"] {
        let mut board = board();
        board.boot(erase);
        let supply = board.supply.clone();
        supply.broken.set(Some(broken));
        supply.erases.borrow_mut().clear();
        for _ in 0..20 {
            supply.operations.set(0);
            board.boot(async |world: &mut World| {
                assert!(!comes(world, 1).await, "{broken}");
                assert_eq!(world.host.connect().await, None, "{broken}");
            });
        }
        assert_eq!(supply.operations.get(), 0, "{broken}: the last boots write nothing");
        supply.broken.set(None);
        board.boot(async |world: &mut World| {
            assert!(!comes(world, 1).await, "{broken}");
            assert_eq!(world.host.connect().await, None, "{broken}");
        });
        let most = supply.most("gallery", 0..u32::MAX);
        assert_eq!(most, 8, "{broken}");
    }
}

#[test]
fn an_older_copy_of_the_flash_can_be_erased_and_used_again() {
    let mut board = board();
    let old = board.settings.clone();
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetSigner { signer: [1; 32] }).await.unwrap()
    });
    board.settings = old;
    board.boot(async |world: &mut World| {
        assert_eq!(world.host.ask(Request::GetSettings).await, Err(Error::HostsLost));
        world.host.become_host(66);
        erase(world).await;
    });
    board.boot(is_new);
    board.boot(async |world: &mut World| {
        assert_eq!(world.host.connect().await, Some(Role::Installer), "the counter fits again");
    });
}

#[test]
fn a_lost_newest_release_is_known_from_its_second_record_and_lets_no_older_one_in() {
    let mut board = Board::with_models();
    let kind = ModelKind::Encoder;
    let (old, active, new) =
        (engine::encoder("old", 1), engine::encoder("active", 1), engine::encoder("new", 1));
    board.boot(async |world: &mut World| {
        for (sequence, image) in [(4, &old), (9, &active)] {
            world.host.sequence = sequence;
            world.host.flash(kind, image).await.unwrap();
        }
    });
    let mut both = board.copy();
    lose(&mut board, NEWEST_ENCODER);
    board.boot(async |world: &mut World| {
        // The image that runs was signed as another release, too.
        for image in [&old, &active] {
            let begun = world.host.ask(host::begin(&signing_key(), kind, image, 4)).await;
            assert_eq!(begun, Err(Error::TooOld { kind, newest: 9 }));
        }
        assert!(faulty(&world.host.log().await), "the log tells");
        world.host.sequence = 10;
        world.host.flash(kind, &new).await.unwrap();
    });
    board.boot(async |world: &mut World| {
        let begun = world.host.ask(host::begin(&signing_key(), kind, &active, 9)).await;
        assert_eq!(begun, Err(Error::TooOld { kind, newest: 10 }));
        assert!(!faulty(&world.host.log().await), "it was written again");
    });
    lose(&mut both, NEWEST_ENCODER);
    lose(&mut both, ACTIVE_ENCODER);
    both.boot(async |world: &mut World| {
        for (image, sequence) in [(&old, 4), (&active, 9), (&new, 10)] {
            let begun = world.host.ask(host::begin(&signing_key(), kind, image, sequence)).await;
            assert_eq!(begun, Err(Error::ReleaseLost { kind }), "release {sequence}");
        }
        assert!(faulty(&world.host.log().await), "the log tells");
    });
}

#[test]
fn a_lost_signer_is_set_again_by_an_installer() {
    let mut board = board();
    lose(&mut board, SIGNER);
    let image = engine::encoder("better", 2);
    board.boot(async |world: &mut World| {
        assert!(faulty(&world.host.log().await), "the log tells");
        let begin = host::begin(&signing_key(), ModelKind::Encoder, &image, 9);
        let unsigned = Err(Error::Unsigned { kind: ModelKind::Encoder });
        assert_eq!(world.host.ask(begin.clone()).await, unsigned);
        let signer = signing_key().verifying_key().to_bytes();
        world.host.ask(Request::SetSigner { signer }).await.unwrap();
        assert!(matches!(world.host.ask(begin).await, Ok(Response::Progress { .. })));
        assert_eq!(world.host.kinds().await.iter().filter(|kind| **kind == Kind::Signer).count(), 1);
    });
}

/// What is lost after the boot is told when it is missed, once.
#[test]
fn a_signer_that_is_lost_while_the_board_runs_is_logged_once() {
    board().boot(async |world: &mut World| {
        assert!(!faulty(&world.host.log().await));
        let newest = |flash: &[u8]| records(flash, SIGNER).into_iter().next_back().unwrap() + 10;
        world.supply.spoiled.set(Some(("settings", newest)));
        let image = engine::encoder("better", 2);
        for _ in 0..3 {
            let begin = host::begin(&signing_key(), ModelKind::Encoder, &image, 9);
            let unsigned = Err(Error::Unsigned { kind: ModelKind::Encoder });
            assert_eq!(world.host.ask(begin).await, unsigned);
            world.wait(2_000).await;
        }
        assert_eq!(world.host.kinds().await.iter().filter(|kind| **kind == Kind::Fault).count(), 1);
    });
}
