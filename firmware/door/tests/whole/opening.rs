//! Opening by a signed command: who signs it, which commands, and what the board has after a power cut.

use crate::insider::join;
use crate::simulation::{Board, World, host::Host, supply::Cut};
use crate::stored_rules::damage;
use audit::Kind;
use crypto::{Key, Opening};
use protocol::{
    Error, EventKind, Hash, MAX_OPENERS, NotOpened, Request, Response, Role, Settings, Signature,
};

const NOW: u64 = 1_800_000_000_000;
/// The keys of two operators.
const ADA: [u8; 32] = [0xA1; 32];
const BOB: [u8; 32] = [0xB2; 32];

fn public(secret: [u8; 32]) -> Hash {
    crypto::sign(&Key::new(secret), b"").0
}

/// A command of an operator for a board.
fn command(secret: [u8; 32], board: Hash, counter: u64, until: u64) -> Request<'static> {
    let opening = Opening { board, counter, until };
    let (signer, signature) = crypto::sign(&Key::new(secret), &opening.signed());
    Request::Open { signer, counter, until, signature: Signature::new(&signature) }
}

/// Sends a command, and tells whether the lock is open then.
async fn says(world: &mut World, request: Request<'_>) -> Result<Response, Error> {
    let reply = world.host.ask(request).await;
    world.wait(50).await;
    assert_eq!(world.is_open(), reply.is_ok(), "{reply:?}");
    world.wait(10_000).await;
    assert!(!world.is_open(), "it opens for a time");
    reply
}

async fn allow(host: &mut Host, secret: [u8; 32], allowed: bool) -> Result<Response, Error> {
    host.ask(Request::SetOpener { key: public(secret), allowed }).await
}

fn refused(why: NotOpened) -> Result<Response, Error> {
    Err(Error::NotOpened { why })
}

#[test]
fn nobody_opens_by_a_command_until_an_installer_allows_it() {
    let mut board = Board::new();
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetClock { unix_ms: NOW }).await.unwrap();
        let own = world.host.board;
        let counted = NOW + 60_000;
        let at = |counter: u64| command(ADA, own, counted + counter, NOW + 240_000);
        assert_eq!(says(world, at(1)).await, refused(NotOpened::NotAllowed), "by default");
        join(world, Role::Operator, 9).await;
        let needed = Role::Installer;
        assert_eq!(allow(&mut world.host, ADA, true).await, Err(Error::Forbidden { needed }));
        assert_eq!(says(world, at(1)).await, refused(NotOpened::NotAllowed));
        world.host.become_host(7);
        allow(&mut world.host, ADA, true).await.unwrap();
        assert_eq!(
            world.host.ask(Request::ListOpeners).await,
            Ok(Response::Openers([public(ADA)].into_iter().collect()))
        );
        // Who carries it needs no more than to be paired.
        join(world, Role::Auditor, 11).await;
        assert_eq!(says(world, at(2)).await, Ok(Response::Done));
        let auditor = world.host.key();
        world.host.become_host(66);
        assert_eq!(says(world, at(3)).await, Err(Error::Unpaired));
        world.host.become_host(7);
        let log = world.host.log().await;
        let openings: Vec<_> = log.iter().filter(|(_, entry)| entry.kind == Kind::Opened).collect();
        let [(_, entry)] = openings[..] else { panic!("{openings:?}") };
        assert_eq!((&entry.detail[..4], &entry.detail[4..]), (&auditor[..4], &public(ADA)[..8]));
        let opener = log.iter().find(|(_, entry)| entry.kind == Kind::Opener).unwrap().1;
        assert_eq!((opener.reason, &opener.detail[4..]), (1, &public(ADA)[..8]));
        assert!(!log.iter().any(|(_, entry)| entry.kind == Kind::Button));
        let Ok(Response::Events { events, .. }) = world.host.ask(Request::NextEvents { after: 0 }).await
        else {
            panic!()
        };
        let open_ms = Settings::default().open_ms;
        assert!(
            events.iter().any(|event| event.kind == EventKind::OpenedByCommand { open_ms }),
            "{events:?}"
        );
        allow(&mut world.host, ADA, false).await.unwrap();
        assert_eq!(says(world, at(4)).await, refused(NotOpened::NotAllowed), "no more");
    });
}

