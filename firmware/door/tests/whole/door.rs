//! The door: it opens for enrolled people, for the set time, and for nobody else.

use crate::simulation::{Board, World, engine};
use protocol::{
    EventKind, Flaw, FrameResult, LivenessMode, ModelKind, RejectReason, Request, Response, Settings,
};

async fn events(world: &mut World) -> Vec<EventKind> {
    let (mut all, mut after) = (Vec::new(), 0);
    loop {
        match world.host.ask(Request::NextEvents { after }).await {
            Ok(Response::Events { newest, events }) => {
                all.extend(events.iter().map(|event| event.kind.clone()));
                after = events.last().map_or(newest, |event| event.sequence);
                if after == newest {
                    return all;
                }
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn it_opens_for_a_known_face_and_locks_in_time() {
    Board::with_two_people().boot(async |world: &mut World| {
        world.wait(50).await;
        assert!(world.wires.ready.get() && !world.is_open());
        world.show(1).await;
        world.show(1).await;
        assert!(!world.is_open(), "two frames are not enough");
        world.show(1).await;
        assert!(world.is_open());
        world.wait(2_900).await;
        assert!(world.is_open());
        world.wait(200).await;
        assert!(!world.is_open());
        let events = events(world).await;
        let opened = events.iter().find_map(|event| match event {
            EventKind::Opened { frame, person, name, open_ms } => {
                Some((*frame, *person, name.to_string(), *open_ms))
            }
            _ => None,
        });
        assert_eq!(opened, Some((liveness::MIN_SAMPLES as u32 + 2, Some(1), "Ann".to_string(), 3_000)));
        assert!(matches!(events.first(), Some(EventKind::Booted { .. })));
        assert!(matches!(events.last(), Some(EventKind::Locked)));
    });
}

#[test]
fn strangers_stay_outside() {
    Board::with_two_people().boot(async |world: &mut World| {
        for _ in 0..6 {
            world.show(3).await;
            assert!(!world.is_open() && world.wires.refused.get());
        }
        let last = events(world).await.pop();
        match last {
            Some(EventKind::FrameAssessed {
                result: FrameResult::Stranger(Some(most)),
                threshold,
                face,
                ..
            }) => {
                assert!(most.similarity < threshold.unwrap());
                // The box begins one pixel to the right of the centre of the first pixel.
                assert_eq!(face.unwrap().corner.x, 24);
            }
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn agreement_is_of_one_person_in_different_pictures() {
    Board::with_two_people().boot(async |world: &mut World| {
        for person in [1, 2, 1, 2, 1, 1, 3, 1, 1] {
            world.show(person).await;
        }
        world.wait(5_000).await;
        for person in [0, 1, 1] {
            world.show(person).await;
        }
        // The empty frame ended the track: liveness needs enough samples, and then three frames agree.
        for _ in 2..liveness::MIN_SAMPLES + 2 {
            assert!(!world.is_open());
            world.show(1).await;
        }
        assert!(world.is_open());
    });
}

#[test]
fn one_picture_is_enough_where_the_settings_say_so_and_the_settings_last() {
    let mut board = Board::with_two_people();
    let settings = Settings { far_one_in: 1_000, agreement_frames: 1, open_ms: 500, ..Settings::default() };
    board.boot(async |world: &mut World| {
        let reply = world.host.ask(Request::SetSettings(settings)).await;
        assert_eq!(reply, Ok(Response::Settings(settings)));
    });
    board.boot(async |world: &mut World| {
        world.show(2).await;
        assert!(world.is_open());
        world.wait(500).await;
        assert!(!world.is_open());
    });
}

#[test]
fn poor_views_are_refused_for_what_they_are() {
    Board::with_two_people().boot(async |world: &mut World| {
        for _ in 0..4 {
            world.scene.show_bytes(engine::distant(1));
            world.wait(50).await;
        }
        assert!(!world.is_open());
        let last = events(world).await.pop();
        let poor = FrameResult::Poor(Flaw::TooSmall);
        assert!(matches!(last, Some(EventKind::FrameAssessed { result, .. }) if result == poor));
    });
}

#[test]
fn a_photograph_is_refused_before_it_is_compared() {
    Board::with_two_people().boot(async |world: &mut World| {
        for _ in 0..6 {
            world.scene.show_bytes(engine::photograph(1));
            world.wait(50).await;
            assert!(!world.is_open() && world.wires.refused.get());
        }
        match events(world).await.pop() {
            Some(EventKind::FrameAssessed { result, liveness: Some(liveness), agreement: 0, .. }) => {
                assert_eq!(result, FrameResult::NotLive(RejectReason::Score));
                assert!(liveness.score < liveness.needed);
                assert_eq!(liveness.reject, Some(RejectReason::Score));
            }
            other => panic!("{other:?}"),
        }
        for _ in 0..30 {
            world.show(1).await;
        }
        assert!(world.is_open(), "the person themselves may pass");
    });
}

#[test]
fn photographs_shut_the_door_to_the_person_they_show() {
    Board::with_two_people().boot(async |world: &mut World| {
        for _ in 0..30 {
            world.scene.show_bytes(engine::photograph(1));
            world.wait(50).await;
        }
        for _ in 0..30 {
            world.show(1).await;
            assert!(!world.is_open(), "ten failures of three frames each");
        }
        world.wait(30_000).await;
        for _ in 0..30 {
            world.show(1).await;
        }
        assert!(world.is_open());
    });
}

#[test]
fn living_looks_do_not_vouch_for_the_photographs_that_follow() {
    Board::with_two_people().boot(async |world: &mut World| {
        world.show(1).await;
        world.show(1).await;
        for _ in 0..6 {
            world.scene.show_bytes(engine::photograph(1));
            world.wait(50).await;
            assert!(!world.is_open());
        }
    });
}

/// Two photos swapped in one place: the nose jumps further than that of a moving head.
#[test]
fn pictures_swapped_in_one_place_do_not_open() {
    Board::with_two_people().boot(async |world: &mut World| {
        for number in 0..48 {
            let [person, moment] = if number / 3 % 2 == 0 { [1, 5] } else { [2, 14] };
            world.scene.show_bytes(engine::moment(person, moment));
            world.wait(50).await;
            assert!(!world.is_open(), "frame {number}");
        }
        let assessed = events(world).await.into_iter().filter_map(|event| match event {
            EventKind::FrameAssessed { result, .. } => Some(result),
            _ => None,
        });
        // Every change of the face resets the history, so that never three frames in a row pass.
        assert!(assessed.skip(1).all(|result| matches!(result, FrameResult::NotLive(_))));
    });
}

/// Each frame is close to the one before, and at the end the face is another person's.
#[test]
fn a_face_that_morphs_into_another_resets_the_history() {
    let early = |result: &FrameResult| *result == FrameResult::NotLive(RejectReason::TooFewSamples);
    for (steps, is_reset) in [(0, false), (8, true)] {
        Board::with_two_people().boot(async |world: &mut World| {
            for number in 0..40u8 {
                world.scene.show_bytes(engine::becoming(4, number, number.saturating_mul(steps)));
                world.wait(50).await;
            }
            let assessed: Vec<_> = events(world)
                .await
                .into_iter()
                .filter_map(|event| match event {
                    EventKind::FrameAssessed { result, .. } => Some(result),
                    _ => None,
                })
                .collect();
            let watched = assessed.iter().skip_while(|one| early(one)).any(early);
            assert_eq!(watched, is_reset, "{assessed:?}");
        });
    }
}

#[test]
fn a_picture_that_does_not_move_never_opens_however_alive_it_looks() {
    Board::with_two_people().boot(async |world: &mut World| {
        for _ in 0..40 {
            world.scene.show_bytes(engine::picture(1, 0));
            world.wait(50).await;
            assert!(!world.is_open());
        }
        let seen = events(world).await.into_iter().rev().find_map(|event| match event {
            EventKind::FrameAssessed { result, .. } => Some(result),
            _ => None,
        });
        assert_eq!(seen, Some(FrameResult::NotLive(RejectReason::Still)));
    });
}

#[test]
fn photographs_open_where_nobody_asks_for_more() {
    Board::with_two_people().boot(async |world: &mut World| {
        let settings = Settings { liveness: LivenessMode::Off, ..Settings::default() };
        world.host.ask(Request::SetSettings(settings)).await.unwrap();
        for _ in 0..3 {
            world.scene.show_bytes(engine::photograph(1));
            world.wait(50).await;
        }
        assert!(world.is_open());
    });
}

#[test]
fn without_a_liveness_network_it_stays_locked_and_says_so() {
    let mut board = Board::with_two_people();
    board.liveness = [(); 2].map(|()| vec![0xff; crate::simulation::SLOT]);
    board.boot(async |world: &mut World| {
        for _ in 0..4 {
            world.show(1).await;
        }
        assert!(!world.is_open() && !world.wires.ready.get());
        let last = events(world).await.pop();
        assert!(matches!(last, Some(EventKind::FrameAssessed { result: FrameResult::Unable, .. })));
        world.host.stage(&engine::picture(1, 0)).await;
        let reply = world.host.ask(Request::Identify { source: protocol::Source::Staged }).await;
        assert_eq!(reply, Err(protocol::Error::NoModel { kind: ModelKind::Liveness }));
        let settings = Settings { liveness: LivenessMode::Off, ..Settings::default() };
        world.host.ask(Request::SetSettings(settings)).await.unwrap();
        for _ in 0..3 {
            world.show(1).await;
        }
        assert!(world.is_open(), "whoever switches it off does without");
    });
}

#[test]
fn the_button_opens_once_a_press() {
    Board::new().boot(async |world: &mut World| {
        world.wires.button.set(true);
        world.wait(100).await;
        assert!(world.is_open(), "without any models, people inside get out");
        world.wait(5_000).await;
        assert!(!world.is_open(), "a button that is held does not hold the door");
        world.wires.button.set(false);
        world.wait(100).await;
        world.wires.button.set(true);
        world.wait(100).await;
        assert!(world.is_open());
    });
}

#[test]
fn without_models_it_stays_locked_and_says_so() {
    Board::new().boot(async |world: &mut World| {
        for _ in 0..4 {
            world.show(1).await;
        }
        assert!(!world.is_open() && !world.wires.ready.get());
        let last = events(world).await.pop();
        assert!(matches!(last, Some(EventKind::FrameAssessed { result: FrameResult::Unable, .. })));
    });
}

#[test]
fn a_relay_that_fails_leaves_the_door_locked() {
    Board::with_two_people().boot(async |world: &mut World| {
        world.wires.broken.set(true);
        for _ in 0..3 {
            world.show(1).await;
        }
        world.wires.broken.set(false);
        world.wait(100).await;
        assert!(!world.is_open(), "the grant is spent");
    });
}

#[test]
fn a_paused_door_passes_over_pictures_and_leaves_them_to_the_host() {
    Board::with_two_people().boot(async |world: &mut World| {
        for _ in 0..3 {
            world.show(1).await;
        }
        assert!(world.is_open());
        world.host.ask(Request::PauseDoor { ms: 2_000 }).await.unwrap();
        world.wait(5).await;
        assert!(!world.is_open(), "a pause locks");
        world.show(4).await;
        let source = protocol::Source::Camera;
        assert!(matches!(world.host.ask(Request::Embed { source }).await, Ok(Response::Embedding { .. })));
        for _ in 0..4 {
            world.show(1).await;
        }
        assert!(!world.is_open());
        world.wait(2_000).await;
        // The movement jumped during the pause, so liveness needs new frames.
        for _ in 0..30 {
            world.show(1).await;
        }
        assert!(world.is_open(), "frames are assessed again");
    });
}

#[test]
fn the_watchdog_is_fed() {
    Board::new().boot(async |world: &mut World| {
        world.wait(10_000).await;
        assert!(world.wires.fed.get() >= 39);
    });
}

#[test]
fn a_worker_that_hangs_leaves_the_door_timed_and_the_watchdog_unfed() {
    Board::with_two_people().boot(async |world: &mut World| {
        for _ in 0..3 {
            world.show(1).await;
        }
        assert!(world.is_open());
        world.wires.hung.set(true);
        world.wait(3_100).await;
        assert!(!world.is_open(), "the lock closes in time whatever the worker does");
        world.wait(60_000).await;
        let fed = world.wires.fed.get();
        world.wait(10_000).await;
        assert_eq!(world.wires.fed.get(), fed);
    });
}

#[test]
fn a_damaged_gallery_leaves_a_board_that_answers_and_stays_locked() {
    let mut board = Board::with_two_people();
    board.gallery.fill(0);
    board.boot(async |world: &mut World| {
        for _ in 0..4 {
            world.show(1).await;
        }
        assert!(!world.is_open() && !world.wires.ready.get());
        assert!(matches!(world.host.ask(Request::Status).await, Ok(Response::Status(_))));
        let listed = world.host.ask(Request::ListUsers { from: 0 }).await;
        assert!(matches!(listed, Err(protocol::Error::Internal { .. })), "{listed:?}");
    });
    // Noise must not stop a boot either, neither in the gallery nor in the settings.
    for seed in 0..40u32 {
        let noise = |at: usize| ((at as u32 ^ seed).wrapping_mul(0x9e37_79b9) >> 24) as u8;
        board.gallery.iter_mut().enumerate().for_each(|(at, byte)| *byte = noise(at));
        board.settings.iter_mut().enumerate().for_each(|(at, byte)| *byte = noise(at + 7));
        board.boot(async |world: &mut World| {
            world.show(1).await;
            assert!(!world.is_open());
            assert!(matches!(world.host.ask(Request::Status).await, Ok(Response::Status(_))));
        });
    }
}
