//! Pictures, models and long lists.

use std::sync::{Arc, Mutex};

use client::protocol::{
    Door, Error, Hash, MAX_CHUNK, ModelInfo, ModelKind, Name, PixelFormat, Request, ResetReason, Response,
    Settings, Status, Text, USERS_PER_PAGE, User,
};
use client::{ModelSignature, Picture, Signer, is_signed};

use crate::device::{Fate, client, hello_or, start};

/// The slot of a simulated board, which may hold part of a transfer already.
#[derive(Default)]
struct Slot {
    announced: Option<(u32, Hash)>,
    bytes: Vec<u8>,
}

/// Acts on a model's transfer as a board does.
fn act(slot: &Arc<Mutex<Slot>>, request: &Request<'_>) -> Result<Response, Error> {
    let mut slot = slot.lock().expect("no panic");
    let progress = |slot: &Slot| Ok(Response::Progress { next: slot.bytes.len() as u32 });
    match request {
        Request::BeginModel { length, sha256, .. } => {
            if slot.announced != Some((*length, *sha256)) {
                *slot = Slot { announced: Some((*length, *sha256)), bytes: Vec::new() };
            }
            progress(&slot)
        }
        Request::BeginFrame { width, height, .. } => {
            *slot = Slot {
                announced: Some((u32::from(*width) * u32::from(*height) * 2, [0; 32])),
                bytes: Vec::new(),
            };
            Ok(Response::Done)
        }
        Request::ModelChunk { offset, data } | Request::FrameChunk { offset, data } => {
            let length = slot.announced.ok_or(Error::NoTransfer)?.0;
            if *offset as usize != slot.bytes.len() {
                return Err(Error::Offset { offset: *offset, next: slot.bytes.len() as u32, length });
            }
            slot.bytes.extend_from_slice(data);
            progress(&slot)
        }
        Request::Status => Ok(Response::Status(status())),
        Request::CommitModel => Ok(Response::ModelActive(ModelInfo {
            kind: ModelKind::Encoder,
            name: Text::new(),
            sha256: slot.announced.ok_or(Error::NoTransfer)?.1,
            length: slot.bytes.len() as u32,
        })),
        _ => Err(Error::Malformed),
    }
}

/// The state of a board without models.
fn status() -> Status {
    Status {
        board: Text::new(),
        firmware: Text::new(),
        uptime_ms: 0,
        instructions: 0,
        reset: ResetReason::PowerOn,
        door: Door::Locked,
        models: [].into_iter().collect(),
        people: 0,
        templates: 0,
        foreign_templates: 0,
        gallery_encoder: None,
        free_bytes: 0,
        threshold: None,
        basis: None,
        settings: Settings::default(),
        settings_lost: false,
        camera_sequence: 0,
        hosts: 1,
        clock: client::protocol::Clock { unix_ms: 0, exact: true },
        log_lost: 0,
        osdp: None,
        development: false,
        counter: None,
        contact_open: false,
        cover_open: false,
        alarm: false,
        npu: Default::default(),
        secret: client::protocol::SecretPlace::Fuses,
        camera: client::protocol::CameraState::Pictures,
        volumes_gone: 0,
    }
}

/// A new signing key.
fn signer() -> Signer {
    let folder = tempfile::tempdir().expect("a folder");
    Signer::make(&Signer::path(folder.path())).expect("a key")
}

fn image() -> Vec<u8> {
    (0..5 * MAX_CHUNK + 77).map(|place| (place * 7 % 251) as u8).collect()
}

#[test]
fn a_model_arrives_whole_over_a_line_that_loses_every_third_frame() {
    let slot = Arc::new(Mutex::new(Slot::default()));
    let board = slot.clone();
    let (line, _device) = start(hello_or(move |request| act(&board, request)), |sent, _| {
        if sent % 3 == 2 { Fate::Lost } else { Fate::Arrives }
    });
    let mut client = client(line).expect("a hello");
    let mut heard = Vec::new();
    let model = client
        .install_model(ModelKind::Encoder, &image(), &signer(), &mut |done, all| heard.push((done, all)))
        .expect("installed");
    assert_eq!(model.length as usize, image().len());
    assert_eq!(slot.lock().expect("no panic").bytes, image());
    assert_eq!(heard.first(), Some(&(0, image().len() as u64)));
    assert_eq!(heard.last(), Some(&(image().len() as u64, image().len() as u64)));
    assert!(heard.is_sorted());
}

