//! What a request adds to its audit entry: some fields from the request, some from the response.

use protocol::{Comparison, Hash, Pairing, Request, Response};

use crate::journal::EntryFields;

/// The address in the entry where the OSDP port is disabled.
const NO_ADDRESS: u8 = 255;

/// The detail bytes that follow from the request.
pub(crate) fn detail(request: &Request<'_>) -> [u8; 8] {
    match request {
        Request::RemoveHost { key } | Request::ReplaceKey { key } => head(key),
        Request::SetSigner { signer } => head(signer),
        Request::SetOsdp { osdp } => {
            let address = osdp.as_ref().map_or(NO_ADDRESS, |osdp| osdp.address);
            [address, 0, 0, 0, 0, 0, 0, 0]
        }
        Request::SetSettings(settings) => {
            (u64::from(settings.open_ms) << 32 | u64::from(settings.far_one_in)).to_le_bytes()
        }
        _ => [0; 8],
    }
}

/// The fields of the entry. `host` is the key of the host before the request was done. `None` if there is nothing to
/// record.
pub(crate) fn fields(host: Option<Hash>, mut detail: [u8; 8], response: &Response) -> Option<EntryFields> {
    let mut fields = EntryFields::default();
    match response {
        Response::Enrolled { person, templates, .. } | Response::Removed { person, templates } => {
            (fields.person, fields.reason) = (Some(*person), *templates);
        }
        Response::Verified(comparison) | Response::Identified(comparison) => {
            let Comparison { best, accepted, .. } = comparison;
            fields.reason = u8::from(*accepted);
            fields.person = best.as_ref().map(|best| best.person);
            fields.score = best.as_ref().map_or(0, |best| best.similarity);
        }
        Response::ModelActive(info) => (fields.reason, detail) = (info.kind as u8, head(&info.sha256)),
        Response::Rule { person, schedule, pin, duress_pin } => {
            fields.person = Some(*person);
            let scheduled = u8::from(!schedule.is_always());
            fields.reason = scheduled | u8::from(*pin) << 1 | u8::from(*duress_pin) << 2;
        }
        Response::Pairing(Pairing::Paired { role }) => fields.reason = *role as u8,
        // Nobody was paired yet.
        Response::Pairing(_) => return None,
        Response::Settings(settings) => fields.reason = settings.agreement_frames,
        _ => {}
    }
    Some(fields.by(host, detail))
}

/// The first bytes of a key or hash.
fn head(hash: &Hash) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    [a, b, c, d, e, f, g, h]
}
