//! What each request does.
//!
//! Nothing here awaits: a state machine over all requests would take twice the code.

mod faces;
mod opening;
mod people;
mod promise;
mod status;

pub(crate) use faces::check_first;
pub(crate) use promise::basis;

use audit::Kind;
use board_api::{Board, System as _};
use embassy_time::{Duration, Instant};
use protocol::{
    ENTRIES_PER_PAGE, Error, EventKind, Hash, Host, LogEntry, LogHead, Osdp, Request, Response, SettingName,
    Settings, VERSION,
};

use crate::{
    journal::{ClockRefusal, EntryFields},
    link::Command,
    log::log,
    pipeline::{EncoderInfo, Engine, Models},
    store::{Intent, check, opened},
    text::text,
    update::{Announced, IdleSlots},
    worker::parts::Parts,
};

use super::{capture::Captured, configure, pairing::Confirmed};

/// The longest pause of the door.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Does what a request asks, of a host that may ask it.
///
/// `captured` is the frame of the camera, or why there is none. Requests without a frame ignore it.
pub(crate) fn handle<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    request: Request<'_>,
    captured: Captured<'_>,
    models: &Models<'_, E>,
    idle: &mut IdleSlots<'_, B::Flash>,
) -> Result<Response, Error> {
    match request {
        Request::Hello { .. } => Ok(Response::Hello {
            protocol: VERSION,
            firmware: text(env!("CARGO_PKG_VERSION")),
            board: text(parts.system.name()),
        }),
        Request::Status => Ok(Response::Status(status::status(parts, models))),
        // Of what is lost nothing is read, and nothing is changed: the rest would be defaults, which nobody has chosen. By those
        // nobody is enrolled either.
        Request::GetSettings | Request::SetSettings(_) | Request::Enrol { .. } if parts.rules.lost => {
            Err(Error::SettingsLost)
        }
        Request::GetSettings => Ok(Response::Settings(parts.settings)),
        Request::SetSettings(settings) => set_settings(parts, settings, models, false),
        Request::RestoreSettings(settings) => set_settings(parts, settings, models, true),
        Request::BeginFrame { width, height, format } => {
            parts.staging.begin(width, height, format).map(|()| Response::Done)
        }
        Request::FrameChunk { offset, data } => {
            parts.staging.chunk(offset, data).map(|next| Response::Progress { next })
        }
        Request::Detect { source } => faces::detect(parts, source, captured, models),
        Request::Embed { source } => faces::embed(parts, source, captured, models),
        Request::Enrol { name, source, enrolment } => {
            faces::enrol(parts, (&name, enrolment), source, captured, models)
        }
        Request::Verify { name, source } => {
            faces::compare(parts, Some(&name), source, captured, models).map(Response::Verified)
        }
        Request::Identify { source } => {
            faces::compare(parts, None, source, captured, models).map(Response::Identified)
        }
        Request::ListUsers { from } => people::list(&mut parts.people, from),
        Request::Remove { name } => people::remove(parts, &name, models),
        Request::Rename { name, new } => people::rename(parts, &name, &new),
        Request::RemoveTemplate { name, index } => people::remove_template(parts, &name, index),
        Request::RemoveEnrolled { person, template } => people::remove_enrolled(parts, person, template),
        Request::GetRule { name } => people::rule(&mut parts.people, &parts.rules, &name),
        Request::SetRule { name, rule } => people::set_rule(parts, &name, rule),
        Request::Suspend { name, suspended } => people::suspend(parts, &name, suspended),
        Request::BeginModel { kind, length, sha256, sequence, signature } => {
            let announced = Announced { kind, length, sha256, sequence };
            let storage = opened(&mut parts.storage)?;
            parts.updates.begin(announced, &signature, idle, storage).map(|next| Response::Progress { next })
        }
        Request::ModelChunk { offset, data } => {
            let storage = opened(&mut parts.storage)?;
            parts.updates.chunk(offset, data, idle, storage).map(|next| Response::Progress { next })
        }
        Request::CommitModel => {
            let storage = opened(&mut parts.storage)?;
            let (settings, people, lost) = (&parts.settings, &mut parts.people, parts.rules.lost);
            // Which rate an encoder must bear out is not known while the settings are lost: they may open again.
            let bears_out = |encoder: Option<&EncoderInfo>| match lost {
                false => promise::check_encoder(settings, people, encoder),
                true => Err(Error::SettingsLost),
            };
            let engine = &mut parts.pipeline.engine;
            let info = parts.updates.commit(engine, models, idle, storage, bears_out)?;
            parts.restart_frames();
            Ok(Response::ModelActive(info))
        }
        Request::NextEvents { after } => {
            let (newest, events) = parts.events.page(after);
            Ok(Response::Events { newest, events })
        }
        Request::Reboot => Ok(Response::Done),
        Request::PauseDoor { ms } => {
            let pause = Duration::from_millis(ms.into()).min(LONGEST_PAUSE);
            parts.paused_until = Instant::now() + pause;
            parts.restart_frames();
            Ok(Response::Done)
        }
        Request::BeginPairing { role, label, commitment } => {
            let offer = (role, label, commitment);
            parts.pairing.begin(offer, &parts.access, &mut parts.system, parts.link)?;
            Ok(Response::Pairing(parts.pairing.state()))
        }
        Request::Pair { nonce, signer } => {
            parts.pairing.pair((nonce, signer), &parts.access, &mut parts.system, parts.link)?;
            Ok(Response::Pairing(parts.pairing.state()))
        }
        Request::PollPairing => poll_pairing(parts),
        Request::Erase => {
            // First: how full the accounts are is nothing for a stranger.
            parts.access.may_erase()?;
            let room = parts.quota.may_erase(Instant::now());
            room.map_err(|seconds| Error::TooManyChanges { seconds })?;
            parts.pairing.begin_erasing(&parts.access, &mut parts.system, parts.link)?;
            Ok(Response::Pairing(parts.pairing.state()))
        }
        Request::Invite { role } => {
            parts.access.empty_lost(opened(&mut parts.storage)?)?;
            parts.pairing.invite(role);
            Ok(Response::Done)
        }
        Request::ListHosts => Ok(Response::Hosts(parts.access.hosts().cloned().collect())),
        Request::RemoveHost { key } => {
            parts.access.remove_host(key, opened(&mut parts.storage)?).map(|()| Response::Done)
        }
        Request::ReplaceKey { key } => {
            parts.access.replace_key(key, opened(&mut parts.storage)?).map(|()| Response::Done)
        }
        Request::SetSigner { signer } => {
            let storage = opened(&mut parts.storage)?;
            if storage.signer() != Ok(Some(signer)) {
                parts.updates.forget()?;
            }
            storage.set_signer(&signer)?;
            Ok(Response::Done)
        }
        Request::Open { signer, counter, until, signature } => {
            opening::open(parts, signer, &opening::Command { counter, until, signature: &signature })
        }
        Request::SetOpener { key, allowed } => opening::set_opener(parts, key, allowed),
        Request::ListOpeners => opening::list(parts),
        Request::Firmware => Ok(Response::Firmware(parts.updates.firmware.state()?)),
        Request::ReadLog { from } => read_log(parts, from),
        Request::SignLog { from } => sign_log(parts, from),
        Request::SetOsdp { osdp } => set_osdp(parts, osdp),
        Request::SetClock { unix_ms } => set_clock(parts, unix_ms, false),
        Request::SetClockBack { unix_ms } => set_clock(parts, unix_ms, true),
    }
}

