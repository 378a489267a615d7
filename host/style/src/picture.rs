//! Pictures as optimisation sees them: floats, and any size.

use image::imageops::{self, FilterType};
use image::{ImageBuffer, Rgb};
use imaging::Photo;

/// A picture in RGB, 0 to 255, rows top to bottom, each pixel's channels together.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// Rows.
    pub height: usize,
    /// Pixels in a row.
    pub width: usize,
    /// Three values a pixel.
    pub values: Vec<f32>,
}

impl Picture {
    /// Height and width.
    pub fn size(&self) -> [usize; 2] {
        [self.height, self.width]
    }

    /// Number of pixels.
    pub fn pixels(&self) -> usize {
        self.height * self.width
    }

    /// The size that has the same aspect and `side` pixels along the longer side.
    pub fn fitted(&self, side: usize) -> [usize; 2] {
        let longer = self.height.max(self.width) as f64;
        [self.height, self.width]
            .map(|length| ((length as f64 * side as f64 / longer).round() as usize).max(1))
    }

    /// The picture scaled to a size: by averaging where it shrinks, smoothly where it grows.
    pub fn resized(&self, [height, width]: [usize; 2]) -> Self {
        if self.size() == [height, width] {
            return self.clone();
        }
        let shrinks = height < self.height || width < self.width;
        let filter = if shrinks { FilterType::Lanczos3 } else { FilterType::CatmullRom };
        // The filters of `image` keep floats between 0 and 1.
        let values = self.values.iter().map(|value| value / 255.0).collect();
        let (from_width, from_height) = (self.width as u32, self.height as u32);
        let Some(image) = ImageBuffer::<Rgb<f32>, Vec<f32>>::from_raw(from_width, from_height, values) else {
            return self.clone();
        };
        let resized = imageops::resize(&image, width as u32, height as u32, filter);
        let values = resized.into_raw().iter().map(|value| value * 255.0).collect();
        Self { height, width, values }
    }

    /// The largest square in its middle.
    pub fn middle(&self) -> Self {
        let side = self.height.min(self.width);
        let (top, left) = ((self.height - side) / 2, (self.width - side) / 2);
        let row = |y: usize| &self.values[((top + y) * self.width + left) * 3..][..side * 3];
        Self { height: side, width: side, values: (0..side).flat_map(row).copied().collect() }
    }

    /// The picture in 8 bits; `None` for one without pixels.
    pub fn to_photo(&self) -> Option<Photo> {
        let bytes = self.values.iter().map(|value| value.round().clamp(0.0, 255.0) as u8).collect();
        Photo::from_rgb(self.width as u32, self.height as u32, bytes)
    }
}

impl From<&Photo> for Picture {
    fn from(photo: &Photo) -> Self {
        Self {
            height: photo.height() as usize,
            width: photo.width() as usize,
            values: photo.rgb().iter().map(|&value| f32::from(value)).collect(),
        }
    }
}
