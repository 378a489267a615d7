//! Guides: how much each pixel of a picture belongs to a region.

use crate::picture::Picture;

/// A weight for each pixel, 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct Guide {
    /// Rows.
    pub height: usize,
    /// Weights in a row.
    pub width: usize,
    /// Row by row.
    pub weights: Vec<f32>,
}

impl Guide {
    /// How bright a picture is: white belongs to the region, black does not.
    pub fn from_brightness(picture: &Picture) -> Self {
        let brightness = |pixel: &[f32]| (0.299 * pixel[0] + 0.587 * pixel[1] + 0.114 * pixel[2]) / 255.0;
        let weights = picture.values.chunks_exact(3).map(|pixel| brightness(pixel).clamp(0.0, 1.0)).collect();
        Self { height: picture.height, width: picture.width, weights }
    }

    /// The rest of the picture.
    pub fn inverted(&self) -> Self {
        Self { weights: self.weights.iter().map(|weight| 1.0 - weight).collect(), ..*self }
    }

    /// The guide at another size: the mean of what each new pixel covers.
    pub fn resized(&self, [height, width]: [usize; 2]) -> Self {
        let span = |n: usize, of: usize, side: usize| {
            let first = n * side / of;
            first..((n + 1) * side / of).max(first + 1).min(side)
        };
        let mut weights = Vec::with_capacity(height * width);
        for y in 0..height {
            let rows = span(y, height, self.height);
            for x in 0..width {
                let columns = span(x, width, self.width);
                let row = |row: usize| &self.weights[row * self.width..][columns.clone()];
                let sum: f32 = rows.clone().flat_map(row).sum();
                weights.push(sum / (rows.len() * columns.len()) as f32);
            }
        }
        Self { height, width, weights }
    }
}
