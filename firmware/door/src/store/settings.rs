//! The check of the settings, and their three records.

use protocol::range::{
    AGREEMENT_FRAMES, FAILURES, FAR_ONE_IN, HELD_MS, LOCKOUT_MS, OPEN_MS, PASSBACK_MS, PIN_MS,
};
use protocol::{Error, Limits, LivenessMode, Matching, SettingName, Settings, Wiegand};

/// Minutes of a zone from UTC, ahead or behind.
const ZONE_MINUTES: (u32, u32) = (0, 14 * 60);

/// The bit of the stored false-accept rate that says that it is accepted unproven. Rates are below it, so that older
/// records have it clear.
const ACCEPTED: u32 = 1 << 31;

/// The first record: the rate with [`ACCEPTED`], frames that must agree, opening time, liveness.
pub(super) type First = (u32, u8, u32, LivenessMode);
/// The record of what goes to an access controller, and of the matching mode.
pub(super) type Outside = (Wiegand, Matching);

/// The records of the settings.
pub(super) fn to_records(settings: &Settings) -> (First, Limits, Outside) {
    let Settings { agreement_frames, open_ms, liveness, limits, wiegand, matching, .. } = *settings;
    let rate = settings.far_one_in | if settings.accept_unproven { ACCEPTED } else { 0 };
    ((rate, agreement_frames, open_ms, liveness), limits, (wiegand, matching))
}

/// The settings of these records.
pub(super) fn from_records(
    (rate, agreement_frames, open_ms, liveness): First,
    limits: Limits,
    (wiegand, matching): Outside,
) -> Settings {
    let (far_one_in, accept_unproven) = (rate & !ACCEPTED, rate & ACCEPTED != 0);
    Settings { far_one_in, agreement_frames, open_ms, liveness, limits, wiegand, matching, accept_unproven }
}

/// Checks the settings.
///
/// # Errors
/// [`Error::BadSetting`] with the first setting that is out of its range, and that range.
pub(crate) fn check(settings: &Settings) -> Result<(), Error> {
    let fields = [
        (SettingName::FarOneIn, settings.far_one_in, FAR_ONE_IN),
        (SettingName::AgreementFrames, settings.agreement_frames.into(), AGREEMENT_FRAMES),
        (SettingName::OpenMs, settings.open_ms, OPEN_MS),
        (SettingName::Failures, settings.limits.failures.into(), FAILURES),
        (SettingName::LockoutMs, settings.limits.lockout_ms, LOCKOUT_MS),
        (SettingName::PassbackMs, settings.limits.passback_ms, PASSBACK_MS),
        (SettingName::PinMs, settings.limits.pin_ms, PIN_MS),
        (SettingName::HeldMs, settings.limits.held_ms, HELD_MS),
    ];
    let (low, high) = ZONE_MINUTES;
    if !settings.limits.zone.is_valid() {
        return Err(Error::BadSetting { setting: SettingName::Zone, low, high });
    }
    match fields.into_iter().find(|(_, value, (low, high))| !(low..=high).contains(&value)) {
        Some((setting, _, (low, high))) => Err(Error::BadSetting { setting, low, high }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use protocol::Zone;

    use super::*;

    #[test]
    fn the_defaults_are_within_their_ranges_and_zeros_are_not() {
        let good = Settings::default();
        assert_eq!(check(&good), Ok(()));
        let named = |settings| match check(&settings) {
            Err(Error::BadSetting { setting, .. }) => Some(setting),
            _ => None,
        };
        assert_eq!(named(Settings { far_one_in: 0, ..good }), Some(SettingName::FarOneIn));
        assert_eq!(named(Settings { agreement_frames: 0, ..good }), Some(SettingName::AgreementFrames));
        assert_eq!(named(Settings { agreement_frames: 17, ..good }), Some(SettingName::AgreementFrames));
        assert_eq!(named(Settings { open_ms: 60_001, ..good }), Some(SettingName::OpenMs));
        let far = Limits { zone: Zone::fixed(14 * 60 + 1), ..good.limits };
        assert_eq!(named(Settings { limits: far, ..good }), Some(SettingName::Zone));
    }
}