#[test]
fn a_model_that_another_computer_signed_arrives_with_that_signature() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = Signer::path(folder.path());
    Signer::make(&key).expect("a key").protect(&key, "correct horse").expect("protected");
    let offline = Signer::unlock(&key, "correct horse").expect("its passphrase");
    let file = folder.path().join("encoder.sig");
    let signed = ModelSignature::new(ModelKind::Encoder, &image(), 7, &offline).expect("short");
    std::fs::write(&file, signed.to_text()).expect("written");

    let slot = Arc::new(Mutex::new(Slot::default()));
    let (board, trusted) = (slot.clone(), offline.public());
    // The board trusts that key alone, and checks the signature as the firmware does.
    let checks = hello_or(move |request| {
        if let Request::BeginModel { kind, length, sha256, sequence, signature } = request {
            let release =
                crypto::Release { kind: *kind as u8, sequence: *sequence, length: *length, sha256: *sha256 };
            if !is_signed(&trusted, &release.signed(), signature) {
                return Err(Error::Unsigned { kind: *kind });
            }
        }
        act(&board, request)
    });
    let (line, device) = start(checks, |_, _| Fate::Arrives);
    let mut client = client(line).expect("a hello");
    let read = ModelSignature::read(&file).expect("read");
    let refused = client.install_signed(ModelKind::Detector, &image(), &read, &mut |_, _| {});
    assert!(matches!(refused, Err(client::Error::OtherSignature)), "not as another kind");
    let mine = client.install_model(ModelKind::Encoder, &image(), &signer(), &mut |_, _| {});
    assert!(
        matches!(mine, Err(client::Error::Refused(Error::Unsigned { .. }))),
        "not by this computer's key"
    );
    let model =
        client.install_signed(ModelKind::Encoder, &image(), &read, &mut |_, _| {}).expect("installed");
    assert_eq!((model.length as usize, model.sha256), (image().len(), read.sha256));
    assert_eq!(slot.lock().expect("no panic").bytes, image());
    drop(client);
    let chunks = image().len().div_ceil(MAX_CHUNK);
    assert_eq!(
        device.join().expect("no panic"),
        1 + 1 + 1 + chunks + 1,
        "nothing was sent of what was refused here"
    );
}

#[test]
fn an_interrupted_transfer_goes_on_where_it_stood() {
    let slot = Arc::new(Mutex::new(Slot::default()));
    let board = slot.clone();
    let mut chunks = 0;
    let interrupted = hello_or(move |request| {
        chunks += usize::from(matches!(request, Request::ModelChunk { .. }));
        if chunks > 2 { Err(Error::Flash) } else { act(&board, request) }
    });
    let (line, _device) = start(interrupted, |_, _| Fate::Arrives);
    let stopped =
        client(line).expect("a hello").install_model(ModelKind::Encoder, &image(), &signer(), &mut |_, _| {});
    assert!(matches!(stopped, Err(client::Error::Refused(Error::Flash))));

    let board = slot.clone();
    let (line, _device) = start(hello_or(move |request| act(&board, request)), |_, _| Fate::Arrives);
    let mut from = None;
    client(line)
        .expect("a hello")
        .install_model(ModelKind::Encoder, &image(), &signer(), &mut |done, _| {
            from.get_or_insert(done);
        })
        .expect("installed");
    assert_eq!(from, Some(2 * MAX_CHUNK as u64));
    assert_eq!(slot.lock().expect("no panic").bytes, image());
}

#[test]
fn a_board_that_never_gets_further_is_given_up() {
    let act = hello_or(|request| match request {
        Request::Status => Ok(Response::Status(status())),
        _ => Ok(Response::Progress { next: 0 }),
    });
    let (line, _device) = start(act, |_, _| Fate::Arrives);
    let stuck =
        client(line).expect("a hello").install_model(ModelKind::Encoder, &image(), &signer(), &mut |_, _| {});
    assert!(matches!(stuck, Err(client::Error::Garbled)));
}

#[test]
fn a_picture_arrives_as_it_is() {
    let slot = Arc::new(Mutex::new(Slot::default()));
    let board = slot.clone();
    let (line, _device) = start(hello_or(move |request| act(&board, request)), |_, _| Fate::Arrives);
    let pixels: Vec<u8> = (0..64 * 48 * 2).map(|place| (place % 253) as u8).collect();
    let picture = Picture { width: 64, height: 48, format: PixelFormat::Yuyv, data: &pixels };
    client(line).expect("a hello").stage(&picture).expect("staged");
    assert_eq!(slot.lock().expect("no panic").bytes, pixels);
}

#[test]
fn people_come_page_by_page() {
    const PEOPLE: u32 = 2 * USERS_PER_PAGE as u32 + 3;
    let act = hello_or(|request| {
        let Request::ListUsers { from } = request else {
            return Err(Error::Malformed);
        };
        let user = |person| User {
            person,
            name: Name::try_from(format!("n{person}").as_str()).expect("short"),
            templates: 1,
            encoder: [0; 32],
        };
        let first = (*from).max(1);
        let last = PEOPLE.min(first + USERS_PER_PAGE as u32 - 1);
        Ok(Response::Users {
            users: (first..=last).map(user).collect(),
            next: (last < PEOPLE).then_some(last + 1),
        })
    });
    let (line, _device) = start(act, |_, _| Fate::Arrives);
    let users = client(line).expect("a hello").users().expect("listed");
    let numbers: Vec<u32> = users.iter().map(|user| user.person).collect();
    assert_eq!(numbers, (1..=PEOPLE).collect::<Vec<_>>());
}

#[test]
fn a_name_that_no_board_takes_is_not_sent() {
    let (line, device) = start(hello_or(|_| Ok(Response::Done)), |_, _| Fate::Arrives);
    let mut client = client(line).expect("a hello");
    assert!(matches!(client.remove(""), Err(client::Error::Refused(Error::BadName))));
    assert!(matches!(client.remove("a\nb"), Err(client::Error::Refused(Error::BadName))));
    let long = "é".repeat(33);
    assert!(matches!(client.remove(&long), Err(client::Error::NameTooLong { bytes: 66 })));
    drop(client);
    assert_eq!(device.join().expect("no panic"), 1, "the hello alone");
}
