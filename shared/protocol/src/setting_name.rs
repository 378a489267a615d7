//! The settings by name, as errors say them.

use serde::{Deserialize, Serialize};

/// A field of [`Settings`](crate::Settings).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SettingName {
    /// [`far_one_in`](crate::Settings::far_one_in)
    FarOneIn,
    /// [`agreement_frames`](crate::Settings::agreement_frames)
    AgreementFrames,
    /// [`open_ms`](crate::Settings::open_ms)
    OpenMs,
    /// [`failures`](crate::Limits::failures)
    Failures,
    /// [`lockout_ms`](crate::Limits::lockout_ms)
    LockoutMs,
    /// [`passback_ms`](crate::Limits::passback_ms)
    PassbackMs,
    /// [`pin_ms`](crate::Limits::pin_ms)
    PinMs,
    /// [`zone`](crate::Limits::zone); the range applies to the absolute value of its offsets
    Zone,
    /// [`held_ms`](crate::Limits::held_ms)
    HeldMs,
    /// [`address`](crate::Osdp::address)
    OsdpAddress,
}

impl core::fmt::Display for SettingName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            SettingName::FarOneIn => "the false-accept rate (one in)",
            SettingName::AgreementFrames => "the number of agreeing frames",
            SettingName::OpenMs => "the opening time",
            SettingName::Failures => "the number of failures before a lockout",
            SettingName::LockoutMs => "the lockout time",
            SettingName::PassbackMs => "the anti-passback time",
            SettingName::PinMs => "the time for a PIN",
            SettingName::Zone => "the time zone (minutes from UTC)",
            SettingName::HeldMs => "the held-open time",
            SettingName::OsdpAddress => "the OSDP address",
        })
    }
}

/// A range in the unit in which people give the setting.
pub(crate) fn range(setting: SettingName, low: u32, high: u32) -> impl core::fmt::Display {
    core::fmt::from_fn(move |f| match setting {
        SettingName::OpenMs => write!(f, "{low} to {high} ms"),
        SettingName::LockoutMs | SettingName::PassbackMs | SettingName::PinMs | SettingName::HeldMs => {
            write!(f, "{} to {} s", low.div_ceil(1000), high / 1000)
        }
        _ => write!(f, "{low} to {high}"),
    })
}
