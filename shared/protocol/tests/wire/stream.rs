//! Framing over a line that loses, inserts and changes bytes.

use crate::samples::*;
use proptest::collection::vec;
use proptest::prelude::*;
use protocol::*;

/// Runs a stream through a deframer: IDs and bodies of the packets, and the errors.
fn deframe(stream: &[u8]) -> (Vec<(u16, Vec<u8>)>, Vec<DecodeError>) {
    let mut deframer = Deframer::new();
    let (mut packets, mut errors) = (Vec::new(), Vec::new());
    for byte in stream {
        match deframer.push(*byte) {
            Some(Ok(packet)) => packets.push((packet.id, packet.body.to_vec())),
            Some(Err(error)) => errors.push(error),
            None => {}
        }
    }
    (packets, errors)
}

fn frame<'m, M: Body<'m>>(id: u16, message: &M) -> Vec<u8> {
    let mut buffer = [0; MAX_FRAME];
    encode(id, message, &mut buffer).expect("it fits").to_vec()
}

fn chunk(id: u16, data: &[u8]) -> Vec<u8> {
    frame(id, &Request::ModelChunk { offset: u32::MAX, data })
}

proptest! {
    #[test]
    fn chunks_arrive_as_they_were_sent(id: u16, offset: u32, data in vec(any::<u8>(), 0..=MAX_CHUNK)) {
        let sent = frame(id, &Request::FrameChunk { offset, data: &data });
        prop_assert_eq!(sent.iter().filter(|byte| **byte == 0).count(), 2);
        let mut deframer = Deframer::new();
        let mut seen = 0;
        for byte in &sent {
            let Some(packet) = deframer.push(*byte) else { continue };
            let packet = packet.expect("the frame is whole");
            prop_assert_eq!(packet.id, id);
            let message = packet.message::<Request>().expect("the body is whole");
            prop_assert_eq!(message, Request::FrameChunk { offset, data: &data });
            seen += 1;
        }
        prop_assert_eq!(seen, 1);
    }

    #[test]
    fn a_frame_is_found_after_any_noise(
        noise in vec(any::<u8>(), 0..3 * MAX_FRAME),
        data in vec(any::<u8>(), 0..400),
    ) {
        let sent = chunk(77, &data);
        let mut stream = noise;
        stream.extend_from_slice(&sent);
        let (packets, _) = deframe(&stream);
        prop_assert_eq!(packets.last().cloned(), deframe(&sent).0.pop());
    }

    #[test]
    fn a_truncated_frame_does_not_affect_the_next(data in vec(any::<u8>(), 0..600), cut: prop::sample::Index) {
        let (first, second) = (chunk(1, &data), chunk(2, &data));
        let mut stream = first[..cut.index(first.len())].to_vec();
        stream.extend_from_slice(&second);
        let (packets, _) = deframe(&stream);
        // The first zero of the second frame replaces the lost last zero of the first.
        let only_zero_lost = cut.index(first.len()) == first.len() - 1;
        prop_assert_eq!(packets.len(), 1 + usize::from(only_zero_lost));
        prop_assert_eq!(packets.last().map(|(id, _)| *id), Some(2));
    }

    #[test]
    fn a_changed_byte_never_yields_a_packet(
        data in vec(any::<u8>(), 0..600), place: prop::sample::Index, flip in 1_u8..,
    ) {
        let sent = chunk(9, &data);
        let mut changed = sent.clone();
        changed[place.index(sent.len())] ^= flip;
        let whole = deframe(&sent).0;
        let outer_zero = [0, sent.len() - 1].contains(&place.index(sent.len()));
        // A changed outer zero only merges the frame with its neighbour.
        if !outer_zero {
            prop_assert!(deframe(&changed).0.is_empty());
        }
        changed.push(0);
        changed.extend_from_slice(&sent);
        prop_assert_eq!(deframe(&changed).0.pop(), whole.last().cloned());
    }

    #[test]
    fn no_body_makes_a_decoder_panic(body in vec(any::<u8>(), 0..300)) {
        let packet = |kind| Packet { kind, id: 0, checksum: 0, body: &body };
        if let Ok(message) = packet(Kind::Request).message::<Request>() {
            let again = frame(0, &message);
            prop_assert_eq!(deframe(&again).0.len(), 1);
        }
        if let Ok(message) = packet(Kind::Response).message::<Response>() {
            prop_assert_eq!(deframe(&frame(0, &message)).0.len(), 1);
        }
        if let Ok(message) = packet(Kind::Error).message::<Error>() {
            prop_assert!(!message.to_string().is_empty());
        }
    }
}

#[test]
fn an_oversized_frame_is_one_error() {
    let mut stream = vec![1; 10 * MAX_FRAME];
    stream.extend(chunk(3, &[0]));
    let (packets, errors) = deframe(&stream);
    assert_eq!(errors, [DecodeError::TooLong]);
    assert_eq!(packets.len(), 1);
}

