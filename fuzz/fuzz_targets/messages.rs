//! Any body of a packet: decoding never panics, and what decodes means the same once encoded.
#![no_main]

use libfuzzer_sys::fuzz_target;
use protocol::{Body, Deframer, Error, Kind, MAX_FRAME, Packet, Request, Response, encode};

/// Decodes `body` as one kind of message and encodes it again.
fn again<'a, M: Body<'a> + PartialEq>(body: &'a [u8]) -> Option<(M, Vec<u8>)> {
    let packet = Packet { kind: M::KIND, id: 1, checksum: 0, body };
    let message: M = packet.message().ok()?;
    let mut buffer = [0; MAX_FRAME];
    let frame = encode(1, &message, &mut buffer).ok()?.to_vec();
    Some((message, frame))
}

// The first byte chooses the kind, the rest is the body.
fuzz_target!(|input: &[u8]| {
    let Some((chosen, body)) = input.split_first() else {
        return;
    };
    let (kind, frame) = match chosen % 3 {
        0 => (Kind::Request, again::<Request<'_>>(body).map(|(_, frame)| frame)),
        1 => (Kind::Response, again::<Response>(body).map(|(_, frame)| frame)),
        _ => {
            let decoded = again::<Error>(body);
            assert!(decoded.iter().all(|(message, _)| !message.to_string().is_empty()));
            (Kind::Error, decoded.map(|(_, frame)| frame))
        }
    };
    let mut deframer = Deframer::new();
    for byte in frame.iter().flatten() {
        if let Some(packet) = deframer.push(*byte) {
            assert_eq!(packet.expect("what was encoded is whole").kind, kind);
        }
    }
});
