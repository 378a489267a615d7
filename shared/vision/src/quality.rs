//! Quality measures of a face: size, pose, sharpness and light.
//!
//! The pose is measured from the five landmarks alone. Its measures are not angles, but ratios that grow with
//! the angle, which is sufficient for a limit. A turned head moves the tip of the nose sideways between the
//! eyes; a raised or lowered head moves it up or down between eyes and mouth.

use crate::align::CROP_SIZE;
use crate::color::luma;
use crate::crop::side;
use crate::face::{Face, Landmark, Point, Rect, SUBPIXEL_BITS};

/// Rows and columns of a crop with this side that show the face and not the background: 20 to 96 of the
/// template.
fn inner(side: usize) -> core::ops::Range<usize> {
    let at = |place: usize| place * side / CROP_SIZE;
    at(20).max(1)..at(CROP_SIZE - 16)
}

/// Quality measures of one detected face; [`Limits::judge`](crate::Limits::judge) compares them with limits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Quality {
    /// The detector's score, Q15.
    pub score: u16,
    /// Distance between the eyes in frame pixels.
    pub eye_distance: u16,
    /// Part of the face's box inside the frame, in percent.
    pub visible: u8,
    /// Horizontal offset of the nose from the middle of eyes and mouth, in percent of the eye distance:
    /// 0 when frontal, positive towards the right of the image, about 40 at 45 degrees.
    pub yaw: i16,
    /// Vertical position of the nose between eyes and mouth, in percent: about 50 when frontal, less
    /// when looking up, more when looking down.
    pub pitch: i16,
    /// Sine of the angle of the line through the eyes, in percent, clockwise positive; for a head upside down
    /// its magnitude continues from 100 to 200.
    pub roll: i16,
    /// Variance of the Laplacian of the crop's luma; low when the face is blurred or enlarged.
    pub sharpness: u32,
    /// Mean luma of the inner part of the crop, 0..=255.
    pub brightness: u8,
    /// Standard deviation of the luma of the inner part.
    pub contrast: u8,
}

impl Quality {
    /// Measures `face` (in frame coordinates) in a frame of `frame_width` x `frame_height` pixels. `crop` is
    /// its aligned square crop, as made by [`crop_face`](crate::crop_face).
    pub fn measure(face: &Face, crop: &[i8], frame_width: usize, frame_height: usize) -> Self {
        let eyes = Vector::between(face.landmark(Landmark::RightEye), face.landmark(Landmark::LeftEye));
        let light = Light::measure(crop);
        Self {
            score: face.score,
            eye_distance: (eyes.length() >> SUBPIXEL_BITS).min(u64::from(u16::MAX)) as u16,
            visible: visible(&face.bounds, frame_width, frame_height),
            yaw: yaw(face, eyes),
            pitch: pitch(face),
            roll: roll(eyes),
            sharpness: light.sharpness,
            brightness: light.brightness,
            contrast: light.contrast,
        }
    }
}

/// A difference of two positions, with at most 27 bits per direction.
#[derive(Clone, Copy)]
struct Vector {
    x: i64,
    y: i64,
}

impl Vector {
    fn between(from: Point, to: Point) -> Self {
        const BOUND: i64 = 1 << 26;
        let part = |from: i32, to: i32| (i64::from(to) - i64::from(from)).clamp(-BOUND, BOUND);
        Self { x: part(from.x, to.x), y: part(from.y, to.y) }
    }

    fn dot(self, other: Self) -> i64 {
        self.x * other.x + self.y * other.y
    }

    fn length(self) -> u64 {
        self.dot(self).unsigned_abs().isqrt()
    }

    /// Projection of `self` on `axis`, in percent of the axis; 0 if the axis has no length.
    fn percent_along(self, axis: Self) -> i16 {
        let squared = axis.dot(axis);
        if squared == 0 { 0 } else { bounded(self.dot(axis) * 100 / squared) }
    }
}

fn yaw(face: &Face, eyes: Vector) -> i16 {
    use Landmark::{LeftEye, LeftMouth, RightEye, RightMouth};
    let around = [RightEye, LeftEye, RightMouth, LeftMouth].map(|l| face.landmark(l));
    Vector::between(mean(&around), face.landmark(Landmark::Nose)).percent_along(eyes)
}

