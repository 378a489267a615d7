//! The features of the sequence model, computed from a window of samples.
//!
//! Each sample gives [`TRACKS`] measures. Over the window each measure forms a track, and two features
//! describe the track: its spread (variance) and its step (mean square of the difference of consecutive
//! samples). A head sways smoothly: its steps are small compared with its spread. The error of the detector
//! is noise: its steps are as large as its spread. Pictures that are swapped stand still and then jump. Mean
//! and minimum of the scores follow, and the longest step of the nose.
//!
//! | track | measure of a sample | units |
//! |---|---|---|
//! | 0, 1 | position of the nose, horizontal and vertical, in the plane of eyes and mouth (`motion`) | Q12 |
//! | 2, 3 | line of the mouth, along and across, in that plane: constant for a plane, not for a face that talks or turns | Q12 |
//! | 4 | foreshortening | Q12 |
//! | 5, 6 | position of the face, horizontal and vertical, relative to the first sample, in sizes of the face | Q12 |
//! | 7 | size of the face relative to the first sample | Q12 |
//! | 8 | score of the network | Q15 |

use crate::{Sample, motion};

/// Number of samples in a window, as many as the tracker stores.
pub const WINDOW: usize = 24;

/// Number of measures of a sample.
pub const TRACKS: usize = 9;

/// Number of features of a window.
pub const FEATURES: usize = 2 * TRACKS + 3;

/// The features of a window: spread and step of each track in order, as binary logarithms in Q8; then mean
/// and minimum of the score; then the longest step of the nose. At most the first [`WINDOW`] samples count.
pub fn features(samples: &[Sample]) -> [i32; FEATURES] {
    let mut features = [0; FEATURES];
    let Some(first) = samples.first() else { return features };
    let samples = &samples[..samples.len().min(WINDOW)];
    let mut rows = [[0; TRACKS]; WINDOW];
    for (row, sample) in rows.iter_mut().zip(samples) {
        *row = measures(sample, first);
    }
    let rows = &rows[..samples.len()];
    let mut longest = 0;
    for track in 0..TRACKS {
        let (mut sum, mut squares, mut steps) = (0, 0, 0);
        for (number, row) in rows.iter().enumerate() {
            // Relative to the first measure, so that squares stay small.
            let value = row[track] - rows[0][track];
            sum += value;
            squares += value * value;
            if number > 0 {
                let step = row[track] - rows[number - 1][track];
                steps += step * step;
                if track == 0 {
                    longest = longest.max(step * step);
                }
            }
        }
        let count = rows.len() as i64;
        features[2 * track] = log2((squares - sum * sum / count) / count);
        features[2 * track + 1] = log2(steps / (count - 1).max(1));
    }
    let score = |sample: &Sample| i32::from(sample.score);
    let last = &mut features[2 * TRACKS..];
    last[0] = samples.iter().map(score).sum::<i32>() / samples.len() as i32;
    last[1] = samples.iter().map(score).min().unwrap_or(0);
    last[2] = log2(longest);
    features
}

/// The measures of one sample, each clamped to a magnitude of 2^20.
fn measures(sample: &Sample, first: &Sample) -> [i64; TRACKS] {
    let [nose_across, nose_down, mouth_along, mouth_across] = motion::plane(sample);
    let size = first.size();
    let moved =
        |axis: fn(&vision::Point) -> i32| ((sample.middle(axis) - first.middle(axis)) << motion::BITS) / size;
    let measures = [
        nose_across,
        nose_down,
        mouth_along,
        mouth_across,
        motion::foreshortening(sample).unwrap_or(0),
        moved(|point| point.x),
        moved(|point| point.y),
        (sample.size() << motion::BITS) / size,
        i64::from(sample.score),
    ];
    measures.map(|measure| measure.clamp(-(1 << 20), 1 << 20))
}

/// Binary logarithm in Q8, linear between powers of two; 0 for values below one.
fn log2(value: i64) -> i32 {
    let value = value.max(1) as u64;
    let whole = value.ilog2();
    let fraction = (value << (63 - whole)) >> 55 & 0xff;
    ((whole << 8) | fraction as u32) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_logarithm_rises_by_one_per_doubling() {
        assert_eq!([0, 1, 2, 3, 4, 6, 1 << 20].map(log2), [0, 0, 256, 384, 512, 640, 5120]);
        assert_eq!(log2(-5), 0);
        assert_eq!(log2(i64::MAX), 62 * 256 + 255);
    }

    #[test]
    fn the_step_feature_separates_a_jump_from_a_sway() {
        let row = |x: fn(i32) -> i32| {
            let mut samples = [Sample::default(); 16];
            for (number, sample) in (0..).zip(&mut samples) {
                let places = [[-20, -20], [20, -20], [0, 0], [-15, 20], [15, 20]];
                sample.landmarks =
                    places.map(|[dx, dy]| vision::Point { x: (dx + x(number)) << 10, y: dy << 10 });
            }
            let features = features(&samples);
            features[11] - features[10]
        };
        assert!(row(|n| n) < row(|n| n / 8 * 16) && row(|n| n / 8 * 16) < row(|n| n % 2 * 16));
    }

    #[test]
    fn no_landmarks_overflow() {
        let far = |x: i32| Sample {
            landmarks: [vision::Point { x, y: -(x / 2) }; 5],
            score: 65_535,
            ..Sample::default()
        };
        let samples = [far(i32::MIN), far(i32::MAX), far(0), far(i32::MAX)];
        assert!(features(&samples).iter().all(|feature| (0..=65_535).contains(feature)));
        assert_eq!(features(&[]), [0; FEATURES]);
    }
}
