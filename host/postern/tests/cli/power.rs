//! Power cuts: `kill -9` of the board at random moments while people are enrolled and removed.
//!
//! Every request that the board acknowledged must have its effect at the next boot. An interrupted request may have
//! its whole effect or none. Every boot must succeed. The sweep over every single flash operation runs on the host
//! (`gallery`); this is the real firmware on the emulated board.
//!
//! The moments adapt to the machine: no request acknowledged before a cut makes the next delays longer, many make them
//! shorter. Cuts go on until enough requests were acknowledged and enough were interrupted.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use client::protocol::Enrolment;
use client::{Device, Error, Picture};
use emulator::{Board, Folder, Launch};
use fixtures::{Need, need};
use imaging::{CameraFrame, Photo};

use crate::bench::{BARACK, Bench, JOE, STRANGER, picture};

/// How often the power is cut at least, and at most.
const CUTS: usize = 50;
const MOST_CUTS: usize = 400;

/// The first cuts come within the time of so many enrolments.
const ENROLMENTS: u32 = 3;

/// Templates a person has at most, so that flash is also erased.
const TEMPLATES: u8 = 5;

/// People, and a picture of each that looks like nobody else's.
const PEOPLE: [(&str, &str); 3] = [("Barack", BARACK[0]), ("Joe", JOE), ("Eileen", STRANGER)];

/// Number of templates by name.
type Known = BTreeMap<String, u8>;

/// What was asked of the board between two cuts.
struct Work {
    /// What the board knows by what it acknowledged.
    known: Known,
    /// What it knows if the request that the cut interrupted was still done.
    perhaps: Option<Known>,
    acknowledged: usize,
}

#[test]
fn nothing_that_was_acknowledged_is_lost_when_the_power_is_cut() {
    need!(Need::Boards, Need::Cached("images"), Need::Cached("pictures"));
    let bench = Bench::new("an500");
    bench.install();
    let folder = Folder::new(Some(bench.state()), "an500").expect("a name");
    let frames = PEOPLE.map(|(_, name)| {
        let photo = Photo::open(Path::new(&picture(name))).expect("a photograph");
        photo.to_frame(vision::PixelFormat::Yuyv)
    });
    let mut longest = ENROLMENTS * time_of_an_enrolment(&bench);
    let mut random = Random(0x5eed);
    let mut work = Work { known: Known::new(), perhaps: None, acknowledged: 0 };
    let (mut acknowledged, mut interrupted) = (0, 0);
    let mut cuts = 0;
    while cuts < CUTS || (acknowledged.min(interrupted) < CUTS / 2 && cuts < MOST_CUTS) {
        let mut board = Board::up(folder.clone(), &Launch::default())
            .unwrap_or_else(|error| panic!("the boot after cut {cuts} failed: {error}"));
        let known = settled(&board, work, cuts);
        let delay = Duration::from_millis(random.below(longest.as_millis() as u64));
        work = std::thread::scope(|scope| {
            let busy = scope.spawn(|| busy(&folder, &frames, known, &mut random));
            std::thread::sleep(delay);
            board.cut_power().expect("the power is cut");
            busy.join().expect("the host's side does not panic")
        });
        longest = longest.mul_f64(match work.acknowledged {
            0 => 1.2,
            1..=2 => 1.0,
            _ => 0.9,
        });
        cuts += 1;
        acknowledged += work.acknowledged;
        interrupted += usize::from(work.perhaps.is_some());
    }
    let board = Board::up(folder, &Launch::default()).expect("the last boot");
    settled(&board, work, cuts);
    println!("{cuts} cuts, {acknowledged} requests acknowledged, {interrupted} interrupted");
    assert!(acknowledged >= CUTS / 2, "only {acknowledged} requests came through");
    assert!(interrupted >= CUTS / 2, "only {interrupted} requests were interrupted");
}

/// How long one enrolment takes here; nobody is enrolled afterwards.
fn time_of_an_enrolment(bench: &Bench) -> Duration {
    let start = Instant::now();
    bench.done(&["enroll", "Barack", &picture(BARACK[0])]);
    let took = start.elapsed();
    bench.done(&["remove", "Barack"]);
    took
}

