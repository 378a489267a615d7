//! The limits of a door: when it locks people out, and how long it waits.

use serde::{Deserialize, Serialize};

use crate::Zone;

/// Limits of the door.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Limits {
    /// Failures of a person in one factor that lock this person out.
    pub failures: u8,
    /// Duration of the first lockout; each further one lasts twice as long.
    pub lockout_ms: u32,
    /// Anti-passback time, within which nobody enters twice; 0 disables it.
    pub passback_ms: u32,
    /// Timeout for a PIN, or for a face in 1:1 mode.
    pub pin_ms: u32,
    /// Local time at the door.
    pub zone: Zone,
    /// Time after which an open door raises the held-open alarm; 0 disables the alarm.
    pub held_ms: u32,
    /// Whether the lock is fail-safe: it holds the door while it has current, and releases it on a power
    /// failure or fault.
    pub fail_safe: bool,
}

impl Default for Limits {
    /// Ten failures lock out for 30 seconds at first; a PIN within 15 seconds; no anti-passback; UTC; a
    /// held-open alarm after 30 seconds; a fail-secure lock.
    fn default() -> Self {
        Self {
            failures: 10,
            lockout_ms: 30_000,
            passback_ms: 0,
            pin_ms: 15_000,
            zone: Zone::UTC,
            held_ms: 30_000,
            fail_safe: false,
        }
    }
}
