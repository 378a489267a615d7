//! A picture with a face in it, in which things are drawn at places of the face.

use crate::SIDE;

/// A picture, RGB, and where the aligned face lies in it.
pub struct Canvas<'a> {
    /// The picture, row by row.
    pub pixels: &'a mut [u8],
    width: usize,
    /// The place of the upper left corner of the aligned face, in pixels from the middle of the first one.
    corner: [f32; 2],
    /// From there to the upper right corner.
    along: [f32; 2],
}

impl<'a> Canvas<'a> {
    /// An aligned face, of [`SIDE`] squared.
    pub fn aligned(face: &'a mut [u8]) -> Self {
        Self { pixels: face, width: SIDE, corner: [-0.5; 2], along: [SIDE as f32, 0.0] }
    }

    /// A picture of `width`; the upper corners of the aligned face, left and right, lie at `corners`: column and row.
    pub fn around(pixels: &'a mut [u8], width: usize, [left, right]: [[f32; 2]; 2]) -> Self {
        Self { pixels, width, corner: left, along: [right[0] - left[0], right[1] - left[1]] }
    }

    /// Pixels along a side of the aligned face.
    pub fn side(&self) -> f32 {
        self.along[0].hypot(self.along[1])
    }

    /// Changes each pixel, given its place in the aligned face: shares of its side, to the right and down.
    pub fn change(&mut self, mut by: impl FnMut(f32, f32, &mut [u8])) {
        let (side, [x, y]) = (self.side(), self.along);
        for (at, pixel) in self.pixels.chunks_exact_mut(3).enumerate() {
            let column = (at % self.width) as f32 - self.corner[0];
            let row = (at / self.width) as f32 - self.corner[1];
            by((column * x + row * y) / side / side, (row * x - column * y) / side / side, pixel);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_those_of_the_face_however_it_lies() {
        let mut pixels = vec![0; 20 * 20 * 3];
        // A face of ten pixels that lies on its side: its right is down, its lower end is at the left.
        let mut canvas = Canvas::around(&mut pixels, 20, [[15.0, 5.0], [15.0, 15.0]]);
        assert_eq!(canvas.side(), 10.0);
        canvas.change(|x, y, pixel| {
            let inside = (0.0..1.0).contains(&x) && (0.0..1.0).contains(&y);
            pixel[0] = u8::from(inside) * ((10.0 * x) as u8 + 10 * (10.0 * y) as u8);
        });
        let at = |column: usize, row: usize| pixels[(row * 20 + column) * 3];
        assert_eq!([at(15, 5), at(15, 9), at(10, 5), at(6, 14)], [0, 4, 50, 99]);
        assert_eq!([at(16, 9), at(4, 9), at(10, 4), at(10, 16)], [0; 4]);
    }
}
