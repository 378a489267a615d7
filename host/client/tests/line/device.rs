//! A simulated device at the other end of a socket pair.
//!
//! It keeps to the protocol as a board does: deframes, repeats the last reply, acts once. What
//! it does with requests is given by the test, and so is what the line does with its frames.

use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::thread::JoinHandle;
use std::time::Duration;

use client::protocol::{Deframer, Error, LastReply, Request, Response, Text, VERSION};
use client::{Device, Patience};

/// What the line does with a frame that the device sends.
pub enum Fate {
    /// It arrives.
    Arrives,
    /// It does not.
    Lost,
    /// This arrives in its place.
    Becomes(Vec<u8>),
}

/// What a device does with a request it has not seen before.
pub type Act = Box<dyn FnMut(&Request<'_>) -> Result<Response, Error> + Send>;

/// Starts a device that answers with `act`; `fate` hears the number of each frame sent, from 0,
/// and the frame. The thread ends when the line is closed and returns how often it acted.
pub fn start(
    mut act: Act,
    mut fate: impl FnMut(usize, &[u8]) -> Fate + Send + 'static,
) -> (UnixStream, JoinHandle<usize>) {
    let (host, mut line) = UnixStream::pair().expect("a socket pair");
    let device = std::thread::spawn(move || {
        let mut deframer = Deframer::new();
        let mut last = LastReply::new();
        let (mut sent, mut acted) = (0, 0);
        let mut buffer = [0; 512];
        while let Ok(taken @ 1..) = line.read(&mut buffer) {
            for byte in &buffer[..taken] {
                let Some(Ok(packet)) = deframer.push(*byte) else {
                    continue;
                };
                let frame = match last.repeat(&packet) {
                    Some(frame) => frame,
                    None => {
                        acted += 1;
                        let reply = match packet.message() {
                            Ok(request) => act(&request),
                            Err(_) => Err(Error::Malformed),
                        };
                        let answered = match reply {
                            Ok(reply) => last.answer(packet.id, packet.checksum, &reply),
                            Err(error) => last.answer(packet.id, packet.checksum, &error),
                        };
                        answered.expect("a reply fits")
                    }
                };
                let written = match fate(sent, frame) {
                    Fate::Arrives => line.write_all(frame),
                    Fate::Lost => Ok(()),
                    Fate::Becomes(other) => line.write_all(&other),
                };
                sent += 1;
                if written.is_err() {
                    return acted;
                }
            }
        }
        acted
    });
    (host, device)
}

/// The reply to a hello; `otherwise` for every other request.
pub fn hello_or(mut otherwise: impl FnMut(&Request<'_>) -> Result<Response, Error> + Send + 'static) -> Act {
    Box::new(move |request| match request {
        Request::Hello { .. } => Ok(hello(VERSION)),
        other => otherwise(other),
    })
}

/// A hello of a device that speaks `protocol`.
pub fn hello(protocol: u16) -> Response {
    Response::Hello {
        protocol,
        firmware: Text::try_from("9.8.7").expect("short"),
        board: Text::try_from("an547").expect("short"),
    }
}

/// The client, with waits short enough for a test and long enough for a busy machine.
pub fn client(line: UnixStream) -> Result<Device, client::Error> {
    let patience = Patience { repeat: Duration::from_millis(100), give_up: Duration::from_secs(20) };
    Device::open(Box::new(line), patience, patience).map(Device::unsealed)
}
