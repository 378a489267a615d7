//! A trial of the console: a picture is compared with everybody, by the request of `postern identify`.

use std::path::PathBuf;

use client::Device;
use client::protocol::{Error as Refusal, Source};
use console::station::Compared;
use imaging::Photo;

use super::line::{refusal, refused};
use crate::device::DeviceArgs;
use crate::picture::Shot;

/// Compares the largest face of a picture with everybody; without a picture, that of the next one of the door's camera.
///
/// # Errors
/// As any request. That there is no face, or no picture, is none: the next picture may have one.
pub fn compare(
    device: &mut Device,
    args: &DeviceArgs,
    picture: Option<&(PathBuf, Photo)>,
) -> anyhow::Result<Compared> {
    let asked = match picture {
        Some((path, photo)) => {
            args.show(device, &Shot::of(path, photo), |device, source| device.identify(source))
        }
        None => device.identify(Source::Camera).map_err(Into::into),
    };
    match asked {
        Ok(comparison) => Ok(Compared::Face(Box::new(comparison))),
        Err(error) => match refused(&error) {
            Some(Refusal::NoFace | Refusal::NoCamera) => Ok(Compared::Nothing(refusal(&error).sentence)),
            _ => Err(error),
        },
    }
}
