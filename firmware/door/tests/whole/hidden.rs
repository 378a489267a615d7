//! Volumes of the gallery that are away for a boot, as whoever writes flash can make them: their people are unknown then.

use crate::room::{DESKS, board, comes, enrol, name};
use crate::simulation::{
    Board, World,
    rules::{code, set_rule, settings},
};
use policy::Rule;
use protocol::{Limits, Request, Settings};

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
