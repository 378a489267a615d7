//! Enrolment and liveness: what the liveness network takes for an attack is refused or marked.

use crate::simulation::{Board, World, engine, host::Reply};
use audit::Kind;
use protocol::{Enrolment, Error, LivenessMode, Name, Request, Response, Settings, Source};

async fn enrol(world: &mut World, name: &str, picture: &[u8]) -> Reply {
    world.host.stage(picture).await;
    let name = Name::try_from(name).unwrap();
    let enrolment = Enrolment::NewPerson;
    world.host.ask(Request::Enrol { name, source: Source::Staged, enrolment }).await
}

async fn set_liveness(world: &mut World, liveness: LivenessMode) {
    let settings = Settings { liveness, ..Settings::default() };
    world.host.ask(Request::SetSettings(settings)).await.unwrap();
}

#[test]
fn a_photograph_is_not_enrolled_where_a_challenge_is_demanded() {
    Board::with_models().boot(async |world: &mut World| {
        set_liveness(world, LivenessMode::Challenge).await;
        assert_eq!(enrol(world, "Paper", &engine::photograph(5)).await, Err(Error::NotAlive));
        assert!(world.host.users().await.is_empty());
        assert!(matches!(
            enrol(world, "Ann", &engine::picture(1, 0)).await,
            Ok(Response::Enrolled { alive: Some(true), .. })
        ));
    });
}

#[test]
fn a_photograph_that_is_enrolled_is_marked_in_reply_and_log() {
    Board::with_models().boot(async |world: &mut World| {
        set_liveness(world, LivenessMode::Passive).await;
        let modes = [("Paper", engine::photograph(5)), ("Ann", engine::picture(1, 0))];
        for (name, picture) in modes {
            let Ok(Response::Enrolled { alive, .. }) = enrol(world, name, &picture).await else { panic!() };
            assert_eq!(alive, Some(name == "Ann"));
        }
        set_liveness(world, LivenessMode::Off).await;
        let Ok(Response::Enrolled { alive, .. }) = enrol(world, "Bob", &engine::photograph(2)).await else {
            panic!()
        };
        assert_eq!(alive, None);
        let log = world.host.log().await.into_iter();
        let enrolled = log.filter(|(_, entry)| entry.kind == Kind::Enrolled);
        assert_eq!(enrolled.map(|(_, entry)| entry.detail[4]).collect::<Vec<_>>(), [1, 2, 0]);
    });
}

/// Asks for the faces of the next frame of the camera, and shows it one.
async fn look(world: &mut World, picture: Vec<u8>) -> Reply {
    let id = world.host.send(&Request::Detect { source: Source::Camera });
    world.wait(50).await;
    world.scene.show_bytes(picture);
    let (answered, reply) = world.host.receive().await;
    assert_eq!(answered, id);
    reply
}

#[test]
fn the_frame_of_the_camera_that_was_looked_at_is_the_one_that_is_enrolled() {
    Board::with_models().boot(async |world: &mut World| {
        world.host.ask(Request::PauseDoor { ms: 60_000 }).await.unwrap();
        let seen = look(world, engine::picture(1, 0)).await;
        let Ok(Response::Faces { faces, .. }) = seen else { panic!("{seen:?}") };
        // Somebody else steps before the camera.
        world.scene.show_bytes(engine::picture(2, 0));
        let (name, enrolment) = (Name::try_from("Ann").unwrap(), Enrolment::NewPerson);
        let enrolled = world.host.ask(Request::Enrol { name, source: Source::Staged, enrolment }).await;
        let Ok(Response::Enrolled { face, faces: count, .. }) = enrolled else { panic!("{enrolled:?}") };
        assert_eq!((faces.first(), faces.len()), (Some(&face), count.into()));
        for (person, is_ann) in [(1, true), (2, false)] {
            world.host.stage(&engine::picture(person, 0)).await;
            let compared = world.host.ask(Request::Identify { source: Source::Staged }).await;
            let Ok(Response::Identified(comparison)) = compared else { panic!("{compared:?}") };
            assert_eq!(comparison.accepted, is_ann, "{person}");
        }
    });
}

