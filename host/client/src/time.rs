//! The time by this computer's clock, which a board's clock is set to.

use std::time::{SystemTime, UNIX_EPOCH};

/// The time by this computer's clock, in milliseconds since 1970, UTC.
pub fn unix_ms() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
