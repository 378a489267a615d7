//! The picture that a request is about: the camera's next one, or one that the host staged.

use board_api::{Camera, Capture};
use embassy_time::{Duration, with_timeout};
use protocol::{Error, Request, Source};

use crate::staging::Staging;

/// How long a request waits for the camera's next picture.
const CAMERA_PATIENCE: Duration = Duration::from_secs(2);

/// The camera's picture, or why there is none.
pub(crate) type Shot<'p> = Result<Capture<'p>, Error>;

/// The camera's next picture.
///
/// # Errors
/// [`Error::NoCamera`] if it does not come in time.
pub(crate) async fn shoot(camera: &mut impl Camera) -> Shot<'_> {
    with_timeout(CAMERA_PATIENCE, camera.next()).await.map_err(|_| Error::NoCamera)
}

/// Whether a request is about the camera's picture.
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

/// The picture that a request is about.
pub(crate) fn picture<'p>(source: Source, shot: Shot<'p>, staging: &'p Staging<'_>) -> Shot<'p> {
    match source {
        Source::Staged => staging.frame().map(|frame| Capture { sequence: 0, frame }),
        Source::Camera => shot,
    }
}
