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
