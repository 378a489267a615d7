//! Motion of the five landmarks: is it a solid head or a flat picture?
//!
//! Eyes and corners of the mouth lie nearly in one plane; the tip of the nose stands out of it. In the
//! coordinates of that plane, spanned by the vector `e` from eye to eye and the vector `m` from eyes to
//! mouth, the nose is at `(a, b)`, where `nose - eyes = a e + b m`. Shifting, turning, tilting and scaling a
//! *flat* picture is one affine map of its points (at a door the change of perspective within a face is
//! small), and an affine map keeps `a` and `b`. A head that turns moves its nose relative to eyes and mouth:
//! `a` changes by the height of the nose times the tangent of the angle. So the standard deviation of `a`
//! over the samples reveals a solid head; a plane shows no more than the error of the detector.
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

/// Fewest samples from which motion is classified, but for a face that does not move.
pub const MOTION_SAMPLES: usize = 8;

/// Fewest samples from which a face that does not move is known.
const STILL_SAMPLES: usize = 3;

/// Least standard deviation of the parallax of a solid head, Q12: 0.024.
const SOLID: i64 = 98;

/// A flat picture has a lower standard deviation of the parallax, Q12: 0.018.
const FLAT: i64 = 74;

/// Least standard deviation of the foreshortening of a face that turns, Q12: 0.035.
const TURNED: i64 = 143;

/// A still face has a lower standard deviation of its position, in sizes of the face, Q12: 0.008.
const STILL: i64 = 33;

/// Shortest and longest period of a loop that is detected, in samples.
const LOOPS: core::ops::RangeInclusive<usize> = 4..=16;

/// Least number of samples that are compared with those of one period before.
const REPEATED: usize = 8;

/// A class of motion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Motion {
    /// Too few samples or too little motion to decide.
    Unclear,
    /// The nose moves relative to eyes and mouth: a head, or a recording of one.
    Solid,
    /// The face turns, but the nose does not move relative to eyes and mouth: a plane, or a head that nods.
    Flat,
    /// Nothing moves.
    Still,
    /// The same motion repeats with a fixed period: a recording in a loop.
    Repeats,
}

impl Motion {
    /// Classifies the motion over `samples`, the oldest first.
    pub fn of(samples: &[Sample]) -> Self {
        if samples.len() < STILL_SAMPLES {
            return Self::Unclear;
        }
        // Samples with degenerate landmarks are skipped.
        let parallax = variance(samples.iter().filter_map(parallax));
        let enough = samples.len() >= MOTION_SAMPLES;
        if enough && parallax >= SOLID * SOLID {
            return if repeats(samples, parallax) { Self::Repeats } else { Self::Solid };
        }
        if sway(samples) < STILL * STILL {
            return Self::Still;
        }
        if !enough {
            return Self::Unclear;
        }
        let turned = variance(samples.iter().filter_map(foreshortening));
        if parallax < FLAT * FLAT && turned >= TURNED * TURNED { Self::Flat } else { Self::Unclear }
    }
}

/// Horizontal position of the nose between the eyes: 0 in the middle, in eye distances, Q12. `None` if the
/// landmarks are collinear.
pub fn parallax(sample: &Sample) -> Option<i64> {
    let Frame { e, m, nose, .. } = Frame::of(sample);
    let area = cross(e, m);
    (area != 0).then(|| (cross(nose, m) << BITS) / area)
}

/// The affine invariants of a plane: position of the nose, horizontal and vertical, and line of the mouth,
/// along and across that of the eyes; in eye distances and distances from eyes to mouth, Q12. Zeros if the
/// landmarks are collinear.
pub(crate) fn plane(sample: &Sample) -> [i64; 4] {
    let Frame { e, m, nose, mouth } = Frame::of(sample);
    let area = cross(e, m);
    if area == 0 {
        return [0; 4];
    }
    [cross(nose, m), cross(e, nose), cross(mouth, m), cross(e, mouth)].map(|part| (part << BITS) / area)
}

/// Square of the eye distance over the square of the distance from eyes to mouth, Q12. It falls when a face
/// turns to a side, flat or not, and rises when it nods. `None` if eyes and mouth coincide.
pub fn foreshortening(sample: &Sample) -> Option<i64> {
    let Frame { e, m, .. } = Frame::of(sample);
    let height = dot(m, m);
    (height != 0).then(|| (dot(e, e) << BITS) / height)
}