fn pitch(face: &Face) -> i16 {
    let eyes = mean(&[face.landmark(Landmark::RightEye), face.landmark(Landmark::LeftEye)]);
    let mouth = mean(&[face.landmark(Landmark::RightMouth), face.landmark(Landmark::LeftMouth)]);
    let nose = face.landmark(Landmark::Nose);
    Vector::between(eyes, nose).percent_along(Vector::between(eyes, mouth))
}

fn roll(eyes: Vector) -> i16 {
    let length = eyes.length().max(1) as i64;
    let sine = bounded(eyes.y * 100 / length);
    if eyes.x >= 0 {
        sine
    } else if sine < 0 {
        -200 - sine
    } else {
        200 - sine
    }
}

fn visible(bounds: &Rect, frame_width: usize, frame_height: usize) -> u8 {
    let length = |pixels: usize| (pixels.min(1 << 16) as i32) << SUBPIXEL_BITS;
    let frame = Rect { x: 0, y: 0, width: length(frame_width), height: length(frame_height) };
    (bounds.intersection(&frame) * 100 / bounds.area().max(1)).clamp(0, 100) as u8
}

fn mean(points: &[Point]) -> Point {
    let count = points.len() as i64;
    let part = |part: fn(&Point) -> i32| {
        (points.iter().map(|p| i64::from(part(p))).sum::<i64>() / count.max(1)) as i32
    };
    Point { x: part(|p| p.x), y: part(|p| p.y) }
}

fn bounded(value: i64) -> i16 {
    value.clamp(-1_000, 1_000) as i16
}

/// The measures of the luma of a crop.
struct Light {
    sharpness: u32,
    brightness: u8,
    contrast: u8,
}

impl Light {
    fn measure(crop: &[i8]) -> Self {
        let side = side(crop.len());
        let inner = inner(side);
        let mut above = [0u8; CROP_SIZE];
        let mut here = [0u8; CROP_SIZE];
        let mut below = [0u8; CROP_SIZE];
        read_luma(crop, side, inner.start - 1, &mut above);
        read_luma(crop, side, inner.start, &mut here);
        let (mut level, mut edge) = (Moments::<i64>::default(), Moments::<i64>::default());
        for y in inner.clone() {
            read_luma(crop, side, y + 1, &mut below);
            // The sums of a row fit 32 bits: 112 squares of at most 4 * 255.
            let (mut levels, mut edges) = (Moments::default(), Moments::default());
            let vertical = above[inner.clone()].iter().zip(&below[inner.clone()]);
            let horizontal = here[inner.start - 1..inner.end + 1].windows(3);
            for ((&up, &down), near) in vertical.zip(horizontal) {
                let [left, middle, right] = [near[0], near[1], near[2]].map(i32::from);
                levels.add(middle);
                edges.add(4 * middle - left - right - i32::from(up) - i32::from(down));
            }
            level.extend(&levels);
            edge.extend(&edges);
            (above, here) = (here, below);
        }
        Self {
            sharpness: edge.variance() as u32,
            brightness: level.mean() as u8,
            contrast: level.variance().isqrt() as u8,
        }
    }
}

/// Reads the luma of a row of a crop with this side. Elements beyond the crop stay unchanged.
pub(crate) fn read_luma(crop: &[i8], side: usize, y: usize, row: &mut [u8; CROP_SIZE]) {
    let pixels = crop.chunks_exact(3).skip(y * side).take(side);
    for (out, pixel) in row.iter_mut().zip(pixels) {
        *out = luma([pixel[0], pixel[1], pixel[2]].map(|value| value as u8 ^ 0x80));
    }
}

/// Running count, sum and sum of squares.
#[derive(Default)]
struct Moments<T> {
    count: T,
    sum: T,
    squares: T,
}

impl Moments<i32> {
    fn add(&mut self, value: i32) {
        self.count += 1;
        self.sum += value;
        self.squares += value * value;
    }
}

impl Moments<i64> {
    /// Adds all values of `other`.
    fn extend(&mut self, other: &Moments<i32>) {
        self.count += i64::from(other.count);
        self.sum += i64::from(other.sum);
        self.squares += i64::from(other.squares);
    }

    fn mean(&self) -> i64 {
        self.sum / self.count.max(1)
    }

    fn variance(&self) -> u64 {
        let count = self.count.max(1);
        ((count * self.squares - self.sum * self.sum) / (count * count)).unsigned_abs()
    }
}
