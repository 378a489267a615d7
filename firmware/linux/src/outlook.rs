//! What the camera gives, as hosts are told: pictures, dark ones, or nothing, and for how long.
//!
//! The thread that takes pictures notes it, and the worker reads it for the status.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use board_api::CameraState;

/// For how long no picture may come before that is said. Cameras give some a second; a request waits as long for one.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a camera gives. Clones are of the same camera.
#[derive(Debug, Clone)]
pub struct Outlook(Arc<Mutex<Last>>);

#[derive(Debug, Clone, Copy)]
struct Last {
    /// When the last picture came that can be used, or the camera was opened first.
    picture: Instant,
    /// Whether all of the last ones are dark.
    is_dark: bool,
}

impl Last {
    fn state(self, now: Instant) -> CameraState {
        let since = now.saturating_duration_since(self.picture);
        match (since > PATIENCE, self.is_dark) {
            (true, _) => CameraState::Nothing { for_ms: since.as_millis().try_into().unwrap_or(u32::MAX) },
            (false, true) => CameraState::Dark,
            (false, false) => CameraState::Pictures,
        }
    }
}

impl Outlook {
    /// Of a camera that was just opened.
    pub fn new() -> Self {
        Self(Arc::new(Mutex::new(Last { picture: Instant::now(), is_dark: false })))
    }

    fn last(&self) -> std::sync::MutexGuard<'_, Last> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A picture came. `is_dark` if it and those before are dark.
    pub fn saw(&self, is_dark: bool) {
        *self.last() = Last { picture: Instant::now(), is_dark };
    }

    /// What it gives now.
    pub fn state(&self) -> CameraState {
        self.last().state(Instant::now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_camera_that_gives_nothing_says_for_how_long() {
        let picture = Instant::now();
        let at = |ms, is_dark| Last { picture, is_dark }.state(picture + Duration::from_millis(ms));
        assert_eq!(at(0, false), CameraState::Pictures);
        assert_eq!(at(2_000, true), CameraState::Dark);
        assert_eq!(at(2_001, true), CameraState::Nothing { for_ms: 2_001 });
        assert_eq!(at(12_000, false), CameraState::Nothing { for_ms: 12_000 });
    }
}
