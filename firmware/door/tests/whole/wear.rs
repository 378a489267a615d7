//! Ten years of a busy door: how often each sector of its flash is erased.
//!
//! Serial NOR endures at least 100,000 erases of a sector (data sheets of Winbond W25Q128JV and Micron MT25Q).

use crate::simulation::{Board, World, engine};
use embassy_time::Duration;
use protocol::{Enrolment, ModelKind, Request, Settings};

/// The erases that a sector endures.
const ENDURANCE: u32 = 100_000;
/// The steps that the monotonic counter of a secure element makes, about (data sheet of Microchip ATECC608B).
const COUNTER_ENDURANCE: u32 = 2_000_000;
const WEEKS: u32 = 520;
/// Weeks between two boots.
const WEEKS_A_BOOT: usize = 2;
/// People who are enrolled and removed in a week, with two templates each.
const ENROLMENTS: u32 = 20;
/// People enrolled at any time.
const PEOPLE: u32 = 100;
/// Weeks between two releases of all three models.
const RELEASE: u32 = 13;
/// Bytes of the partitions on the boards.
const GALLERY: usize = 1 << 20;
const SETTINGS: usize = 256 << 10;
/// The sectors of the gallery's key journal; its map has the others.
const RING: u32 = 4;

fn name(number: u32) -> String {
    format!("person {number}")
}

/// The face of a person: one that the frames can show, and that none of the last [`PEOPLE`] has.
fn face(number: u32) -> u8 {
    (1 + number % 250) as u8
}

/// Lets enough time pass for the entries of the audit log that so many requests take.
async fn rest(world: &mut World, requests: u32) {
    for _ in 0..requests {
        mock_time::advance(Duration::from_secs(70));
        world.wait(2).await;
    }
}

async fn enrol(world: &mut World, number: u32) {
    world.host.enrol(&name(number), face(number)).await.unwrap();
    world.host.enrol_as(&name(number), face(number), 1, Enrolment::AddAnyTemplate).await.unwrap();
}

/// Changes the settings. The table of the simulated encoder bears its rate out for fewer people than come here.
async fn set_open_ms(world: &mut World, open_ms: u32) {
    let settings = Settings { open_ms, accept_unproven: true, ..Settings::default() };
    world.host.ask(Request::SetSettings(settings)).await.unwrap();
}

/// A week of changes: enrolments, removals, settings each day, and sometimes a release.
async fn week(world: &mut World, week: u32) {
    for number in PEOPLE + week * ENROLMENTS..PEOPLE + (week + 1) * ENROLMENTS {
        let gone = protocol::Name::try_from(name(number - PEOPLE).as_str()).unwrap();
        world.host.ask(Request::Remove { name: gone }).await.unwrap();
        enrol(world, number).await;
        rest(world, 3).await;
    }
    for day in 0..7 {
        set_open_ms(world, 1_000 + week + day).await;
        rest(world, 1).await;
    }
    if week.is_multiple_of(RELEASE) {
        let name = format!("release {week}");
        for (kind, image) in [
            (ModelKind::Detector, engine::detector(&name)),
            (ModelKind::Encoder, engine::encoder(&name, 1)),
            (ModelKind::Liveness, engine::liveness(&name)),
        ] {
            world.host.flash(kind, &image).await.unwrap();
            rest(world, 1).await;
        }
    }
}

#[test]
fn ten_years_of_a_busy_door_wear_no_sector_out() {
    let mut board = Board::unpaired();
    board.gallery = vec![0xff; GALLERY];
    board.settings = vec![0xff; SETTINGS];
    board.boot(crate::simulation::host::pair);
    board.boot(async |world: &mut World| {
        world.host.flash(ModelKind::Detector, &engine::detector("finder")).await.unwrap();
        world.host.flash(ModelKind::Encoder, &engine::encoder("coder", 1)).await.unwrap();
        world.host.flash(ModelKind::Liveness, &engine::liveness("watcher")).await.unwrap();
        set_open_ms(world, 1_000).await;
        for number in 0..PEOPLE {
            enrol(world, number).await;
        }
    });
    for first in (0..WEEKS).step_by(WEEKS_A_BOOT) {
        board.boot(async |world: &mut World| {
            for number in first..first + WEEKS_A_BOOT as u32 {
                week(world, number).await;
            }
        });
    }
    let steps = board.counter.as_ref().unwrap().load(std::sync::atomic::Ordering::Relaxed);
    println!("monotonic counter: raised {steps} times");
    assert!(steps < COUNTER_ENDURANCE / 10, "{steps}");
    let stores = [
        ("ring of keys", "gallery", 0..RING),
        ("people and templates", "gallery", RING..(GALLERY / 4096) as u32),
        ("settings", "settings", 0..(SETTINGS / 4096) as u32),
        ("a detector's slot", "detector A", 0..48),
        ("an encoder's slot", "encoder A", 0..48),
        ("a liveness network's slot", "liveness A", 0..48),
    ];
    for (store, partition, sectors) in stores {
        let (most, all) =
            (board.supply.most(partition, sectors.clone()), board.supply.sum(partition, sectors.clone()));
        let mean = f64::from(all) / sectors.len() as f64;
        println!("{store}: a sector is erased {most} times at most, {mean:.1} in the mean");
        assert!(most < ENDURANCE / 10, "{store}: {most}");
        // Ten years of settings fill their partition less than once.
        assert!(most > 0 || store == "settings", "{store} was not used");
    }
}
