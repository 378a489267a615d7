//! Ten thousand frames with faults of every part: a camera that shows noise, tears or stalls, flash that fails during an
//! operation, a noisy line, a clock that jumps. No unauthorised person is admitted, nothing hangs, and nothing leaks.

use std::collections::VecDeque;

use crate::simulation::{Board, World, engine};
use embassy_time::{Duration, Instant};
use fastrand::Rng;
use protocol::{Enrolment, Error, Limits, Request, Response, Settings};

const PICTURES: u32 = 10_000;
/// Frames between two power cuts.
const PICTURES_A_BOOT: u32 = 1_000;
/// The person who stays enrolled, and the guest, who is enrolled and removed.
const RESIDENTS: [u8; 2] = [1, 2];
const GUEST: u8 = 3;
/// Frames in a row that must show the same living person.
const AGREEMENT: usize = 3;
/// One in this many flash operations fails.
const FAILS_ONE_IN: u32 = 12;

/// The last frames of the camera, newest last: the living person, or none if nobody in it may pass.
struct Shown(VecDeque<Option<u8>>);

impl Shown {
    fn push(&mut self, person: Option<u8>) {
        self.0.push_back(person);
        while self.0.len() > AGREEMENT {
            self.0.pop_front();
        }
    }

    /// The person in all of the last frames.
    fn agreed(&self) -> Option<u8> {
        let first = (*self.0.front()?)?;
        (self.0.len() == AGREEMENT && self.0.iter().all(|shown| *shown == Some(first))).then_some(first)
    }
}

/// The possible states of the guest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Guest {
    Away,
    Here,
    /// A change failed, so both states are possible.
    Unknown,
}

#[derive(Debug, Default)]
struct Counts {
    right: u32,
    refused_changes: u32,
    noise: u32,
    leaps: u32,
    stalls: u32,
}

/// Shows a frame for 50 ms and checks the lock during that time.
async fn look(
    world: &mut World,
    shown: &mut Shown,
    person: Option<u8>,
    bytes: Vec<u8>,
    guest: Guest,
) -> bool {
    let before = world.is_open();
    world.scene.show_bytes(bytes);
    shown.push(person);
    let mut opened = false;
    for _ in 0..10 {
        world.wait(5).await;
        opened |= world.is_open() && !before;
    }
    if opened {
        let who = shown.agreed().expect("the lock opened without frames that agree");
        let may_pass = RESIDENTS.contains(&who) || (who == GUEST && guest != Guest::Away);
        assert!(may_pass, "the lock opened for {who}, and the guest is {guest:?}");
    }
    opened
}

/// A frame of people who move, at a moment of their movement, and the person in it who may pass.
fn picture(random: &mut Rng, last: Option<u8>, moment: u8) -> (Option<u8>, Vec<u8>) {
    let person = match last {
        // People stay for several frames, as liveness needs them.
        Some(person) if random.u8(..40) > 0 => person,
        _ => [1, 2, GUEST, 77][random.usize(..4)],
    };
    match random.u8(..60) {
        0 => (None, engine::photograph(person)),
        1 => (None, engine::distant(person)),
        2 => (None, engine::picture(0, 0)),
        3 => {
            // Noise that looks like a person who is not enrolled.
            let mut bytes: Vec<u8> = (0..128).map(|_| random.u8(..)).collect();
            bytes[0] = random.u8(100..);
            (None, bytes)
        }
        _ => {
            let mut bytes = engine::moment(person, moment);
            bytes[1] = random.u8(..2);
            (Some(person), bytes)
        }
    }
}

/// Settings with a high failure limit, so that a lockout is rare and many decisions are made.
fn settings(open_ms: u32) -> Settings {
    let limits = Limits { failures: 100, lockout_ms: 1_000, ..Limits::default() };
    Settings { open_ms, limits, ..Settings::default() }
}

/// Enrols or removes the guest, or changes the settings. The flash may fail.
async fn change(world: &mut World, guest: Guest, random: &mut Rng, counts: &mut Counts) -> Guest {
    let name = protocol::Name::try_from("guest").unwrap();
    let (reply, then) = match (random.u8(..3), guest) {
        (0, _) => {
            let settings = settings(400 + random.u32(..3) * 100);
            (world.host.ask(Request::SetSettings(settings)).await, guest)
        }
        (_, Guest::Away) => (world.host.enrol_as("guest", GUEST, 0, Enrolment::NewPerson).await, Guest::Here),
        (_, Guest::Here | Guest::Unknown) => (world.host.ask(Request::Remove { name }).await, Guest::Away),
    };
    match reply {
        Ok(_) => then,
        Err(Error::Flash) => {
            counts.refused_changes += 1;
            if then == guest { guest } else { Guest::Unknown }
        }
        // The change that failed before may have been done or not.
        Err(Error::UnknownPerson { .. } | Error::DuplicateName { .. }) if guest == Guest::Unknown => then,
        Err(error) => panic!("{error}"),
    }
}

