//! Showing the board a picture: through its camera if it is emulated, else over the line.
//!
//! An emulated serial line takes seconds for a picture, the emulated camera none. So a picture
//! that a request is about is held before the camera, while the door looks away: it must not
//! open because somebody is being enrolled.

use protocol::{Request, Response, Source};

use crate::{Camera, Device, Error, Picture, Result};

/// How long the door looks away, should this program die meanwhile. The longest a board allows.
const PAUSE_MS: u32 = 60_000;

/// A picture held before the camera.
pub(crate) struct Pose {
    camera: Camera,
    sequence: u32,
}

impl Pose {
    /// Gives the board one more picture if it has taken the last.
    pub(crate) fn hold(&mut self) -> Result<()> {
        if self.camera.is_taken(self.sequence)? {
            self.sequence = self.camera.hold()?;
        }
        Ok(())
    }
}

impl Device {
    /// Shows the board `picture` and asks something about it, with the source to name in the
    /// request. With `camera`, the picture is held before it; without, it is staged.
    ///
    /// # Errors
    /// What `ask` returns, and what showing the picture may fail with.
    pub fn show<T>(
        &mut self,
        camera: Option<Camera>,
        picture: &Picture<'_>,
        ask: impl FnOnce(&mut Self, Source) -> Result<T>,
    ) -> Result<T> {
        let Some(camera) = camera else {
            self.stage(picture)?;
            return ask(self, Source::Staged);
        };
        self.pause_door(PAUSE_MS)?;
        let asked = self.pose(camera, picture).and_then(|()| ask(self, Source::Camera));
        let withdrawn = self.end_pose();
        let resumed = self.pause_door(0);
        let asked = asked?;
        withdrawn.and(resumed).map(|()| asked)
    }

    /// Lets the door look away from its camera for so many milliseconds; 0 ends it.
    ///
    /// # Errors
    /// As any request.
    pub fn pause_door(&mut self, ms: u32) -> Result<()> {
        match self.link.ask(&Request::PauseDoor { ms })? {
            Response::Done => Ok(()),
            _ => Err(Error::Garbled),
        }
    }

    fn pose(&mut self, mut camera: Camera, picture: &Picture<'_>) -> Result<()> {
        let sequence = camera.show(picture)?;
        self.link.pose = Some(Pose { camera, sequence });
        Ok(())
    }

    /// Takes the picture away, so that the door does not see it when it looks again.
    fn end_pose(&mut self) -> Result<()> {
        match self.link.pose.take() {
            Some(pose) => pose.camera.withdraw(),
            None => Ok(()),
        }
    }
}
