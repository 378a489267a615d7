//! From what arrived on the line to a request, and from its result to the reply.

use audit::Kind as Audited;
use board_api::Board;
use crypto::{handshake::SECOND, session::HEAD};
use embassy_time::Instant;
use protocol::{Error, IdempotencyKey, Kind, Packet, Request, Response, Role, pack};

use crate::{
    journal::EntryFields,
    link::{Cause, Command, Link, Pending, Ticket},
    pipeline::{Engine, Models},
    secrets::random_key,
    store::{Intent, Progress, Reply},
    text::text,
    update::IdleSlots,
    worker::parts::Parts,
};

use super::{
    access::{Access, Step},
    audit_map,
    capture::{capture, needs_camera},
    configure, disclosure,
    requests::{basis, check_first, handle},
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
    /// A request, and its idempotency key; none if it was not sealed.
    Request(Packet<'b>, Option<IdempotencyKey>),
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
    // The reply of the time when the request was executed, and the place of a host whose request is executed now.
    let (mut before, mut begun): (Option<Reply>, Option<usize>) = (None, None);
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
        Ok(Opened::Request(packet, key)) => match packet.message::<Request<'_>>() {
            Ok(request) => {
                let mut row = row(&request);
                let needs_frame = needs_camera(&request);
                // It takes a frame from the door, which then begins with its samples again: not without end, nor without a trace.
                let takes_frame = needs_frame && parts.paused_until <= Instant::now();
                if takes_frame && matches!(request, Request::Detect { .. }) {
                    row.audited = Some(Audited::Compared);
                }
                let host = parts.access.peer();
                let named = host.zip(key);
                let mut permitted = parts.access.permit(row.need, kind == Kind::Sealed);
                // A host that was removed gets nothing of what it was replied before, either.
                let entitled = named.filter(|_| permitted.is_ok());
                let known = entitled.map_or(Ok(None), |(host, key)| parts.executed.reply(&host, &key));
                match known {
                    Ok(Some(reply)) => {
                        before = Some(reply.clone());
                        // Replaced by the reply of then.
                        Ok(Response::Done)
                    }
                    Err(interrupted) if !row.only_compares() => Err(interrupted),
                    _ => {
                        outcome = match request {
                            Request::CommitModel => Outcome::Reload,
                            Request::Reboot => Outcome::Restart,
                            _ => Outcome::Serve,
                        };
                        let detail = audit_map::detail(&request, &parts.settings, parts.access.lost);
                        let pauses = matches!(request, Request::PauseDoor { .. });
                        let opens = matches!(request, Request::Open { .. });
                        if row.slow {
                            link.give_sign();
                        }
                        if needs_frame || opens {
                            permitted = permitted.and_then(|()| check_first(parts, &request, models));
                        }
                        let mut captures = false;
                        let logs = row.audited.is_some()
                            || matches!(request, Request::SetClock { .. } | Request::SetClockBack { .. });
                        let logs = logs && matches!(row.need, Need::Role(_));
                        // Where no installer is left, somebody without an account may have the board erased.
                        let erases =
                            matches!(request, Request::Erase) && parts.access.role() == Some(Role::Installer);
                        if logs || erases {
                            let entries = entries(&request, parts);
                            permitted = permitted.and_then(|()| charge(parts, entries));
                        }
                        let intent =
                            Intent { kind: row.audited.unwrap_or(Audited::Clock) as u8, detail: detail.1 };
                        let mut result = match permitted {
                            Ok(()) => {
                                if let (true, Some(named)) = (logs && !row.is_repeated(), named) {
                                    begun = parts.access.place_of_session();
                                    let changing = Progress::Changing(intent, parts.journal.newest_number());
                                    let changing = Some(changing).filter(|_| !row.only_compares());
                                    parts.executed.begin(begun, named, changing, parts.storage.as_mut());
                                }
                                let captured = match needs_frame {
                                    true => {
                                        captures = takes_frame;
                                        // The frames of the door may have a gap where this one is taken.
                                        parts.restart_frames();
                                        capture(camera).await
                                    }
                                    false => Err(Error::NoCamera),
                                };
                                handle(parts, request, captured, models, idle)
                            }
                            Err(error) => Err(error),
                        };
                        if pauses && result.is_ok() {
                            link.commands.send(Command::Lock).await;
                        }
                        match (&result, row.audited) {
                            (Ok(response), Some(kind)) => {
                                let basis = basis(parts, models);
                                parts.journal.record(kind, audit_map::fields(host, detail, response, basis));
                            }
                            // A write failed: what was to change may be half done.
                            (Err(Error::Flash | Error::Internal { .. }), _)
                                if begun.is_some() && !row.only_compares() =>
                            {
                                parts.journal.interrupted(host, intent);
                            }
                            // The door gave a frame away, or told what a face is like, whatever became of it.
                            (Err(error), _) if captures || tells(error) => {
                                let named = match error {
                                    Error::Unlike { name, .. } | Error::SamePicture { name, .. } => {
                                        let people = parts.people.gallery().ok();
                                        people.and_then(|people| Some(people.find(name)?.id()))
                                    }
                                    // As of a comparison with all: an auditor, who reads the log, does not learn who it was.
                                    _ => None,
                                };
                                let of = EntryFields { person: named, ..EntryFields::reason(0) };
                                parts.journal.record(Audited::Compared, of.by(host, [0; 8]));
                            }
                            _ => {}
                        }
                        if opens && result.is_ok() {
                            let time = configure::open_time(&parts.settings);
                            link.commands.send(Command::Open { cause: Cause::Command, time }).await;
                        }
                        let role = parts.access.role().filter(|_| kind == Kind::Sealed);
                        disclosure::limit(role, &mut result);
                        result
                    }
                }
            }
            Err(_) => Err(Error::Malformed),
        },
        // No reply, and nothing changes.
        Err(Refusal::Replay) => {
            slot.finish(None);
            return Outcome::Serve;
        }
        Err(Refusal::NoSession) => {
            let length = pack_result(&Err(Error::NoSession), body);
            reply(&mut parts.access, link, Kind::Request, ticket, length, body).await;
            slot.finish(Some(ticket));
            return Outcome::Serve;
        }
    };
    if result.is_err() {
        outcome = Outcome::Serve;
    }
    let length = match before {
        Some(before) => put(&before, body),
        None => pack_result(&result, body),
    };
    let packed = body.get(HEAD..HEAD + length).unwrap_or_default();
    parts.executed.finish(begun, packed, parts.storage.as_mut());
    reply(&mut parts.access, link, kind, ticket, length, body).await;
    slot.finish(Some(ticket));
    outcome
}

