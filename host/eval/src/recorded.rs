//! Error rates of a liveness network on recorded faces, frame by frame and over runs of frames, by person.
//!
//! A presentation of [`crate::presentation`] goes through the door's whole rule. Here only the network is asked: its
//! score of each frame, and the mean of its scores over a run of consecutive frames, against a threshold.
//!
//! | rate | share of |
//! |---|---|
//! | APCER | frames, or runs, of attacks that score at least the threshold |
//! | BPCER | frames, or runs, of living people that score below it |
//! | HTER | half of the sum of both |
//!
//! **Intervals count runs.** Consecutive frames of one recording are nearly the same picture, so a hundred of them are
//! not a hundred observations. The 95 % interval of a share is that of Wilson (1927) for as many observations as there
//! are runs; that of the half total error joins both (MOVER, Zou and Donner 2008).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::presentation::wilson;

/// A recorded frame.
#[derive(Clone, Debug, PartialEq)]
pub struct Frame {
    /// Whose face it shows.
    pub person: String,
    /// The recording that it is a frame of. Frames of one recording follow each other.
    pub recording: String,
    /// Whether it shows an attack.
    pub attack: bool,
    /// The network's score, 0 to 1.
    pub score: f64,
}

/// A share of frames or runs, with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Counted {
    /// How many.
    pub count: usize,
    /// Of how many.
    pub of: usize,
    /// The share. `null` of none.
    pub rate: Option<f64>,
    /// Its 95 % interval, for as many observations as there are runs.
    pub interval: [f64; 2],
}

/// The errors on one person, or on all.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Errors {
    /// Whose. `null` for all people together.
    pub person: Option<String>,
    /// Attacks that are taken for bona fide.
    pub apcer: Counted,
    /// Living people who are taken for attacks.
    pub bpcer: Counted,
    /// Half total error. `null` where there are no attacks, or nobody alive.
    pub hter: Option<f64>,
    /// Its 95 % interval.
    pub hter_interval: [f64; 2],
}

/// The errors of one network.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Report {
    /// The network.
    pub network: String,
    /// Scores from this one on are taken for bona fide.
    pub threshold: f64,
    /// Frames of a run.
    pub run: usize,
    /// By frame: each person, then all.
    pub frames: Vec<Errors>,
    /// By run: each person, then all.
    pub runs: Vec<Errors>,
    /// By frame, the error where APCER and BPCER are equal, over all people. The threshold for it is chosen on these very
    /// frames, so it flatters the network. `null` where there are no attacks, or nobody alive.
    pub equal_error_rate: Option<f64>,
}

impl Report {
    /// The errors of `network` on `frames`; those of one recording are in their order.
    pub fn new(network: &str, frames: &[Frame], threshold: f64, run: usize) -> Self {
        let runs = runs(frames, run);
        Self {
            network: network.to_owned(),
            threshold,
            run,
            frames: by_person(frames, &runs, threshold),
            runs: by_person(&runs, &runs, threshold),
            equal_error_rate: equal_error_rate(frames),
        }
    }
}

/// Runs of `length` consecutive frames of one recording, each as a frame with the mean score. What is left of a
/// recording at its end is a run, too, if it is at least half as long or there is no other.
pub fn runs(frames: &[Frame], length: usize) -> Vec<Frame> {
    let mut recordings: BTreeMap<(&str, &str, bool), Vec<&Frame>> = BTreeMap::new();
    for frame in frames {
        recordings.entry((&frame.person, &frame.recording, frame.attack)).or_default().push(frame);
    }
    let mut runs = Vec::new();
    for recording in recordings.values() {
        for (number, part) in recording.chunks(length.max(1)).enumerate() {
            if number > 0 && 2 * part.len() < length {
                continue;
            }
            let score = part.iter().map(|frame| frame.score).sum::<f64>() / part.len() as f64;
            runs.push(Frame { score, ..part[0].clone() });
        }
    }
    runs
}

fn by_person(frames: &[Frame], runs: &[Frame], threshold: f64) -> Vec<Errors> {
    let mut people: Vec<&str> = frames.iter().map(|frame| &*frame.person).collect();
    people.sort_unstable();
    people.dedup();
    let each = people.into_iter().map(Some).chain([None]);
    each.map(|person| errors(person, frames, runs, threshold)).collect()
}

fn errors(person: Option<&str>, frames: &[Frame], runs: &[Frame], threshold: f64) -> Errors {
    let of = |frame: &&Frame, attack: bool| {
        frame.attack == attack && person.is_none_or(|person| frame.person == person)
    };
    let counted = |attack: bool| {
        let all = frames.iter().filter(|frame| of(frame, attack)).count();
        let wrong = |frame: &&Frame| of(frame, attack) && (frame.score >= threshold) == attack;
        let count = frames.iter().filter(wrong).count();
        let observed = runs.iter().filter(|frame| of(frame, attack)).count();
        let rate = (all > 0).then(|| count as f64 / all as f64);
        let interval = rate.map_or([0.0, 1.0], |rate| wilson(rate, observed as f64));
        Counted { count, of: all, rate, interval }
    };
    let (apcer, bpcer) = (counted(true), counted(false));
    let hter = apcer.rate.zip(bpcer.rate).map(|(a, b)| (a + b) / 2.0);
    let hter_interval = hter.map_or([0.0, 1.0], |middle| {
        let off = |end: usize| {
            let off = |one: &Counted| one.interval[end] - one.rate.unwrap_or(0.0);
            off(&apcer).hypot(off(&bpcer)) / 2.0
        };
        [(middle - off(0)).max(0.0), (middle + off(1)).min(1.0)]
    });
    Errors { person: person.map(str::to_owned), apcer, bpcer, hter, hter_interval }
}