/// Variance of the position of the face in sizes of the face, Q24, summed over both axes.
fn sway(samples: &[Sample]) -> i64 {
    let size = samples.iter().map(Sample::size).sum::<i64>() / samples.len().max(1) as i64;
    let along = |axis: fn(&Point) -> i32| {
        variance(samples.iter().map(|sample| (sample.middle(axis) << BITS) / size.max(1)))
    };
    along(|point| point.x) + along(|point| point.y)
}

/// Whether the parallax repeats with some period. `variance` is the variance of the parallax.
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
        // The mean square difference of independent samples is twice the variance; a loop stays below a
        // quarter of it.
        count > 0 && 4 * sum < count * variance
    })
}

/// The plane of a face, with vectors in 1/1024 pixel.
struct Frame {
    /// From the right eye to the left one.
    e: [i64; 2],
    /// From the midpoint of the eyes to that of the mouth.
    m: [i64; 2],
    /// From the midpoint of the eyes to the nose.
    nose: [i64; 2],
    /// From the right corner of the mouth to the left one.
    mouth: [i64; 2],
}

impl Frame {
    fn of(sample: &Sample) -> Self {
        let at = |landmark: Landmark| {
            let Point { x, y } = sample.landmarks[landmark as usize];
            // Coordinates of a frame are far smaller; the clamp keeps any other input from overflowing.
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

/// Mean square deviation from the mean; zero without values. Values are clamped to 2^24, which no face
/// reaches.
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

    /// Eyes, nose and corners of the mouth of a head with an eye distance of two: right, down, out.
    const HEAD: [[f64; 3]; 5] =
        [[-1.0, -0.9, 0.0], [1.0, -0.9, 0.0], [0.0, 0.1, 0.9], [-0.8, 1.1, 0.0], [0.8, 1.1, 0.0]];

    /// A sample of the head at this yaw and pitch in degrees, with its depth scaled by `depth`.
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
    fn turning_changes_the_parallax_of_a_head_but_not_of_a_plane() {
        let flat: Vec<i64> =
            [-25.0, 0.0, 25.0].map(|yaw| parallax(&sample(yaw, 8.0, 0.0, 3.0)).unwrap()).into();
        assert!(flat.iter().all(|value| value.abs() <= 8), "{flat:?}");
        let solid: Vec<i64> =
            [-25.0, 0.0, 25.0].map(|yaw| parallax(&sample(yaw, 0.0, 1.0, 0.0)).unwrap()).into();
        // The height of the nose in eye distances (0.9 of 2) times the tangent.
        let expected = (0.45 * 25f64.to_radians().tan() * 4096.0) as i64;
        assert!((solid[2] - expected).abs() < 20 && (solid[0] + expected).abs() < 20, "{solid:?}");
    }

    #[test]
    fn each_class_of_motion_is_recognised() {
        assert_eq!(Motion::of(&swaying(7, 1.0, 12.0, 14.3)), Motion::Unclear);
        assert_eq!(Motion::of(&swaying(16, 1.0, 12.0, 21.7)), Motion::Solid);
        assert_eq!(Motion::of(&swaying(16, 0.0, 22.0, 14.3)), Motion::Flat);
        assert_eq!(Motion::of(&swaying(16, 1.0, 0.1, 14.3)), Motion::Still);
        assert_eq!(Motion::of(&swaying(3, 1.0, 0.1, 14.3)), Motion::Still);
        assert_eq!(Motion::of(&swaying(2, 1.0, 0.1, 14.3)), Motion::Unclear);
        assert_eq!(Motion::of(&swaying(16, 1.0, 12.0, 7.0)), Motion::Repeats);
    }

    #[test]
    fn collinear_or_distant_landmarks_do_not_overflow() {
        let line = Sample { landmarks: [Point { x: 5, y: 5 }; 5], ..Sample::default() };
        assert_eq!(parallax(&line), None);
        let far = [i32::MIN, i32::MAX, 0, i32::MAX, i32::MIN].map(|x| Point { x, y: -x.saturating_neg() });
        let far = Sample { landmarks: far, ..Sample::default() };
        let _ = Motion::of(&[line, far, line, far, line, far, line, far, line]);
    }
}
