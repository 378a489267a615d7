//! People with rules, for the tests of the policy.

use policy::{Pin, Reason, Rule, Schedule, Window};
use protocol::{Error, EventKind, Limits, LivenessMode, Name, Request, Response, Settings};

use super::{Board, World};

/// Without liveness, so that every frame counts. Liveness has its own tests.
pub fn settings() -> Settings {
    Settings { liveness: LivenessMode::Off, ..Settings::default() }
}

/// A board that knows persons 1 and 2.
pub fn board() -> Board {
    let mut board = Board::with_models();
    board.boot(async |world: &mut World| {
        world.host.ask(Request::SetSettings(settings())).await.unwrap();
        world.host.enrol("Ann", 1).await.unwrap();
        world.host.enrol("Bob", 2).await.unwrap();
    });
    board
}

/// A PIN of these digits.
pub fn code(digits: &str) -> Option<Pin> {
    Pin::new(digits.as_bytes())
}

/// Workdays from 8 to 18.
pub fn office() -> Rule {
    let office = Window { days: 0b1_1111, from: 8 * 60, to: 18 * 60 };
    Rule { schedule: Schedule::new(&[office]).unwrap(), ..Rule::default() }
}

/// A rule with a PIN and a duress PIN.
pub fn two_factors() -> Rule {
    Rule { pin: code("1234"), duress_pin: code("1235"), ..Rule::default() }
}

pub async fn set_rule(world: &mut World, name: &str, rule: Rule) -> Result<Response, Error> {
    world.host.ask(Request::SetRule { name: Name::try_from(name).unwrap(), rule }).await
}

pub async fn set_limits(world: &mut World, limits: Limits) {
    world.host.ask(Request::SetSettings(Settings { limits, ..settings() })).await.unwrap();
}

/// Sets all settings, as an installer does where the board lost them.
pub async fn restore_limits(world: &mut World, limits: Limits) {
    world.host.ask(Request::RestoreSettings(Settings { limits, ..settings() })).await.unwrap();
}

/// Shows a person for as many frames as must agree. Returns whether the door opened.
pub async fn comes(world: &mut World, person: u8) -> bool {
    while world.is_open() {
        world.wait(100).await;
    }
    for _ in 0..3 {
        world.glance(person).await;
    }
    world.is_open()
}

/// The events since the number `after`.
pub async fn events(world: &mut World, after: &mut u32) -> Vec<EventKind> {
    let mut all = Vec::new();
    loop {
        match world.host.ask(Request::NextEvents { after: *after }).await {
            Ok(Response::Events { newest, events }) => {
                all.extend(events.iter().map(|event| event.kind.clone()));
                *after = events.last().map_or(newest, |event| event.sequence);
                if *after == newest {
                    return all;
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

/// The reasons for which people were denied since `after`.
pub async fn denials(world: &mut World, after: &mut u32) -> Vec<(Option<u32>, Reason)> {
    let events = events(world, after).await.into_iter();
    events
        .filter_map(|event| match event {
            EventKind::Denied { person, reason, .. } => Some((person, reason)),
            _ => None,
        })
        .collect()
}
