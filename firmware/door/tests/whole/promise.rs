//! The false-accept rate that is promised, and what the encoder's calibration table bears out. The table of the simulated
//! encoder is measured to 1 in 10,000 and modelled to 1 in 1,000,000.

use crate::simulation::{Board, World, engine, rules::comes};
use crate::stored_rules::damage;
use audit::Kind;
use protocol::{
    Basis, Enrolment, Error, LivenessMode, Matching, ModelKind, Request, Response, Settings, Status,
};

async fn set(world: &mut World, settings: Settings) -> Result<Response, Error> {
    world.host.ask(Request::SetSettings(settings)).await
}

async fn status(world: &mut World) -> Status {
    match world.host.ask(Request::Status).await {
        Ok(Response::Status(status)) => status,
        other => panic!("{other:?}"),
    }
}

/// The basis in the last byte of the newest entry of a kind.
async fn logged(world: &mut World, kind: Kind) -> u8 {
    let log = world.host.log().await;
    log.iter().rev().find(|(_, entry)| entry.kind == kind).expect("an entry").1.detail[11]
}

/// Half of what the table covers for one template is covered for two.
fn strict() -> Settings {
    Settings { far_one_in: 600_000, ..Settings::default() }
}

#[test]
fn a_rate_that_the_table_does_not_bear_out_is_refused_at_enrolment() {
    Board::with_models().boot(async |world: &mut World| {
        set(world, strict()).await.unwrap();
        let first = world.host.enrol("Ann", 1).await;
        assert!(matches!(first, Ok(Response::Enrolled { basis: Basis::Modelled, .. })), "{first:?}");
        let refused = Err(Error::UnprovenRate { one_in: 600_000, templates: 2 });
        assert_eq!(world.host.enrol("Bob", 2).await, refused);
        assert_eq!(world.host.enrol_as("Ann", 1, 1, Enrolment::AddTemplate).await, refused);
        assert_eq!(world.host.users().await, ["Ann"]);
        assert_eq!(status(world).await.basis, Some(Basis::Modelled));
    });
}

#[test]
fn the_installers_word_allows_it_and_status_and_log_tell() {
    let mut board = Board::with_models();
    board.boot(async |world: &mut World| {
        set(world, strict()).await.unwrap();
        world.host.enrol("Ann", 1).await.unwrap();
        assert_eq!(logged(world, Kind::Enrolled).await, 2);
        let word = Settings { accept_unproven: true, ..strict() };
        set(world, word).await.unwrap();
        let log = world.host.log().await;
        let (_, entry) = log.iter().rev().find(|(_, entry)| entry.kind == Kind::Settings).unwrap();
        assert_eq!((entry.reason, entry.detail[11]), (1, 2), "the false-accept rate changed");
        let second = world.host.enrol("Bob", 2).await;
        assert!(matches!(second, Ok(Response::Enrolled { basis: Basis::Unproven, .. })), "{second:?}");
        assert_eq!(logged(world, Kind::Enrolled).await, 3);
        let status = status(world).await;
        assert_eq!((status.basis, status.settings), (Some(Basis::Unproven), word));
    });
    board.boot(async |world: &mut World| {
        let settings = status(world).await.settings;
        assert!(settings.accept_unproven && settings.far_one_in == 600_000, "the word is kept: {settings:?}");
    });
}

#[test]
fn settings_that_the_table_does_not_bear_out_are_refused_and_others_are_not() {
    Board::with_two_people().boot(async |world: &mut World| {
        let before = status(world).await.settings;
        let strict = Settings { far_one_in: 600_000, ..before };
        let refused = Err(Error::UnprovenRate { one_in: 600_000, templates: 2 });
        assert_eq!(set(world, strict).await, refused);
        // In verify mode a face is compared with one person.
        set(world, Settings { matching: Matching::Verify, ..strict }).await.unwrap();
        assert_eq!(set(world, strict).await, refused, "back to everybody");
        set(world, Settings { accept_unproven: true, ..strict }).await.unwrap();
        assert_eq!(set(world, strict).await, refused, "the word is withdrawn");
        let other = Settings { accept_unproven: true, liveness: LivenessMode::Off, ..strict };
        set(world, other).await.unwrap();
        set(world, before).await.unwrap();
        assert_eq!(logged(world, Kind::Settings).await, 2, "2 times 10,000 is beyond what was measured");
    });
}

