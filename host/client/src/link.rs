//! One request at a time, its reply, and repeats when nothing comes.
//!
//! A frame that was lost either way is sent again with the same id and the same bytes. The board
//! knows a repeat by them and repeats its reply without acting again, so that repeating is safe
//! for every request. Whatever comes that is no reply to the open request, noise and late
//! replies alike, is dropped.

use std::time::{Duration, Instant, SystemTime};

use protocol::{Deframer, Kind, MAX_FRAME, Request, Response, encode};

use crate::pose::Pose;
use crate::{Error, Result, Transport};

/// How long to wait for a reply.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Before a request is sent again.
    pub repeat: Duration,
    /// Before the board counts as silent.
    pub give_up: Duration,
}

impl Patience {
    /// For a request that only moves bytes. A board that judges a picture meanwhile is late.
    pub const QUICK: Self = Self { repeat: Duration::from_secs(10), give_up: Duration::from_secs(60) };

    /// For a request that runs networks or erases flash: an emulated board takes seconds.
    pub const SLOW: Self = Self { repeat: Duration::from_secs(60), give_up: Duration::from_secs(300) };
}

/// How long to leave a busy board alone.
const BUSY: Duration = Duration::from_millis(100);

/// How often the camera gives a picture of what is held before it.
const HOLD: Duration = Duration::from_millis(50);

/// A line to a board, and the requests over it.
pub(crate) struct Link {
    transport: Box<dyn Transport>,
    deframer: Box<Deframer>,
    last_id: u16,
    /// What is held before the camera while the board is at it.
    pub(crate) pose: Option<Pose>,
    pub(crate) quick: Patience,
    pub(crate) slow: Patience,
}

impl Link {
    pub(crate) fn new(transport: Box<dyn Transport>) -> Self {
        Self {
            transport,
            deframer: Box::default(),
            last_id: first_id(),
            pose: None,
            quick: Patience::QUICK,
            slow: Patience::SLOW,
        }
    }

    /// Asks and waits for the reply. A board that is busy with what another program asked is
    /// asked again.
    pub(crate) fn ask(&mut self, request: &Request<'_>) -> Result<Response> {
        let give_up = Instant::now() + self.slow.give_up;
        loop {
            match self.ask_once(request) {
                Err(Error::Refused(protocol::Error::Busy)) if Instant::now() < give_up => {
                    std::thread::sleep(BUSY);
                }
                reply => return reply,
            }
        }
    }

    fn ask_once(&mut self, request: &Request<'_>) -> Result<Response> {
        let patience = if request.is_slow() { self.slow } else { self.quick };
        self.last_id = self.last_id.wrapping_add(1);
        let mut buffer = [0; MAX_FRAME];
        let frame = encode(self.last_id, request, &mut buffer).map_err(|_| Error::TooLong)?;

        let give_up = Instant::now() + patience.give_up;
        loop {
            self.transport.send(frame).map_err(Error::Line)?;
            let repeat = (Instant::now() + patience.repeat).min(give_up);
            if let Some(reply) = self.listen(repeat)? {
                return reply.map_err(Error::Refused);
            }
            if Instant::now() >= give_up {
                return Err(Error::Silent { seconds: patience.give_up.as_secs() });
            }
        }
    }

    /// Takes bytes until the reply is there, or until a frame came damaged, or `until`.
    fn listen(&mut self, until: Instant) -> Result<Option<core::result::Result<Response, protocol::Error>>> {
        let mut buffer = [0; 1024];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            let slice = match &mut self.pose {
                Some(pose) => {
                    pose.hold()?;
                    left.min(HOLD)
                }
                None => left,
            };
            let taken = self.transport.receive(&mut buffer, slice).map_err(Error::Line)?;
            for byte in &buffer[..taken] {
                let packet = match self.deframer.push(*byte) {
                    Some(Ok(packet)) if packet.id == self.last_id => packet,
                    _ => continue,
                };
                return match packet.kind {
                    Kind::Request => continue,
                    Kind::Response => packet.message().map(|reply| Some(Ok(reply))),
                    Kind::Error => packet.message().map(|reply| Some(Err(reply))),
                }
                .map_err(|_| Error::Garbled);
            }
        }
    }
}

/// Ids begin where time stands, so that two sessions in a row hardly ever use the same.
fn first_id() -> u16 {
    SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .map_or(0, |since| (since.as_micros() & 0xFFFF) as u16)
}