/// The points of the trade-off between both errors: APCER and BPCER at each threshold that is a score.
pub fn trade_off(frames: &[Frame]) -> Vec<[f64; 2]> {
    let scores = |attack: bool| {
        let own = frames.iter().filter(|frame| frame.attack == attack);
        let mut scores: Vec<f64> = own.map(|frame| frame.score).collect();
        scores.sort_unstable_by(f64::total_cmp);
        scores
    };
    let (attacks, alive) = (scores(true), scores(false));
    if attacks.is_empty() || alive.is_empty() {
        return Vec::new();
    }
    let mut thresholds = [&attacks[..], &alive[..]].concat();
    thresholds.push(f64::INFINITY);
    thresholds.sort_unstable_by(f64::total_cmp);
    thresholds.dedup();
    let below = |scores: &[f64], threshold: f64| scores.partition_point(|&score| score < threshold) as f64;
    let point = |threshold: f64| {
        let apcer = 1.0 - below(&attacks, threshold) / attacks.len() as f64;
        [apcer, below(&alive, threshold) / alive.len() as f64]
    };
    thresholds.into_iter().map(point).collect()
}

fn equal_error_rate(frames: &[Frame]) -> Option<f64> {
    let worse = trade_off(frames).into_iter().map(|[apcer, bpcer]| apcer.max(bpcer));
    worse.min_by(f64::total_cmp)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(person: &str, recording: &str, attack: bool, score: f64) -> Frame {
        Frame { person: person.into(), recording: recording.into(), attack, score }
    }

    #[test]
    fn errors_are_counted_by_person_and_over_all() {
        let frames = [
            frame("1", "a", false, 0.9),
            frame("1", "a", false, 0.2),
            frame("1", "b", true, 0.1),
            frame("2", "a", false, 0.8),
            frame("2", "b", true, 0.7),
            frame("2", "b", true, 0.3),
            frame("2", "b", true, 0.3),
            frame("2", "b", true, 0.3),
        ];
        let report = Report::new("net", &frames, 0.5, 2);
        let rates =
            |errors: &Errors| (errors.apcer.count, errors.apcer.of, errors.bpcer.count, errors.bpcer.of);
        assert_eq!(
            report.frames.iter().map(rates).collect::<Vec<_>>(),
            [(0, 1, 1, 2), (1, 4, 0, 1), (1, 5, 1, 3)]
        );
        // The mean of 0.9 and 0.2 passes; that of 0.7 and 0.3 is just enough.
        assert_eq!(
            report.runs.iter().map(rates).collect::<Vec<_>>(),
            [(0, 1, 0, 1), (1, 2, 0, 1), (1, 3, 0, 2)]
        );
        let all = &report.frames[2];
        assert!((all.hter.unwrap() - (0.2 + 1.0 / 3.0) / 2.0).abs() < 1e-12);
        assert!(all.hter_interval[0] < all.hter.unwrap() && all.hter_interval[1] > all.hter.unwrap());
    }

    #[test]
    fn an_interval_is_that_of_the_runs_and_not_that_of_the_frames() {
        let frames: Vec<Frame> = (0..100).map(|_| frame("1", "a", true, 0.1)).collect();
        let width = |run| Report::new("net", &frames, 0.5, run).frames[0].apcer.interval[1];
        assert!(width(1) < 0.04 && width(10) > 0.2, "{} {}", width(1), width(10));
        assert_eq!(Report::new("net", &frames, 0.5, 1).frames[0].hter, None);
    }

    #[test]
    fn a_run_does_not_go_on_in_another_recording_and_a_short_rest_is_left_out() {
        let of = |recording, count| (0..count).map(move |_| frame("1", recording, true, 0.5));
        let frames: Vec<Frame> = of("a", 11).chain(of("b", 8)).chain(of("c", 1)).collect();
        assert_eq!(runs(&frames, 5).len(), 2 + 2 + 1);
    }

    #[test]
    fn the_trade_off_goes_from_all_accepted_to_all_refused() {
        let frames = [
            frame("1", "a", true, 0.1),
            frame("1", "a", true, 0.6),
            frame("1", "b", false, 0.5),
            frame("1", "b", false, 0.9),
        ];
        let points = trade_off(&frames);
        assert_eq!((points[0], points[points.len() - 1]), ([1.0, 0.0], [0.0, 1.0]));
        assert_eq!(equal_error_rate(&frames), Some(0.5));
        assert!(trade_off(&frames[..2]).is_empty());
    }
}
