//! The features of the sequence model, computed from a window of samples.
//!
//! Each sample gives [`TRACKS`] measures. Over the window each measure forms a track, and two features
//! describe the track: its spread (variance) and its step (mean square of the difference of consecutive
//! samples). A head sways smoothly: its steps are small compared with its spread. The error of the detector
//! is noise: its steps are as large as its spread. Pictures that are swapped stand still and then jump.
//!
//! | track | measure of a sample | units |
//! |---|---|---|
//! | 0, 1 | position of the nose, horizontal and vertical, in the plane of eyes and mouth (`motion`) | Q12 |
//! | 2, 3 | line of the mouth, along and across, in that plane: constant for a plane, not for a face that talks or turns | Q12 |
//! | 4 | foreshortening | Q12 |
//! | 5, 6 | position of the face, horizontal and vertical, relative to the first sample, in mean sizes of the face | Q12 |
//! | 7 | binary logarithm of the size of the face over that of the first sample: even for an even walk | Q12 |
//! | 8 | score of the network, as the binary logarithm of its odds: a score of 0.001 says more than one of 0.05 | Q8 |
//! | 9 | openness of the eyes | Q12 |
//!
//! Ten features of the whole window follow:
//!
//! | feature | what it tells |
//! |---|---|
//! | longest step of the nose | a picture that is exchanged for another one |
//! | mean, least and newest score, as odds | |
//! | correlation of tracks 0 and 5, 1 and 6 | a head turns about its neck: its nose moves in its face to where the face moves in the frame. A sheet that is turned and shifted does both, but not together |
//! | correlation of tracks 0 and 4 | |
//! | mean size of the face | landmarks of a small face are less exact |
//! | number of samples, mean time between them | what spread and step mean at this pace |

use crate::{Sample, motion};

/// Number of samples in a window, as many as the tracker stores.
pub const WINDOW: usize = 24;

/// Number of measures of a sample.
pub const TRACKS: usize = 10;

/// Number of features of a window.
pub const FEATURES: usize = 2 * TRACKS + 10;

/// Least and most milliseconds between samples that the model knows; others count as these.
const PACE: [i64; 2] = [125, 400];

/// Pairs of tracks whose correlation is a feature.
const PAIRS: [[usize; 2]; 3] = [[0, 5], [1, 6], [0, 4]];

/// The features of a window: spread and step of each track in order, then those of the whole window. Spreads, steps, size,
/// number and time are binary logarithms in Q8, the correlations are in Q8. At most the first [`WINDOW`] samples count.
pub fn features(samples: &[Sample]) -> [i32; FEATURES] {
    let mut features = [0; FEATURES];
    let samples = &samples[..samples.len().min(WINDOW)];
    let [first, ..] = samples else { return features };
    let newest = samples.last().unwrap_or(first);
    let count = samples.len() as i64;
    let size = samples.iter().map(Sample::size).sum::<i64>() / count;
    let mut rows = [[0; TRACKS]; WINDOW];
    for (row, sample) in rows.iter_mut().zip(samples) {
        *row = measures(sample, first, size);
    }
    let rows = &mut rows[..samples.len()];
    // Relative to the first measure, so that squares stay small.
    let base = rows[0];
    rows.iter_mut().for_each(|row| row.iter_mut().zip(base).for_each(|(value, base)| *value -= base));
    // Of two tracks the sum of products of their deviations from the means.
    let product = |a: usize, b: usize| {
        let sum = |track: usize| rows.iter().map(|row| row[track]).sum::<i64>();
        rows.iter().map(|row| row[a] * row[b]).sum::<i64>() - sum(a) * sum(b) / count
    };
    let steps = |track: usize| rows.windows(2).map(move |pair| (pair[1][track] - pair[0][track]).pow(2));
    for track in 0..TRACKS {
        features[2 * track] = log2(product(track, track) / count);
        features[2 * track + 1] = log2(steps(track).sum::<i64>() / (count - 1).max(1));
    }
    let correlation = |[a, b]: [usize; 2]| {
        let scale = product(a, a).max(0).isqrt() * product(b, b).max(0).isqrt();
        ((product(a, b) << 8) / scale.max(1)).clamp(-256, 256) as i32
    };
    let scores = samples.iter().map(odds);
    let elapsed = newest.at_ms.saturating_sub(first.at_ms).min(1 << 40) as i64;
    let [nose, turn, away] = PAIRS.map(correlation);
    let whole = [
        log2(steps(0).max().unwrap_or(0)),
        scores.clone().sum::<i32>() / count as i32,
        scores.min().unwrap_or(0),
        odds(newest),
        nose,
        turn,
        away,
        log2(size),
        log2(count),
        log2((elapsed / (count - 1).max(1)).clamp(PACE[0], PACE[1])),
    ];
    features[2 * TRACKS..].copy_from_slice(&whole);
    features
}

/// The odds of the network's score as a binary logarithm, Q8.
fn odds(sample: &Sample) -> i32 {
    let score = i64::from(sample.score);
    log2(score) - log2((1 << 15) - score)
}

/// The measures of one sample, each clamped to a magnitude of 2^20. `size` is the mean size of the face.
fn measures(sample: &Sample, first: &Sample, size: i64) -> [i64; TRACKS] {
    let [nose_across, nose_down, mouth_along, mouth_across] = motion::plane(sample);
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
        i64::from(log2(sample.size())) << (motion::BITS - 8),
        i64::from(odds(sample)),
        i64::from(sample.openness),
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
    fn a_nose_that_moves_with_its_face_correlates_and_one_that_does_not_does_not() {
        let correlation = |nose: fn(i32) -> i32| {
            let mut samples = [Sample::default(); 8];
            for (number, sample) in (0..).zip(&mut samples) {
                let places = [[-20, -20], [20, -20], [nose(number), 0], [-15, 20], [15, 20]];
                let face = number % 4;
                sample.landmarks = places.map(|[dx, dy]| vision::Point { x: (dx + face) << 10, y: dy << 10 });
            }
            features(&samples)[2 * TRACKS + 4]
        };
        assert!(correlation(|n| n % 4) > 250 && correlation(|n| 4 - n % 4) < -250);
        assert!(correlation(|n| n / 4).abs() < 64);
    }

    #[test]
    fn a_rare_score_weighs_more_than_a_low_one() {
        let score = |score| odds(&Sample { score, ..Sample::default() });
        assert_eq!([0, 16_384, 32_768].map(score), [-15 * 256, 0, 15 * 256]);
        assert!(score(16_384) - score(1_638) < score(1_638) - score(16));
        assert_eq!(score(u16::MAX), score(32_768) + 255, "no score that a network gives");
    }

    #[test]
    fn no_landmarks_overflow() {
        let far = |x: i32| Sample {
            landmarks: [vision::Point { x, y: -(x / 2) }; 5],
            score: 65_535,
            ..Sample::default()
        };
        let samples = [far(i32::MIN), far(i32::MAX), far(0), far(i32::MAX)];
        assert!(features(&samples).iter().all(|feature| (-65_536..=65_536).contains(feature)));
        assert_eq!(features(&[]), [0; FEATURES]);
    }
}
