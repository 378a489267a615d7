//! Limits each reply to the least that the role of its reader needs. Every reply goes through [`limit`].
//!
//! | who | is not told |
//! |---|---|
//! | not paired | anything of the state but the board, its firmware and that firmware's profile, and whether it has a host |
//! | auditor | the person that a stranger resembles most |
//! | auditor, operator | exact scores: they are cut to steps of [`STEP`] |
//!
//! With exact scores somebody could change a picture step by step until it matches. The audit log has scores in steps
//! too, since everybody who is paired may read it.

use protocol::{
    CameraState, Clock, Comparison, CosineScore, Door, Error, EventKind, FrameResult, ResetReason, Response,
    Role, SecretPlace, Settings, Status,
};

/// The step of scores, Q15: one sixteenth.
const STEP: i16 = 2048;

/// A score in steps, rounded down.
pub(crate) fn coarse(score: CosineScore) -> CosineScore {
    score.saturating_sub(score.rem_euclid(STEP))
}

/// Takes out of a reply what the host may not know.
pub(crate) fn limit(role: Option<Role>, result: &mut Result<Response, Error>) {
    if role == Some(Role::Installer) {
        return;
    }
    match result {
        Ok(Response::Status(status)) if role.is_none() => *status = to_a_stranger(status),
        Ok(Response::Events { events, .. }) => {
            events.iter_mut().for_each(|event| limit_event(role, &mut event.kind));
        }
        Ok(Response::Verified(comparison) | Response::Identified(comparison)) => {
            let Comparison { best, liveness, .. } = comparison;
            if let Some(best) = best {
                best.similarity = coarse(best.similarity);
            }
            if let Some(liveness) = liveness {
                liveness.score = coarse_liveness(liveness.score);
            }
        }
        Err(
            Error::DuplicateFace { similarity, .. }
            | Error::Unlike { similarity, .. }
            | Error::SamePicture { similarity, .. },
        ) => *similarity = coarse(*similarity),
        _ => {}
    }
}

fn limit_event(role: Option<Role>, event: &mut EventKind) {
    let EventKind::FrameAssessed { result, liveness, .. } = event else { return };
    if let Some(liveness) = liveness {
        liveness.score = coarse_liveness(liveness.score);
    }
    match result {
        FrameResult::Stranger(best) if role < Some(Role::Operator) => *best = None,
        FrameResult::Stranger(Some(best)) | FrameResult::Known(best) => {
            best.similarity = coarse(best.similarity);
        }
        _ => {}
    }
}

fn coarse_liveness(score: u16) -> u16 {
    score - score % STEP as u16
}

/// The status as a host that is not paired gets it: it is a Postern, and whether it wants its first host.
fn to_a_stranger(status: &Status) -> Status {
    Status {
        board: status.board.clone(),
        firmware: status.firmware.clone(),
        uptime_ms: 0,
        instructions: 0,
        reset: ResetReason::Unknown,
        door: Door::Locked,
        models: Default::default(),
        people: 0,
        templates: 0,
        foreign_templates: 0,
        gallery_encoder: None,
        free_bytes: 0,
        threshold: None,
        basis: None,
        settings: Settings::default(),
        settings_lost: false,
        camera_sequence: 0,
        hosts: status.hosts.min(1),
        clock: Clock { unix_ms: 0, exact: false },
        log_lost: 0,
        osdp: None,
        development: status.development,
        counter: None,
        contact_open: false,
        cover_open: false,
        alarm: false,
        npu: Default::default(),
        secret: SecretPlace::Fuses,
        camera: CameraState::Pictures,
        volumes_gone: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scores_are_cut_to_steps() {
        assert_eq!(
            [32_767, 2_048, 2_047, 0, -1, i16::MIN].map(coarse),
            [30_720, 2_048, 0, 0, -2_048, i16::MIN]
        );
        assert_eq!(coarse_liveness(32_768), 32_768);
        assert_eq!(coarse_liveness(32_767), 30_720);
    }
}
