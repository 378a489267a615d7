//! Firmware updates over the line: confirmed when healthy, and safe from power cuts. The choice of the boot loader is the real
//! one (`boot::decide`); the firmware that runs is always the one under test.

use crate::simulation::{
    Board, World,
    firmware::{BOARD, FIRST, image},
    host::{self, signing_key},
    supply::{Cut, Supply},
};
use audit::Kind;
use board_api::ResetReason;
use ed25519_dalek::SigningKey;
use protocol::{Error, Firmware, MAX_CHUNK, ModelKind, Request, Response};

async fn running(world: &mut World) -> Firmware {
    match world.host.ask(Request::Firmware).await {
        Ok(Response::Firmware(firmware)) => firmware,
        other => panic!("{other:?}"),
    }
}

/// Transfers an image as a release, signed by the key that the board trusts.
async fn flash(world: &mut World, image: &[u8], release: u64) -> Result<(), Error> {
    let begin = host::begin(&signing_key(), ModelKind::Firmware, image, release);
    let Response::Progress { next } = world.host.ask(begin).await? else { panic!() };
    for (at, data) in (0u32..).zip(image.chunks(MAX_CHUNK)) {
        let offset = at * MAX_CHUNK as u32;
        if offset + data.len() as u32 > next {
            world.host.ask(Request::ModelChunk { offset, data }).await?;
        }
    }
    world.host.ask(Request::CommitModel).await.map(drop)
}

/// Waits until io has fed the watchdog and the worker has checked its health.
async fn settle(world: &World) {
    world.wait(3_000).await;
}

/// The entries of the log about firmware: reason and release.
async fn told(world: &mut World) -> Vec<(u8, u64)> {
    let log = world.host.log().await;
    let told = log.into_iter().filter(|(_, entry)| entry.kind == Kind::Firmware);
    told.map(|(_, entry)| (entry.reason, u64::from_le_bytes(entry.detail[4..].try_into().unwrap()))).collect()
}

fn settled(slot: u8, newest: u64) -> Firmware {
    Firmware { slot, running: newest, newest, pending: None, trial: false }
}

#[test]
fn an_update_on_trial_activates_itself() {
    let mut board = Board::new();
    let update = image(BOARD, 2, &signing_key());
    board.boot(async |world: &mut World| {
        assert_eq!(running(world).await, settled(0, FIRST));
        flash(world, &update, 2).await.unwrap();
        assert_eq!(running(world).await, Firmware { pending: Some(2), ..settled(0, FIRST) });
    });
    board.boot(async |world: &mut World| {
        assert_eq!(
            running(world).await,
            Firmware { slot: 1, running: 2, newest: FIRST, pending: Some(2), trial: true }
        );
        assert_eq!(
            flash(world, &update, 2).await,
            Err(Error::OnTrial),
            "the other slot is the one to go back to"
        );
        world.host.ask(Request::SetClock { unix_ms: 1_800_000_000_000 }).await.unwrap();
        settle(world).await;
        assert_eq!(
            world.wires.restarts.get(),
            1,
            "it restarts, so that the boot loader records the confirmation"
        );
        assert_eq!(running(world).await, Firmware { pending: Some(2), ..settled(1, 2) });
        assert_eq!(told(world).await, [(1, 2)]);
        assert!(world.host.kinds().await.contains(&Kind::Model));
        // Until then the boot loader's record calls the other slot active.
        let next = image(BOARD, 3, &signing_key());
        assert_eq!(flash(world, &next, 3).await, Err(Error::OnTrial));
    });
    board.reset = Some(ResetReason::Requested);
    board.boot(async |world: &mut World| {
        assert_eq!(running(world).await, settled(1, 2));
        let Ok(Response::Status(status)) = world.host.ask(Request::Status).await else { panic!() };
        assert!(status.clock.exact, "the clock goes on over the restart");
        let older = image(BOARD, 1, &signing_key());
        let refused = Error::TooOld { kind: ModelKind::Firmware, newest: 2 };
        assert_eq!(flash(world, &older, 1).await, Err(refused));
    });
}

/// An installer who sets another signer, as the key of before may be stolen, has nothing started that is signed by that.
#[test]
fn another_signer_withdraws_what_the_one_before_has_staged() {
    let mut board = Board::new();
    let update = image(BOARD, 2, &signing_key());
    board.boot(async |world: &mut World| {
        flash(world, &update, 2).await.unwrap();
        let signer = signing_key().verifying_key().to_bytes();
        world.host.ask(Request::SetSigner { signer }).await.unwrap();
        assert_eq!(running(world).await.pending, Some(2), "the same signer changes nothing");
        let signer = SigningKey::from_bytes(&[0x99; 32]).verifying_key().to_bytes();
        world.host.ask(Request::SetSigner { signer }).await.unwrap();
        assert_eq!(running(world).await, settled(0, FIRST));
    });
    board.boot(async |world: &mut World| assert_eq!(running(world).await, settled(0, FIRST)));
    let mut board = Board::new();
    board.boot(async |world: &mut World| {
        let begin = host::begin(&signing_key(), ModelKind::Firmware, &update, 2);
        world.host.ask(begin).await.unwrap();
        let signer = SigningKey::from_bytes(&[0x99; 32]).verifying_key().to_bytes();
        world.host.ask(Request::SetSigner { signer }).await.unwrap();
        let chunk = Request::ModelChunk { offset: 0, data: &update[..64] };
        assert_eq!(world.host.ask(chunk).await.map(drop), Err(Error::NoTransfer));
    });
}

