//! Recognising one of many: harder than verifying one.
//!
//! At the door nobody says who they are, so that a stranger is compared with everybody enrolled and gets in if
//! any comparison is wrong. With `n` people enrolled, a false-match rate of `f` lets in a share of about
//! `1 - (1 - f)^n` of strangers: the false-positive identification rate (FPIR; ISO/IEC 19795-1). Galleries are
//! drawn at random, one picture a person, and everybody left out tries to get in.

use rayon::prelude::*;
use schemars::JsonSchema;
use serde::Serialize;

use crate::Embeddings;

/// Galleries drawn for a size.
const DRAWS: u64 = 20;
const SEED: u64 = 0x1de2_71f1;

/// Rank-1 identification in a closed set: everybody who comes is enrolled.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Rank1 {
    /// People enrolled, with the first of their pictures each.
    pub enrolled: usize,
    /// Pictures of theirs that were not enrolled.
    pub probes: usize,
    /// Share of probes to which the most similar person enrolled is themselves.
    pub rate: f64,
}

/// What a gallery of one size does at one threshold.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct OpenSet {
    /// People enrolled, with one picture each.
    pub enrolled: usize,
    /// The cosine that was asked for.
    pub threshold: f64,
    /// Strangers' pictures that came to the door, over all galleries drawn.
    pub strangers: u64,
    /// Share of them that somebody's template matched: FPIR.
    pub false_positive: f64,
    /// Pictures of people enrolled that came, over all galleries drawn.
    pub known: u64,
    /// Share of them that were not recognised as themselves: FNIR.
    pub false_negative: f64,
}

/// Enrols everybody with their first picture and lets all others find theirs. None where nobody has two.
pub fn rank1(embeddings: &Embeddings, people: &[u32]) -> Option<Rank1> {
    let mut first = vec![None; people.iter().max().map_or(0, |&most| most as usize + 1)];
    for (picture, &person) in people.iter().enumerate() {
        first[person as usize].get_or_insert(picture);
    }
    let gallery: Vec<usize> = first.iter().flatten().copied().collect();
    let probes: Vec<usize> =
        (0..people.len()).filter(|&picture| first[people[picture] as usize] != Some(picture)).collect();
    let right = |&&probe: &&usize| {
        nearest(embeddings, probe, &gallery).is_some_and(|(_, at)| people[at] == people[probe])
    };
    let hits = probes.par_iter().filter(right).count();
    let rate = hits as f64 / probes.len() as f64;
    (!probes.is_empty()).then_some(Rank1 { enrolled: gallery.len(), probes: probes.len(), rate })
}

/// Draws galleries of `enrolled` people and lets everybody come to the door. `threshold` is a score
/// of `embeddings`. None where there are no strangers left.
pub fn open_set(embeddings: &Embeddings, people: &[u32], enrolled: usize, threshold: i32) -> Option<OpenSet> {
    let mut pictures: Vec<Vec<usize>> =
        vec![Vec::new(); people.iter().max().map_or(0, |&most| most as usize + 1)];
    people.iter().enumerate().for_each(|(picture, &person)| pictures[person as usize].push(picture));
    pictures.retain(|own| !own.is_empty());
    if enrolled == 0 || enrolled >= pictures.len() {
        return None;
    }
    let draws = (0..DRAWS).into_par_iter().map(|draw| {
        let mut random = fastrand::Rng::with_seed(SEED + draw);
        let mut order: Vec<usize> = (0..pictures.len()).collect();
        random.shuffle(&mut order);
        let gallery: Vec<usize> = order[..enrolled]
            .iter()
            .map(|&person| pictures[person][random.usize(..pictures[person].len())])
            .collect();
        let accepted =
            |probe: usize| nearest(embeddings, probe, &gallery).filter(|(score, _)| *score >= threshold);
        let mut counts = Counts::default();
        for &person in &order[enrolled..] {
            for &probe in &pictures[person] {
                counts.strangers += 1;
                counts.false_positives += u64::from(accepted(probe).is_some());
            }
        }
        for &person in &order[..enrolled] {
            for &probe in pictures[person].iter().filter(|probe| !gallery.contains(probe)) {
                counts.known += 1;
                let found = accepted(probe).is_some_and(|(_, at)| people[at] == people[probe]);
                counts.false_negatives += u64::from(!found);
            }
        }
        counts
    });
    let counts = draws.reduce(Counts::default, Counts::add);
    let share = |part: u64, whole: u64| part as f64 / whole.max(1) as f64;
    Some(OpenSet {
        enrolled,
        threshold: f64::from(threshold) / f64::from(embeddings.one()),
        strangers: counts.strangers,
        false_positive: share(counts.false_positives, counts.strangers),
        known: counts.known,
        false_negative: share(counts.false_negatives, counts.known),
    })
}

