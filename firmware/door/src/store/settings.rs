//! The ranges of the settings.

use protocol::{Error, SettingName, Settings};

/// The false-accept rate, as one in this many strangers.
const FAR_ONE_IN: (u32, u32) = (1, 100_000_000);
/// Frames in a row that must agree.
const AGREEMENT_FRAMES: (u32, u32) = (1, 16);
/// Milliseconds for which the lock opens.
const OPEN_MS: (u32, u32) = (100, 60_000);

/// Failures that begin a lockout.
const FAILURES: (u32, u32) = (1, 100);
/// Milliseconds of the first lockout.
const LOCKOUT_MS: (u32, u32) = (1_000, 3_600_000);
/// Milliseconds of anti-passback, up to a day.
const PASSBACK_MS: (u32, u32) = (0, 86_400_000);
/// Milliseconds for a PIN.
const PIN_MS: (u32, u32) = (3_000, 120_000);
/// Milliseconds for which the door may stand open, up to a day.
const HELD_MS: (u32, u32) = (0, 86_400_000);
/// Minutes of the offset from UTC, ahead or behind.
const UTC_OFFSET_MINUTES: (u32, u32) = (0, 14 * 60);

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
        (
            SettingName::UtcOffset,
            settings.limits.utc_offset_minutes.unsigned_abs().into(),
            UTC_OFFSET_MINUTES,
        ),
    ];
    match fields.into_iter().find(|(_, value, (low, high))| !(low..=high).contains(&value)) {
        Some((setting, _, (low, high))) => Err(Error::BadSetting { setting, low, high }),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
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
    }
}