/// A write that failed may be in flash all the same: then nobody knows that the update will not be tried.
#[test]
fn no_other_signer_is_set_while_an_update_cannot_be_withdrawn() {
    let mut board = Board::new();
    let update = image(BOARD, 2, &signing_key());
    let signer = SigningKey::from_bytes(&[0x99; 32]).verifying_key().to_bytes();
    board.boot(async |world: &mut World| {
        world.supply.broken.set(Some("requests"));
        assert!(flash(world, &update, 2).await.is_err());
        world.supply.broken.set(None);
        assert_eq!(world.host.ask(Request::SetSigner { signer }).await.map(drop), Err(Error::Flash));
    });
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetSigner { signer }).await.map(drop).unwrap()
    });
}

#[test]
fn an_update_that_is_refused_withdraws_nothing() {
    let mut board = Board::new();
    let update = image(BOARD, 2, &signing_key());
    board.boot(async |world: &mut World| {
        flash(world, &update, 2).await.unwrap();
        let kind = ModelKind::Firmware;
        let old = host::begin(&signing_key(), kind, &update, 0);
        assert_eq!(world.host.ask(old).await.map(drop), Err(Error::TooOld { kind, newest: FIRST }));
        let large = vec![0; 4 << 20];
        let large = world.host.ask(host::begin(&signing_key(), kind, &large, 3)).await;
        assert!(matches!(large, Err(Error::SlotSize { .. })), "{large:?}");
        assert_eq!(running(world).await.pending, Some(2));
    });
}

#[test]
fn an_update_that_is_not_healthy_is_rolled_back_and_the_log_tells() {
    let mut board = Board::new();
    let update = image(BOARD, 2, &signing_key());
    board.boot(async |world: &mut World| flash(world, &update, 2).await.unwrap());
    for _ in 0..boot::TRIALS {
        // It is reset before it can confirm itself.
        board.boot(async |_: &mut World| ());
    }
    board.boot(async |world: &mut World| {
        assert_eq!(running(world).await, settled(0, FIRST));
        assert_eq!(told(world).await, [(2, 2)]);
        settle(world).await;
    });
    board.boot(async |world: &mut World| assert_eq!(told(world).await, [(2, 2)], "there is one entry"));
}

/// Entries that the installer is charged for an update: for the transfer, for what completes it, for a restart.
const CHARGED: [usize; 3] = [1, 5, 2];

#[test]
fn an_update_is_charged_all_that_it_writes_however_it_ends() {
    let update = image(BOARD, 2, &signing_key());
    for (healthy, written) in [(true, 6), (false, 8)] {
        let mut board = Board::new();
        let before = board.boot(async |world: &mut World| {
            let before = world.host.log().await.len();
            flash(world, &update, 2).await.unwrap();
            world.host.ask(Request::Reboot).await.unwrap();
            before
        });
        for _ in 0..if healthy { 1 } else { boot::TRIALS } {
            board.boot(async |world: &mut World| {
                if healthy {
                    settle(world).await
                }
            });
        }
        board.boot(async |world: &mut World| {
            assert_eq!(world.host.log().await.len() - before, written, "healthy: {healthy}");
            assert!(written <= CHARGED.iter().sum());
        });
    }
    Board::new().boot(async |world: &mut World| {
        let signer = signing_key().verifying_key().to_bytes();
        while world.host.ask(Request::SetSigner { signer }).await.is_ok() {}
        let [begin, complete, _] = CHARGED;
        world.wait(60_000 * (begin + complete - 1) as u64).await;
        let refused = flash(world, &update, 2).await;
        assert!(matches!(refused, Err(Error::TooManyChanges { .. })), "{refused:?}");
        world.wait(60_000 * (begin + complete) as u64).await;
        flash(world, &update, 2).await.unwrap();
    });
}

#[test]
fn an_update_that_was_changed_in_flash_is_refused_and_the_log_tells() {
    let mut board = Board::new();
    let update = image(BOARD, 2, &signing_key());
    board.boot(async |world: &mut World| flash(world, &update, 2).await.unwrap());
    board.firmware[1][300] ^= 1;
    board.boot(async |world: &mut World| {
        assert_eq!(running(world).await, settled(0, FIRST));
        assert_eq!(told(world).await, [(3, 2)]);
    });
}

