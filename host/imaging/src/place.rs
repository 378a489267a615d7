//! A photograph placed in a scene, as somebody who stands nearer to a camera or farther away.

use image::RgbImage;
use image::imageops::{self, FilterType};

use crate::Photo;

impl Photo {
    /// The photograph stretched to `width` x `height`.
    pub fn scaled(&self, width: u32, height: u32) -> Self {
        if (width, height) == (self.width(), self.height()) {
            return self.clone();
        }
        Self { image: imageops::resize(&self.image, width, height, FilterType::Triangle) }
    }

    /// A scene of `width` x `height` in the photograph's mean colour, in which the photograph stands
    /// scaled by `scale`, its upper left corner at (`x`, `y`). What reaches out of the scene is cut.
    pub fn placed(&self, [width, height]: [u32; 2], scale: f64, [x, y]: [i64; 2]) -> Self {
        let pixels = u64::from(self.width()) * u64::from(self.height());
        let mut sums = [0u64; 3];
        for pixel in self.image.pixels() {
            for (sum, value) in sums.iter_mut().zip(pixel.0) {
                *sum += u64::from(value);
            }
        }
        let mean = sums.map(|sum| (sum / pixels.max(1)) as u8);
        let side = |length: u32| ((f64::from(length) * scale).round() as u32).max(1);
        let scaled =
            imageops::resize(&self.image, side(self.width()), side(self.height()), FilterType::Triangle);
        let mut scene = RgbImage::from_pixel(width, height, image::Rgb(mean));
        imageops::overlay(&mut scene, &scaled, x, y);
        Self { image: scene }
    }

    /// The photograph as large as it is in a camera's frame.
    pub fn in_frame_size(&self) -> Self {
        let side = |side: u32| ((f64::from(side) * self.frame_scale()).round() as u32).max(1);
        self.scaled(side(self.width()), side(self.height()))
    }

    /// The photograph turned by so many degrees clockwise around its middle, in its own size. What comes into the corners is grey.
    pub fn tilted(&self, degrees: f64) -> Self {
        let (width, height) = (self.width(), self.height());
        let (sin, cos) = degrees.to_radians().sin_cos();
        let middle = [width, height].map(|side| (f64::from(side) - 1.0) / 2.0);
        let source = |x: u32, y: u32| {
            let [x, y] = [f64::from(x) - middle[0], f64::from(y) - middle[1]];
            let [x, y] = [x * cos + y * sin + middle[0], y * cos - x * sin + middle[1]];
            imageops::interpolate_bilinear(&self.image, x as f32, y as f32)
        };
        let grey = image::Rgb([128; 3]);
        Self { image: RgbImage::from_fn(width, height, |x, y| source(x, y).unwrap_or(grey)) }
    }

    /// Two photographs beside each other, black below the lower one.
    pub fn beside(left: &Self, right: &Self) -> Self {
        let height = left.height().max(right.height());
        let mut image = RgbImage::new(left.width() + right.width(), height);
        imageops::replace(&mut image, &left.image, 0, 0);
        imageops::replace(&mut image, &right.image, left.width().into(), 0);
        Self { image }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_photographs_stand_beside_each_other() {
        let photo = |width, height, value| {
            Photo::from_rgb(width, height, vec![value; (width * height * 3) as usize]).expect("whole")
        };
        let both = Photo::beside(&photo(2, 3, 50), &photo(3, 1, 90));
        assert_eq!((both.width(), both.height()), (5, 3));
        let at = |x: usize, y: usize| both.rgb()[(y * 5 + x) * 3];
        assert_eq!((at(1, 2), at(2, 0), at(4, 0), at(4, 1)), (50, 90, 90, 0));
    }

    #[test]
    fn a_photograph_is_scaled_moved_and_cut() {
        let half = |x: usize| if x.is_multiple_of(6) { [200; 3] } else { [100; 3] };
        let photo = Photo::from_rgb(6, 2, (0..12).flat_map(half).collect()).expect("whole");
        let scene = photo.placed([8, 4], 1.0, [-1, 1]);
        assert_eq!((scene.width(), scene.height()), (8, 4));
        let at = |x: usize, y: usize| scene.rgb()[(y * 8 + x) * 3];
        assert_eq!(at(0, 0), 116, "the mean of two bright pixels in twelve");
        assert_eq!(at(0, 1), 100, "the bright column is cut off");
        assert_eq!((at(4, 1), at(5, 1)), (100, 116));
        assert_eq!((photo.scaled(3, 5).width(), photo.scaled(3, 5).height()), (3, 5));
        let larger = photo.placed([12, 4], 2.0, [0, 0]);
        assert_eq!(larger.rgb()[0], 200);
    }

    #[test]
    fn a_tilted_photograph_is_turned_clockwise_around_its_middle() {
        let mut pixels = vec![0; 21 * 21 * 3];
        // A white point right of the middle.
        pixels[(10 * 21 + 18) * 3..][..3].fill(255);
        let photo = Photo::from_rgb(21, 21, pixels).expect("as many pixels");
        let at = |photo: &Photo, x: u32, y: u32| photo.image.get_pixel(x, y).0[0];
        let below = photo.tilted(90.0);
        assert_eq!((at(&below, 10, 18), at(&below, 18, 10)), (255, 0));
        let tilted = photo.tilted(45.0);
        assert!(at(&tilted, 16, 16) > 100, "{}", at(&tilted, 16, 16));
        assert_eq!(at(&tilted, 0, 0), 128, "a corner");
    }
}
