//! Roles, pairing, and attacks: by somebody on the cable, with a copy of the flash, or with a foreign model.

use crate::simulation::{Board, World, engine, host};
use ed25519_dalek::SigningKey;
use protocol::{Error, Kind, Label, MAX_CHUNK, ModelKind, Pairing, Request, Response, Role};

const INSTALLER: Role = Role::Installer;

fn label() -> Label {
    Label::try_from("desk").unwrap()
}

async fn names(world: &mut World) -> Vec<String> {
    match world.host.ask(Request::Status).await {
        Ok(Response::Status(status)) => status.models.iter().map(|model| model.name.to_string()).collect(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_unpaired_host_reads_the_state_and_nothing_else() {
    Board::with_models().boot(async |world: &mut World| {
        world.host.become_host(66);
        assert_eq!(world.host.connect().await, None);
        assert!(matches!(world.host.ask(Request::Status).await, Ok(Response::Status(_))));
        let name = protocol::Name::try_from("Ann").unwrap();
        let source = protocol::Source::Camera;
        let asked = [
            Request::GetSettings,
            Request::SetSettings(Default::default()),
            Request::ListUsers { from: 0 },
            Request::NextEvents { after: 0 },
            Request::Embed { source },
            Request::Remove { name },
            Request::CommitModel,
            Request::Reboot,
            Request::PauseDoor { ms: 1000 },
            Request::ListHosts,
            Request::Invite { role: INSTALLER },
            Request::SetSigner { signer: [1; 32] },
            Request::ReplaceKey { key: [1; 32] },
            host::begin(&host::signing_key(), ModelKind::Encoder, &engine::encoder("x", 1), 9),
        ];
        for request in asked {
            assert_eq!(world.host.ask(request.clone()).await, Err(Error::Unpaired), "{request:?}");
            let id = world.host.send_plain(&request);
            assert_eq!(world.host.receive().await, (id, Err(Error::Unpaired)), "{request:?}");
        }
        // A request that any session may ask is still refused unsealed.
        let id = world.host.send_plain(&Request::PollPairing);
        assert_eq!(world.host.receive().await, (id, Err(Error::Unpaired)));
        assert_eq!(world.wires.restarts.get(), 0);
    });
}

#[test]
fn a_pairing_takes_the_button_and_ends_after_a_minute() {
    Board::unpaired().boot(async |world: &mut World| {
        let begin = Request::BeginPairing { role: Role::Operator, label: label(), commitment: [0; 32] };
        world.host.connect().await;
        let refused = Err(Error::NotInvited { role: Role::Operator });
        assert_eq!(world.host.ask(begin).await, refused, "the first must be an installer");

        let code = world.host.begin_pairing(INSTALLER, "desk").await.unwrap();
        assert_eq!(world.wires.code.get(), Some(code), "both sides show the same");
        world.wait(61_000).await;
        assert_eq!(world.wires.code.get(), None);
        world.confirm().await;
        assert!(!world.is_open(), "the pairing button opens nothing");
        let over = Ok(Response::Pairing(Pairing::None));
        assert_eq!(world.host.ask(Request::PollPairing).await, over);
        assert_eq!(world.host.ask(Request::GetSettings).await, Err(Error::Unpaired));

        world.host.begin_pairing(INSTALLER, "desk").await.unwrap();
        world.wait(5_000).await;
        world.wires.button.set(true);
        world.wait(2_500).await;
        world.wires.button.set(false);
        assert!(world.is_open(), "the exit button opens as ever");
        let waiting = world.host.ask(Request::PollPairing).await;
        assert!(matches!(waiting, Ok(Response::Pairing(Pairing::Waiting { .. }))), "and confirms nothing");
        host::pair(world).await;
        assert!(matches!(world.host.ask(Request::GetSettings).await, Ok(Response::Settings(_))));
    });
}

#[test]
fn a_nonce_that_was_not_committed_to_pairs_nobody() {
    Board::unpaired().boot(async |world: &mut World| {
        world.host.connect().await;
        let commitment = crypto::pairing::commitment(&[1; 32]);
        let begin = Request::BeginPairing { role: INSTALLER, label: label(), commitment };
        world.host.ask(begin).await.unwrap();
        world.wires.press_pairing().await;
        let disclosed = world.host.ask(Request::PollPairing).await;
        assert!(matches!(disclosed, Ok(Response::PairingNonce { .. })));
        let other = Request::Pair { nonce: [2; 32], signer: None };
        assert_eq!(world.host.ask(other).await, Err(Error::NoPairing));
        let late = Request::Pair { nonce: [1; 32], signer: None };
        assert_eq!(world.host.ask(late).await, Err(Error::NoPairing), "there is one try");
        assert_eq!(world.wires.code.get(), None);
    });
}

#[test]
fn another_host_that_comes_in_between_ends_a_pairing() {
    Board::unpaired().boot(async |world: &mut World| {
        world.host.begin_pairing(INSTALLER, "desk").await.unwrap();
        world.host.become_host(66);
        world.host.connect().await;
        assert_eq!(world.wires.code.get(), None);
        world.confirm().await;
        assert_eq!(world.host.ask(Request::PollPairing).await, Ok(Response::Pairing(Pairing::None)));
    });
}

#[test]
fn an_installer_invites_and_removes_and_roles_last() {
    let mut board = Board::new();
    board.boot(async |world: &mut World| {
        world.host.become_host(66);
        let refused = world.host.begin_pairing(INSTALLER, "thief").await;
        assert_eq!(refused, Err(Error::NotInvited { role: INSTALLER }));

        world.host.become_host(7);
        world.host.ask(Request::Invite { role: Role::Operator }).await.unwrap();
        world.host.become_host(8);
        let refused = world.host.begin_pairing(INSTALLER, "desk").await;
        assert_eq!(refused, Err(Error::NotInvited { role: INSTALLER }), "invited as an operator");
        world.host.begin_pairing(Role::Operator, "desk").await.unwrap();
        world.confirm().await;
        let paired = world.host.ask(Request::PollPairing).await;
        assert_eq!(paired, Ok(Response::Pairing(Pairing::Paired { role: Role::Operator })));
        world.host.become_host(9);
        let refused = world.host.begin_pairing(Role::Operator, "second").await;
        assert_eq!(refused, Err(Error::NotInvited { role: Role::Operator }), "an invitation is for one");
    });
    board.boot(async |world: &mut World| {
        world.host.become_host(8);
        assert_eq!(world.host.connect().await, Some(Role::Operator));
        let forbidden = Err(Error::Forbidden { needed: INSTALLER });
        assert_eq!(world.host.ask(Request::Reboot).await, forbidden);
        assert!(matches!(world.host.ask(Request::ListUsers { from: 0 }).await, Ok(Response::Users { .. })));
        let operator = world.host.key();

        world.host.become_host(7);
        let Ok(Response::Hosts(hosts)) = world.host.ask(Request::ListHosts).await else { panic!() };
        let listed: Vec<(&str, Role)> = hosts.iter().map(|host| (host.label.as_str(), host.role)).collect();
        assert_eq!(listed, [("workshop", INSTALLER), ("desk", Role::Operator)]);
        let own = world.host.key();
        assert_eq!(world.host.ask(Request::RemoveHost { key: own }).await, Err(Error::LastInstaller));
        assert_eq!(world.host.ask(Request::RemoveHost { key: [1; 32] }).await, Err(Error::UnknownHost));
        assert_eq!(world.host.ask(Request::RemoveHost { key: operator }).await, Ok(Response::Done));
        world.host.become_host(8);
        assert_eq!(world.host.connect().await, None);
    });
    board.boot(async |world: &mut World| {
        world.host.become_host(8);
        assert_eq!(world.host.connect().await, None, "and stays removed");
    });
}

#[test]
fn a_key_is_rotated_and_the_old_one_is_worth_nothing() {
    let mut board = Board::new();
    board.boot(async |world: &mut World| {
        let new = crypto::handshake::public_key(&crypto::Key::new([77; 32]));
        world.host.ask(Request::ReplaceKey { key: new }).await.unwrap();
        assert!(matches!(world.host.ask(Request::GetSettings).await, Ok(Response::Settings(_))));
    });
    board.boot(async |world: &mut World| {
        assert_eq!(world.host.connect().await, None);
        world.host.become_host(77);
        assert_eq!(world.host.connect().await, Some(INSTALLER));
    });
}

#[test]
fn a_request_that_is_replayed_does_nothing_and_gets_no_reply() {
    Board::new().boot(async |world: &mut World| {
        let host = &mut world.host;
        host.ask(Request::PauseDoor { ms: 1000 }).await.unwrap();
        let recorded = host.last.clone();
        host.ask(Request::PauseDoor { ms: 0 }).await.unwrap();
        host.send_bytes(&recorded);
        assert!(host.hears_nothing(100).await, "an old request");
        let latest = host.last.clone();
        host.send_bytes(&latest);
        assert_eq!(host.receive().await.1, Ok(Response::Done), "the last one gets its reply again");
        // In the next session it is invalid, and so is the old handshake.
        host.connect().await;
        let third = host.last.clone();
        host.send_bytes(&recorded);
        assert_eq!(host.receive().await.1, Err(Error::NoSession));
        host.send_bytes(&third);
        assert_eq!(host.receive().await.1, Err(Error::NoSession));
        assert!(matches!(host.ask(Request::GetSettings).await, Ok(Response::Settings(_))));
    });
}

#[test]
fn what_is_forged_gets_no_further_than_the_seal() {
    Board::new().boot(async |world: &mut World| {
        world.host.connect().await;
        for length in [0, 1, 7, 8, 23, 24, 25, 200, 2304] {
            let id = world.host.send_kind(Kind::Sealed, &vec![0; length]);
            assert_eq!(world.host.receive().await, (id, Err(Error::NoSession)), "{length}");
        }
        for length in [0, 1, 31, 33, 63, 64, 65, 500] {
            let id = world.host.send_kind(Kind::Handshake, &vec![1; length]);
            assert_eq!(world.host.receive().await, (id, Err(Error::NoSession)), "{length}");
        }
        assert!(matches!(world.host.ask(Request::GetSettings).await, Ok(Response::Settings(_))));
    });
}

#[test]
fn a_model_of_another_signer_or_of_an_older_release_is_refused() {
    let mut board = Board::with_models();
    let image = engine::encoder("better", 2);
    board.boot(async |world: &mut World| {
        let kind = ModelKind::Encoder;
        let unsigned = Err(Error::Unsigned { kind });
        let thief = SigningKey::from_bytes(&[0x66; 32]);
        assert_eq!(world.host.ask(host::begin(&thief, kind, &image, 9)).await, unsigned);
        // A signature covers kind, release and image.
        let signed = host::begin(&host::signing_key(), kind, &image, 9);
        let Request::BeginModel { length, sha256, sequence, signature, .. } = signed else { panic!() };
        for (kind, length, sha256, sequence) in [
            (ModelKind::Detector, length, sha256, sequence),
            (kind, length - 1, sha256, sequence),
            (kind, length, [0; 32], sequence),
            (kind, length, sha256, sequence + 1),
        ] {
            let other = Request::BeginModel { kind, length, sha256, sequence, signature };
            assert_eq!(world.host.ask(other).await, Err(Error::Unsigned { kind }));
        }
        assert_eq!(world.host.ask(Request::CommitModel).await, Err(Error::NoTransfer));

        world.host.sequence = 9;
        world.host.flash(kind, &image).await.unwrap();
        let old = host::begin(&host::signing_key(), kind, &engine::encoder("coder", 1), 8);
        assert_eq!(world.host.ask(old).await, Err(Error::TooOld { kind, newest: 9 }));
    });
    board.boot(async |world: &mut World| {
        let kind = ModelKind::Encoder;
        let old = host::begin(&host::signing_key(), kind, &image, 8);
        assert_eq!(world.host.ask(old).await, Err(Error::TooOld { kind, newest: 9 }), "still");
        world.host.sequence = 9;
        world.host.flash(kind, &image).await.unwrap();
        // Each kind counts its own releases: the detector had only the first.
        world.host.sequence = 2;
        world.host.flash(ModelKind::Detector, &engine::detector("finder 2")).await.unwrap();
        // From now on the new signer is trusted, and the old one is not.
        let new = SigningKey::from_bytes(&[0x99; 32]);
        let signer = new.verifying_key().to_bytes();
        world.host.ask(Request::SetSigner { signer }).await.unwrap();
        let by_old = host::begin(&host::signing_key(), kind, &image, 10);
        assert_eq!(world.host.ask(by_old).await, Err(Error::Unsigned { kind }));
        let by_new = host::begin(&new, kind, &image, 10);
        assert!(matches!(world.host.ask(by_new).await, Ok(Response::Progress { .. })));
    });
}

#[test]
fn other_bytes_than_were_signed_do_not_take_effect() {
    Board::with_models().boot(async |world: &mut World| {
        let image = engine::encoder("better", 2);
        world.host.ask(host::begin(&host::signing_key(), ModelKind::Encoder, &image, 1)).await.unwrap();
        let other = engine::encoder("bitter", 2);
        for (at, data) in other.chunks(MAX_CHUNK).enumerate() {
            let offset = (at * MAX_CHUNK) as u32;
            world.host.ask(Request::ModelChunk { offset, data }).await.unwrap();
        }
        assert!(matches!(world.host.ask(Request::CommitModel).await, Err(Error::HashMismatch { .. })));
        assert_eq!(names(world).await, ["finder", "coder", "watcher"]);
    });
}

#[test]
fn a_model_that_was_changed_in_flash_is_not_run() {
    let mut board = Board::with_models();
    // Complete and consistent in itself, but not the signed image.
    let other = engine::encoder("other", 1);
    for slot in &mut board.encoder {
        slot[..other.len()].copy_from_slice(&other);
    }
    board.boot(async |world: &mut World| assert_eq!(names(world).await, ["finder", "watcher"]));
}

#[test]
fn a_copied_flash_is_of_no_use_on_another_board() {
    let mut board = Board::with_models();
    let key = board.boot(async |world: &mut World| {
        world.host.enrol("Annabelle", 1).await.unwrap();
        world.host.board
    });
    let text = b"Annabelle";
    assert!(!board.gallery.windows(text.len()).any(|window| window == text));
    let mut thief = board.copy();
    thief.unique = 0x43;
    thief.boot(async |world: &mut World| {
        assert_eq!(world.host.connect().await, None, "it knows no host");
        assert_ne!(world.host.board, key, "and is another board");
        for _ in 0..4 {
            world.show(1).await;
        }
        assert!(!world.is_open());
        assert!(names(world).await.is_empty(), "nor a model");
        host::pair(world).await;
        assert_eq!(world.host.ask(Request::ListUsers { from: 0 }).await, Err(Error::Tampered));
    });
    board.boot(async |world: &mut World| assert_eq!(world.host.users().await, ["Annabelle"]));
}

/// An attacker who can write the flash may wipe the settings. The board then knows neither hosts nor people.
#[test]
fn a_board_whose_settings_are_wiped_no_longer_knows_its_people() {
    let mut board = Board::with_models();
    board.boot(async |world: &mut World| world.host.enrol("Annabelle", 1).await.unwrap());
    board.settings.fill(0xff);
    board.drawn = 1000;
    board.boot(async |world: &mut World| {
        host::pair(world).await;
        assert_eq!(world.host.ask(Request::ListUsers { from: 0 }).await, Err(Error::Tampered));
    });
}

#[test]
fn a_flash_that_cannot_be_read_makes_no_board_that_belongs_to_nobody() {
    let mut board = Board::new();
    board.supply.bytes.set(Some(0));
    board.boot(async |world: &mut World| {
        assert_eq!(world.host.connect().await, None);
        assert_eq!(world.host.ask(Request::GetSettings).await, Err(Error::Flash));
        let begin = Request::BeginPairing { role: INSTALLER, label: label(), commitment: [0; 32] };
        assert_eq!(world.host.ask(begin).await, Err(Error::Flash));
    });
}