#[test]
fn firmware_that_was_damaged_is_replaced_by_the_release_before_and_the_log_tells() {
    let mut board = Board::new();
    let update = image(BOARD, 2, &signing_key());
    board.boot(async |world: &mut World| flash(world, &update, 2).await.unwrap());
    board.boot(async |world: &mut World| settle(world).await);
    board.boot(async |world: &mut World| assert_eq!(running(world).await, settled(1, 2)));
    board.firmware[1][300] ^= 1;
    board.boot(async |world: &mut World| {
        assert_eq!(
            running(world).await,
            Firmware { running: FIRST, ..settled(0, 2) },
            "the older release runs, the newest stays the newest"
        );
        assert_eq!(told(world).await, [(1, 2), (4, 2)]);
        let older = image(BOARD, 1, &signing_key());
        let refused = Error::TooOld { kind: ModelKind::Firmware, newest: 2 };
        assert_eq!(flash(world, &older, 1).await, Err(refused));
        // The same release again repairs the board.
        flash(world, &update, 2).await.unwrap();
    });
    board.boot(async |world: &mut World| settle(world).await);
    board.boot(async |world: &mut World| assert_eq!(running(world).await, settled(1, 2)));
}

#[test]
fn firmware_for_another_board_or_by_somebody_else_is_not_taken() {
    let mut board = Board::new();
    board.boot(async |world: &mut World| {
        for (image, release) in
            [(image(BOARD + 1, 2, &signing_key()), 2), (image(BOARD, 2, &signing_key()), 3)]
        {
            let refused = flash(world, &image, release).await;
            assert!(matches!(refused, Err(Error::BadModel { .. })), "{refused:?}");
        }
        let stranger = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
        let theirs = image(BOARD, 2, &stranger);
        let begin = host::begin(&stranger, ModelKind::Firmware, &theirs, 2);
        let unsigned = Error::Unsigned { kind: ModelKind::Firmware };
        assert_eq!(world.host.ask(begin).await, Err(unsigned));
        // An image signed by somebody else, in a permitted transfer: the boot loader detects it.
        flash(world, &theirs, 2).await.unwrap();
    });
    board.boot(async |world: &mut World| {
        assert_eq!(running(world).await, settled(0, FIRST));
        assert_eq!(told(world).await, [(3, 2)]);
    });
}

#[test]
fn firmware_without_a_boot_loader_takes_no_update() {
    let mut board = Board::new();
    board.record.fill(0xff);
    board.boot(async |world: &mut World| {
        assert_eq!(world.host.ask(Request::Firmware).await, Err(Error::NoBootLoader));
        let update = image(BOARD, 2, &signing_key());
        assert_eq!(flash(world, &update, 2).await, Err(Error::NoBootLoader));
    });
}

/// Two updates in a row, each tried and confirmed. Returns the newest release that was reported to a host.
fn two_updates(board: &mut Board, supply: &Supply) -> u64 {
    let mut known = FIRST;
    for release in [2, 3] {
        let update = image(BOARD, release, &signing_key());
        for part in 0..2 {
            board.boot(async |world: &mut World| {
                // A board whose power fails during boot knows no host.
                if !supply.is_on() || world.host.ask(Request::GetSettings).await.is_err() {
                    return;
                }
                if part == 0 && flash(world, &update, release).await.is_err() {
                    return;
                }
                settle(world).await;
                if supply.is_on() {
                    known = running(world).await.newest;
                }
            });
        }
    }
    known
}

#[test]
fn a_power_cut_at_any_flash_operation_of_an_update_leaves_a_board_that_boots() {
    let whole = Board::new();
    let mut uncut = whole.copy();
    let supply = uncut.supply.clone();
    assert_eq!(two_updates(&mut uncut, &supply), 3);
    assert!(
        supply.most("firmware A", 0..8) == 1 && supply.most("firmware B", 0..8) == 1,
        "slots were switched"
    );
    let operations = supply.operations.get();
    let (mut fewer, mut all) = (0, 0);
    for operation in 1..=operations {
        for half in [false, true] {
            let mut board = whole.copy();
            let supply = board.supply.clone();
            supply.cut.set(Some(Cut { operation, half }));
            let known = two_updates(&mut board, &supply);
            supply.cut.set(None);
            // The staged firmware is tried, and then settled.
            let newest = board.boot(async |world: &mut World| {
                settle(world).await;
                running(world).await
            });
            assert!(
                newest.newest >= known && newest.newest <= 3,
                "operation {operation}: {newest:?}, not {known}"
            );
            assert!(newest.newest <= known + 1, "operation {operation}: {newest:?}");
            (fewer, all) = if newest.newest < 3 { (fewer + 1, all) } else { (fewer, all + 1) };
            let update = image(BOARD, 4, &signing_key());
            board.boot(async |world: &mut World| flash(world, &update, 4).await.unwrap());
            board.boot(async |world: &mut World| {
                settle(world).await;
                assert_eq!(running(world).await.newest, 4, "operation {operation}: it works on");
            });
        }
    }
    println!(
        "{operations} flash operations of two updates, cut before each and in its middle: {fewer} short of both, {all} whole"
    );
    assert!(operations > 40 && fewer > 0 && all > 0);
}
