//! The settings of the door: their ranges.

use protocol::{Error, SettingName, Settings};

/// One stranger in at least so many, and at most so many.
const FAR_ONE_IN: (u32, u32) = (1, 100_000_000);
/// Pictures in a row that must agree.
const AGREEMENT_FRAMES: (u32, u32) = (1, 16);
/// Milliseconds for which the lock opens.
const OPEN_MS: (u32, u32) = (100, 60_000);

/// Failures that shut the door.
const FAILURES: (u32, u32) = (1, 100);
/// Milliseconds for which they shut it the first time.
const LOCKOUT_MS: (u32, u32) = (1_000, 3_600_000);
/// Milliseconds within which nobody comes in twice, up to a day.
const PASSBACK_MS: (u32, u32) = (0, 86_400_000);
/// Milliseconds for a code.
const CODE_MS: (u32, u32) = (3_000, 120_000);
/// Milliseconds for which the door may stand open, up to a day.
const HELD_MS: (u32, u32) = (0, 86_400_000);
/// Minutes ahead of UTC, or behind.
const EAST: (u32, u32) = (0, 14 * 60);

/// Refuses settings out of their ranges.
///
/// # Errors
/// [`Error::BadSetting`] that names the first one, and its range.
pub(crate) fn check(settings: &Settings) -> Result<(), Error> {
    let fields = [
        (SettingName::FarOneIn, settings.far_one_in, FAR_ONE_IN),
        (SettingName::AgreementFrames, settings.agreement_frames.into(), AGREEMENT_FRAMES),
        (SettingName::OpenMs, settings.open_ms, OPEN_MS),
        (SettingName::Failures, settings.limits.failures.into(), FAILURES),
        (SettingName::LockoutMs, settings.limits.lockout_ms, LOCKOUT_MS),
        (SettingName::PassbackMs, settings.limits.passback_ms, PASSBACK_MS),
        (SettingName::PinMs, settings.limits.pin_ms, CODE_MS),
        (SettingName::HeldMs, settings.limits.held_ms, HELD_MS),
        (SettingName::UtcOffset, settings.limits.utc_offset_minutes.unsigned_abs().into(), EAST),
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
