//! Firmware that a board does not run is not sent for ever.

use fleet::door::Again;
use fleet::follower::{Follower, Step};
use fleet::pictures::digest;
use fleet::record::{Holds, Record};
use fleet::setup::{Kind, Release, Setup, chunks};

use crate::local::{Local, give, operator};

/// A record of a release of firmware, whose image begins with its number.
fn release(number: u8, counter: u64) -> (Record, Vec<u8>) {
    let image = vec![number; 300];
    let setup = Setup::Image(Release {
        kind: Kind::Firmware,
        board: "an547".to_owned(),
        name: format!("firmware-{number}"),
        release: number.into(),
        length: image.len() as u32,
        sha256: digest(&image),
        signature: "signed".to_owned(),
        chunks: chunks(&image).into_iter().map(|(digest, _)| digest).collect(),
    });
    (Record { id: setup.id(), counter, holds: Holds::Setup(setup) }, image)
}

/// Does what is to be done with a setup, and gives the door each chunk that it asks for.
fn settle(local: &Local, follower: &mut Follower, image: &[u8]) {
    loop {
        match local.work_on(follower) {
            Step::WantsChunk(_, wanted) => follower.chunk(&wanted, image).expect("its chunk"),
            _ => return,
        }
    }
}

fn installs(local: &Local) -> u32 {
    let board = local.board.lock();
    let left = board.refusals.iter().find(|(word, ..)| *word == "install").map_or(0, |(_, left, _)| *left);
    u32::MAX - left
}

fn why(follower: &mut Follower) -> Option<String> {
    follower.ack(0, 1).expect("an acknowledgement").0.refused.first().map(|refused| refused.why.clone())
}

#[test]
fn firmware_that_a_board_does_not_run_is_sent_three_times_and_no_more() {
    let one = operator(1);
    let operators = [one.public()];
    let local = Local::new();
    local.board.lock().kind = "an547".to_owned();
    local.board.lock().refusals = vec![("install", u32::MAX, Again::NotRun)];
    let (record, image) = release(12, 1);
    let start = || local.start(&operators).with_installers(&[one.public().signing]);
    let mut follower = start();
    assert!(give(&mut follower, 0, &one, &record));
    for times in 1..=3 {
        settle(&local, &mut follower, &image);
        assert_eq!(installs(&local), times);
        let why = why(&mut follower).expect("a reason");
        assert_eq!(why.contains("three times"), times == 3, "{why}");
        assert!(why.contains("refuses to install"), "{why}");
        follower.check_again();
    }
    for _ in 0..10 {
        settle(&local, &mut follower, &image);
        follower.check_again();
    }
    // Nor after a restart of the program, nor by the same release in a new record.
    let mut follower = start();
    settle(&local, &mut follower, &image);
    let (again, _) = release(12, 2);
    assert!(give(&mut follower, 0, &one, &again));
    settle(&local, &mut follower, &image);
    assert_eq!(installs(&local), 3, "the board is not restarted each hour");
    assert!(why(&mut follower).expect("a reason").contains("three times"));
    // A newer release is another one.
    local.board.lock().refusals.clear();
    let (newer, image) = release(13, 3);
    assert!(give(&mut follower, 0, &one, &newer));
    settle(&local, &mut follower, &image);
    assert!(local.board.lock().active.iter().any(|active| active.sha256 == digest(&image)));
    assert_eq!(why(&mut follower), None);
}

#[test]
fn firmware_that_is_taken_and_does_not_stay_is_sent_three_times_unless_it_ran_between() {
    let one = operator(1);
    let operators = [one.public()];
    let local = Local::new();
    local.board.lock().kind = "an547".to_owned();
    let (record, image) = release(12, 1);
    let mut follower = local.start(&operators).with_installers(&[one.public().signing]);
    assert!(give(&mut follower, 0, &one, &record));
    let sent =
        |local: &Local| local.board.lock().asked.iter().filter(|asked| asked.starts_with("install")).count();
    // It was found to run at each check in between.
    for times in 1..=6 {
        settle(&local, &mut follower, &image);
        assert_eq!(sent(&local), times);
        follower.check_again();
        settle(&local, &mut follower, &image);
        local.board.lock().active.clear();
        follower.check_again();
    }
    let before = sent(&local);
    for _ in 0..10 {
        settle(&local, &mut follower, &image);
        local.board.lock().active.clear();
        follower.check_again();
    }
    assert_eq!(sent(&local), before + 3);
    assert!(why(&mut follower).expect("a reason").contains("three times"));
}
