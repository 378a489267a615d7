//! Requests of the host, and their refusals.

use crate::insider::join;
use crate::simulation::{Board, World, engine, rules::board};
use protocol::{
    Comparison, Door, Enrolment, Error, Flaw, ModelKind, Name, PixelFormat, Request, Response, Role,
    SettingName, Settings, Source,
};

fn name(name: &str) -> Name {
    Name::try_from(name).unwrap()
}

fn comparison(reply: Result<Response, Error>) -> Comparison {
    match reply {
        Ok(Response::Verified(comparison) | Response::Identified(comparison)) => comparison,
        other => panic!("{other:?}"),
    }
}

const STAGED: Source = Source::Staged;

#[test]
fn a_board_without_models_answers_and_says_what_is_missing() {
    Board::new().boot(async |world: &mut World| {
        let host = &mut world.host;
        match host.ask(Request::Hello { protocol: 77 }).await {
            Ok(Response::Hello { protocol, board, .. }) => {
                assert_eq!((protocol, board.as_str()), (protocol::VERSION, "simulation"));
            }
            other => panic!("{other:?}"),
        }
        match host.ask(Request::Status).await {
            Ok(Response::Status(status)) => {
                assert!(status.models.is_empty() && status.threshold.is_none());
                assert_eq!((status.people, status.door), (0, Door::Locked));
                assert_eq!(status.settings, Settings::default());
            }
            other => panic!("{other:?}"),
        }
        assert_eq!(
            host.ask(Request::Embed { source: STAGED }).await,
            Err(Error::NoModel { kind: ModelKind::Detector })
        );
        host.flash(ModelKind::Detector, &engine::detector("finder")).await.unwrap();
        assert_eq!(host.enrol("Ann", 1).await, Err(Error::NoModel { kind: ModelKind::Encoder }));
        assert_eq!(host.users().await, Vec::<String>::new());
    });
}

#[test]
fn people_are_enrolled_compared_listed_and_removed() {
    let mut board = Board::with_models();
    board.boot(async |world: &mut World| {
        let host = &mut world.host;
        match host.enrol("  Zoë ", 1).await {
            Ok(Response::Enrolled { person: 1, templates: 1, faces: 1, face, .. }) => {
                assert_eq!(face.flaw, None);
            }
            other => panic!("{other:?}"),
        }
        host.enrol("Bob", 2).await.unwrap();
        match host.enrol_as("Bob", 2, 1, Enrolment::AddTemplate).await {
            Ok(Response::Enrolled { person: 2, templates: 2, .. }) => {}
            other => panic!("{other:?}"),
        }
        host.stage(&engine::picture(2, 7)).await;
        let who = comparison(host.ask(Request::Identify { source: STAGED }).await);
        assert_eq!(who.best.as_ref().map(|best| best.name.as_str()), Some("Bob"));
        assert!(who.accepted);
        let bob = comparison(host.ask(Request::Verify { name: name("Bob"), source: STAGED }).await);
        assert!(bob.accepted && bob.threshold <= who.threshold, "1:1 compares with fewer templates");
        let zoe = comparison(host.ask(Request::Verify { name: name("Zoë"), source: STAGED }).await);
        assert!(!zoe.accepted && zoe.best.unwrap().similarity < zoe.threshold);
        assert_eq!(
            host.ask(Request::Verify { name: name("Carl"), source: STAGED }).await,
            Err(Error::UnknownPerson { name: name("Carl") })
        );
        assert_eq!(host.users().await, ["Zoë", "Bob"]);
        let removed = host.ask(Request::Remove { name: name("Bob") }).await;
        assert_eq!(removed, Ok(Response::Removed { person: 2, templates: 2 }));
        let again = host.ask(Request::Remove { name: name("Bob") }).await;
        assert_eq!(again, Err(Error::UnknownPerson { name: name("Bob") }));
        let who = comparison(host.ask(Request::Identify { source: STAGED }).await);
        assert!(!who.accepted);
    });
    board.boot(async |world: &mut World| assert_eq!(world.host.users().await, ["Zoë"]));
}

#[test]
fn a_further_photograph_must_be_of_the_person_and_tell_something_new() {
    Board::with_models().boot(async |world: &mut World| {
        let host = &mut world.host;
        host.enrol("Ann", 1).await.unwrap();
        match host.enrol_as("Ann", 2, 0, Enrolment::AddTemplate).await {
            Err(Error::Unlike { name: of, similarity, least }) => {
                assert_eq!(of, name("Ann"));
                assert!(similarity < least, "{similarity} {least}");
            }
            other => panic!("{other:?}"),
        }
        match host.enrol_as("Ann", 1, 0, Enrolment::AddTemplate).await {
            Err(Error::SamePicture { name: of, similarity }) => {
                assert_eq!(of, name("Ann"));
                assert!(similarity > 31_000, "{similarity}");
            }
            other => panic!("{other:?}"),
        }
        // Surgery, or a twin: the operator insists.
        let insisted = host.enrol_as("Ann", 2, 0, Enrolment::AddAnyTemplate).await;
        assert!(matches!(insisted, Ok(Response::Enrolled { person: 1, templates: 2, .. })), "{insisted:?}");
        let gone = host.ask(Request::RemoveTemplate { name: name("Ann"), index: 1 }).await;
        assert_eq!(gone, Ok(Response::Removed { person: 1, templates: 1 }));
        let only = host.ask(Request::RemoveTemplate { name: name("Ann"), index: 0 }).await;
        assert_eq!(only, Err(Error::NoTemplate { name: name("Ann"), templates: 1 }));
        assert_eq!(world.host.kinds().await.last(), Some(&audit::Kind::Template));
    });
}

