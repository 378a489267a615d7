//! A camera that gives its newest frame.

use vision::Frame;

/// A frame that the camera took.
#[derive(Debug, Clone, Copy)]
pub struct Capture<'a> {
    /// The camera's number of the frame. Two frames in a row have different numbers.
    pub sequence: u32,
    /// The frame.
    pub frame: Frame<'a>,
}

/// A camera.
#[allow(async_fn_in_trait, reason = "the worker runs on one executor, where nothing needs to be Send")]
pub trait Camera {
    /// Waits for a frame that was not returned before, and returns the newest one.
    ///
    /// The future may be dropped while it waits; no frame is lost by that.
    async fn next(&mut self) -> Capture<'_>;
}