#[derive(Clone, Copy, Default)]
struct Counts {
    strangers: u64,
    false_positives: u64,
    known: u64,
    false_negatives: u64,
}

impl Counts {
    fn add(self, other: Self) -> Self {
        Self {
            strangers: self.strangers + other.strangers,
            false_positives: self.false_positives + other.false_positives,
            known: self.known + other.known,
            false_negatives: self.false_negatives + other.false_negatives,
        }
    }
}

/// The picture of `gallery` most similar to `probe`, the first of equals, and its score.
fn nearest(embeddings: &Embeddings, probe: usize, gallery: &[usize]) -> Option<(i32, usize)> {
    let scores = gallery.iter().map(|&at| (embeddings.score(probe, at), at));
    scores.max_by_key(|&(score, at)| (score, std::cmp::Reverse(at)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// People on a circle, three pictures each, as far from the middle as `scatter` says.
    fn crowd(count: u32, scatter: f32) -> (Embeddings, Vec<u32>) {
        let mut random = fastrand::Rng::with_seed(3);
        let people: Vec<u32> = (0..3 * count).map(|picture| picture / 3).collect();
        let vectors = people.iter().map(|&person| {
            let middle = person as f32 / count as f32 * std::f32::consts::TAU;
            let angle = middle + scatter * (random.f32() - 0.5);
            Some(vec![angle.cos(), angle.sin()])
        });
        (Embeddings::Float(vectors.collect()), people)
    }

    #[test]
    fn separate_people_are_recognised_and_mixed_ones_by_chance() {
        let (embeddings, people) = crowd(20, 0.01);
        let apart = rank1(&embeddings, &people).unwrap();
        assert_eq!((apart.enrolled, apart.probes, apart.rate), (20, 40, 1.0));
        let (embeddings, people) = crowd(20, 100.0);
        assert!(rank1(&embeddings, &people).unwrap().rate < 0.3);
        let (embeddings, _) = crowd(1, 0.1);
        assert_eq!(rank1(&embeddings, &[0, 1, 2]), None);
    }

    #[test]
    fn more_people_enrolled_let_more_strangers_in() {
        let (embeddings, people) = crowd(60, 0.05);
        // A fortieth of the circle to both sides: the two neighbours of sixty.
        let threshold = (f64::from(embeddings.one()) * (std::f64::consts::TAU / 40.0).cos()) as i32;
        let rates: Vec<f64> = [1, 5, 20]
            .map(|enrolled| open_set(&embeddings, &people, enrolled, threshold).unwrap().false_positive)
            .to_vec();
        assert!(rates[0] < rates[1] && rates[1] < rates[2], "{rates:?}");
        // One enrolled lets in their neighbours: two of fifty-nine.
        assert!((0.02..0.05).contains(&rates[0]), "{rates:?}");
    }

    #[test]
    fn who_is_enrolled_is_missed_where_the_threshold_asks_too_much() {
        let (embeddings, people) = crowd(10, 0.05);
        let lax = open_set(&embeddings, &people, 5, -embeddings.one()).unwrap();
        assert_eq!((lax.false_positive, lax.false_negative), (1.0, 0.0));
        let strict = open_set(&embeddings, &people, 5, embeddings.one() + 1).unwrap();
        assert_eq!((strict.false_positive, strict.false_negative), (0.0, 1.0));
        assert_eq!((strict.known, strict.strangers), (20 * 10, 20 * 15));
        assert_eq!(open_set(&embeddings, &people, 10, 0), None, "no strangers are left");
    }
}
