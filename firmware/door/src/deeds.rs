//! What hosts did, told to the audit log: each request that changes something, and each that asks who a face is.
//!
//! The entry is written when the deed is done and before it is acknowledged. What was refused is not told: a
//! stranger on the cable must not be able to fill the log.

use audit::Kind;
use board_api::Board;
use protocol::{Comparison, Hash, Pairing, Request, Response};

use crate::{desk::Desk, engine::Engine, journal::Say};

/// No address of a bus.
const NOBODY: u8 = 255;

/// What a request does, as far as the request tells.
pub(crate) struct Deed {
    kind: Kind,
    /// Who asks. After the deed they may have another key.
    host: Option<Hash>,
    more: [u8; 8],
}

impl<B: Board, E: Engine> Desk<'_, '_, B, E> {
    /// What the log shall tell of a request, if it is granted.
    pub(crate) fn deed(&self, request: &Request<'_>) -> Option<Deed> {
        let (kind, more) = match request {
            Request::Enrol { .. } => (Kind::Enrolled, [0; 8]),
            Request::Remove { .. } => (Kind::Removed, [0; 8]),
            Request::Verify { .. } | Request::Identify { .. } => (Kind::Compared, [0; 8]),
            Request::CommitModel => (Kind::Model, [0; 8]),
            Request::PollPairing => (Kind::Paired, [0; 8]),
            Request::Reboot => (Kind::Restart, [0; 8]),
            Request::SetRule { .. } => (Kind::Rule, [0; 8]),
            Request::RemoveHost { key } => (Kind::Unpaired, head(key)),
            Request::ReplaceKey { key } => (Kind::Rekeyed, head(key)),
            Request::SetSigner { signer } => (Kind::Signer, head(signer)),
            Request::SetOsdp { osdp } => {
                let address = osdp.as_ref().map_or(NOBODY, |osdp| osdp.address);
                (Kind::Controller, [address, 0, 0, 0, 0, 0, 0, 0])
            }
            Request::SetSettings(settings) => {
                let fields = u64::from(settings.open_ms) << 32 | u64::from(settings.far_one_in);
                (Kind::Settings, fields.to_le_bytes())
            }
            _ => return None,
        };
        Some(Deed { kind, host: self.access.session.as_ref().map(|session| session.peer), more })
    }

    /// Tells the log of a deed that was done, with this response.
    pub(crate) fn tell(&mut self, deed: Deed, response: &Response) {
        let Deed { kind, host, mut more } = deed;
        let mut say = Say::default();
        match response {
            Response::Enrolled { person, templates, .. } | Response::Removed { person, templates } => {
                (say.person, say.reason) = (Some(*person), *templates);
            }
            Response::Verified(comparison) | Response::Identified(comparison) => {
                let Comparison { best, accepted, .. } = comparison;
                say.reason = u8::from(*accepted);
                say.person = best.as_ref().map(|best| best.person);
                say.score = best.as_ref().map_or(0, |best| best.similarity);
            }
            Response::ModelActive(info) => (say.reason, more) = (info.kind as u8, head(&info.sha256)),
            Response::Rule { person, schedule, pin, duress_pin } => {
                say.person = Some(*person);
                let scheduled = u8::from(!schedule.is_always());
                say.reason = scheduled | u8::from(*pin) << 1 | u8::from(*duress_pin) << 2;
            }
            Response::Pairing(Pairing::Paired { role }) => say.reason = *role as u8,
            // Nobody was paired yet.
            Response::Pairing(_) => return,
            Response::Settings(settings) => say.reason = settings.agreement_frames,
            _ => {}
        }
        self.journal.write(kind, say.by(host, more));
    }
}

/// The first bytes of a key or hash.
fn head(hash: &Hash) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *hash;
    [a, b, c, d, e, f, g, h]
}