#[test]
fn a_command_counts_once_for_one_board_and_for_a_time() {
    let mut board = Board::new();
    let kept = board.boot(async |world: &mut World| {
        world.host.ask(Request::SetClock { unix_ms: NOW }).await.unwrap();
        for secret in [ADA, BOB] {
            allow(&mut world.host, secret, true).await.unwrap();
        }
        let own = world.host.board;
        let until = NOW + 200_000;
        let first = || command(ADA, own, until, until);
        assert_eq!(says(world, first()).await, Ok(Response::Done));
        assert_eq!(says(world, first()).await, refused(NotOpened::Used), "the same again");
        assert_eq!(
            says(world, command(ADA, own, until - 1, until)).await,
            refused(NotOpened::Used),
            "an older one"
        );
        assert_eq!(
            says(world, command(BOB, own, until - 1, until)).await,
            Ok(Response::Done),
            "each has a counter"
        );
        assert_eq!(
            says(world, command(ADA, [9; 32], until + 1, until)).await,
            refused(NotOpened::Forged),
            "another board"
        );
        assert_eq!(says(world, command(ADA, own, until + 1, NOW)).await, refused(NotOpened::Expired));
        let far = NOW + 1_000_000;
        assert_eq!(says(world, command(ADA, own, until + 1, far)).await, refused(NotOpened::TooLong));
        let Request::Open { counter, until, signature, .. } = command(BOB, own, until + 1, until) else {
            panic!()
        };
        let stolen = Request::Open { signer: public(ADA), counter, until, signature };
        assert_eq!(says(world, stolen).await, refused(NotOpened::Forged), "signed by somebody else");
        let next = Request::Open { signer: public(BOB), counter: counter + 1, until, signature };
        assert_eq!(says(world, next).await, refused(NotOpened::Forged), "another counter");
        (own, until)
    });
    // After a power cut the board knows the counters, and not the time.
    board.boot(async |world: &mut World| {
        let (own, until) = kept;
        let again = || command(ADA, own, until, until);
        assert_eq!(says(world, again()).await, refused(NotOpened::NoClock));
        world.host.ask(Request::SetClock { unix_ms: until - 100_000 }).await.unwrap();
        assert_eq!(says(world, again()).await, refused(NotOpened::Used), "from before the power cut");
        assert_eq!(says(world, command(ADA, own, until + 1, until)).await, Ok(Response::Done));
        // Who is allowed again has used nothing, and what they signed before counts for nothing all the same.
        allow(&mut world.host, ADA, false).await.unwrap();
        allow(&mut world.host, ADA, true).await.unwrap();
        let before = command(ADA, own, NOW, until);
        assert_eq!(says(world, before).await, refused(NotOpened::Used));
        // Nor what they used already by a clock that is ahead of the board's.
        assert_eq!(says(world, command(ADA, own, until + 1, until)).await, refused(NotOpened::Used));
        assert_eq!(says(world, command(ADA, own, until + 2, until)).await, Ok(Response::Done));
    });
}

#[test]
fn a_door_that_lets_nobody_in_opens_by_no_command() {
    let mut board = Board::new();
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetClock { unix_ms: NOW }).await.unwrap();
        allow(&mut world.host, ADA, true).await.unwrap();
        let own = world.host.board;
        let at = |counter: u64| command(ADA, own, NOW + 60_000 + counter, NOW + 250_000);
        world.host.ask(Request::PauseDoor { ms: 60_000 }).await.unwrap();
        assert_eq!(says(world, at(1)).await, refused(NotOpened::Paused));
        world.host.ask(Request::PauseDoor { ms: 0 }).await.unwrap();
        world.host.ask(Request::SetSettings(Settings::default())).await.unwrap();
        world.wires.cover.set(true);
        world.wait(2_000).await;
        world.host.connect().await;
        assert_eq!(says(world, at(1)).await, refused(NotOpened::CoverOpen));
        world.wires.cover.set(false);
        world.wait(2_000).await;
        assert_eq!(says(world, at(1)).await, Ok(Response::Done), "nothing of it was used up");
    });
    let erased = vec![0xff; board.settings.len()];
    damage(&mut board.settings, &erased, 0x0235);
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetClock { unix_ms: NOW + 60_000 }).await.unwrap();
        let own = world.host.board;
        let after = command(ADA, own, NOW + 70_000, NOW + 250_000);
        assert_eq!(says(world, after).await, refused(NotOpened::Locked), "settings that were tampered with");
    });
}

#[test]
fn so_many_may_open_and_no_more_and_another_signer_of_images_changes_none_of_them() {
    Board::new().boot(async |world: &mut World| {
        for secret in 0..MAX_OPENERS as u8 {
            allow(&mut world.host, [secret; 32], true).await.unwrap();
            allow(&mut world.host, [secret; 32], true).await.unwrap();
        }
        let full = Err(Error::OpenersFull { limit: MAX_OPENERS as u8 });
        assert_eq!(allow(&mut world.host, ADA, true).await, full);
        allow(&mut world.host, [2; 32], false).await.unwrap();
        allow(&mut world.host, ADA, true).await.unwrap();
        world.host.ask(Request::SetSigner { signer: [0xab; 32] }).await.unwrap();
        let expected: Vec<Hash> = [[0; 32], [1; 32], ADA, [3; 32]].map(public).to_vec();
        let Ok(Response::Openers(openers)) = world.host.ask(Request::ListOpeners).await else { panic!() };
        assert_eq!(openers[..], expected[..]);
    });
}

