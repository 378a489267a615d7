//! What the movement of five landmarks tells: a head in space, or a picture of one.
//!
//! Eyes and the corners of the mouth lie nearly in one plane, the tip of the nose stands out of it. In the frame
//! of that plane, spanned by the line `e` from eye to eye and the line `m` from eyes to mouth, the nose is
//! at `(a, b)`, where `nose - eyes = a e + b m`. However a *flat* picture is shifted, turned, tilted and
//! scaled, all of it is one affine map of its points (at a door the change of perspective within a face is
//! small), and an affine map leaves `a` and `b` as they are. A head that turns moves its nose against its
//! eyes and mouth: `a` changes by the nose's height times the tangent of the turn. So the spread of `a`
//! over the looks is what tells a solid head; a plane gives no more than the detector's own error.
//!
//! ```text
//!   right eye ---- e ----> left eye        a = (n x m) / (e x m)
//!              \   |                       b = (e x n) / (e x m)
//!            n  \  m                       x: the cross product of two vectors in the plane
//!                v v
//!              nose  mouth
//! ```

use vision::{Landmark, Point};

use crate::Sample;

/// Fraction bits of [`parallax`] and [`foreshortening`].
pub const BITS: u32 = 12;

/// Looks before anything is said of a movement.
pub const MIN_SAMPLES: usize = 8;

/// Standard deviation of the parallax from which something is solid, Q12: 0.024.
const SOLID: i64 = 98;

/// Standard deviation of the parallax below which something may be flat, Q12: 0.018.
const FLAT: i64 = 74;

/// Standard deviation of the foreshortening from which something is turned about, Q12: 0.035.
const TURNED: i64 = 143;

/// Standard deviation of the place, in parts of the face's size, below which nothing moves, Q12: 0.008.
const STILL: i64 = 33;

/// Shortest and longest recording, in samples, that is found to repeat.
const LOOPS: core::ops::RangeInclusive<usize> = 4..=16;

/// Looks that must be as they were one turn of the loop before.
const REPEATED: usize = 8;

/// What a movement is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Motion {
    /// Too few samples, or too little movement, to tell.
    Unclear,
    /// The nose moves against eyes and mouth: a head, or a recording of one.
    Solid,
    /// It is turned about, and the nose does not move against eyes and mouth: a plane, or a head that nods.
    Flat,
    /// Nothing moves.
    Still,
    /// It moves, and again in the same way after the same time: a recording in a loop.
    Repeats,
}

impl Motion {
    /// The movement over `looks`, the oldest first.
    pub fn of(samples: &[Sample]) -> Self {
        if samples.len() < MIN_SAMPLES {
            return Self::Unclear;
        }
        // A look whose landmarks make no face tells nothing of a movement.
        let parallax = variance(samples.iter().filter_map(parallax));
        let turned = variance(samples.iter().filter_map(foreshortening));
        if parallax >= SOLID * SOLID {
            return if repeats(samples, parallax) { Self::Repeats } else { Self::Solid };
        }
        if sway(samples) < STILL * STILL {
            return Self::Still;
        }
        if parallax < FLAT * FLAT && turned >= TURNED * TURNED { Self::Flat } else { Self::Unclear }
    }
}

/// Where the nose is between the eyes: 0 in the middle, in distances of the eyes; Q12. `None` of landmarks
/// that lie on a line.
pub fn parallax(sample: &Sample) -> Option<i64> {
    let Frame { e, m, nose, .. } = Frame::of(sample);
    let area = cross(e, m);
    (area != 0).then(|| (cross(nose, m) << BITS) / area)
}

/// What an affine map of a plane keeps: nose, across and down, and the line of the mouth, along and across that of the
/// eyes; in distances of the eyes and of eyes to mouth, Q12. Zeros of landmarks that lie on a line.
pub(crate) fn plane(sample: &Sample) -> [i64; 4] {
    let Frame { e, m, nose, mouth } = Frame::of(sample);
    let area = cross(e, m);
    if area == 0 {
        return [0; 4];
    }
    [cross(nose, m), cross(e, nose), cross(mouth, m), cross(e, mouth)].map(|part| (part << BITS) / area)
}

