//! False matches within groups of strangers: who passes for somebody is mostly somebody alike.
//!
//! A threshold that one stranger in 10,000 reaches is reached by more of those who share age, gender and ethnicity with the
//! enrolled person (Grother et al., NISTIR 8280, 2019). So the rate is counted within each group, at the thresholds of the
//! calibration table, and compared with that of all strangers.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{CalibrationPoint, Comparison, Embeddings, Groups};

/// With fewer false matches than this, a rate is not reported.
const LEAST_MATCHES: u64 = 30;

/// The false matches of one group.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct GroupRate {
    /// The column of the table of groups.
    pub column: String,
    /// The group in it.
    pub group: String,
    /// People of it.
    pub people: usize,
    /// Comparisons of two of them.
    pub comparisons: u64,
    /// At each threshold, from the most frequent false matches to the rarest.
    pub rates: Vec<RateAt>,
}

/// The false matches of a group at a threshold.
#[derive(Clone, Copy, Debug, PartialEq, JsonSchema, Serialize)]
pub struct RateAt {
    /// The threshold is that for at most one false match in this many comparisons of all strangers.
    pub one_in: u32,
    /// Comparisons of two people of the group at or above it.
    pub matches: u64,
    /// The rate within the group over that among all strangers, at this threshold. `null` with fewer than 30 matches of either.
    pub times: Option<f64>,
}

/// The group whose members pass for each other most often.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct WorstGroup {
    /// The column of the table of groups.
    pub column: String,
    /// The group in it.
    pub group: String,
    /// The threshold, see [`RateAt::one_in`]: the rarest that tells at least half of the groups.
    pub one_in: u32,
    /// How many times the rate of all strangers its rate is.
    pub times: f64,
}

/// The rates within each group at the thresholds of `table`, which `all` strangers gave. `names[i]` is what the table of groups
/// calls picture `i`, which shows `people[i]`.
#[must_use]
pub fn group_rates(
    groups: &Groups,
    embeddings: &Embeddings,
    people: &[u32],
    names: &[&str],
    table: &[CalibrationPoint],
    all: &Comparison,
) -> Vec<GroupRate> {
    let rate = |comparison: &Comparison, score: i32| {
        let matches = comparison.matches(score);
        let share = matches as f64 / comparison.impostor_count().max(1) as f64;
        (matches, Some(share).filter(|_| matches >= LEAST_MATCHES))
    };
    let mut found = Vec::new();
    for (column, title) in groups.columns.iter().enumerate() {
        let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (picture, name) in names.iter().enumerate() {
            if let Some(group) = groups.of(name, column) {
                members.entry(group).or_default().push(picture);
            }
        }
        for (group, pictures) in members {
            let own: Vec<u32> = pictures.iter().map(|&picture| people[picture]).collect();
            let comparison = Comparison::all_pairs(&embeddings.select(&pictures), &own);
            let at = |point: &CalibrationPoint| {
                let score = comparison.score_of_q15(point.threshold);
                let ((matches, own), (_, base)) = (rate(&comparison, score), rate(all, score));
                RateAt { one_in: point.one_in, matches, times: own.zip(base).map(|(own, base)| own / base) }
            };
            found.push(GroupRate {
                column: title.clone(),
                group: group.to_owned(),
                people: own.iter().collect::<std::collections::BTreeSet<_>>().len(),
                comparisons: comparison.impostor_count(),
                rates: table.iter().map(at).collect(),
            });
        }
    }
    found
}

/// The rarest false matches that tell at least half of the groups: one in how many comparisons of all strangers.
#[must_use]
pub fn told_rate(groups: &[GroupRate]) -> Option<u32> {
    let told = |one_in: u32| groups.iter().filter(|group| group.times(one_in).is_some()).count();
    let rates = groups.iter().flat_map(|group| group.rates.iter().map(|rate| rate.one_in));
    rates.filter(|&one_in| told(one_in) * 2 >= groups.len()).max()
}

/// The group with the highest rate over that of all, at the rarest false matches that at least half of the groups tell: groups are
/// compared at one threshold.
#[must_use]
pub fn worst_group(groups: &[GroupRate]) -> Option<WorstGroup> {
    let one_in = told_rate(groups)?;
    let told = groups.iter().filter_map(|group| Some((group, group.times(one_in)?)));
    let (group, times) = told.max_by(|a, b| a.1.total_cmp(&b.1))?;
    Some(WorstGroup { column: group.column.clone(), group: group.group.clone(), one_in, times })
}

impl GroupRate {
    /// The rate within the group over that among all strangers at the threshold for `one_in`, if it is told.
    #[must_use]
    pub fn times(&self, one_in: u32) -> Option<f64> {
        self.rates.iter().find(|rate| rate.one_in == one_in)?.times
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Basis;

    /// Strangers in a plane: those of the left group within a tenth of a radian, the others all around.
    fn strangers() -> (Embeddings, Vec<u32>, Vec<String>, Groups) {
        let angle = |at: usize| if at < 40 { at as f32 * 0.0025 } else { at as f32 * 0.07 };
        let vectors = (0..100).map(|at| Some(vec![angle(at).cos(), angle(at).sin()]));
        let names: Vec<String> = (0..100).map(|at| format!("{at}.jpg")).collect();
        let row = |at: usize| format!("{},{}", names[at], if at < 40 { "left" } else { "right" });
        let table = (0..100).map(row).collect::<Vec<_>>().join("\n");
        let groups = Groups::parse(&format!("picture,side\n{table}")).expect("a table");
        (Embeddings::Float(vectors.collect()), (0..100).collect(), names, groups)
    }

    #[test]
    fn a_group_whose_members_are_alike_has_the_higher_rate() {
        let (embeddings, people, names, groups) = strangers();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let all = Comparison::all_pairs(&embeddings, &people);
        let point = |one_in, threshold| CalibrationPoint {
            one_in,
            threshold,
            estimate: threshold,
            basis: Basis::Measured,
            matches: 0,
        };
        let table = [point(10, 32_000), point(1000, 32_768)];
        let rates = group_rates(&groups, &embeddings, &people, &names, &table, &all);
        assert_eq!(rates.iter().map(|rate| rate.people).collect::<Vec<_>>(), [40, 60]);
        let [left, right] = [&rates[0].rates[0], &rates[1].rates[0]];
        assert_eq!(left.matches, 40 * 39 / 2);
        let share = all.matches(all.score_of_q15(32_000)) as f64 / (100.0 * 99.0 / 2.0);
        assert!((left.times.expect("known") - 1.0 / share).abs() < 1e-9);
        assert!(right.times.is_none_or(|times| times < 1.0));
        assert!(rates[0].rates[1].times.is_none(), "nobody reaches a cosine of 1");
        let worst = worst_group(&rates).expect("there is one");
        assert_eq!((worst.group.as_str(), worst.one_in), ("left", 10));
        assert_eq!(worst.times, left.times.expect("known"));
    }
}
