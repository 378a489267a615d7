//! Asks a board about a picture: through its camera if it is emulated, else over the line.
//!
//! The line of an emulated board needs seconds for a picture, its camera none. So the picture stays in front of
//! the camera during the request. The door is paused meanwhile: it must not open because somebody is being
//! enrolled. A command that shows several holds one pause ([`Device::in_one_pause`]).

use client::{Device, Picture};
use protocol::Source;

use crate::{Camera, Result};

/// How often a picture is sent again because the session of another computer made the board forget it.
const TRIES: u32 = 8;

/// Shows the board `picture` and calls `ask` with the source to name in the request. With `camera` the picture
/// is held in front of it; without, it is sent over the line.
///
/// # Errors
/// What `ask` returns, and the errors of showing the picture.
pub fn show<T>(
    device: &mut Device,
    camera: Option<Camera>,
    picture: &Picture<'_>,
    mut ask: impl FnMut(&mut Device, Source) -> client::Result<T>,
) -> Result<T> {
    let Some(camera) = camera else {
        let mut left = TRIES;
        loop {
            left -= 1;
            let asked = device.stage(picture).and_then(|()| ask(device, Source::Staged));
            match asked {
                Err(client::Error::Refused(protocol::Error::NoFrame { .. })) if left > 0 => {}
                asked => return Ok(asked?),
            }
        }
    };
    device.stay_paused()?;
    let asked = hold(device, &camera, picture, ask);
    // The door must not see the picture when its pause ends.
    let withdrawn = camera.withdraw();
    device.go_on()?;
    let asked = asked?;
    withdrawn.map(|()| asked)
}

/// Calls `ask` while the camera goes on delivering frames of `picture`.
fn hold<T>(
    device: &mut Device,
    camera: &Camera,
    picture: &Picture<'_>,
    ask: impl FnOnce(&mut Device, Source) -> client::Result<T>,
) -> Result<T> {
    let mut sequence = camera.show(picture)?;
    let holding = camera.try_clone()?;
    let task = move || {
        if holding.is_taken(sequence)? {
            sequence = holding.hold()?;
        }
        Ok(())
    };
    Ok(device.with_task(Box::new(task), |device| ask(device, Source::Camera))?)
}
