//! Shapes with smooth edges on an RGB picture.
//!
//! Every shape is a signed distance (negative inside); its edge is one pixel of partial cover.

use image::{Rgb, RgbImage};

/// A rectangle in picture coordinates, where a pixel's centre lies at half numbers.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Area {
    pub x: f32,
    pub y: f32,
    pub width: f32,
    pub height: f32,
}

impl Area {
    fn grown(self, by: f32) -> Self {
        Self { x: self.x - by, y: self.y - by, width: self.width + 2.0 * by, height: self.height + 2.0 * by }
    }

    /// Signed distance to the edge, with corners rounded by `radius`.
    fn distance(self, x: f32, y: f32, radius: f32) -> f32 {
        let dx = (x - self.x - self.width / 2.0).abs() - self.width / 2.0 + radius;
        let dy = (y - self.y - self.height / 2.0).abs() - self.height / 2.0 + radius;
        dx.max(0.0).hypot(dy.max(0.0)) + dx.max(dy).min(0.0) - radius
    }
}

/// Fills a rectangle with rounded corners; `opacity` is 0..=1.
pub(crate) fn fill(image: &mut RgbImage, area: Area, radius: f32, color: [u8; 3], opacity: f32) {
    shade(image, area, |x, y| opacity * cover(area.distance(x, y, radius)), color);
}

/// Draws the outline of a rectangle with rounded corners, `thickness` pixels wide.
pub(crate) fn outline(image: &mut RgbImage, area: Area, radius: f32, thickness: f32, color: [u8; 3]) {
    let around = area.grown(thickness);
    shade(image, around, |x, y| cover(area.distance(x, y, radius).abs() - thickness / 2.0), color);
}

/// Fills a circle.
pub(crate) fn disc(image: &mut RgbImage, x: f32, y: f32, radius: f32, color: [u8; 3]) {
    let area = Area { x: x - radius, y: y - radius, width: 2.0 * radius, height: 2.0 * radius };
    fill(image, area, radius, color, 1.0);
}

/// Mixes `color` into one pixel; outside the picture nothing happens.
pub(crate) fn blend(image: &mut RgbImage, x: i64, y: i64, color: [u8; 3], opacity: f32) {
    let (Ok(x), Ok(y)) = (u32::try_from(x), u32::try_from(y)) else { return };
    if let Some(Rgb(pixel)) = image.get_pixel_mut_checked(x, y) {
        for (value, color) in pixel.iter_mut().zip(color) {
            let mixed = f32::from(*value) + (f32::from(color) - f32::from(*value)) * opacity.clamp(0.0, 1.0);
            *value = mixed.round() as u8;
        }
    }
}

/// How much of a pixel a shape covers whose edge is this far from the pixel's centre.
fn cover(distance: f32) -> f32 {
    (0.5 - distance).clamp(0.0, 1.0)
}

fn shade(image: &mut RgbImage, area: Area, opacity: impl Fn(f32, f32) -> f32, color: [u8; 3]) {
    // Boxes may reach far out of the picture: only what is inside is visited.
    let range = |start: f32, length: f32, side: u32| {
        let end = (start + length + 1.0).clamp(0.0, side as f32);
        (start - 1.0).clamp(0.0, side as f32) as i64..end.ceil() as i64
    };
    for y in range(area.y, area.height, image.height()) {
        for x in range(area.x, area.width, image.width()) {
            let opacity = opacity(x as f32 + 0.5, y as f32 + 0.5);
            if opacity > 0.0 {
                blend(image, x, y, color, opacity);
            }
        }
    }
}
