//! No frame counts for two decisions, and an admission rests on frames of one unbroken track.

use std::ops::Range;

use crate::simulation::{Board, World, engine};
use audit::Kind;
use proptest::{
    prelude::*,
    test_runner::{Config, TestRunner},
};
use protocol::{Error, Request, Source};

/// Frames that an admission takes: liveness needs enough samples, the last of which is the first of three that agree.
const NEEDED: usize = liveness::MIN_SAMPLES + 2;

/// What the camera sees for some frames.
#[derive(Clone, Copy, Debug)]
enum Show {
    /// A person who moves.
    Living(u8),
    /// A picture of a person as they stood last, that looks alive to the liveness network.
    Still(u8),
    /// Nobody.
    Empty,
}

/// The camera, and the person in each of its frames.
#[derive(Default)]
struct Stage {
    moment: u8,
    shown: Vec<Option<u8>>,
}

impl Stage {
    async fn show(&mut self, world: &World, show: Show, frames: usize) {
        for _ in 0..frames {
            let (bytes, person) = match show {
                Show::Living(person) => {
                    self.moment = self.moment.wrapping_add(1);
                    (engine::moment(person, self.moment), Some(person))
                }
                Show::Still(person) => (engine::moment(person, self.moment), Some(person)),
                Show::Empty => (engine::picture(0, 0), None),
            };
            self.shown.push(person);
            world.scene.show_bytes(bytes);
            world.wait(50).await;
        }
    }
}

/// The admissions: the frame that decided, counted from 1, and the person.
async fn admissions(world: &mut World) -> Vec<(usize, u8)> {
    let admitted = world.host.log().await.into_iter().filter(|(_, entry)| entry.kind == Kind::Admitted);
    let frame = |detail: [u8; 12]| u32::from_le_bytes([detail[0], detail[1], detail[2], detail[3]]);
    admitted.map(|(_, entry)| (frame(entry.detail) as usize, entry.person.unwrap() as u8)).collect()
}

/// Shows these, and returns who was admitted.
fn admitted(board: &mut Board, shows: &[(Show, usize)]) -> Vec<(usize, u8)> {
    board.boot(async |world: &mut World| {
        let mut stage = Stage::default();
        for (show, frames) in shows {
            stage.show(world, *show, *frames).await;
        }
        admissions(world).await
    })
}

#[test]
fn a_photograph_after_an_admission_does_not_open() {
    for shows in [
        &[(Show::Living(1), NEEDED), (Show::Still(1), 60)][..],
        &[(Show::Living(1), 2 * NEEDED - 1), (Show::Empty, 1), (Show::Still(1), 60)][..],
    ] {
        assert_eq!(admitted(&mut Board::with_two_people(), shows), [(NEEDED, 1)], "the living person alone");
    }
}

#[test]
fn a_photograph_after_an_empty_frame_does_not_open() {
    // The living person goes before enough frames agree.
    let shows = [(Show::Living(1), NEEDED - 1), (Show::Empty, 1), (Show::Still(1), 60)];
    assert_eq!(admitted(&mut Board::with_two_people(), &shows), []);
}

/// The frame that a request takes is none of the door's: what it showed may have been a gap.
#[test]
fn a_photograph_after_a_frame_that_a_request_took_does_not_open() {
    let admitted = Board::with_two_people().boot(async |world: &mut World| {
        let mut stage = Stage::default();
        stage.show(world, Show::Living(1), NEEDED - 1).await;
        world.host.connect().await;
        world.host.send(&Request::Identify { source: Source::Camera });
        // The request waits for the next frame.
        world.wait(200).await;
        world.scene.show_bytes(engine::picture(0, 0));
        assert_eq!(world.host.receive().await.1, Err(Error::NoFace));
        stage.show(world, Show::Still(1), 60).await;
        admissions(world).await
    });
    assert_eq!(admitted, []);
}

#[test]
fn no_frame_counts_twice_and_every_admission_rests_on_one_track() {
    let show = prop_oneof![
        6 => (1u8..3).prop_map(Show::Living),
        2 => (1u8..4).prop_map(Show::Still),
        1 => Just(Show::Empty),
    ];
    let frames = prop_oneof![2 => 1usize..6, 2 => 6usize..16];
    let shows = proptest::collection::vec((show, frames), 1..16);
    let board = Board::with_two_people();
    let counted = std::cell::Cell::new(0);
    let cases = Config { cases: 40, failure_persistence: None, ..Config::default() };
    let property = |shows: Vec<(Show, usize)>| {
        let mut board = board.copy();
        let (shown, admitted) = board.boot(async |world: &mut World| {
            let mut stage = Stage::default();
            for (show, frames) in shows {
                stage.show(world, show, frames).await;
            }
            (stage.shown, admissions(world).await)
        });
        counted.set(counted.get() + admitted.len());
        let mut used: Range<usize> = 0..0;
        for (frame, person) in admitted {
            let track = frame.saturating_sub(NEEDED)..frame;
            prop_assert!(used.end <= track.start, "{track:?} begins in {used:?}");
            prop_assert_eq!(track.len(), NEEDED);
            prop_assert!(shown[track.clone()].iter().all(|shown| *shown == Some(person)), "{track:?}");
            used = track;
        }
        Ok(())
    };
    TestRunner::new_with_rng(cases, proptest::test_runner::TestRng::deterministic_rng(Default::default()))
        .run(&shows, property)
        .unwrap();
    assert!(counted.get() > 10, "{} admissions", counted.get());
}