/// Whether a refusal tells what a face is like: whose it is, how much, or whether it lives.
fn tells(error: &Error) -> bool {
    matches!(
        error,
        Error::Unlike { .. } | Error::SamePicture { .. } | Error::DuplicateFace { .. } | Error::NotAlive
    )
}

/// Entries of the audit log that a request has, or causes. A restart has a second one when the board boots, and an erasure a
/// third one when the board is paired again. Firmware that is complete causes at most five besides that: its own, three of four
/// boots (three on trial, and one of the release before it), and what became of it. A removal has one for each who has the name.
fn entries<B: Board, E: Engine>(request: &Request<'_>, parts: &Parts<'_, '_, B, E>) -> u8 {
    match request {
        Request::Reboot => 2,
        Request::Erase => 3,
        Request::CommitModel if parts.updates.receives_firmware() => 5,
        Request::Remove { name } => parts.people.named(name).max(1) as u8,
        _ => 1,
    }
}

/// Takes entries of the audit log from the account of the session's host.
fn charge<B: Board, E: Engine>(parts: &mut Parts<'_, '_, B, E>, entries: u8) -> Result<(), Error> {
    let place = parts.access.place_of_session().ok_or(Error::Unpaired)?;
    for _ in 0..entries {
        let taken = parts.quota.take(place, parts.access.role(), Instant::now());
        taken.map_err(|seconds| Error::TooManyChanges { seconds })?;
        parts.keep_quota()?;
    }
    Ok(())
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
                    // What one host shows is not enrolled for another.
                    parts.staging.hand_to(parts.access.peer());
                    Ok(Opened::Session)
                }
                Err(_) => Err(Refusal::NoSession),
            }
        }
        Kind::Sealed => {
            let session = parts.access.session.as_mut().ok_or(Refusal::NoSession)?;
            match session.answering.open(ticket.id, received) {
                Ok(packed) => {
                    let request = packet(&[]).inner_request(packed);
                    let request = request.map(|(key, packet)| Opened::Request(packet, Some(key)));
                    request.map_err(|_| Refusal::NoSession)
                }
                Err(crypto::Error::Replayed) => Err(Refusal::Replay),
                Err(_) => Err(Refusal::NoSession),
            }
        }
        _ => Ok(Opened::Request(packet(received), None)),
    }
}

/// Packs a result behind the head of `room`, and returns its length.
fn pack_result(result: &Result<Response, Error>, room: &mut [u8]) -> usize {
    let too_long = Error::Internal { reason: text("the reply is too long") };
    let packing = room.get_mut(HEAD..).unwrap_or_default();
    let packed = match result {
        Ok(response) => pack(response, packing),
        Err(error) => pack(error, packing),
    };
    // No message of the table is too long. If one were, the host would get this error.
    packed.or_else(|_| pack(&too_long, packing)).unwrap_or(0)
}

/// Puts a packed reply behind the head of `room`, and returns its length.
fn put(packed: &[u8], room: &mut [u8]) -> usize {
    if let Some(place) = room.get_mut(HEAD..HEAD + packed.len()) {
        place.copy_from_slice(packed);
    }
    packed.len()
}

/// Writes the reply, which is packed in `length` bytes behind the head of `room`; sealed if the request was.
async fn reply(access: &mut Access, link: &Link, kind: Kind, ticket: Ticket, length: usize, room: &mut [u8]) {
    let mut reply = link.slot.reply.lock().await;
    if kind == Kind::Request {
        let packed = room.get(HEAD..HEAD + length).unwrap_or_default();
        let (first, body) = packed.split_first().unwrap_or((&0, &[]));
        let is_error = *first == Kind::Error as u8;
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
