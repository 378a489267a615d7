//! What a request adds to its audit entry: some fields from the request, some from the response.

use postcard::ser_flavors::Flavor;
use protocol::{Basis, Comparison, Hash, Limits, Request, Response, Settings};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::journal::EntryFields;

/// The address in the entry where the OSDP port is disabled.
const NO_ADDRESS: u8 = 255;

/// The reason and the detail bytes that follow from the request. `before` are the settings before it, `lost` the lost records
/// of hosts.
pub(crate) fn detail(request: &Request<'_>, before: &Settings, lost: u8) -> (u8, [u8; 8]) {
    let detail = match request {
        Request::SetSettings(settings) => return (changes(before, settings), digest(settings)),
        // Whatever was there before.
        Request::RestoreSettings(settings) => return (u8::MAX, digest(settings)),
        Request::Invite { role } => return (*role as u8, [lost, 0, 0, 0, 0, 0, 0, 0]),
        Request::BeginModel { kind, sha256, .. } => return (*kind as u8, head(sha256)),
        Request::PauseDoor { ms } => u64::from(*ms).to_le_bytes(),
        Request::RemoveHost { key } | Request::ReplaceKey { key } => head(key),
        Request::SetSigner { signer } | Request::Open { signer, .. } => head(signer),
        Request::SetOpener { key, allowed } => return (u8::from(*allowed), head(key)),
        Request::SetOsdp { osdp } => {
            let address = osdp.as_ref().map_or(NO_ADDRESS, |osdp| osdp.address);
            [address, 0, 0, 0, 0, 0, 0, 0]
        }
        _ => [0; 8],
    };
    (0, detail)
}

/// Which settings change, a bit each, as `audit::Entry` draws them.
fn changes(before: &Settings, after: &Settings) -> u8 {
    let (old, new) = (&before.limits, &after.limits);
    let rationing = |limits: &Limits| (limits.failures, limits.lockout_ms, limits.passback_ms, limits.pin_ms);
    let rest = |settings: &Settings| {
        let Limits { held_ms, zone, .. } = settings.limits;
        (held_ms, zone, settings.wiegand)
    };
    let bits = [
        (before.far_one_in, before.accept_unproven) != (after.far_one_in, after.accept_unproven),
        before.agreement_frames != after.agreement_frames,
        before.open_ms != after.open_ms,
        before.liveness != after.liveness,
        before.matching != after.matching,
        old.fail_safe != new.fail_safe,
        rationing(old) != rationing(new),
        rest(before) != rest(after),
    ];
    bits.iter().rev().fold(0, |mask, changed| mask << 1 | u8::from(*changed))
}

/// The first bytes of the SHA-256 of a value as it is stored.
fn digest(value: &impl Serialize) -> [u8; 8] {
    postcard::serialize_with_flavor(value, Hasher(Sha256::new())).unwrap_or_default()
}

/// Hashes what is serialised, however long it is.
struct Hasher(Sha256);

impl Flavor for Hasher {
    type Output = [u8; 8];

    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.update([byte]);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<[u8; 8]> {
        Ok(head(&self.0.finalize().into()))
    }
}

/// The fields of the entry. `host` is the key of the host before the request was done, `basis` how the door's threshold is
/// known after it.
pub(crate) fn fields(
    host: Option<Hash>,
    (reason, mut detail): (u8, [u8; 8]),
    response: &Response,
    basis: Option<Basis>,
) -> EntryFields {
    let mut fields = EntryFields::reason(reason);
    match response {
        Response::Enrolled { person, templates, alive, .. } => {
            (fields.person, fields.reason) = (Some(*person), *templates);
            detail = with([alive.map_or(0, |alive| 1 + u8::from(alive)), 0, 0, 0, 0, 0, 0, 0], basis);
        }
        Response::Removed { person, templates } => {
            (fields.person, fields.reason) = (Some(*person), *templates);
            detail = with(detail, basis);
        }
        Response::Renamed { person } => fields.person = Some(*person),
        Response::Settings(_) => detail = with(detail, basis),
        Response::Verified(comparison) | Response::Identified(comparison) => {
            let Comparison { best, accepted, .. } = comparison;
            fields.reason = u8::from(*accepted);
            // An auditor, who reads the log, does not learn which person a stranger resembles; of a 1:1 comparison the host named
            // the person itself.
            let told = *accepted || matches!(response, Response::Verified(_));
            fields.person = best.as_ref().map(|best| best.person).filter(|_| told);
            fields.score = best.as_ref().map_or(0, |best| best.similarity);
        }
        Response::ModelActive(info) => (fields.reason, detail) = (info.kind as u8, head(&info.sha256)),
        Response::Rule { person, schedule, pin, duress_pin, suspended } => {
            fields.person = Some(*person);
            let scheduled = u8::from(!schedule.is_always());
            fields.reason =
                scheduled | u8::from(*pin) << 1 | u8::from(*duress_pin) << 2 | u8::from(*suspended) << 3;
            // Not of the PINs: a digest of four digits is soon guessed.
            detail = digest(schedule);
        }
        _ => {}
    }
    fields.by(host, detail)
}

/// The detail with the basis as its last byte: 1 measured, 2 modelled, 3 unproven, 0 if there is no threshold.
fn with([a, b, c, d, e, f, g, _]: [u8; 8], basis: Option<Basis>) -> [u8; 8] {
    [a, b, c, d, e, f, g, basis.map_or(0, |basis| basis as u8 + 1)]
}

/// The first bytes of a key or hash.
fn head(hash: &Hash) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    [a, b, c, d, e, f, g, h]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_the_whole_value_however_long() {
        let long = [u64::MAX; 12];
        let mut other = long;
        other[11] -= 1;
        let mut room = [0; 120];
        let bytes = postcard::to_slice(&long, &mut room).expect("it fits");
        assert!(bytes.len() > 100);
        assert_eq!(digest(&long), head(&Sha256::digest(bytes).into()));
        assert_ne!(digest(&long), digest(&other));
    }
}
