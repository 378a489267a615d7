//! Where to look for a face that was somewhere a moment ago: a part of the frame, for a detector of half the size.
//!
//! A detector with half the sides costs a quarter. Its input shows a part of the frame as it is, around the last face.
//!
//! The part begins at multiples of the detector's coarsest stride. So the detector's grids lie on the frame as those of a
//! whole frame do, and give the same landmarks, but for what is near the part's edges. A part that follows the face pixel by
//! pixel, or shows it smaller, gives a picture that does not move other landmarks in each frame, and so the look of a living
//! head: of 23 such pictures four passed for one.

use crate::face::{Face, Point, Rect, SUBPIXEL_BITS};
use crate::{Frame, InputSize, STRIDES};

/// The coarsest stride, in pixels.
const GRID: i64 = STRIDES[2] as i64;

/// A part of a frame.
#[derive(Clone, Copy, Debug)]
pub struct Near<'a> {
    /// What it shows.
    pub frame: Frame<'a>,
    /// Column and row of its first pixel in the whole frame.
    corner: [usize; 2],
}

impl<'a> Near<'a> {
    /// The part of `frame` with `bounds` in it, for an input of this size. `None` if the face is too large, with an eighth of
    /// its size around it.
    #[must_use]
    pub fn new(frame: &Frame<'a>, bounds: &Rect, input: InputSize) -> Option<Self> {
        let left = start(bounds.x, bounds.width, input.width(), frame.width())?;
        let top = start(bounds.y, bounds.height, input.height(), frame.height())?;
        Some(Self { frame: frame.part(left, top, input.width(), input.height()), corner: [left, top] })
    }

    /// A face of the part in the coordinates of the whole frame.
    #[must_use]
    pub fn face_to_frame(&self, face: &Face) -> Face {
        let [right, down] = self.corner.map(|pixels| (pixels as i32) << SUBPIXEL_BITS);
        let moved = |x: i32, y: i32| (x.saturating_add(right), y.saturating_add(down));
        let (x, y) = moved(face.bounds.x, face.bounds.y);
        let landmarks = face.landmarks.map(|point| {
            let (x, y) = moved(point.x, point.y);
            Point { x, y }
        });
        Face { score: face.score, bounds: Rect { x, y, ..face.bounds }, landmarks }
    }
}

/// Along one axis: where a part of `side` pixels of the `whole` begins that has this length in its middle, as near as the grid
/// allows. The part of a face that is outside the frame needs no room.
fn start(corner: i32, length: i32, side: usize, whole: usize) -> Option<usize> {
    let (side, whole) = (side as i64, whole as i64);
    let (corner, length) = (i64::from(corner), i64::from(length));
    let margin = length / 8;
    let from = ((corner - margin) >> SUBPIXEL_BITS).clamp(0, whole);
    let end = ((corner + length + margin) >> SUBPIXEL_BITS).clamp(0, whole);
    let ideal = (from + end - side) / 2;
    // To the nearest line of the grid. The last part may end outside the frame, where all is black.
    let last = ((whole - side).max(0) + GRID - 1) / GRID * GRID;
    let start = ((ideal + GRID / 2).div_euclid(GRID) * GRID).clamp(0, last);
    (start <= from && end <= start + side).then_some(start as usize)
}

#[cfg(test)]
mod tests {
    extern crate std;
    use super::*;
    use crate::PixelFormat;

    fn near(bounds: [i32; 4]) -> Option<([usize; 2], [usize; 2], Face)> {
        let bytes = std::vec![0; 320 * 240 * 2];
        let frame = Frame::new(PixelFormat::Yuyv, 320, 240, &bytes).unwrap();
        let [x, y, width, height] = bounds.map(|pixels| pixels << SUBPIXEL_BITS);
        let near = Near::new(&frame, &Rect { x, y, width, height }, InputSize::new(160, 128).unwrap())?;
        let face = near.face_to_frame(&Face { landmarks: [Point { x: 1, y: 2 }; 5], ..Face::default() });
        Some(([near.frame.width(), near.frame.height()], near.corner, face))
    }

    #[test]
    fn a_part_lies_on_the_grid_and_has_the_face_in_it() {
        let (size, corner, face) = near([150, 100, 31, 40]).unwrap();
        assert_eq!((size, corner), ([160, 128], [96, 64]));
        assert_eq!(near([150, 200, 31, 40]).unwrap().0, [160, 112], "the part ends with the frame");
        assert_eq!((face.bounds.x, face.bounds.y), (96 << 10, 64 << 10));
        assert_eq!(face.landmarks[4], Point { x: (96 << 10) + 1, y: (64 << 10) + 2 });
        for (x, y) in (0..280).step_by(7).flat_map(|x| (0..200).step_by(7).map(move |y| (x, y))) {
            let Some((size, corner, _)) = near([x, y, 31, 40]) else { panic!("{x} {y}") };
            assert_eq!(corner.map(|at| at % 32), [0, 0]);
            for (at, side, length, whole) in [(0, x, 31, 320), (1, y, 40, 240)] {
                let inside = corner[at]..=corner[at] + size[at];
                assert!(inside.contains(&(side as usize)), "{x} {y}");
                assert!(inside.contains(&((side + length).min(whole) as usize)), "{x} {y} {corner:?}");
            }
        }
    }

    #[test]
    fn a_face_that_is_too_large_or_nowhere_near_has_no_part() {
        assert!(near([100, 60, 80, 103]).is_none());
        assert!(near([20, 60, 135, 60]).is_none());
        assert_eq!(near([-10, -10, 30, 40]).unwrap().1, [0, 0]);
        let _ = near([i32::MIN >> 10, 0, 0, 0]);
    }
}
