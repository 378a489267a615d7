//! Any bytes on the line: the deframer never panics, and it decodes the next whole frame.

use protocol::{Deframer, MAX_FRAME, Request, encode};

/// Takes the bytes as received from the line.
pub fn check(line: &[u8]) {
    let mut deframer = Deframer::new();
    for byte in line {
        if let Some(Ok(packet)) = deframer.push(*byte) {
            let _ = packet.message::<Request<'_>>();
        }
    }
    let mut buffer = [0; MAX_FRAME];
    let frame = encode(7, &Request::Status, &mut buffer).expect("it fits");
    let mut found = false;
    for byte in frame {
        if let Some(Ok(packet)) = deframer.push(*byte) {
            found = packet.id == 7;
        }
    }
    assert!(found, "the frame after the noise was lost");
}
