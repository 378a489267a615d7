//! Errors by group: is the door as good for everybody?
//!
//! One threshold holds for all, so that groups differ in how often their members are missed, and in how
//! often two of them pass for each other. False matches are counted within a group, for those are where
//! differences between groups show (Grother et al., NISTIR 8280, 2019).

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Serialize;

use crate::{Embeddings, Error};

/// With fewer comparisons than this, no rate is reported.
const LEAST: u64 = 100;

/// The groups of people: a table of a name and their group in each column.
///
/// ```text
/// person,age,glasses          the names of the columns after the first are free
/// Abel_Pacheco,60+,no
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Groups {
    /// The title of each column.
    pub columns: Vec<String>,
    rows: BTreeMap<String, Vec<String>>,
}

/// Errors of one group.
#[derive(Clone, Debug, PartialEq, JsonSchema, Serialize)]
pub struct GroupErrors {
    /// The column.
    pub column: String,
    /// The group in it.
    pub group: String,
    /// People of it among the pictures.
    pub people: usize,
    /// Comparisons of one of them with themselves.
    pub genuine: u64,
    /// Share of these below the threshold. `null` where they are too few to tell.
    pub false_non_match: Option<f64>,
    /// Comparisons of two of them.
    pub impostors: u64,
    /// Share of these at or above the threshold. `null` where they are too few to tell.
    pub false_match: Option<f64>,
}

impl Groups {
    /// Reads a table with commas between its fields.
    ///
    /// # Errors
    /// [`Error::Groups`] names the first line that has not as many fields as the first, or tells of
    /// somebody again.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let wrong = |line: usize, problem: String| Error::Groups { line: line + 1, problem };
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let fields = |line: &str| line.split(',').map(|field| field.trim().to_owned()).collect::<Vec<_>>();
        let (at, header) = lines.next().ok_or_else(|| wrong(0, "the file is empty".into()))?;
        let columns = fields(header).split_off(1);
        if columns.is_empty() {
            return Err(wrong(at, "there is no column after the person's name".into()));
        }
        let mut rows = BTreeMap::new();
        for (at, line) in lines {
            let mut row = fields(line);
            let groups = row.split_off(1);
            if groups.len() != columns.len() {
                let problem = format!("{} groups for {} columns", groups.len(), columns.len());
                return Err(wrong(at, problem));
            }
            let person = row.concat();
            if rows.insert(person.clone(), groups).is_some() {
                return Err(wrong(at, format!("{person} is there twice")));
            }
        }
        Ok(Self { columns, rows })
    }

    /// The groups that the names of files tell, as UTKFace's do: `AGE_GENDER_ETHNICITY_DATE.jpg`, or
    /// `NUMBER-AGE-GENDER-ETHNICITY.jpg`. A name of another form, or an `x` in place of a number, tells none.
    ///
    /// | number | gender | ethnicity |
    /// |---|---|---|
    /// | 0 | male | White |
    /// | 1 | female | Black |
    /// | 2 | | Asian |
    /// | 3 | | Indian |
    /// | 4 | | other |
    #[must_use]
    pub fn of_file_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let columns = ["age", "gender", "ethnicity", "ethnicity and gender"].map(str::to_owned).to_vec();
        let rows = names.into_iter().map(|name| (name.to_owned(), from_file_name(name))).collect();
        Self { columns, rows }
    }

    /// The group of somebody in a column.
    pub(crate) fn of(&self, person: &str, column: usize) -> Option<&str> {
        self.rows.get(person)?.get(column).map(String::as_str).filter(|group| !group.is_empty())
    }

    /// The errors of each group at a threshold, a score of `embeddings`. `names[p]` is the name of the
    /// person `p`.
    pub fn errors(
        &self,
        embeddings: &Embeddings,
        people: &[u32],
        names: &[String],
        threshold: i32,
    ) -> Vec<GroupErrors> {
        let mut errors = Vec::new();
        for (column, title) in self.columns.iter().enumerate() {
            let mut members: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            for (picture, &person) in people.iter().enumerate() {
                if let Some(group) = self.of(&names[person as usize], column) {
                    members.entry(group).or_default().push(picture);
                }
            }
            for (group, pictures) in members {
                errors.push(of_group(embeddings, people, &pictures, threshold, title, group));
            }
        }
        errors
    }
}

/// Bounds of the groups of ages, in years.
const AGES: [(u32, &str); 5] =
    [(18, "under 18"), (30, "18 to 29"), (45, "30 to 44"), (60, "45 to 59"), (u32::MAX, "60 and over")];
const GENDERS: [&str; 2] = ["male", "female"];
const ETHNICITIES: [&str; 5] = ["White", "Black", "Asian", "Indian", "other"];