/// Stores the settings. With `all` they are set as a whole, whatever was there: then people are admitted again who were not because
/// records were lost.
fn set_settings<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    settings: Settings,
    models: &Models<'_, E>,
    all: bool,
) -> Result<Response, Error> {
    check(&settings)?;
    promise::check_change(parts, &settings, models)?;
    opened(&mut parts.storage)?.set_settings(&settings)?;
    parts.apply(settings);
    if all {
        parts.people.settle(0, parts.storage.as_mut(), true)?;
        parts.admit_again();
    }
    Ok(Response::Settings(settings))
}

fn poll_pairing<B: Board, E: Engine>(parts: &mut Parts<'_, '_, B, E>) -> Result<Response, Error> {
    parts.pairing.tick(&mut parts.system, parts.link);
    let confirmed = parts.pairing.poll(&parts.access, &mut parts.system, parts.link)?;
    let Some(Confirmed { host, signer }) = confirmed else {
        return Ok(match parts.pairing.nonce() {
            Some(nonce) => Response::PairingNonce { nonce },
            None => Response::Pairing(parts.pairing.state()),
        });
    };
    let (key, detail) = (Some(host.key), [0; 8]);
    parts.journal.record(Kind::Paired, EntryFields::reason(host.role as u8).by(key, detail));
    if let Err(failed) = store_host(parts, &host, signer) {
        parts.journal.interrupted(key, Intent { kind: Kind::Paired as u8, detail });
        return Err(failed);
    }
    log!(info, "a host was paired");
    parts.events.record(EventKind::Paired { role: host.role, label: host.label });
    Ok(Response::Pairing(protocol::Pairing::Paired { role: host.role }))
}