/// Square of the distance of the eyes in that from eyes to mouth, Q12: it falls when a face is turned to a
/// side, plane or not, and rises when it nods. `None` where eyes and mouth are one.
pub fn foreshortening(sample: &Sample) -> Option<i64> {
    let Frame { e, m, .. } = Frame::of(sample);
    let height = dot(m, m);
    (height != 0).then(|| (dot(e, e) << BITS) / height)
}

/// Variance of the place of the face in parts of its size, Q24, along both axes together.
fn sway(samples: &[Sample]) -> i64 {
    let size = samples.iter().map(Sample::size).sum::<i64>() / samples.len().max(1) as i64;
    let along = |axis: fn(&Point) -> i32| {
        variance(samples.iter().map(|sample| (sample.middle(axis) << BITS) / size.max(1)))
    };
    along(|point| point.x) + along(|point| point.y)
}

/// Whether the parallax is what it was a while ago, for long enough; `variance` is its own.
fn repeats(samples: &[Sample], variance: i64) -> bool {
    LOOPS.into_iter().any(|period| {
        let Some(pairs) = samples.len().checked_sub(period).filter(|&pairs| pairs >= REPEATED) else {
            return false;
        };
        let pairs = samples[..pairs].iter().zip(&samples[period..]);
        let squares = pairs.filter_map(|(then, now)| {
            let change = parallax(now)? - parallax(then)?;
            Some(change * change)
        });
        let (count, sum) = squares.fold((0, 0), |(count, sum), square| (count + 1, sum + square));
        // Two independent looks differ by twice the variance, on the average; these by a quarter of it.
        count > 0 && 4 * sum < count * variance
    })
}

/// The plane of a face, with vectors in 1/1024 pixel.
struct Frame {
    /// From the right eye to the left one.
    e: [i64; 2],
    /// From the middle of the eyes to that of the mouth.
    m: [i64; 2],
    /// From the middle of the eyes to the nose.
    nose: [i64; 2],
    /// From the right corner of the mouth to the left one.
    mouth: [i64; 2],
}

impl Frame {
    fn of(sample: &Sample) -> Self {
        let at = |landmark: Landmark| {
            let Point { x, y } = sample.landmarks[landmark as usize];
            // Coordinates of a frame; whatever else a caller gives must not overflow either.
            [x, y].map(|value| i64::from(value).clamp(-(1 << 22), 1 << 22))
        };
        let [right, left] = [at(Landmark::RightEye), at(Landmark::LeftEye)];
        let corners = [at(Landmark::RightMouth), at(Landmark::LeftMouth)];
        let eyes = middle(right, left);
        Self {
            e: minus(left, right),
            m: minus(middle(corners[0], corners[1]), eyes),
            nose: minus(at(Landmark::Nose), eyes),
            mouth: minus(corners[1], corners[0]),
        }
    }
}

fn middle(a: [i64; 2], b: [i64; 2]) -> [i64; 2] {
    [(a[0] + b[0]) / 2, (a[1] + b[1]) / 2]
}

fn minus(a: [i64; 2], b: [i64; 2]) -> [i64; 2] {
    [a[0] - b[0], a[1] - b[1]]
}

fn cross(a: [i64; 2], b: [i64; 2]) -> i64 {
    a[0] * b[1] - a[1] * b[0]
}

fn dot(a: [i64; 2], b: [i64; 2]) -> i64 {
    a[0] * b[0] + a[1] * b[1]
}