#[test]
fn a_door_that_verifies_is_asked_to_bear_out_one_persons_templates() {
    Board::with_models().boot(async |world: &mut World| {
        set(world, Settings { matching: Matching::Verify, ..strict() }).await.unwrap();
        world.host.enrol("Ann", 1).await.unwrap();
        world.host.enrol("Bob", 2).await.unwrap();
        let refused = Err(Error::UnprovenRate { one_in: 600_000, templates: 2 });
        assert_eq!(world.host.enrol_as("Bob", 2, 1, Enrolment::AddTemplate).await, refused);
    });
}

/// The board compares with the promise of before, and of lost settings it knows none: they are checked, be they the defaults.
#[test]
fn settings_that_are_restored_are_checked_also_where_they_are_the_active_defaults() {
    let mut board = Board::with_two_people();
    let looks_alone = Settings { liveness: LivenessMode::Off, ..Settings::default() };
    let accepted = Settings { accept_unproven: true, ..looks_alone };
    let refused = Err(Error::UnprovenRate { one_in: 10_000, templates: 2 });
    board.boot(async |world: &mut World| {
        set(world, accepted).await.unwrap();
        world.host.flash(ModelKind::Encoder, &engine::encoder(engine::SHORT, 1)).await.unwrap();
        let restored = world.host.ask(Request::RestoreSettings(looks_alone)).await;
        assert_eq!(restored, refused, "the word is withdrawn");
    });
    let erased = vec![0xff; board.settings.len()];
    damage(&mut board.settings, &erased, 0x0200);
    board.boot(async |world: &mut World| {
        let status = status(world).await;
        assert!(status.settings_lost && status.settings == Settings::default());
        assert_eq!(world.host.ask(Request::RestoreSettings(looks_alone)).await, refused);
        assert!(!comes(world, 1).await, "nobody has set them");
        world.host.ask(Request::RestoreSettings(accepted)).await.unwrap();
        assert!(comes(world, 1).await, "the installer's word");
    });
}

/// An encoder with the same templates may have another table. Those who are enrolled are compared by that one then.
#[test]
fn an_encoder_whose_table_does_not_bear_out_the_rate_of_who_is_enrolled_waits_for_the_installers_word() {
    let mut board = Board::with_two_people();
    let (short, own) = (engine::encoder(engine::SHORT, 1), engine::encoder(engine::SHORT, 2));
    let refused = Error::UnprovenRate { one_in: 10_000, templates: 2 };
    board.boot(async |world: &mut World| {
        let before = status(world).await;
        for _ in 0..2 {
            assert_eq!(world.host.flash(ModelKind::Encoder, &short).await, Err(refused.clone()));
        }
        let after = status(world).await;
        assert_eq!((after.models, after.basis), (before.models, before.basis), "the one of before stays");
        // Where a face is compared with one person's template, the table bears it out.
        let verifies = Settings { matching: Matching::Verify, ..before.settings };
        set(world, verifies).await.unwrap();
        world.host.flash(ModelKind::Encoder, &short).await.unwrap();
        let back = Settings { matching: Matching::Identify, ..before.settings };
        assert_eq!(set(world, back).await, Err(refused.clone()));
    });
    let mut board = Board::with_two_people();
    board.boot(async |world: &mut World| {
        // What is in flash has not to be sent again.
        assert_eq!(world.host.flash(ModelKind::Encoder, &short).await, Err(refused.clone()));
        let accepted = Settings { accept_unproven: true, ..status(world).await.settings };
        set(world, accepted).await.unwrap();
        let committed = world.host.ask(Request::CommitModel).await;
        assert!(matches!(committed, Ok(Response::ModelActive(_))), "{committed:?}");
        assert_eq!(status(world).await.basis, Some(Basis::Unproven));
    });
    // One that knows nobody's template promises nothing yet.
    let mut board = Board::with_two_people();
    board.boot(async |world: &mut World| {
        world.host.flash(ModelKind::Encoder, &own).await.unwrap();
        assert_eq!(status(world).await.foreign_templates, 2);
    });
}

#[test]
fn no_rate_is_set_by_a_gallery_that_cannot_be_read() {
    Board::with_two_people().boot(async |world: &mut World| {
        let strict = Settings { far_one_in: 600_000, ..status(world).await.settings };
        half_read(world).await;
        assert_eq!(set(world, strict).await, Err(Error::Flash));
        world.supply.unreadable.set(None);
        assert_eq!(set(world, strict).await, Err(Error::UnprovenRate { one_in: 600_000, templates: 2 }));
    });
}

