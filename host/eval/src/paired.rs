//! Two ways of doing something, measured on the same people: the share of each way, and how much they differ.
//!
//! What a person shows in two pictures is not independent, so the intervals come from drawing the people again, as those of
//! [`intervals`](crate::intervals()) do. Both ways see the same pictures. So their difference has an interval of its own, which is
//! narrower than those of the shares.

use schemars::JsonSchema;
use serde::Serialize;

use crate::intervals::{DRAWS, SEED};

/// Two ways, over some people.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct Paired {
    /// The share of the first way.
    pub first: f64,
    /// Its 95 % interval.
    pub first_interval: [f64; 2],
    /// The share of the second way.
    pub second: f64,
    /// Its 95 % interval.
    pub second_interval: [f64; 2],
    /// The second share less the first.
    pub difference: f64,
    /// Its 95 % interval.
    pub difference_interval: [f64; 2],
}

impl Paired {
    /// Of the shares of each person, first way and second. `None` of nobody.
    pub fn new(people: &[[f64; 2]]) -> Option<Self> {
        let figures = |drawn: &mut dyn Iterator<Item = usize>| {
            let sums = drawn.filter_map(|number| people.get(number));
            let [first, second] = sums.fold([0.0; 2], |sum, one| [sum[0] + one[0], sum[1] + one[1]]);
            let count = people.len() as f64;
            [first / count, second / count, (second - first) / count]
        };
        let draws: Vec<[f64; 3]> = (0..DRAWS)
            .map(|draw| {
                let mut random = fastrand::Rng::with_seed(SEED + draw);
                figures(&mut (0..people.len()).map(|_| random.usize(..people.len())))
            })
            .collect();
        let interval = |at: usize| {
            let mut values: Vec<f64> = draws.iter().map(|draw| draw[at]).collect();
            values.sort_unstable_by(f64::total_cmp);
            let percentile = |share: f64| values[((values.len() - 1) as f64 * share).round() as usize];
            [percentile(0.025), percentile(0.975)]
        };
        let [first, second, difference] = figures(&mut (0..people.len()));
        (!people.is_empty()).then(|| Self {
            first,
            first_interval: interval(0),
            second,
            second_interval: interval(1),
            difference,
            difference_interval: interval(2),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_small_difference_that_everybody_has_is_seen_beside_wide_shares() {
        let people: Vec<[f64; 2]> =
            (0..40).map(|n| f64::from(n % 5) / 5.0).map(|share| [share, share + 0.01]).collect();
        let paired = Paired::new(&people).expect("people");
        let [low, high] = paired.difference_interval;
        assert!((paired.first - 0.4).abs() < 1e-9 && (paired.difference - 0.01).abs() < 1e-9, "{paired:?}");
        assert!(low > 0.0099 && high < 0.0101, "{paired:?}");
        let [low, high] = paired.first_interval;
        assert!(low < 0.35 && high > 0.45, "{paired:?}");
        assert!(paired.second_interval[0] > low);
    }

    #[test]
    fn a_difference_of_one_person_is_within_its_interval() {
        let mut people = vec![[1.0; 2]; 30];
        people[7] = [1.0, 0.5];
        let paired = Paired::new(&people).expect("people");
        let [low, high] = paired.difference_interval;
        assert!(low < paired.difference && paired.difference < high && high == 0.0, "{paired:?}");
        assert_eq!(Paired::new(&[]), None);
    }
}