/// What the board knows now, which must be what it acknowledged, or one request more.
fn settled(board: &Board, work: Work, cut: usize) -> Known {
    let users = board.connect().and_then(|mut device| Ok(device.users()?));
    let users = users.unwrap_or_else(|error| panic!("after cut {cut}: {error}"));
    let found = users.into_iter().map(|user| (user.name.as_str().to_owned(), user.templates)).collect();
    assert!(
        found == work.known || Some(&found) == work.perhaps.as_ref(),
        "after cut {cut} the board knows {found:?}, it acknowledged {:?}",
        work.known
    );
    found
}

/// Enrols and removes people until the board is gone.
fn busy(folder: &Folder, frames: &[CameraFrame; 3], known: Known, random: &mut Random) -> Work {
    let mut work = Work { known, perhaps: None, acknowledged: 0 };
    let Ok(board) = Board::open(folder.clone()) else { return work };
    let Ok(mut device) = board.connect() else { return work };
    loop {
        let choice = random.below(PEOPLE.len() as u64) as usize;
        let name = PEOPLE[choice].0;
        let mut then = work.known.clone();
        let templates = work.known.get(name).copied();
        let remove = match templates {
            None => false,
            Some(templates) => templates >= TEMPLATES || random.below(3) == 0,
        };
        if remove {
            then.remove(name);
        } else {
            then.insert(name.to_owned(), templates.unwrap_or(0) + 1);
        }
        work.perhaps = Some(then.clone());
        let mut done = false;
        let result = if remove {
            device.remove(name).map(|_| done = true).map_err(emulator::Error::from)
        } else {
            let new = templates.is_none();
            enrol(&board, &mut device, name, &frames[choice], new, &mut done)
        };
        if done {
            work.known = then;
            work.perhaps = None;
            work.acknowledged += 1;
        }
        match result {
            Ok(()) => {}
            Err(emulator::Error::Client(Error::Refused(why))) => {
                panic!("{name} with {templates:?} templates was refused: {why}")
            }
            Err(_) => return work,
        }
    }
}

/// Enrols from the camera; `done` tells whether the board acknowledged it.
fn enrol(
    board: &Board,
    device: &mut Device,
    name: &str,
    frame: &CameraFrame,
    new: bool,
    done: &mut bool,
) -> emulator::Result<()> {
    let picture = Picture {
        width: frame.width as u16,
        height: frame.height as u16,
        format: client::protocol::PixelFormat::Yuyv,
        data: &frame.bytes,
    };
    // Each template is of the same picture.
    let enrolment = if new { Enrolment::NewPerson } else { Enrolment::AddAnyTemplate };
    let camera = board.camera(Some(&mut *device))?;
    emulator::show(device, Some(camera), &picture, |device, source| {
        device.enrol(name, source, enrolment)?;
        *done = true;
        Ok(())
    })
}

/// A small generator of pseudo-random numbers (SplitMix64).
struct Random(u64);

impl Random {
    /// A number below `bound`.
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }
}

/// The emulator's board keeps its monotonic counter in a file beside its flash.
#[test]
fn an_older_copy_of_a_boards_flash_is_found() {
    need!(Need::Boards);
    let bench = Bench::new("an500");
    bench.up();
    let counter = || bench.done(&["board", "status"])[0]["status"]["counter"].as_u64();
    let before = counter().expect("it has a counter");
    bench.done(&["board", "down"]);
    let (flash, older) = (bench.folder().join("memory"), bench.folder().join("older"));
    std::fs::copy(&flash, &older).expect("copied");
    bench.done(&["board", "up"]);
    bench.done(&["settings", "--open-ms", "4000"]);
    assert!(counter().is_some_and(|counter| counter > before), "a change raises it");
    bench.done(&["board", "down"]);
    std::fs::copy(&flash, bench.folder().join("newest")).expect("copied");
    std::fs::copy(&older, &flash).expect("copied back");
    let _ = bench.run(&["board", "up"]);
    bench.refused(&["settings"], "lost its record of a computer");
    let told = bench.said_to_people(&["board", "status"]);
    assert!(
        told.contains("the board LOST records of computers, as where its flash is an older copy"),
        "{told}"
    );
    bench.done(&["board", "down"]);
    std::fs::copy(bench.folder().join("newest"), &flash).expect("copied back");
    bench.done(&["board", "up"]);
    assert_eq!(bench.done(&["settings"])[0]["open_ms"], 4000, "the newest is the board");
}
