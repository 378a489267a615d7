//! From what arrived on the line to a request, and from its result to the reply.

use board_api::Board;
use crypto::{handshake::SECOND, session::HEAD};
use embassy_time::Instant;
use protocol::{Error, Kind, Packet, Request, Response, pack};

use crate::{
    link::{Command, Link, Pending, Ticket},
    pipeline::{Engine, Models},
    secrets::random_key,
    text::text,
    update::IdleSlots,
    worker::parts::Parts,
};

use super::{
    access::{Access, Step},
    audit_map,
    capture::{capture, needs_camera},
    disclosure,
    requests::handle,
    table::{Need, row},
};

/// What follows from a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Serve the next one.
    Serve,
    /// Load the active models again: they changed.
    Reload,
    /// Restart the board.
    Restart,
}

/// What arrived.
enum Opened<'b> {
    /// A step of the handshake, and its answer.
    Step([u8; SECOND]),
    /// The last step of the handshake: there is a session.
    Session,
    /// A request.
    Request(Packet<'b>),
}

/// Why what arrived is not answered as a request.
enum Refusal {
    /// It was sealed in another session, or there is none.
    NoSession,
    /// It is a repeat of an old request.
    Replay,
}

/// Answers the request in the slot: sealed or not, or a step of the handshake.
pub(crate) async fn answer<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    camera: &mut B::Camera,
    models: &Models<'_, E>,
    idle: &mut IdleSlots<'_, B::Flash>,
) -> Outcome {
    let link = parts.link;
    let slot = &link.slot;
    let mut pending = slot.request.lock().await;
    let Pending { kind, ticket, length, body } = &mut *pending;
    let (kind, ticket) = (*kind, *ticket);
    let received = body.get_mut(..*length).unwrap_or_default();
    let mut outcome = Outcome::Serve;
    let result = match receive(parts, kind, ticket, received) {
        Ok(Opened::Step(message)) => {
            let mut reply = slot.reply.lock().await;
            let _ = reply.answer_bytes(ticket.id, ticket.checksum, Kind::Handshake, &message);
            drop(reply);
            slot.finish(Some(ticket));
            return Outcome::Serve;
        }
        Ok(Opened::Session) => {
            Ok(Response::Session { role: parts.access.role(), clock: parts.journal.now().exact })
        }
        Ok(Opened::Request(packet)) => match packet.message::<Request<'_>>() {
            Ok(request) => {
                outcome = match request {
                    Request::CommitModel => Outcome::Reload,
                    Request::Reboot => Outcome::Restart,
                    _ => Outcome::Serve,
                };
                let row = row(&request);
                let host = parts.access.peer();
                let detail = audit_map::detail(&request, &parts.settings);
                let pauses = matches!(request, Request::PauseDoor { .. });
                if row.slow {
                    link.give_sign();
                }
                let permitted = parts.access.permit(row.need, kind == Kind::Sealed);
                let logs = row.audited.is_some()
                    || matches!(request, Request::SetClock { .. } | Request::SetClockBack { .. });
                let permitted = permitted.and_then(|()| match row.need {
                    Need::Role(_) if logs => charge(parts),
                    _ => Ok(()),
                });
                let mut result = match permitted {
                    Ok(()) => {
                        let captured = match needs_camera(&request) {
                            true => capture(camera).await,
                            false => Err(Error::NoCamera),
                        };
                        handle(parts, request, captured, models, idle)
                    }
                    Err(error) => Err(error),
                };
                if pauses && result.is_ok() {
                    link.commands.send(Command::Lock).await;
                }
                if let (Some(kind), Ok(response)) = (row.audited, &result)
                    && let Some(fields) = audit_map::fields(host, detail, response)
                {
                    parts.journal.record(kind, fields);
                }
                let role = parts.access.role().filter(|_| kind == Kind::Sealed);
                disclosure::limit(role, &mut result);
                result
            }
            Err(_) => Err(Error::Malformed),
        },
        // No reply, and nothing changes.
        Err(Refusal::Replay) => {
            slot.finish(None);
            return Outcome::Serve;
        }
        Err(Refusal::NoSession) => {
            reply(&mut parts.access, link, Kind::Request, ticket, &Err(Error::NoSession), body).await;
            slot.finish(Some(ticket));
            return Outcome::Serve;
        }
    };
    if result.is_err() {
        outcome = Outcome::Serve;
    }
    reply(&mut parts.access, link, kind, ticket, &result, body).await;
    slot.finish(Some(ticket));
    outcome
}

/// Takes an entry of the audit log from the account of the session's host.
fn charge<B: Board, E: Engine>(parts: &mut Parts<'_, '_, B, E>) -> Result<(), Error> {
    let place = parts.access.place_of_session().ok_or(Error::Unpaired)?;
    let taken = parts.quota.take(place, parts.access.role(), Instant::now());
    taken.map_err(|seconds| Error::TooManyChanges { seconds })?;
    parts.keep_quota()
}

/// Takes a step of the handshake, or opens a sealed request.
fn receive<'b, B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    kind: Kind,
    ticket: Ticket,
    received: &'b mut [u8],
) -> Result<Opened<'b>, Refusal> {
    let packet = |body| Packet { kind: Kind::Request, id: ticket.id, checksum: ticket.checksum, body };
    match kind {
        Kind::Handshake => {
            let ephemeral = random_key(&mut parts.system);
            match parts.access.shake_hands(received, ephemeral) {
                Ok(Step::Message(message)) => Ok(Opened::Step(message)),
                Ok(Step::Done) => {
                    // The pairing of the session before is over.
                    parts.pairing.end(&mut parts.system, parts.link);
                    Ok(Opened::Session)
                }
                Err(_) => Err(Refusal::NoSession),
            }
        }
        Kind::Sealed => {
            let session = parts.access.session.as_mut().ok_or(Refusal::NoSession)?;
            match session.answering.open(ticket.id, received) {
                Ok(packed) => packet(&[]).inner(packed).map(Opened::Request).map_err(|_| Refusal::NoSession),
                Err(crypto::Error::Replayed) => Err(Refusal::Replay),
                Err(_) => Err(Refusal::NoSession),
            }
        }
        _ => Ok(Opened::Request(packet(received))),
    }
}

/// Writes the reply, sealed if the request was. `room` is the buffer of the request.
async fn reply(
    access: &mut Access,
    link: &Link,
    kind: Kind,
    ticket: Ticket,
    result: &Result<Response, Error>,
    room: &mut [u8],
) {
    let mut reply = link.slot.reply.lock().await;
    let too_long = Error::Internal { reason: text("the reply is too long") };
    let packing = room.get_mut(HEAD..).unwrap_or_default();
    let packed = match result {
        Ok(response) => pack(response, packing),
        Err(error) => pack(error, packing),
    };
    // No message of the table is too long. If one were, the host would get this error.
    let length = packed.or_else(|_| pack(&too_long, packing)).unwrap_or(0);
    if kind == Kind::Request {
        let body = packing.get(1..length).unwrap_or_default();
        let is_error = packing.first() == Some(&(Kind::Error as u8));
        let kind = if is_error { Kind::Error } else { Kind::Response };
        let _ = reply.answer_bytes(ticket.id, ticket.checksum, kind, body);
        return;
    }
    let session = access.session.as_mut();
    // There is a session: it opened the request.
    let sealed = session.and_then(|session| session.answering.seal(ticket.id, room, length).ok());
    if let Some(sealed) = sealed {
        let _ = reply.answer_bytes(ticket.id, ticket.checksum, Kind::Sealed, sealed);
    }
}