#[test]
fn a_person_is_renamed_and_the_log_says_so() {
    Board::with_models().boot(async |world: &mut World| {
        let host = &mut world.host;
        host.enrol("Ann", 1).await.unwrap();
        host.enrol("Bob", 2).await.unwrap();
        let taken = host.ask(Request::Rename { name: name("Ann"), new: name("Bob") }).await;
        assert!(matches!(taken, Err(Error::DuplicateName { .. })), "{taken:?}");
        let renamed = host.ask(Request::Rename { name: name("Ann"), new: name("Ada") }).await;
        assert_eq!(renamed, Ok(Response::Renamed { person: 1 }));
        let gone = host.ask(Request::GetRule { name: name("Ann") }).await;
        assert!(matches!(gone, Err(Error::UnknownPerson { .. })), "{gone:?}");
        let rule = host.ask(Request::GetRule { name: name("Ada") }).await;
        assert!(matches!(rule, Ok(Response::Rule { person: 1, .. })), "{rule:?}");
        assert_eq!(world.host.kinds().await.last(), Some(&audit::Kind::Renamed));
    });
}

#[test]
fn duplicates_poor_pictures_and_bad_names_are_refused() {
    Board::with_models().boot(async |world: &mut World| {
        let host = &mut world.host;
        host.enrol("Ann", 1).await.unwrap();
        assert_eq!(host.enrol("Ann", 2).await, Err(Error::DuplicateName { name: name("Ann") }));
        match host.enrol("Bob", 1).await {
            Err(Error::DuplicateFace { name: existing, similarity }) => {
                assert_eq!(existing, name("Ann"));
                assert!(similarity > 30_000);
            }
            other => panic!("{other:?}"),
        }
        let add = Enrolment::AddTemplate;
        assert_eq!(host.enrol_as("Bob", 2, 0, add).await, Err(Error::UnknownPerson { name: name("Bob") }));
        assert_eq!(host.enrol(" \n", 2).await, Err(Error::BadName));
        assert_eq!(host.enrol("B\u{7}b", 2).await, Err(Error::BadName));
        for view in 1..8 {
            host.enrol_as("Ann", 1, view, Enrolment::AddAnyTemplate).await.unwrap();
        }
        let full = Error::TooManyTemplates { name: name("Ann"), limit: 8 };
        assert_eq!(host.enrol_as("Ann", 1, 9, Enrolment::AddAnyTemplate).await, Err(full));
        assert_eq!(host.enrol("Nobody", 0).await, Err(Error::NoFace));
        host.stage(&engine::distant(3)).await;
        let enrol = Request::Enrol { name: name("Far"), source: STAGED, enrolment: Enrolment::NewPerson };
        assert_eq!(host.ask(enrol).await, Err(Error::PoorFace { flaw: Flaw::TooSmall }));
    });
}

#[test]
fn a_full_gallery_says_how_much_it_needs() {
    let mut board = Board::with_models();
    board.boot(async |world: &mut World| {
        let host = &mut world.host;
        let mut person = 0;
        let refusal = loop {
            person += 1;
            if let Err(refusal) = host.enrol(&format!("person {person}"), person).await {
                break refusal;
            }
        };
        match refusal {
            Error::GalleryFull { needed, free } => assert!(needed > free && person > 20),
            other => panic!("{other:?}"),
        }
        host.ask(Request::Remove { name: name("person 1") }).await.unwrap();
        host.enrol("person 1 again", 1).await.unwrap();
        assert_eq!(host.users().await.len(), usize::from(person) - 1);
    });
}

