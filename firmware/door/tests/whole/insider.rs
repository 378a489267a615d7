//! What a paired host, or one that is not paired, learns and hides: the audit log, events, the status.

use crate::simulation::rules::{board, comes, events, set_rule, settings, two_factors};
use crate::simulation::{Board, World, engine};
use audit::{Entry, Kind};
use policy::Reason;
use protocol::{
    Clock, Enrolment, Error, EventKind, FrameResult, Limits, LivenessMode, Name, Request, Response, Role,
    Settings, Source,
};

/// Pairs one more host, and goes on as this host.
pub async fn join(world: &mut World, role: Role, secret: u8) {
    world.host.become_host(7);
    world.host.ask(Request::Invite { role }).await.unwrap();
    world.host.become_host(secret);
    world.host.begin_pairing(role, "desk").await.unwrap();
    world.confirm().await;
    world.host.ask(Request::PollPairing).await.unwrap();
}

#[test]
fn an_operator_cannot_wash_the_log_away() {
    board().boot(async |world: &mut World| {
        assert!(comes(world, 1).await);
        join(world, Role::Operator, 9).await;
        let (mut done, mut refused) = (0, 0);
        for _ in 0..600 {
            match set_rule(world, "Bob", two_factors()).await {
                Ok(_) => done += 1,
                Err(Error::TooManyChanges { seconds: 1..=60 }) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!(done <= 201 && refused >= 399, "{done} done, {refused} refused");
        let key = crypto::handshake::public_key(&crypto::Key::new([10; 32]));
        let rekeyed = world.host.ask(Request::ReplaceKey { key }).await;
        assert!(matches!(rekeyed, Err(Error::TooManyChanges { .. })), "another key is no other account");
        world.wait(61_000).await;
        assert!(set_rule(world, "Bob", two_factors()).await.is_ok(), "one a minute");
        world.host.become_host(7);
        let kinds = world.host.kinds().await;
        assert!(kinds.contains(&Kind::Paired), "the log has what was before");
        assert!(set_rule(world, "Bob", two_factors()).await.is_ok(), "the installer goes on");
    });
}

#[test]
fn an_installer_cannot_wash_the_log_away_nor_by_restarts() {
    let mut board = board();
    let mut done = 0;
    for power_on in 0..3 {
        done += board.boot(async |world: &mut World| {
            let mut done = 0;
            let now = 1_800_000_000_000;
            world.host.ask(Request::SetClock { unix_ms: now }).await.ok();
            for step in 0..(if power_on == 0 { 1_500 } else { 100 }) {
                // A request that has an entry of the table, and one whose entry the journal writes.
                let answer = match step % 2 {
                    0 => set_rule(world, "Bob", two_factors()).await,
                    _ => world.host.ask(Request::SetClockBack { unix_ms: now }).await,
                };
                match answer {
                    Ok(_) => done += 1,
                    Err(Error::TooManyChanges { seconds: 1..=60 }) => {}
                    other => panic!("{other:?}"),
                }
            }
            done
        });
    }
    assert!((950..=1_020).contains(&done), "{done}");
}

#[test]
fn restarts_on_request_count_twice_as_they_have_two_entries() {
    let mut board = board();
    board.boot(async |world: &mut World| {
        let mut done = 0;
        for _ in 0..600 {
            match world.host.ask(Request::Reboot).await {
                Ok(_) => done += 1,
                Err(Error::TooManyChanges { .. }) => {}
                other => panic!("{other:?}"),
            }
        }
        assert!((450..=515).contains(&done), "{done}");
    });
}

#[test]
fn the_log_tells_what_of_the_settings_changed() {
    board().boot(async |world: &mut World| {
        let limits = Limits { failures: 100, lockout_ms: 1_000, fail_safe: true, ..Limits::default() };
        let weak = Settings { liveness: LivenessMode::Off, limits, ..Settings::default() };
        for settings in [Settings::default(), weak, Settings { open_ms: 9_000, ..weak }, Settings::default()]
        {
            world.host.ask(Request::SetSettings(settings)).await.unwrap();
        }
        let log = world.host.log().await;
        let told: Vec<_> = log.iter().filter(|(_, entry)| entry.kind == Kind::Settings).collect();
        let [.., (_, first), (_, weak), (_, longer), (_, again)] = told[..] else { panic!("{told:?}") };
        assert_eq!(weak.reason, 8 | 32 | 64, "liveness, fail-safe, rationing");
        assert_eq!(longer.reason, 4, "the opening time alone");
        assert_eq!(first.detail, again.detail, "the same settings have the same digest");
        assert_ne!(first.detail, weak.detail);
    });
}

#[test]
fn pauses_invitations_and_embeddings_are_in_the_log() {
    board().boot(async |world: &mut World| {
        world.host.ask(Request::Invite { role: Role::Installer }).await.unwrap();
        world.host.ask(Request::PauseDoor { ms: 60_000 }).await.unwrap();
        world.host.stage(&engine::picture(1, 0)).await;
        world.host.ask(Request::Embed { source: Source::Staged }).await.unwrap();
        let log = world.host.log().await;
        let told = log.iter().rev().take(3).rev().map(|(_, entry)| (entry.kind, entry.reason));
        let expected = [(Kind::Invited, Role::Installer as u8), (Kind::Paused, 0), (Kind::Embedded, 0)];
        assert!(told.eq(expected));
    });
}

/// Nobody keeps the door from people by requests that fail: they take no frame, or are in the log.
#[test]
fn a_request_that_fails_takes_no_frame_from_the_door_or_is_in_the_log() {
    let compared = async |world: &mut World| {
        world.host.kinds().await.into_iter().filter(|kind| *kind == Kind::Compared).count()
    };
    Board::with_two_people().boot(async |world: &mut World| {
        world.host.connect().await;
        let entries = world.host.kinds().await.len();
        let nobody = || Name::try_from("Nobody").unwrap();
        let bad = || Name::try_from(" ").unwrap();
        for moment in 0..liveness::MIN_SAMPLES + 2 {
            assert!(!world.is_open());
            world.scene.show_bytes(engine::moment(1, moment as u8 + 1));
            world.wait(50).await;
            let source = Source::Camera;
            let asked = world.host.ask(Request::Verify { name: nobody(), source }).await;
            assert!(matches!(asked, Err(Error::UnknownPerson { .. })), "{asked:?}");
            let enrolment = Enrolment::NewPerson;
            let asked = world.host.ask(Request::Enrol { name: bad(), source, enrolment }).await;
            assert_eq!(asked, Err(Error::BadName));
        }
        assert!(world.is_open(), "they have restarted nothing");
        assert_eq!(world.host.kinds().await.len(), entries + 1, "and are no entries: one has the admission");
        for request in [
            Request::Identify { source: Source::Camera },
            Request::Embed { source: Source::Camera },
            Request::Verify { name: Name::try_from("Ann").unwrap(), source: Source::Camera },
            Request::Enrol { name: nobody(), source: Source::Camera, enrolment: Enrolment::NewPerson },
        ] {
            let before = compared(world).await;
            world.host.send(&request);
            world.wait(200).await;
            world.scene.show_bytes(engine::picture(0, 0));
            assert_eq!(world.host.receive().await.1, Err(Error::NoFace), "{request:?}");
            assert_eq!(compared(world).await, before + 1, "{request:?}");
        }
    });
}

/// A refusal that tells whose a face is, how much it is like theirs, or whether it lives, is a comparison. So it has an entry as
/// one, with the person that the host named.
#[test]
fn refused_enrolments_that_tell_of_a_face_are_in_the_log() {
    Board::with_models().boot(async |world: &mut World| {
        let challenge = Settings { liveness: LivenessMode::Challenge, ..Settings::default() };
        world.host.ask(Request::SetSettings(challenge)).await.unwrap();
        world.host.enrol("Ann", 1).await.unwrap();
        let before = world.host.log().await.len();
        for _ in 0..5 {
            let asked = world.host.enrol_as("Ann", 2, 0, Enrolment::AddTemplate).await;
            assert!(matches!(asked, Err(Error::Unlike { .. })), "{asked:?}");
        }
        let asked = world.host.enrol_as("Ann", 1, 0, Enrolment::AddTemplate).await;
        assert!(matches!(asked, Err(Error::SamePicture { .. })), "{asked:?}");
        let asked = world.host.enrol("Bob", 1).await;
        assert!(matches!(asked, Err(Error::DuplicateFace { .. })), "{asked:?}");
        world.host.stage(&engine::photograph(5)).await;
        let (name, source) = (Name::try_from("Eve").unwrap(), Source::Staged);
        let asked = Request::Enrol { name, source, enrolment: Enrolment::NewPerson };
        assert_eq!(world.host.ask(asked).await, Err(Error::NotAlive));
        let name = Name::try_from(" ").unwrap();
        let asked = Request::Enrol { name, source, enrolment: Enrolment::NewPerson };
        assert_eq!(world.host.ask(asked).await, Err(Error::BadName), "which tells nothing, and has none");
        let log = world.host.log().await;
        let told: Vec<_> =
            log[before..].iter().map(|(_, entry)| (entry.kind, entry.person, entry.reason)).collect();
        assert!(told[..6].iter().all(|told| *told == (Kind::Compared, Some(1), 0)), "{told:?}");
        assert_eq!(told[6..], [(Kind::Compared, None, 0); 2]);
    });
}

/// The similarities of what the camera saw since `after`.
async fn seen(world: &mut World, after: &mut u32) -> Vec<(Option<String>, i16)> {
    let seen = events(world, after).await.into_iter().filter_map(|event| match event {
        EventKind::FrameAssessed { result, .. } => Some(match result {
            FrameResult::Known(best) | FrameResult::Stranger(Some(best)) => {
                (Some(best.name.to_string()), best.similarity)
            }
            _ => (None, 0),
        }),
        _ => None,
    });
    seen.collect()
}

#[test]
fn scores_are_exact_for_the_installer_alone_and_auditors_learn_no_nearest_name() {
    board().boot(async |world: &mut World| {
        world.host.ask(Request::SetSettings(settings())).await.unwrap();
        world.glance(9).await;
        let (_, exact) = seen(world, &mut 0).await.pop().unwrap();
        assert_ne!(exact.rem_euclid(2048), 0);
        join(world, Role::Operator, 8).await;
        let (name, score) = seen(world, &mut 0).await.remove(0);
        assert!(name.is_some() && score == exact - exact.rem_euclid(2048));
        world.host.stage(&engine::picture(9, 0)).await;
        let compared = world.host.ask(Request::Identify { source: Source::Staged }).await;
        let Ok(Response::Identified(compared)) = compared else { panic!("{compared:?}") };
        assert_eq!(compared.best.unwrap().similarity.rem_euclid(2048), 0);
        world.host.stage(&engine::picture(1, 1)).await;
        let name = Name::try_from("Eve").unwrap();
        let enrol = Request::Enrol { name, source: Source::Staged, enrolment: Enrolment::NewPerson };
        let Err(Error::DuplicateFace { similarity, .. }) = world.host.ask(enrol).await else { panic!() };
        assert_eq!(similarity.rem_euclid(2048), 0);

        join(world, Role::Auditor, 9).await;
        assert_eq!(seen(world, &mut 0).await, [(None, 0)]);
        let log = world.host.log().await;
        assert!(log.iter().all(|(_, entry)| entry.score.rem_euclid(2048) == 0));
    });
}

#[test]
fn the_log_does_not_say_who_a_stranger_is_like() {
    board().boot(async |world: &mut World| {
        let compared = async |world: &mut World, picture: u8| {
            world.host.stage(&engine::picture(picture, 0)).await;
            let compared = world.host.ask(Request::Identify { source: Source::Staged }).await;
            let Ok(Response::Identified(compared)) = compared else { panic!("{compared:?}") };
            assert!(compared.best.is_some(), "the operator is told");
            let (_, entry) = world.host.log().await.pop().unwrap();
            assert_eq!((entry.kind, entry.reason), (Kind::Compared, compared.accepted.into()));
            entry.person
        };
        assert_eq!(compared(world, 9).await, None);
        assert_eq!(compared(world, 1).await, Some(1));
        // Nor does it of one who stands at the door.
        for _ in 0..12 {
            world.show(9).await;
        }
        let log = world.host.log().await.into_iter().map(|(_, entry)| entry);
        let stranger = |entry: &Entry| (entry.kind, entry.reason) == (Kind::Refused, Reason::Stranger as u8);
        let refused: Vec<_> = log.filter(stranger).map(|entry| entry.person).collect();
        assert!(!refused.is_empty() && refused.iter().all(Option::is_none), "{refused:?}");
    });
}

#[test]
fn an_unpaired_host_learns_that_it_is_a_postern_and_no_more() {
    board().boot(async |world: &mut World| {
        let Ok(Response::Status(own)) = world.host.ask(Request::Status).await else { panic!() };
        assert!(own.people == 2 && !own.models.is_empty());
        world.host.become_host(66);
        world.host.connect().await;
        let sealed = world.host.ask(Request::Status).await.unwrap();
        world.host.send_plain(&Request::Status);
        let (_, plain) = world.host.receive().await;
        for told in [sealed, plain.unwrap()] {
            let Response::Status(told) = told else { panic!("{told:?}") };
            assert_eq!((told.people, told.templates, told.hosts, told.free_bytes), (0, 0, 1, 0));
            assert_eq!(
                (told.settings, told.threshold, told.gallery_encoder),
                (Settings::default(), None, None)
            );
            assert_eq!((told.clock, told.uptime_ms), (Clock { unix_ms: 0, exact: false }, 0));
            assert!(told.models.is_empty() && told.board == own.board);
        }
    });
}

/// Each look of a host takes a frame from the door. Outside of a pause it has an entry, and is charged.
#[test]
fn looks_through_the_camera_shut_nobody_out_for_long_and_are_in_the_log() {
    board().boot(async |world: &mut World| {
        world.host.ask(Request::SetSettings(Settings::default())).await.unwrap();
        join(world, Role::Operator, 9).await;
        let look = async |world: &mut World| {
            world.host.send(&Request::Detect { source: Source::Camera });
            // The request waits for the next frame.
            world.wait(50).await;
            world.scene.show_moving(1);
            world.host.receive().await.1
        };
        let compared = async |world: &mut World| {
            world.host.become_host(7);
            let kinds = world.host.kinds().await.into_iter();
            let count = kinds.filter(|kind| *kind == Kind::Compared).count();
            world.host.become_host(9);
            world.host.connect().await;
            count
        };
        world.host.connect().await;
        for _ in 0..5 {
            look(world).await.unwrap();
        }
        assert_eq!(compared(world).await, 5);
        // Enrolment looks often, in a pause, which has its own entry.
        world.host.ask(Request::PauseDoor { ms: 60_000 }).await.unwrap();
        for _ in 0..9 {
            look(world).await.unwrap();
        }
        world.host.ask(Request::PauseDoor { ms: 0 }).await.unwrap();
        assert_eq!(compared(world).await, 5);
        let (mut done, mut refused) = (0, 0);
        for _ in 0..230 {
            match look(world).await {
                Ok(_) => done += 1,
                Err(Error::TooManyChanges { .. }) => refused += 1,
                other => panic!("{other:?}"),
            }
        }
        assert!((185..=196).contains(&done) && refused > 20, "{done} done, {refused} refused");
        // What is refused takes no frame: Ann comes in all the same.
        for _ in 0..12 {
            assert!(matches!(look(world).await, Err(Error::TooManyChanges { .. })));
        }
        assert!(world.is_open());
    });
}
