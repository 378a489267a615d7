//! The serial line: noise, repeated requests, requests while the board is busy.

use crate::simulation::{Board, World, engine};
use protocol::{Enrolment, Error, Name, Request, Response, Source};

#[test]
fn noise_and_half_frames_do_not_matter() {
    Board::new().boot(async |world: &mut World| {
        let host = &mut world.host;
        for round in 0..20u8 {
            let noise: Vec<u8> =
                (0..u32::from(round) * 400).map(|at| (at * 31 + u32::from(round)) as u8).collect();
            host.send_bytes(&noise);
            host.send_bytes(&[0]);
            assert!(host.hears_nothing(100).await);
            assert!(matches!(host.ask(Request::GetSettings).await, Ok(Response::Settings(_))));
        }
        let mut frame = [0; protocol::MAX_FRAME];
        let whole = protocol::encode(900, &Request::Status, &mut frame).unwrap();
        host.send_bytes(&whole[..whole.len() / 2]);
        assert!(matches!(host.ask(Request::GetSettings).await, Ok(Response::Settings(_))));
    });
}

#[test]
fn a_request_that_is_repeated_is_done_once() {
    Board::with_models().boot(async |world: &mut World| {
        let host = &mut world.host;
        host.stage(&engine::picture(1, 0)).await;
        let name = Name::try_from("Ann").unwrap();
        let enrol = Request::Enrol { name, source: Source::Staged, enrolment: Enrolment::NewPerson };
        host.send(&enrol);
        let first = host.receive().await;
        assert!(matches!(first.1, Ok(Response::Enrolled { person: 1, .. })));
        // The reply was lost: the repeat gets the same reply, not "already enrolled".
        host.send_again();
        assert_eq!(host.receive().await, first);
        // The same content under a new id is a new request.
        assert!(matches!(host.ask(enrol).await, Err(Error::DuplicateName { .. })));
    });
}

#[test]
fn one_request_is_under_way_at_a_time() {
    Board::with_models().boot(async |world: &mut World| {
        let host = &mut world.host;
        let slow = Request::Embed { source: Source::Camera };
        host.connect().await;
        let waiting = host.send(&slow);
        world.wait(20).await;
        let host = &mut world.host;
        // A repeat changes nothing; another request is refused at once.
        host.send_again();
        let other = host.send_plain(&Request::Status);
        assert_eq!(host.receive().await, (other, Err(Error::Busy)));
        world.scene.show(1);
        let (answered, reply) = world.host.receive().await;
        assert_eq!(answered, waiting);
        assert!(matches!(reply, Ok(Response::Embedding { .. })));
        assert!(world.host.hears_nothing(100).await, "and once only");
    });
}

#[test]
fn bodies_that_are_no_request_are_refused() {
    Board::new().boot(async |world: &mut World| {
        // A request frame with an invalid body: kind 0, id 5, and then 0xff.
        let packet = [0, 5, 0, 0xff];
        let checksum = crc32(&packet).to_le_bytes();
        let stuffed = cobs([&packet[..], &checksum].concat());
        world.host.send_bytes(&[&[0], &stuffed[..], &[0]].concat());
        assert_eq!(world.host.receive().await, (5, Err(Error::Malformed)));
    });
}

/// CRC-32/ISO-HDLC, bit by bit.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| {
        (0..8).fold(
            crc ^ u32::from(*byte),
            |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 },
        )
    })
}

/// COBS of fewer than 254 bytes.
fn cobs(bytes: Vec<u8>) -> Vec<u8> {
    bytes.split(|byte| *byte == 0).flat_map(|run| [&[run.len() as u8 + 1], run].concat()).collect()
}