/// Mean square of the deviation from the mean; zero of nothing. Values are kept within 2^24, beyond which
/// no face comes.
fn variance(values: impl Iterator<Item = i64> + Clone) -> i64 {
    let values = values.map(|value| value.clamp(-(1 << 24), 1 << 24));
    let count = values.clone().count().max(1) as i64;
    let mean = values.clone().sum::<i64>() / count;
    values.map(|value| (value - mean) * (value - mean)).sum::<i64>() / count
}

#[cfg(test)]
mod tests {
    extern crate std;
    use std::vec::Vec;

    use super::*;

    /// Eyes, nose and corners of the mouth of a head whose eyes are two apart: right, down, out.
    const HEAD: [[f64; 3]; 5] =
        [[-1.0, -0.9, 0.0], [1.0, -0.9, 0.0], [0.0, 0.1, 0.9], [-0.8, 1.1, 0.0], [0.8, 1.1, 0.0]];

    /// A look at the head, turned and nodding by so many degrees, flattened to `depth` of its depth.
    fn sample(yaw: f64, pitch: f64, depth: f64, shift: f64) -> Sample {
        let (yaw, pitch) = (yaw.to_radians(), pitch.to_radians());
        let landmarks = HEAD.map(|[x, y, z]| {
            let z = z * depth;
            let (x, z) = (x * yaw.cos() + z * yaw.sin(), z * yaw.cos() - x * yaw.sin());
            let y = y * pitch.cos() + z * pitch.sin();
            let subpixels = |value: f64| (value * 1024.0).round() as i32;
            Point { x: subpixels(160.0 + shift + 20.0 * x), y: subpixels(120.0 + 20.0 * y) }
        });
        Sample { landmarks, similarity: i16::MAX, ..Sample::default() }
    }

    fn swaying(count: usize, depth: f64, degrees: f64, period: f64) -> Vec<Sample> {
        let turn = |number: usize| (number as f64 * std::f64::consts::TAU / period).sin() * degrees;
        (0..count).map(|number| sample(turn(number), 0.0, depth, turn(number) / 2.0)).collect()
    }

    #[test]
    fn a_plane_keeps_its_parallax_and_a_head_does_not() {
        let flat: Vec<i64> =
            [-25.0, 0.0, 25.0].map(|yaw| parallax(&sample(yaw, 8.0, 0.0, 3.0)).unwrap()).into();
        assert!(flat.iter().all(|value| value.abs() <= 8), "{flat:?}");
        let solid: Vec<i64> =
            [-25.0, 0.0, 25.0].map(|yaw| parallax(&sample(yaw, 0.0, 1.0, 0.0)).unwrap()).into();
        // Half the height of the nose, in distances of the eyes, times the tangent.
        let expected = (0.45 * 25f64.to_radians().tan() * 4096.0) as i64;
        assert!((solid[2] - expected).abs() < 20 && (solid[0] + expected).abs() < 20, "{solid:?}");
    }

    #[test]
    fn movements_are_told_apart() {
        assert_eq!(Motion::of(&swaying(7, 1.0, 12.0, 14.3)), Motion::Unclear);
        assert_eq!(Motion::of(&swaying(16, 1.0, 12.0, 21.7)), Motion::Solid);
        assert_eq!(Motion::of(&swaying(16, 0.0, 22.0, 14.3)), Motion::Flat);
        assert_eq!(Motion::of(&swaying(16, 1.0, 0.1, 14.3)), Motion::Still);
        assert_eq!(Motion::of(&swaying(16, 1.0, 12.0, 7.0)), Motion::Repeats);
    }

    #[test]
    fn landmarks_on_a_line_or_far_away_are_no_face_and_no_fault() {
        let line = Sample { landmarks: [Point { x: 5, y: 5 }; 5], ..Sample::default() };
        assert_eq!(parallax(&line), None);
        let far = [i32::MIN, i32::MAX, 0, i32::MAX, i32::MIN].map(|x| Point { x, y: -x.saturating_neg() });
        let far = Sample { landmarks: far, ..Sample::default() };
        let _ = Motion::of(&[line, far, line, far, line, far, line, far, line]);
    }
}