#[test]
fn an_unknown_kind_is_an_error() {
    // Packet 05 01 00 and its CRC-32, in COBS.
    let summed = [5, 1, 0];
    let crc = crc_32(&summed);
    let mut packet = summed.to_vec();
    packet.extend(crc.to_le_bytes());
    let mut stream = vec![0; cobs::max_encoding_length(packet.len())];
    let length = cobs::encode(&packet, &mut stream);
    stream.truncate(length);
    stream.push(0);
    assert_eq!(deframe(&stream).1, [DecodeError::Kind]);
}

/// CRC-32/ISO-HDLC bit by bit, independent of the library that the crate uses.
fn crc_32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| (sum >> 1) ^ (0xEDB8_8320 & (sum & 1).wrapping_neg()))
    })
}

#[test]
fn a_body_of_another_kind_is_refused() {
    let packet = Packet { kind: Kind::Response, id: 0, checksum: 0, body: &[1] };
    assert_eq!(packet.message::<Request>(), Err(DecodeError::Body));
}

#[test]
fn trailing_bytes_are_refused() {
    let packet = Packet { kind: Kind::Request, id: 0, checksum: 0, body: &[1, 0] };
    assert_eq!(packet.message::<Request>(), Err(DecodeError::Body));
}

#[test]
fn the_longest_messages_fit_a_frame() {
    let long_name = name(&"n".repeat(MAX_NAME));
    let long_text = text(&"t".repeat(48));
    let far = Point { x: i32::MIN, y: i32::MIN };
    let wide_face = Face {
        corner: far,
        width: i32::MIN,
        height: i32::MIN,
        landmarks: [far; 5],
        score: u16::MAX,
        quality: Quality {
            eye_distance: u16::MAX,
            visible: u8::MAX,
            yaw: i16::MIN,
            pitch: i16::MIN,
            roll: i16::MIN,
            sharpness: u32::MAX,
            brightness: u8::MAX,
            contrast: u8::MAX,
        },
        flaw: Some(Flaw::LowContrast),
    };
    let known = Candidate { person: u32::MAX, name: long_name.clone(), similarity: i16::MIN };
    let event = Event {
        sequence: u32::MAX,
        uptime_ms: u64::MAX,
        kind: EventKind::FrameAssessed {
            frame: u32::MAX,
            result: FrameResult::Known(known),
            faces: u8::MAX,
            face: Some(wide_face),
            threshold: Some(i16::MIN),
            agreement: u8::MAX,
            instructions: u64::MAX,
            liveness: Some(Liveness {
                score: u16::MAX,
                needed: u16::MAX,
                reject: Some(RejectReason::Repeats),
            }),
        },
    };
    let user = User { person: u32::MAX, name: long_name, templates: u8::MAX, encoder: [0; 32] };
    let model = ModelInfo { name: long_text.clone(), ..model() };
    let longest = [
        frame(1, &Request::FrameChunk { offset: u32::MAX, data: &[0; MAX_CHUNK] }),
        frame(
            1,
            &Response::Users {
                users: vec![user; USERS_PER_PAGE].into_iter().collect(),
                next: Some(u32::MAX),
            },
        ),
        frame(
            1,
            &Response::Events {
                newest: u32::MAX,
                events: vec![event; EVENTS_PER_PAGE].into_iter().collect(),
            },
        ),
        frame(
            1,
            &Response::Faces {
                faces: vec![wide_face; MAX_FACES].into_iter().collect(),
                instructions: u64::MAX,
            },
        ),
        frame(
            1,
            &Response::Embedding {
                face: wide_face,
                faces: u8::MAX,
                encoder: [0; 32],
                template: vec![-1; MAX_TEMPLATE].into_iter().collect(),
                instructions: u64::MAX,
            },
        ),
        frame(
            1,
            &Response::Status(Status {
                board: long_text.clone(),
                firmware: long_text,
                models: vec![model; 4].into_iter().collect(),
                ..status()
            }),
        ),
    ];
    for frame in longest {
        assert!(frame.len() <= MAX_FRAME);
        assert_eq!(deframe(&frame).0.len(), 1);
    }
}

#[test]
fn every_short_buffer_is_an_error() {
    let message = Request::ModelChunk { offset: 0, data: &[7; 600] };
    let whole = frame(1, &message).len();
    for length in 0..whole {
        assert_eq!(encode(1, &message, &mut vec![0; length]), Err(EncodeError), "{length}");
    }
    assert!(encode(1, &message, &mut vec![0; whole]).is_ok());
}

#[test]
fn a_repeated_request_gets_the_same_reply() {
    let mut last = LastReply::new();
    let request = Packet { kind: Kind::Request, id: 5, checksum: 99, body: &[1] };
    assert_eq!(last.repeat(&request), None);
    let sent = last.answer(5, 99, &Response::Done).expect("it fits").to_vec();
    assert_eq!(last.repeat(&request), Some(&sent[..]));
    assert_eq!(last.repeat(&Packet { id: 6, ..request }), None);
    assert_eq!(last.repeat(&Packet { checksum: 98, ..request }), None);
}
