//! Colours of other profiles, as phones and cameras write them, in sRGB.

use image::RgbImage;
use moxcms::{ColorProfile, DataColorSpace, Layout, TransformOptions};

/// Takes the colours of `image` from the ICC profile `profile` to sRGB.
///
/// Left as it is where the profile is none, not for RGB (the decoder has then converted already), or
/// sRGB itself but for rounding.
pub(crate) fn to_srgb(image: &mut RgbImage, profile: &[u8]) {
    let Ok(profile) = ColorProfile::new_from_slice(profile) else { return };
    if profile.color_space != DataColorSpace::Rgb {
        return;
    }
    let srgb = ColorProfile::new_srgb();
    let options = TransformOptions::default();
    let Ok(transform) = profile.create_transform_8bit(Layout::Rgb, &srgb, Layout::Rgb, options) else {
        return;
    };
    let from = image.as_raw().clone();
    // A transform that fails leaves nothing half done.
    let mut to = vec![0; from.len()];
    if transform.transform(&from, &mut to).is_ok() {
        image.copy_from_slice(&to);
    }
}
