//! An error of flash leaves the gallery half read, so that it knows fewer people than there are. Nothing is given up for that.

use crate::known::{PEOPLE, of_two_volumes};
use crate::room::{comes, name};
use crate::simulation::{
    Board, World,
    rules::{code, denials, set_rule, settings},
};
use door::Memory;
use policy::{Reason, Rule};
use protocol::{Error, Limits, Name, Request, Response, Settings};

/// Those in the further volume who have a PIN, and a wrong one behind them: as many as there are places for failures.
const GUARDED: std::ops::RangeInclusive<u32> = PEOPLE - 7..=PEOPLE;

/// A board with eight places for failures, all taken, where two failures lock out for an hour.
fn guarded() -> Board {
    let mut board = of_two_volumes();
    board.memory = Box::new(Memory::<2, 512, 256, 1, 8>::new());
    board.boot(async |world: &mut World| {
        let limits = Limits { failures: 2, lockout_ms: 3_600_000, ..Limits::default() };
        world.host.ask(Request::SetSettings(Settings { limits, ..settings() })).await.unwrap();
        for number in GUARDED {
            set_rule(world, &name(number), Rule { pin: code("123456"), ..Rule::default() }).await.unwrap();
            assert!(!comes(world, number).await, "a PIN is needed");
            world.type_keys("654321#").await;
        }
    });
    board
}

fn named(number: u32) -> Name {
    Name::try_from(name(number).as_str()).unwrap()
}

/// A change fails, and then the further volume cannot be read.
async fn half_read(world: &mut World) {
    let rename = Request::Rename { name: named(1), new: Name::try_from("Ada").unwrap() };
    world.supply.broken.set(Some("gallery"));
    assert_eq!(world.host.ask(rename.clone()).await, Err(Error::Flash));
    world.supply.broken.set(None);
    world.supply.unreadable.set(Some("volume"));
    assert_eq!(world.host.ask(rename).await, Err(Error::Flash));
    let mut after = 0;
    denials(world, &mut after).await;
    assert!(!comes(world, 2).await && !comes(world, PEOPLE).await);
    let denied = denials(world, &mut after).await;
    assert_eq!(
        denied,
        [(Some(2), Reason::LockedOut)],
        "who is read has no place for failures, and the other is a stranger"
    );
}

#[test]
fn nobodys_failures_are_freed_while_the_gallery_is_half_read() {
    guarded().boot(async |world: &mut World| {
        half_read(world).await;
        // Each turn of the worker looks at a page of places.
        world.wait(3_000).await;
        world.supply.unreadable.set(None);
        assert_eq!(world.host.users().await.len(), PEOPLE as usize, "the flash is read again");
        for number in GUARDED {
            assert!(!comes(world, number).await, "a PIN is needed");
            world.type_keys("654321#").await;
            let denied = denials(world, &mut 0).await;
            assert_eq!(denied.last(), Some(&(Some(number), Reason::LockedOut)), "it is the second one");
        }
    });
}

/// A fleet takes a board's word that somebody is not there, and has nothing more done about them.
#[test]
fn nobody_is_said_to_be_gone_while_the_gallery_is_half_read() {
    guarded().boot(async |world: &mut World| {
        half_read(world).await;
        let suspend = Request::Suspend { name: named(PEOPLE), suspended: true };
        for asked in [
            Request::ListUsers { from: 0 },
            Request::GetRule { name: named(PEOPLE) },
            Request::RemoveEnrolled { person: PEOPLE, template: 0 },
            Request::Remove { name: named(PEOPLE) },
            suspend.clone(),
        ] {
            assert_eq!(world.host.ask(asked.clone()).await, Err(Error::Flash), "{asked:?}");
        }
        world.supply.unreadable.set(None);
        assert!(matches!(world.host.ask(suspend).await, Ok(Response::Rule { suspended: true, .. })));
    });
}
