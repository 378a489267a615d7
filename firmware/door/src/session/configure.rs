//! From the settings of a host to the configuration of each part.

use board_api::System;
use crypto::{Generator, Key};
use embassy_time::{Duration, Instant};
use osdp::Identity;
use protocol::{LivenessMode, Matching, Osdp, Settings, Wiegand};

use crate::{
    decide,
    link::{BusConfig, CardFormat, CardFrame, Link, Report},
    pipeline,
    secrets::random_key,
};

/// What the OSDP port reports as its identity: no vendor with a number, model 1.
const MODEL: ([u8; 3], [u8; 2]) = ([0; 3], [1, 0]);

/// The version of the firmware.
const VERSION: [u8; 3] = [
    part(env!("CARGO_PKG_VERSION_MAJOR")),
    part(env!("CARGO_PKG_VERSION_MINOR")),
    part(env!("CARGO_PKG_VERSION_PATCH")),
];

const fn part(text: &str) -> u8 {
    match u8::from_str_radix(text, 10) {
        Ok(part) => part,
        Err(_) => u8::MAX,
    }
}

/// The configuration of the pipeline.
pub(crate) fn pipeline(settings: &Settings) -> pipeline::Config {
    pipeline::Config {
        one_in: settings.far_one_in,
        frames: settings.agreement_frames,
        liveness: match settings.liveness {
            LivenessMode::Off => pipeline::LivenessMode::Off,
            LivenessMode::Challenge => pipeline::LivenessMode::Challenge,
            _ => pipeline::LivenessMode::Passive,
        },
    }
}

/// The configuration of the decisions.
pub(crate) fn decide(settings: &Settings) -> decide::Config {
    decide::Config {
        frames: settings.agreement_frames,
        verify: settings.matching == Matching::Verify,
        limits: settings.limits,
    }
}

/// Tells io the settings that it goes by.
pub(crate) fn io(settings: &Settings, link: &Link) {
    link.config.update(|config| {
        config.open_time = open_time(settings);
        config.held_ms = settings.limits.held_ms;
        config.fail_safe = settings.limits.fail_safe;
    });
}

/// For how long the lock opens.
pub(crate) fn open_time(settings: &Settings) -> Duration {
    Duration::from_millis(settings.open_ms.into())
}

/// The report of an admitted person. On the OSDP bus it has 34 bits of site 0 if Wiegand output is disabled.
pub(crate) fn report(settings: &Settings, person: u32) -> Report {
    let format = match settings.wiegand {
        Wiegand::Bits26 { facility } => Some(CardFormat::Bits26 { facility }),
        Wiegand::Bits34 { facility } => Some(CardFormat::Bits34 { facility }),
        _ => None,
    };
    let bus = CardFrame::new(format.unwrap_or(CardFormat::Bits34 { facility: 0 }), person);
    Report { wires: format.map(|_| bus), bus, at: Instant::now() }
}

/// The serial number of the board on the OSDP bus.
pub(crate) fn bus_serial(secret: &Key) -> u32 {
    let [a, b, c, d, ..] = *secret.derive(b"", b"postern serial").bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// The configuration of the OSDP port.
pub(crate) fn bus(osdp: Option<Osdp>, serial: u32, system: &mut impl System) -> Option<BusConfig> {
    let (vendor, model) = MODEL;
    let identity = Identity { vendor, model, serial, firmware: VERSION };
    let random = Generator::new(&random_key(system), b"osdp");
    osdp.map(|osdp| BusConfig { address: osdp.address, key: osdp.key.0, identity, random })
}