/// Has an error of flash leave the gallery half read, so that it knows fewer templates than the door compares a face with.
async fn half_read(world: &mut World) {
    let rename = Request::Rename { name: "Ann".try_into().unwrap(), new: "Ada".try_into().unwrap() };
    world.supply.broken.set(Some("gallery"));
    assert_eq!(world.host.ask(rename.clone()).await, Err(Error::Flash));
    world.supply.broken.set(None);
    world.supply.unreadable.set(Some("gallery"));
    assert_eq!(world.host.ask(rename).await, Err(Error::Flash));
}

#[test]
fn nobody_is_enrolled_by_a_gallery_that_was_half_read() {
    Board::with_two_people().boot(async |world: &mut World| {
        let settings = Settings { far_one_in: 400_000, ..status(world).await.settings };
        set(world, settings).await.unwrap();
        half_read(world).await;
        assert_eq!(world.host.enrol("Cy", 3).await, Err(Error::Flash));
        world.supply.unreadable.set(None);
        let refused = Err(Error::UnprovenRate { one_in: 400_000, templates: 3 });
        assert_eq!(world.host.enrol("Cy", 3).await, refused, "the flash is read again first");
        assert_eq!(world.host.users().await, ["Ann", "Bob"]);
    });
}

#[test]
fn no_encoder_is_accepted_by_a_gallery_that_cannot_be_read() {
    let (mut board, short) = (Board::with_two_people(), engine::encoder(engine::SHORT, 1));
    let refused = Err(Error::UnprovenRate { one_in: 10_000, templates: 2 });
    let supply = board.supply.clone();
    board.boot(async |world: &mut World| {
        half_read(world).await;
        assert_eq!(world.host.flash(ModelKind::Encoder, &short).await, Err(Error::Flash));
        supply.unreadable.set(None);
        assert_eq!(world.host.flash(ModelKind::Encoder, &short).await, refused);
    });
    supply.unreadable.set(Some("gallery"));
    board.boot(async |world: &mut World| {
        assert_eq!(world.host.flash(ModelKind::Encoder, &short).await, Err(Error::Flash), "not opened");
    });
    supply.unreadable.set(None);
    board.boot(async |world: &mut World| assert_eq!(status(world).await.basis, Some(Basis::Modelled)));
}

/// A detector that does not load may come back. Until then nobody knows what the encoder's table bears out.
#[test]
fn neither_an_encoder_nor_a_rate_is_accepted_while_a_network_is_missing() {
    let (mut board, short) = (Board::with_two_people(), engine::encoder(engine::SHORT, 1));
    let whole = board.detector.clone();
    board.detector.iter_mut().for_each(|slot| slot[100] ^= 1);
    board.boot(async |world: &mut World| {
        let before = status(world).await;
        assert_eq!((before.models.len(), before.basis), (2, None), "the detector is missing");
        let refused = Err(Error::UnprovenRate { one_in: 10_000, templates: 2 });
        assert_eq!(world.host.flash(ModelKind::Encoder, &short).await, refused);
        let refused = Err(Error::UnprovenRate { one_in: 600_000, templates: 2 });
        assert_eq!(set(world, Settings { far_one_in: 600_000, ..before.settings }).await, refused);
        set(world, Settings { liveness: LivenessMode::Off, ..before.settings }).await.unwrap();
        assert_eq!(status(world).await.models, before.models);
    });
    board.detector = whole;
    board.boot(async |world: &mut World| {
        assert_eq!(status(world).await.basis, Some(Basis::Modelled));
        // The installer's word allows both.
        let accepted = Settings { accept_unproven: true, ..status(world).await.settings };
        set(world, accepted).await.unwrap();
    });
    board.detector.iter_mut().for_each(|slot| slot[100] ^= 1);
    board.boot(async |world: &mut World| {
        let accepted = Settings { far_one_in: 600_000, ..status(world).await.settings };
        set(world, accepted).await.unwrap();
        world.host.flash(ModelKind::Encoder, &short).await.unwrap();
    });
    // Where nobody is enrolled, no rate is promised yet.
    Board::new().boot(async |world: &mut World| {
        world.host.flash(ModelKind::Encoder, &short).await.unwrap();
        set(world, strict()).await.unwrap();
    });
}