#[test]
fn a_frame_belongs_to_the_host_that_showed_it() {
    Board::with_models().boot(async |world: &mut World| {
        let enrol = |who| {
            let (name, enrolment) = (Name::try_from(who).unwrap(), Enrolment::NewPerson);
            Request::Enrol { name, source: Source::Staged, enrolment }
        };
        // Another host, be it a guest, comes between.
        let between = async |world: &mut World| {
            world.host.become_host(66);
            world.host.connect().await;
            world.host.become_host(7);
            world.host.connect().await;
        };
        let none = Err(Error::NoFrame { next: 0, length: 0 });
        world.host.stage(&engine::picture(1, 0)).await;
        between(world).await;
        assert_eq!(world.host.ask(enrol("Ann")).await, none);
        assert!(matches!(look(world, engine::picture(1, 0)).await, Ok(Response::Faces { .. })));
        between(world).await;
        assert_eq!(world.host.ask(enrol("Ann")).await, none, "nor one of the camera");
        let chunk = world.host.ask(Request::FrameChunk { offset: 0, data: &[1; 64] }).await;
        assert_eq!(chunk, none, "nor half of one");
        assert!(world.host.users().await.is_empty());
        // A session of the same host that was lost on the way loses no frame.
        world.host.stage(&engine::picture(1, 0)).await;
        world.host.connect().await;
        assert!(world.host.ask(enrol("Ann")).await.is_ok());
    });
}

#[test]
fn an_enrolment_is_taken_back_by_the_number_of_its_template_whatever_came_since() {
    Board::with_models().boot(async |world: &mut World| {
        let mut numbers = Vec::new();
        for (view, enrolment) in [
            (0, Enrolment::NewPerson),
            (1, Enrolment::AddTemplate),
            (2, Enrolment::AddAnyTemplate),
            (3, Enrolment::AddAnyTemplate),
        ] {
            let enrolled = world.host.enrol_as("Ann", 1, view, enrolment).await;
            let Ok(Response::Enrolled { template, .. }) = enrolled else { panic!("{enrolled:?}") };
            numbers.push(template);
        }
        // Somebody else takes the first away: the places of the others are other ones now.
        let name = Name::try_from("Ann").unwrap();
        let first = world.host.ask(Request::RemoveTemplate { name: name.clone(), index: 0 }).await;
        assert_eq!(first, Ok(Response::Removed { person: 1, templates: 1 }));
        let take_back = |template| Request::RemoveEnrolled { person: 1, template };
        for (number, templates) in [(numbers[0], 0), (numbers[2], 1), (numbers[2], 0), (numbers[3], 1)] {
            let taken = world.host.ask(take_back(number)).await;
            assert_eq!(taken, Ok(Response::Removed { person: 1, templates }), "{number}");
        }
        let compare = async |world: &mut World, view| {
            world.host.stage(&engine::picture(1, view)).await;
            let compared = world.host.ask(Request::Identify { source: Source::Staged }).await;
            let Ok(Response::Identified(comparison)) = compared else { panic!("{compared:?}") };
            comparison.best.map(|best| best.similarity)
        };
        let (own, other) = (compare(world, 1).await, compare(world, 3).await);
        assert!(own > other, "the second is kept: {own:?} {other:?}");
        let only = world.host.ask(take_back(numbers[1])).await;
        assert_eq!(only, Err(Error::NoTemplate { name, templates: 1 }));
        let nobody = world.host.ask(Request::RemoveEnrolled { person: 9, template: numbers[1] }).await;
        assert_eq!(nobody, Ok(Response::Removed { person: 9, templates: 0 }));
        assert_eq!(world.host.kinds().await.last(), Some(&Kind::Template));
    });
}