#[test]
fn a_picture_is_staged_in_order_and_whole() {
    Board::with_models().boot(async |world: &mut World| {
        let host = &mut world.host;
        let detect = Request::Detect { source: STAGED };
        assert_eq!(host.ask(detect.clone()).await, Err(Error::NoFrame { next: 0, length: 0 }));
        let chunk = |offset, data| Request::FrameChunk { offset, data };
        assert_eq!(host.ask(chunk(0, &[0; 4])).await, Err(Error::NoFrame { next: 0, length: 0 }));
        for (width, height) in [(0, 8), (7, 8), (322, 8), (8, 257), (u16::MAX, u16::MAX)] {
            let begin = Request::BeginFrame { width, height, format: PixelFormat::Yuyv };
            assert!(matches!(host.ask(begin).await, Err(Error::FrameSize { .. })), "{width}x{height}");
        }
        let begin = Request::BeginFrame { width: 8, height: 8, format: PixelFormat::Yuyv };
        assert_eq!(host.ask(begin).await, Ok(Response::Done));
        let picture = engine::picture(1, 0);
        let at = |next| Ok(Response::Progress { next });
        assert_eq!(host.ask(chunk(0, &picture[..100])).await, at(100));
        assert_eq!(host.ask(chunk(0, &picture[..100])).await, at(100), "may come again");
        let refusal = |offset| Err(Error::Offset { offset, next: 100, length: 128 });
        assert_eq!(host.ask(chunk(104, &picture[104..])).await, refusal(104));
        assert_eq!(host.ask(chunk(100, &[0; 29])).await, refusal(100));
        assert_eq!(host.ask(chunk(u32::MAX, &[0; 2])).await, refusal(u32::MAX));
        assert_eq!(host.ask(detect.clone()).await, Err(Error::NoFrame { next: 100, length: 128 }));
        assert_eq!(host.ask(chunk(100, &picture[100..])).await, at(128));
        match host.ask(detect).await {
            Ok(Response::Faces { faces, .. }) => assert_eq!(faces.len(), 1),
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn the_cameras_next_picture_can_be_asked_for() {
    Board::with_models().boot(async |world: &mut World| {
        let embed = Request::Embed { source: Source::Camera };
        assert_eq!(world.host.ask(embed.clone()).await, Err(Error::NoCamera));
        let id = world.host.send(&embed);
        world.wait(100).await;
        world.scene.show(5);
        let (answered, reply) = world.host.receive().await;
        assert_eq!(answered, id);
        match reply {
            Ok(Response::Embedding { template, encoder, .. }) => {
                assert_eq!((template.len(), encoder), (128, [1; 32]));
            }
            other => panic!("{other:?}"),
        }
    });
}

#[test]
fn settings_out_of_range_are_refused_by_name() {
    Board::new().boot(async |world: &mut World| {
        let good = Settings::default();
        let bad = Request::SetSettings(Settings { agreement_frames: 0, ..good });
        let refusal = Error::BadSetting { setting: SettingName::AgreementFrames, low: 1, high: 16 };
        assert_eq!(world.host.ask(bad).await, Err(refusal));
        assert_eq!(world.host.ask(Request::GetSettings).await, Ok(Response::Settings(good)));
    });
}

#[test]
fn a_gallery_of_another_encoder_is_listed_but_refused() {
    let mut board = Board::with_models();
    board.boot(async |world: &mut World| {
        let host = &mut world.host;
        host.enrol("Ann", 1).await.unwrap();
        host.flash(ModelKind::Encoder, &engine::encoder("other", 2)).await.unwrap();
        let refusal = Error::ForeignGallery { gallery: [1; 32], active: [2; 32] };
        assert_eq!(host.ask(Request::Identify { source: STAGED }).await, Err(refusal.clone()));
        assert_eq!(host.enrol("Bob", 2).await, Err(refusal));
        assert_eq!(host.users().await, ["Ann"]);
        match host.ask(Request::Status).await {
            Ok(Response::Status(status)) => {
                assert_eq!((status.templates, status.foreign_templates), (1, 1));
                assert_eq!(status.gallery_encoder, Some([1; 32]));
            }
            other => panic!("{other:?}"),
        }
        for _ in 0..4 {
            world.show(1).await;
        }
        assert!(!world.is_open() && !world.wires.ready.get());
        // With the old encoder, all people are known again.
        let host = &mut world.host;
        host.flash(ModelKind::Encoder, &engine::encoder("coder", 1)).await.unwrap();
        host.stage(&engine::picture(1, 3)).await;
        assert!(comparison(host.ask(Request::Identify { source: STAGED }).await).accepted);
    });
}

#[test]
fn a_restart_is_done_after_the_reply() {
    Board::new().boot(async |world: &mut World| {
        assert_eq!(world.host.ask(Request::Reboot).await, Ok(Response::Done));
        assert_eq!(world.wires.restarts.get(), 0);
        world.wait(1_000).await;
        assert_eq!(world.wires.restarts.get(), 1);
    });
}

/// A reply that somebody kept back is of no use to a host that was removed meanwhile.
#[test]
fn a_host_that_was_removed_gets_no_reply_of_before() {
    board().boot(async |world: &mut World| {
        join(world, Role::Operator, 8).await;
        let identify = Request::Identify { source: Source::Staged };
        world.host.stage(&engine::picture(2, 1)).await;
        world.host.send(&identify);
        assert!(world.host.receive().await.1.is_ok());
        let (key, removed) = (world.host.idempotency, world.host.key());
        // In a session of the same host it is the reply of then.
        world.host.connect().await;
        world.host.idempotency = key;
        world.host.send_keyed(&identify);
        assert!(world.host.receive().await.1.is_ok());
        world.host.become_host(7);
        world.host.ask(Request::RemoveHost { key: removed }).await.unwrap();
        world.host.become_host(8);
        world.host.connect().await;
        world.host.idempotency = key;
        world.host.send_keyed(&identify);
        assert_eq!(world.host.receive().await.1, Err(Error::Unpaired));
    });
}
