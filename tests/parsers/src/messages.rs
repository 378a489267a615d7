//! Any body of a packet: decoding never panics, and a decoded message survives encoding and decoding.

use protocol::{Body, Deframer, Error, Kind, MAX_FRAME, Packet, Request, Response, encode};

/// The first byte chooses the kind, the rest is the body.
pub fn check(input: &[u8]) {
    let Some((chosen, body)) = input.split_first() else { return };
    match chosen % 4 {
        0 => again::<Request<'_>>(body),
        1 => again::<Response>(body),
        2 => again::<Error>(body),
        _ => within(body),
    }
}

/// Decodes `body` as one kind of message, encodes it, and receives it from a line.
fn again<'a, M: Body<'a>>(body: &'a [u8]) {
    let packet = Packet { kind: M::KIND, id: 1, checksum: 0, body };
    let Ok(message) = packet.message::<M>() else { return };
    let mut buffer = [0; MAX_FRAME];
    // A body may be longer than a packet can hold.
    let Ok(frame) = encode(1, &message, &mut buffer) else { return };
    let mut deframer = Deframer::new();
    let mut came = false;
    for byte in frame {
        if let Some(packet) = deframer.push(*byte) {
            let packet = packet.expect("an encoded frame is whole");
            assert_eq!((packet.kind, packet.id), (M::KIND, 1));
            came = true;
        }
    }
    assert!(came, "a whole frame gives a packet");
}

/// The opened contents of a sealed packet: a kind and a body.
fn within(packed: &[u8]) {
    let outer = Packet { kind: Kind::Sealed, id: 1, checksum: 0, body: &[] };
    if let Ok((_, packet)) = outer.inner_request(packed) {
        again::<Request<'_>>(packet.body);
    }
    let Ok(packet) = outer.inner(packed) else { return };
    match packet.kind {
        Kind::Request => again::<Request<'_>>(packet.body),
        Kind::Response => again::<Response>(packet.body),
        Kind::Error => {
            let said = packet.message::<Error>().map(|error| error.to_string());
            assert!(said.is_err() || said.is_ok_and(|said| !said.is_empty()));
        }
        Kind::Handshake | Kind::Sealed => {}
    }
}
