//! A board that speaks the version of the protocol before or after, as after a fallback: it is sent firmware, and nothing else.

use std::path::Path;
use std::sync::{Arc, Mutex};

use client::protocol::{
    Body, Firmware, MAX_BODY, ModelInfo, ModelKind, Request, Response, Source, Text, VERSION, pack,
};
use client::{FirmwareSignature, Signer};
use sha2::{Digest, Sha256};

use crate::sealed::{Board, credentials, login, start};

/// The release that the board ran before, and the one that it is sent.
const RELEASES: [u64; 2] = [11, 12];

fn packed<'m>(message: &impl Body<'m>) -> Vec<u8> {
    let mut room = [0; MAX_BODY];
    let length = pack(message, &mut room).expect("it fits");
    room[..length].to_vec()
}

/// A board that fell back from the second release to the first one, which speaks `version`. The firmware that it is sent speaks
/// this program's version, and is `well` or does not run.
fn fallen_back(version: u16, well: bool) -> (Arc<Mutex<Board>>, Arc<Mutex<Vec<u8>>>) {
    let got = Arc::new(Mutex::new(Vec::new()));
    let into = got.clone();
    let mut running = RELEASES[0];
    let act = move |spoken: &mut u16, request: &Request<'_>| {
        let mut got = into.lock().expect("no panic");
        packed(&match request {
            Request::Firmware if *spoken < 8 => {
                // Version 7 does not tell which release runs.
                return vec![1, 0x14, 1, 12, 0, 0];
            }
            Request::Firmware => Response::Firmware(Firmware {
                slot: 1,
                running,
                newest: RELEASES[1],
                pending: None,
                trial: false,
            }),
            Request::BeginModel { kind: ModelKind::Firmware, .. } => {
                got.clear();
                Response::Progress { next: 0 }
            }
            Request::ModelChunk { data, .. } => {
                got.extend_from_slice(data);
                Response::Progress { next: got.len() as u32 }
            }
            Request::CommitModel => Response::ModelActive(ModelInfo {
                kind: ModelKind::Firmware,
                name: Text::new(),
                sha256: [0; 32],
                length: got.len() as u32,
            }),
            Request::Reboot => {
                if well {
                    (*spoken, running) = (VERSION, RELEASES[1]);
                }
                Response::Done
            }
            other => panic!("{other:?} has other bytes in this version"),
        })
    };
    (Arc::new(Mutex::new(Board { secret: 5, version, act: Some(Box::new(act)), ..Board::default() })), got)
}

/// An image, and its signature. The board does not look at either here.
fn signed(image: &[u8]) -> FirmwareSignature {
    let folder = tempfile::tempdir().expect("a folder");
    let signer = Signer::make(&Signer::path(folder.path())).expect("a key");
    let sha256 = Sha256::digest(image).into();
    let transfer = signer.sign(ModelKind::Firmware, image.len() as u32, sha256, RELEASES[1]);
    let record = serde_json::json!({
        "board": "an547", "release": RELEASES[1], "fallback": true, "signer": hex::encode(signer.public()),
        "image": hex::encode([0; 64]), "transfer": hex::encode(transfer.bytes()),
    });
    FirmwareSignature::parse(&record.to_string(), Path::new("here")).expect("a signature")
}

#[test]
fn a_board_of_the_version_before_or_after_is_sent_firmware_and_speaks_ours_then() {
    let image: Vec<u8> = (0..5000).map(|at| (at % 251) as u8).collect();
    for version in [VERSION - 1, VERSION + 1] {
        let (board, got) = fallen_back(version, true);
        let mut device = login(start(&board), &credentials(5)).expect("a session");
        let firmware = device.running_firmware().expect("told");
        assert_eq!(firmware.newest, RELEASES[1]);
        assert_eq!(firmware.running, if version < 8 { 0 } else { RELEASES[0] });
        device.stage_image(&image, &signed(&image), &mut |_, _| {}).expect("sent");
        assert_eq!(*got.lock().expect("no panic"), image);
        device.try_firmware(RELEASES[1]).expect("it runs");
        assert_eq!(device.running_firmware().expect("told").running, RELEASES[1]);
    }
}

#[test]
fn a_board_that_falls_back_again_is_no_success() {
    for version in [VERSION - 1, VERSION] {
        let (board, _) = fallen_back(version, false);
        let mut device = login(start(&board), &credentials(5)).expect("a session");
        let image = vec![1; 100];
        device.stage_image(&image, &signed(&image), &mut |_, _| {}).expect("sent");
        let error = device.try_firmware(RELEASES[1]).expect_err("it does not run");
        let said = if version < 8 { "and the one before it runs" } else { "and release 11 runs" };
        assert!(matches!(error, client::Error::RolledBack { release: 12, .. }), "{error}");
        assert!(error.to_string().contains(said), "{error}");
    }
}

/// The same bytes would be another request there.
#[test]
fn nothing_else_is_asked_of_a_board_of_another_version() {
    let (board, _) = fallen_back(VERSION - 1, true);
    let mut device = login(start(&board), &credentials(5)).expect("a session");
    for error in [
        device.status().err(),
        device.settings().err(),
        device.remove("Ada").err(),
        device.detect(Source::Camera).err(),
        device.set_clock(0).err(),
    ] {
        let error = error.expect("refused here");
        assert!(matches!(error, client::Error::Version { board, .. } if board == VERSION - 1), "{error}");
        assert!(error.to_string().contains("flash firmware"), "{error}");
    }
    let board = board.lock().expect("no panic");
    assert!(board.opened == 0 && board.plain.is_empty(), "nothing was sent");
}

#[test]
fn a_board_two_versions_away_is_asked_nothing() {
    for version in [VERSION - 2, VERSION + 2] {
        let (board, _) = fallen_back(version, true);
        let error = login(start(&board), &credentials(5)).err().expect("refused");
        assert!(matches!(error, client::Error::Version { board, .. } if board == version), "{error}");
    }
}