/// The groups of each column; an empty one is not known.
fn from_file_name(name: &str) -> Vec<String> {
    let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
    let [hyphens, lines] = ['-', '_'].map(|mark| stem.split(mark).collect::<Vec<_>>());
    let [age, gender, ethnicity] = match (hyphens.as_slice(), lines.as_slice()) {
        ([_, age, gender, ethnicity], _) | (_, [age, gender, ethnicity, _]) => {
            [age, gender, ethnicity].map(|part| part.parse::<u32>().ok())
        }
        _ => [None; 3],
    };
    let age = age.and_then(|age| AGES.iter().find(|(below, _)| age < *below)).map_or("", |(_, group)| group);
    let named = |names: &[&'static str], number: Option<u32>| {
        number.and_then(|number| names.get(number as usize).copied()).unwrap_or_default()
    };
    let (gender, ethnicity) = (named(&GENDERS, gender), named(&ETHNICITIES, ethnicity));
    let both = if gender.is_empty() || ethnicity.is_empty() {
        String::new()
    } else {
        format!("{ethnicity} {gender}")
    };
    vec![age.to_owned(), gender.to_owned(), ethnicity.to_owned(), both]
}

fn of_group(
    embeddings: &Embeddings,
    people: &[u32],
    pictures: &[usize],
    threshold: i32,
    column: &str,
    group: &str,
) -> GroupErrors {
    let [mut genuine, mut missed, mut impostors, mut matched] = [0u64; 4];
    for (at, &a) in pictures.iter().enumerate() {
        for &b in &pictures[at + 1..] {
            let accepted = embeddings.score(a, b) >= threshold;
            if people[a] == people[b] {
                genuine += 1;
                missed += u64::from(!accepted);
            } else {
                impostors += 1;
                matched += u64::from(accepted);
            }
        }
    }
    let members: std::collections::BTreeSet<u32> = pictures.iter().map(|&picture| people[picture]).collect();
    let share = |part: u64, whole: u64| (whole >= LEAST).then(|| part as f64 / whole as f64);
    GroupErrors {
        column: column.to_owned(),
        group: group.to_owned(),
        people: members.len(),
        genuine,
        false_non_match: share(missed, genuine),
        impostors,
        false_match: share(matched, impostors),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_names_the_line_that_is_wrong() {
        let line = |text: &str| match Groups::parse(text) {
            Err(Error::Groups { line, .. }) => line,
            other => panic!("{other:?}"),
        };
        assert_eq!(line(""), 1);
        assert_eq!(line("person\nAnn\n"), 1);
        assert_eq!(line("person,age\nAnn,old\nBob\n"), 3);
        assert_eq!(line("person,age\nAnn,old\n\nAnn,young\n"), 4);
        let groups = Groups::parse("person, age\nAnn, old\nBob,\n").unwrap();
        assert_eq!((groups.of("Ann", 0), groups.of("Bob", 0), groups.of("Cy", 0)), (Some("old"), None, None));
    }

    #[test]
    fn file_names_tell_age_gender_and_ethnicity_or_nothing() {
        let names =
            ["00001-26-1-2.jpg", "60_0_4_20170117.jpg", "00002-x-0-x.jpg", "portrait.jpg", "1-17-9-0.jpg"];
        let groups = Groups::of_file_names(names);
        let of = |name: &str| -> Vec<Option<&str>> { (0..4).map(|column| groups.of(name, column)).collect() };
        assert_eq!(of(names[0]), [Some("18 to 29"), Some("female"), Some("Asian"), Some("Asian female")]);
        assert_eq!(of(names[1]), [Some("60 and over"), Some("male"), Some("other"), Some("other male")]);
        assert_eq!(of(names[2]), [None, Some("male"), None, None]);
        assert_eq!(of(names[3]), [None; 4]);
        assert_eq!(of(names[4]), [Some("under 18"), None, Some("White"), None]);
    }

    #[test]
    fn errors_are_counted_within_the_group() {
        let groups = Groups::parse("person,side\np0,left\np1,left\np2,right\n").unwrap();
        // Twenty pictures each; the two of the left look alike, who is right is missed half of the time.
        let people: Vec<u32> = (0..60).map(|picture| picture / 20).collect();
        let vectors = (0..60).map(|picture| match picture {
            0..40 => Some(vec![1.0, 0.0]),
            picture if picture % 2 == 0 => Some(vec![0.0, 1.0]),
            _ => Some(vec![0.0, -1.0]),
        });
        let embeddings = Embeddings::Float(vectors.collect());
        let names = ["p0", "p1", "p2"].map(str::to_owned);
        let errors = groups.errors(&embeddings, &people, &names, embeddings.one() / 2);
        assert_eq!(errors.len(), 2);
        let [left, right] = [&errors[0], &errors[1]];
        assert_eq!((left.people, left.genuine, left.false_non_match), (2, 380, Some(0.0)));
        assert_eq!((left.impostors, left.false_match), (400, Some(1.0)));
        assert_eq!((right.people, right.impostors, right.false_match), (1, 0, None));
        assert_eq!(right.false_non_match, Some(100.0 / 190.0));
    }
}
