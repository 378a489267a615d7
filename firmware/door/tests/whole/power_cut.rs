//! The power fails at every flash operation of a day at the door: people are enrolled, get more templates and are removed,
//! stores are compacted, settings change, and a model replaces another. After each cut the board boots, all acknowledged
//! changes are there, and nothing that was removed comes back.

use std::collections::BTreeMap;

use crate::simulation::{
    Board, World, engine,
    supply::{Cut, Supply},
};
use protocol::{Enrolment, Error, ModelKind, Request, Response, Settings, Source};

/// A request to the board.
#[derive(Debug, Clone, Copy)]
enum Step {
    Enrol(u8),
    AddTemplate(u8),
    Remove(u8),
    Settings(u32),
    Encoder(&'static str),
}

/// The expected state of the board.
#[derive(Debug, Clone, PartialEq, Eq)]
struct State {
    /// People, and how many templates each has.
    people: BTreeMap<u8, u8>,
    open_ms: u32,
    encoder: &'static str,
}

/// The opening time in the first state.
const OPEN_MS: u32 = 3_000;

fn name(person: u8) -> String {
    format!("person {person}")
}

fn script() -> Vec<Step> {
    use Step::*;
    let mut script = vec![Enrol(10), AddTemplate(10), Settings(1_000), Remove(10), Enrol(11)];
    script.extend([Remove(1), Encoder("better"), Settings(2_000)]);
    for round in 20..30 {
        script.extend([Enrol(round), AddTemplate(round)]);
        script.extend((0..2).map(|change| Settings(u32::from(round) * 100 + change)));
        script.push(Remove(round));
    }
    script.extend([AddTemplate(11), Encoder("best"), Remove(11), Enrol(12)]);
    script
}

impl State {
    fn then(&self, step: Step) -> Self {
        let mut after = self.clone();
        match step {
            Step::Enrol(person) => drop(after.people.insert(person, 1)),
            Step::AddTemplate(person) => *after.people.entry(person).or_default() += 1,
            Step::Remove(person) => drop(after.people.remove(&person)),
            Step::Settings(open_ms) => after.open_ms = open_ms,
            Step::Encoder(name) => after.encoder = name,
        }
        after
    }
}

async fn apply(world: &mut World, step: Step) -> Result<(), Error> {
    match step {
        Step::Enrol(person) => world.host.enrol(&name(person), person).await.map(drop),
        Step::AddTemplate(person) => {
            world.host.enrol_as(&name(person), person, 1, Enrolment::AddAnyTemplate).await.map(drop)
        }
        Step::Remove(person) => {
            let name = protocol::Name::try_from(name(person).as_str()).unwrap();
            world.host.ask(Request::Remove { name }).await.map(drop)
        }
        Step::Settings(open_ms) => {
            let settings = Settings { open_ms, ..Settings::default() };
            world.host.ask(Request::SetSettings(settings)).await.map(drop)
        }
        Step::Encoder(name) => {
            let image = engine::encoder(name, 1);
            world.host.flash(ModelKind::Encoder, &image).await.map(drop)
        }
    }
}

/// The actual state of the board.
async fn state(world: &mut World) -> State {
    let Ok(Response::Users { users, next: None }) = world.host.ask(Request::ListUsers { from: 0 }).await
    else {
        panic!("the people are listed")
    };
    let number = |name: &str| name.strip_prefix("person ").and_then(|number| number.parse().ok());
    let people = users.iter().map(|user| (number(&user.name).expect("one of ours"), user.templates));
    let people = people.collect();
    let Ok(Response::Settings(settings)) = world.host.ask(Request::GetSettings).await else { panic!() };
    let Ok(Response::Status(status)) = world.host.ask(Request::Status).await else { panic!() };
    let encoder = status.models.iter().find(|model| model.kind == ModelKind::Encoder).expect("an encoder");
    let known = ["coder", "better", "best"];
    let encoder = known.into_iter().find(|name| *name == encoder.name.as_str()).expect("one of ours");
    State { people, open_ms: settings.open_ms, encoder }
}

/// Whether the faces of these people are known, and no others.
async fn faces_are_known(world: &mut World, people: &BTreeMap<u8, u8>, of: impl Iterator<Item = u8>) {
    for person in of {
        world.host.stage(&engine::picture(person, 2)).await;
        let Ok(Response::Identified(who)) =
            world.host.ask(Request::Identify { source: Source::Staged }).await
        else {
            panic!("{person} is compared")
        };
        assert_eq!(who.accepted, people.contains_key(&person), "{person}: {who:?}");
        let found = who.best.filter(|_| who.accepted).map(|best| best.name.to_string());
        assert!(found.is_none_or(|found| found == name(person)), "{person} is taken for somebody else");
    }
}

/// A board whose stores have so many stale records that the script makes them compact.
fn aged() -> (Board, State) {
    let mut board = Board::with_models();
    board.boot(async |world: &mut World| {
        for person in [1, 2] {
            apply(world, Step::Enrol(person)).await.unwrap();
        }
        for round in 0..30 {
            for step in [Step::Enrol(3), Step::AddTemplate(3), Step::Remove(3)] {
                apply(world, step).await.unwrap();
            }
            for change in 0..7 {
                apply(world, Step::Settings(500 + round * 7 + change)).await.unwrap();
            }
        }
        // The bank of keys, of 340, is full before the script ends.
        for _ in 0..300 {
            for step in [Step::Enrol(3), Step::Remove(3)] {
                apply(world, step).await.unwrap();
            }
        }
        apply(world, Step::Settings(OPEN_MS)).await.unwrap();
    });
    let people = [(1, 1), (2, 1)].into_iter().collect();
    (board, State { people, open_ms: OPEN_MS, encoder: "coder" })
}

/// Runs the script until the power fails. Returns the acknowledged requests, and the one under way.
async fn run(world: &mut World, supply: &Supply, before: &State) -> (State, Option<Step>) {
    let mut known = before.clone();
    // The boot also writes to the audit log. A board whose power fails there knows no host.
    if world.host.ask(Request::GetSettings).await == Err(Error::Flash) {
        return (known, None);
    }
    for step in script() {
        if !supply.is_on() {
            return (known, None);
        }
        match apply(world, step).await {
            Ok(()) => known = known.then(step),
            Err(Error::Flash) => return (known, Some(step)),
            Err(error) => panic!("{step:?}: {error}"),
        }
    }
    (known, None)
}

#[test]
fn a_power_cut_at_any_flash_operation_loses_nothing_acknowledged() {
    let (whole, before) = aged();
    let mut uncut = whole.copy();
    let supply = uncut.supply.clone();
    let (last, interrupted) = uncut.boot(async |world: &mut World| run(world, &supply, &before).await);
    assert!(interrupted.is_none());
    assert!(supply.most("gallery", 0..4) > 0, "the journal of keys was rewritten");
    assert!(supply.most("gallery", 4..12) > 0, "people were compacted");
    assert!(supply.most("settings", 0..4) > 0, "settings were compacted");
    assert!(
        supply.most("encoder A", 0..48) == 1 && supply.most("encoder B", 0..48) == 1,
        "slots were switched"
    );
    assert!(supply.most("log", 0..4) > 0, "the log went on to another sector");
    assert_eq!(uncut.boot(state), last);

    let operations = supply.operations.get();
    let (mut done, mut undone) = (0, 0);
    for operation in 1..=operations {
        let cut = Cut { operation, half: operation % 2 == 0 };
        let mut board = whole.copy();
        let supply = board.supply.clone();
        supply.cut.set(Some(cut));
        let (known, step) = board.boot(async |world: &mut World| run(world, &supply, &before).await);
        // The power returns for a short time, and then for good.
        let again = Cut { operation: 1 + cut.operation % 3, half: !cut.half };
        supply.operations.set(0);
        supply.cut.set(Some(again));
        board.boot(async |world: &mut World| world.wait(20).await);
        supply.cut.set(None);
        board.boot(async |world: &mut World| {
            let now = state(world).await;
            let after = step.map(|step| known.then(step));
            assert!(now == known || Some(&now) == after.as_ref(), "{cut:?} {step:?}: {now:?}, not {known:?}");
            done += u32::from(now != known);
            undone += u32::from(now == known);
            faces_are_known(world, &now.people, [1, 2, 3, 10, 11, 29].into_iter()).await;
            apply(world, Step::Enrol(99)).await.unwrap();
            assert_eq!(state(world).await, now.then(Step::Enrol(99)), "{cut:?}: it works on");
        });
    }
    println!(
        "{operations} flash operations, cut before it or in its middle in turns: {undone} undone, {done} done"
    );
    assert!(operations > 400 && done > 0);
}
