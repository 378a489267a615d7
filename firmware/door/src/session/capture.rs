//! The frame of a request: the next one of the camera, or the staged one.

use board_api::{Camera, Capture};
use embassy_time::{Duration, with_timeout};
use protocol::{Error, Request, Source};

use super::staging::Staging;

/// How long a request waits for a frame of the camera.
const CAMERA_PATIENCE: Duration = Duration::from_secs(2);

/// The frame of a request, or why there is none.
pub(crate) type Captured<'p> = Result<Capture<'p>, Error>;

/// Takes the next frame of the camera.
///
/// # Errors
/// [`Error::NoCamera`] if it does not come in time.
pub(crate) async fn capture(camera: &mut impl Camera) -> Captured<'_> {
    with_timeout(CAMERA_PATIENCE, camera.next()).await.map_err(|_| Error::NoCamera)
}

/// Whether a request needs a frame of the camera.
pub(crate) fn needs_camera(request: &Request<'_>) -> bool {
    matches!(
        request,
        Request::Detect { source: Source::Camera }
            | Request::Embed { source: Source::Camera }
            | Request::Enrol { source: Source::Camera, .. }
            | Request::Verify { source: Source::Camera, .. }
            | Request::Identify { source: Source::Camera }
    )
}

/// The frame of a request: `captured`, or the staged one.
pub(crate) fn frame_of<'p>(source: Source, captured: Captured<'p>, staging: &'p Staging<'_>) -> Captured<'p> {
    match source {
        Source::Staged => staging.frame().map(|frame| Capture { sequence: 0, frame }),
        Source::Camera => captured,
    }
}