fn store_host<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    host: &Host,
    signer: Option<Hash>,
) -> Result<(), Error> {
    let storage = opened(&mut parts.storage)?;
    if let Some(signer) = signer {
        storage.set_signer(&signer)?;
    }
    parts.access.add_host(host.clone(), storage)
}

/// Sets the clock; with `back`, also to an earlier time.
fn set_clock<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    unix_ms: u64,
    back: bool,
) -> Result<Response, Error> {
    let set = parts.journal.set_clock(unix_ms, back);
    let change = set.map_err(|refusal| match refusal {
        ClockRefusal::Before(earliest) => Error::ClockBackwards { earliest },
        ClockRefusal::After(latest) => Error::ClockAhead { latest },
    })?;
    parts.keep_clock(&change, parts.access.peer()).map(|()| Response::Done)
}

/// A page of the audit log.
fn read_log<B: Board, E: Engine>(parts: &mut Parts<'_, '_, B, E>, from: u32) -> Result<Response, Error> {
    let log = parts.journal.log().ok_or(Error::NoLog)?;
    let numbers = log.numbers();
    let (mut number, end) = (from.max(numbers.start), numbers.end);
    let mut entries = heapless::Vec::new();
    // As many numbers as entries, so that a page is bounded also where no entry opens.
    for _ in 0..ENTRIES_PER_PAGE {
        if number >= end {
            break;
        }
        if let Some(audit::Read { number, bytes, chain }) = log.read(number).map_err(|_| Error::NoLog)? {
            // There is room: no more are read than the page has places.
            let _ = entries.push(LogEntry { number, entry: bytes, chain: chain.0 });
        }
        number += 1;
    }
    Ok(Response::Log { entries, next: (number < end).then_some(number), end })
}

/// The signed head of the audit log.
fn sign_log<B: Board, E: Engine>(parts: &mut Parts<'_, '_, B, E>, from: u32) -> Result<Response, Error> {
    let signed = parts.journal.sign(from).ok_or(Error::NoLog)?;
    let audit::Head { first, last, chain, time, .. } = signed.head;
    Ok(Response::LogHead(LogHead {
        first,
        last,
        chain: chain.0,
        clock: protocol::Clock { unix_ms: time.unix_ms, exact: time.exact },
        signer: signed.signer,
        signature: protocol::Signature::new(&signed.signature),
    }))
}

/// Answers an access controller on the bus from now on, also after a reset; or none.
fn set_osdp<B: Board, E: Engine>(
    parts: &mut Parts<'_, '_, B, E>,
    osdp: Option<Osdp>,
) -> Result<Response, Error> {
    let (low, high) = (0, Osdp::MAX_ADDRESS.into());
    if osdp.as_ref().is_some_and(|osdp| osdp.address > Osdp::MAX_ADDRESS) {
        return Err(Error::BadSetting { setting: SettingName::OsdpAddress, low, high });
    }
    if osdp.as_ref().is_some_and(|osdp| osdp::refuse_weak(&osdp.key.0).is_err()) {
        return Err(Error::WeakKey);
    }
    opened(&mut parts.storage)?.set_osdp(osdp.as_ref())?;
    let config = configure::bus(osdp, parts.bus_serial, &mut parts.system);
    // Io takes commands at once, as it has the higher priority.
    let sent = parts.link.commands.try_send(Command::ServeBus(config));
    sent.map(|()| Response::Done).map_err(|_| Error::Internal { reason: text("io takes no commands") })
}