#[test]
fn a_power_cut_while_a_command_is_taken_repeats_it_never() {
    let mut whole = Board::new();
    let own = whole.boot(async |world: &mut World| {
        allow(&mut world.host, ADA, true).await.unwrap();
        world.host.board
    });
    let until = NOW + 250_000;
    let (mut used, mut later) = (0, 0);
    for operation in 1.. {
        let mut board = whole.copy();
        let supply = board.supply.clone();
        board.boot(async |world: &mut World| {
            world.host.ask(Request::SetClock { unix_ms: NOW }).await.unwrap();
            supply.operations.set(0);
            supply.cut.set(Some(Cut { operation, half: operation % 2 == 0 }));
            let _ = world.host.ask(command(ADA, own, until, until)).await;
        });
        let cut = !supply.is_on();
        supply.cut.set(None);
        board.boot(async |world: &mut World| {
            world.host.ask(Request::SetClock { unix_ms: NOW + 60_000 }).await.unwrap();
            // The entry is written before the lock opens.
            let may_have_opened = world.host.kinds().await.contains(&Kind::Opened);
            let again = world.host.ask(command(ADA, own, until, until)).await;
            match again {
                Ok(Response::Done) => assert!(!may_have_opened, "operation {operation}"),
                _ => assert_eq!(again, refused(NotOpened::Used)),
            }
            (used, later) = if again.is_ok() { (used, later + 1) } else { (used + 1, later) };
        });
        if !cut {
            break;
        }
    }
    assert!(used > 1 && later > 1, "{used} used, {later} later");
}

#[test]
fn a_command_that_is_refused_costs_its_carrier_nothing() {
    Board::new().boot(async |world: &mut World| {
        world.host.ask(Request::SetClock { unix_ms: NOW }).await.unwrap();
        allow(&mut world.host, ADA, true).await.unwrap();
        let own = world.host.board;
        join(world, Role::Operator, 9).await;
        let expired = || command(ADA, own, NOW + 1, NOW - 1);
        let before = world.host.kinds().await.len();
        for _ in 0..300 {
            assert_eq!(world.host.ask(expired()).await, refused(NotOpened::Expired));
        }
        assert_eq!(world.host.kinds().await.len(), before, "and makes no entry");
        world.host.ask(Request::PauseDoor { ms: 0 }).await.expect("its account is as it was");
    });
}

#[test]
fn counters_that_are_lost_begin_now() {
    let mut board = Board::new();
    let erased = vec![0xff; board.settings.len()];
    let (own, counter, until) = board.boot(async |world: &mut World| {
        world.host.ask(Request::SetClock { unix_ms: NOW }).await.unwrap();
        allow(&mut world.host, ADA, true).await.unwrap();
        let used = (world.host.board, NOW + 30_000, NOW + 250_000);
        assert_eq!(says(world, command(ADA, used.0, used.1, used.2)).await, Ok(Response::Done));
        used
    });
    damage(&mut board.settings, &erased, 0x023d);
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetClock { unix_ms: NOW + 60_000 }).await.unwrap();
        assert_eq!(says(world, command(ADA, own, counter, until)).await, refused(NotOpened::Used));
        assert_eq!(says(world, command(ADA, own, NOW + 90_000, until)).await, Ok(Response::Done));
    });
}

/// Somebody destroys the newest record of the counters while the board runs, so that flash has the one before.
#[test]
fn a_command_that_was_used_since_the_reset_is_used_whatever_flash_has() {
    let newest = |settings: &[u8]| *crate::lost::records(settings, 0x023d).last().unwrap() + 10;
    let mut board = Board::new();
    let (own, until) = board.boot(async |world: &mut World| {
        world.host.ask(Request::SetClock { unix_ms: NOW }).await.unwrap();
        allow(&mut world.host, ADA, true).await.unwrap();
        let (own, until) = (world.host.board, NOW + 250_000);
        for counter in [NOW + 10_000, NOW + 20_000] {
            assert_eq!(says(world, command(ADA, own, counter, until)).await, Ok(Response::Done));
        }
        world.supply.spoiled.set(Some(("settings", newest)));
        let used = says(world, command(ADA, own, NOW + 20_000, until)).await;
        assert_eq!(used, refused(NotOpened::Used), "memory has it");
        assert!(world.supply.spoiled.get().is_none());
        (own, until)
    });
    // After a reset the record of before counts: so that was it.
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetClock { unix_ms: NOW + 100_000 }).await.unwrap();
        assert_eq!(says(world, command(ADA, own, NOW + 10_000, until)).await, refused(NotOpened::Used));
        assert_eq!(says(world, command(ADA, own, NOW + 20_000, until)).await, Ok(Response::Done));
    });
}
