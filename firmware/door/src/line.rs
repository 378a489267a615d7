//! From what came over the line to a request, and from its result to the reply: sessions.

use core::sync::atomic::Ordering;

use board_api::Board;
use crypto::{handshake::SECOND, session::HEAD};
use protocol::{Error, Kind, Packet, Request, Response, pack};

use crate::{
    access::Step,
    back::IdleSlots,
    desk::Desk,
    engine::Engine,
    link::{Order, Pending, Ticket},
    recognition::Models,
    requests::Outcome,
    secrets::random_key,
    shot::{needs_camera, shoot},
    translate::text,
};

/// What came over the line.
enum Opened<'b> {
    /// A step of the handshake, and its answer.
    Step([u8; SECOND]),
    /// The handshake's last step: there is a session.
    Session,
    /// A request.
    Request(Packet<'b>),
}

/// Why what came is not answered as a request.
enum Refusal {
    /// It was sealed in no session that the board has.
    NoSession,
    /// It was answered before, and something newer since.
    Replay,
}

impl<B: Board, E: Engine> Desk<'_, '_, B, E> {
    /// Answers what the front took: a request, sealed or not, or a step of the handshake.
    pub(crate) async fn answer(
        &mut self,
        camera: &mut B::Camera,
        models: &Models<'_, E>,
        idle: &mut IdleSlots<'_, B::Flash>,
    ) -> Outcome {
        let link = self.link;
        let mut pending = link.request.lock().await;
        let Pending { kind, ticket, length, body } = &mut *pending;
        let (kind, ticket) = (*kind, *ticket);
        let received = body.get_mut(..*length).unwrap_or_default();
        let mut outcome = Outcome::Serve;
        let result = match self.receive(kind, ticket, received) {
            Ok(Opened::Step(message)) => {
                let mut reply = link.reply.lock().await;
                let _ = reply.answer_bytes(ticket.id, ticket.checksum, Kind::Handshake, &message);
                drop(reply);
                return self.replied(Some(ticket));
            }
            Ok(Opened::Session) => {
                Ok(Response::Session { role: self.access.role(), clock: self.journal.clock.now().exact })
            }
            Ok(Opened::Request(packet)) => match packet.message::<Request<'_>>() {
                Ok(request) => {
                    outcome = match request {
                        Request::CommitModel => Outcome::Reload,
                        Request::Reboot => Outcome::Restart,
                        _ => Outcome::Serve,
                    };
                    let deed = self.deed(&request);
                    let pauses = matches!(request, Request::PauseDoor { .. });
                    let result = match self.access.permit(&request, kind == Kind::Sealed) {
                        Ok(()) => {
                            let shot = match needs_camera(&request) {
                                true => shoot(camera).await,
                                false => Err(Error::NoCamera),
                            };
                            self.handle(request, shot, models, idle)
                        }
                        Err(error) => Err(error),
                    };
                    if pauses && result.is_ok() {
                        link.orders.send(Order::Lock).await;
                    }
                    if let (Some(deed), Ok(response)) = (deed, &result) {
                        self.tell(deed, response);
                    }
                    result
                }
                Err(_) => Err(Error::Malformed),
            },
            // Somebody sends again what was answered long ago: no reply, and nothing changes.
            Err(Refusal::Replay) => return self.replied(None),
            Err(Refusal::NoSession) => {
                self.reply(Kind::Request, ticket, &Err(Error::NoSession), body).await;
                return self.replied(Some(ticket));
            }
        };
        if result.is_err() {
            outcome = Outcome::Serve;
        }
        self.reply(kind, ticket, &result, body).await;
        self.replied(Some(ticket));
        outcome
    }

    /// Finds out what came: takes a step of the handshake, or opens what is sealed.
    fn receive<'b>(
        &mut self,
        kind: Kind,
        ticket: Ticket,
        received: &'b mut [u8],
    ) -> Result<Opened<'b>, Refusal> {
        let packet = |body| Packet { kind: Kind::Request, id: ticket.id, checksum: ticket.checksum, body };
        match kind {
            Kind::Handshake => {
                let ephemeral = random_key(&mut self.system);
                match self.access.shake_hands(received, ephemeral) {
                    Ok(Step::Message(message)) => Ok(Opened::Step(message)),
                    Ok(Step::Done) => {
                        self.forget_pairing();
                        Ok(Opened::Session)
                    }
                    Err(_) => Err(Refusal::NoSession),
                }
            }
            Kind::Sealed => {
                let session = self.access.session.as_mut().ok_or(Refusal::NoSession)?;
                match session.answering.open(ticket.id, received) {
                    Ok(packed) => {
                        packet(&[]).inner(packed).map(Opened::Request).map_err(|_| Refusal::NoSession)
                    }
                    Err(crypto::Error::Replayed) => Err(Refusal::Replay),
                    Err(_) => Err(Refusal::NoSession),
                }
            }
            _ => Ok(Opened::Request(packet(received))),
        }
    }

    /// Writes the reply as the request came: sealed or not. `room` is where the request was.
    async fn reply(&mut self, kind: Kind, ticket: Ticket, result: &Result<Response, Error>, room: &mut [u8]) {
        let mut reply = self.link.reply.lock().await;
        let too_long = Error::Internal { reason: text("the reply is too long") };
        let packing = room.get_mut(HEAD..).unwrap_or_default();
        let packed = match result {
            Ok(response) => pack(response, packing),
            Err(error) => pack(error, packing),
        };
        // No message of the table is too long; should one be, the host learns that.
        let length = packed.or_else(|_| pack(&too_long, packing)).unwrap_or(0);
        if kind == Kind::Request {
            let body = packing.get(1..length).unwrap_or_default();
            let is_error = packing.first() == Some(&(Kind::Error as u8));
            let kind = if is_error { Kind::Error } else { Kind::Response };
            let _ = reply.answer_bytes(ticket.id, ticket.checksum, kind, body);
            return;
        }
        let session = self.access.session.as_mut();
        let sealed = session.and_then(|session| session.answering.seal(ticket.id, room, length).ok());
        let _ = match sealed {
            Some(sealed) => reply.answer_bytes(ticket.id, ticket.checksum, Kind::Sealed, sealed),
            // A session answers each request that it opened: there is one.
            None => return,
        };
    }

    /// The request is done with: the front sends the reply, if there is one.
    fn replied(&mut self, ticket: Option<Ticket>) -> Outcome {
        self.link.busy.store(false, Ordering::Release);
        if let Some(ticket) = ticket {
            self.link.replied.signal(ticket);
        }
        Outcome::Serve
    }
}