/// One boot with faults of every kind. Returns the state of the guest.
async fn soak(world: &mut World, mut guest: Guest, random: &mut Rng, counts: &mut Counts) -> Guest {
    let (mut shown, mut last) = (Shown(VecDeque::new()), None);
    for number in 0..PICTURES_A_BOOT {
        match random.u8(..40) {
            0 => {
                let noise: Vec<u8> = (0..random.usize(1..600)).map(|_| random.u8(..)).collect();
                world.host.send_bytes(&noise);
                // This ends a frame that the noise has begun.
                world.host.send_bytes(&[0]);
                counts.noise += 1;
            }
            1 => {
                mock_time::advance(Duration::from_millis(random.u64(..30_000)));
                counts.leaps += 1;
            }
            2 => {
                world.wait(random.u64(..3_000)).await;
                counts.stalls += 1;
            }
            3 => guest = change(world, guest, random, counts).await,
            _ => {}
        }
        let (person, bytes) = picture(random, last, number as u8);
        last = person.or(last);
        counts.right += u32::from(look(world, &mut shown, person, bytes, guest).await);
        if number.is_multiple_of(100) {
            let asked = Instant::now();
            let status = world.host.ask(Request::Status).await;
            assert!(matches!(status, Ok(Response::Status(_))), "{status:?}");
            assert!(asked.elapsed() < Duration::from_secs(1), "frame {number}: a reply took a second");
        }
    }
    // The watchdog is fed four times a second, apart from the jumps of the clock.
    let fed = world.wires.fed.get();
    assert!(fed >= 4 * 50 * PICTURES_A_BOOT / 1_000, "the watchdog was fed {fed} times");
    guest
}

/// People, templates and free bytes of flash.
async fn used(world: &mut World) -> (u16, u16, u32) {
    match world.host.ask(Request::Status).await {
        Ok(Response::Status(status)) => (status.people, status.templates, status.free_bytes),
        other => panic!("{other:?}"),
    }
}

#[test]
fn ten_thousand_pictures_with_faults_let_nobody_in_who_should_not_be() {
    let mut board = Board::with_models();
    // A place of the guest in flash counts as used from its first use on.
    let before = board.boot(async |world: &mut World| {
        world.host.ask(Request::SetSettings(settings(400))).await.unwrap();
        world.host.enrol("Ann", RESIDENTS[0]).await.unwrap();
        world.host.enrol("Bob", RESIDENTS[1]).await.unwrap();
        world.host.enrol("guest", GUEST).await.unwrap();
        let name = protocol::Name::try_from("guest").unwrap();
        world.host.ask(Request::Remove { name }).await.unwrap();
        used(world).await
    });
    let supply = board.supply.clone();
    let (mut random, mut counts, mut guest) = (Rng::with_seed(0x50a6), Counts::default(), Guest::Away);
    for boot in 0..PICTURES / PICTURES_A_BOOT {
        supply.failing.replace(Some((FAILS_ONE_IN, Rng::with_seed(boot.into()))));
        guest = board.boot(async |world: &mut World| soak(world, guest, &mut random, &mut counts).await);
    }
    println!("{PICTURES} frames, {} flash operations failed, {counts:?}", supply.failed.get());
    assert!(counts.right > 150 && counts.refused_changes > 20 && counts.noise > 100 && counts.leaps > 100);
    supply.failing.replace(None);
    board.boot(async |world: &mut World| {
        if guest != Guest::Away {
            let name = protocol::Name::try_from("guest").unwrap();
            let _ = world.host.ask(Request::Remove { name }).await;
        }
        assert_eq!(world.host.users().await, ["Ann", "Bob"]);
        assert_eq!(used(world).await, before, "people, templates and bytes of flash are as before");
        for _ in 0..AGREEMENT {
            world.show(RESIDENTS[1]).await;
        }
        assert!(world.is_open(), "the door works on");
    });
}
