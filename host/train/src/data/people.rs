//! A list of the people to train on, such as `people.txt` of Labeled Faces in the Wild.
//!
//! ```text
//! 7                       folds
//! 601                     people of the first fold, and then these:
//! Abdel_Madi_Shabneh  1   a name, a tab, how many pictures
//! …
//! ```
//! A list of names, one a line, is one fold.

use std::collections::BTreeSet;
use std::path::Path;
use std::str::FromStr;

use crate::Error;

/// The people by fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeopleFile {
    folds: Vec<Vec<String>>,
}

/// Numbers of folds, from 1: `1-5` or `1,3-4`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folds(Vec<usize>);

impl FromStr for Folds {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let wrong = || format!("{text:?} is not like 1-5 or 1,3-4");
        let number = |text: &str| text.trim().parse().ok().filter(|&n: &usize| n > 0).ok_or_else(wrong);
        let mut folds = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let (first, last) = (number(first)?, number(last)?);
            if first > last {
                return Err(wrong());
            }
            folds.extend(first..=last);
        }
        Ok(Self(folds))
    }
}

impl PeopleFile {
    /// Reads a list.
    ///
    /// # Errors
    /// [`Error::Read`], and [`Error::People`] with the first line that does not follow the format.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let text =
            std::fs::read_to_string(path).map_err(|source| Error::Read { path: path.into(), source })?;
        Self::parse(&text).map_err(|(line, problem)| Error::People { path: path.into(), line, problem })
    }

    fn parse(text: &str) -> Result<Self, (usize, String)> {
        let mut lines = text
            .lines()
            .enumerate()
            .map(|(at, line)| (at + 1, line.trim()))
            .filter(|(_, line)| !line.is_empty());
        let (at, first) = lines.next().ok_or((1, String::from("the list is empty")))?;
        let Ok(count) = first.parse::<usize>() else {
            let names = [first].into_iter().chain(lines.map(|(_, line)| line));
            return Ok(Self { folds: vec![names.map(name).collect()] });
        };
        let mut folds = Vec::new();
        for _ in 0..count {
            let (at, line) =
                lines.next().ok_or((at, format!("{count} folds announced, {} found", folds.len())))?;
            let people: usize =
                line.parse().map_err(|_| (at, String::from("expected how many people the fold has")))?;
            let fold: Vec<String> = lines.by_ref().take(people).map(|(_, line)| name(line)).collect();
            if fold.len() < people {
                return Err((at, format!("{people} people announced, {} found", fold.len())));
            }
            folds.push(fold);
        }
        match lines.next() {
            Some((at, _)) => Err((at, format!("more than the {count} folds announced"))),
            None => Ok(Self { folds }),
        }
    }

    /// The people of some folds, or of all.
    ///
    /// # Errors
    /// [`Error::TooFew`] where there is no such fold.
    pub fn names(&self, folds: Option<&Folds>) -> Result<BTreeSet<String>, Error> {
        let all: Vec<usize> = (1..=self.folds.len()).collect();
        let mut names = BTreeSet::new();
        for &fold in folds.map_or(&all, |folds| &folds.0) {
            let people = self.folds.get(fold - 1).ok_or_else(|| {
                Error::TooFew(format!("there is no fold {fold}: the list has {}", self.folds.len()))
            })?;
            names.extend(people.iter().cloned());
        }
        Ok(names)
    }
}

fn name(line: &str) -> String {
    line.split('\t').next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TWO_FOLDS: &str = "2\n2\nAnn\t1\nBob\t3\n1\nCy\t2\n";

    fn names(text: &str, folds: &str) -> Vec<String> {
        let folds: Folds = folds.parse().unwrap();
        PeopleFile::parse(text).unwrap().names(Some(&folds)).unwrap().into_iter().collect()
    }

    #[test]
    fn people_are_told_by_fold() {
        assert_eq!(names(TWO_FOLDS, "1"), ["Ann", "Bob"]);
        assert_eq!(names(TWO_FOLDS, "2"), ["Cy"]);
        assert_eq!(names(TWO_FOLDS, "1-2"), ["Ann", "Bob", "Cy"]);
        assert_eq!(names("Ann\nBob Marley\n", "1"), ["Ann", "Bob Marley"]);
        assert!(PeopleFile::parse(TWO_FOLDS).unwrap().names(Some(&"3".parse().unwrap())).is_err());
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let line = |text| PeopleFile::parse(text).unwrap_err().0;
        assert_eq!(line(""), 1);
        assert_eq!(line("1\nAnn\t1\n"), 2);
        assert_eq!(line("1\n3\nAnn\t1\n"), 2);
        assert_eq!(line("1\n1\nAnn\t1\nBob\t1\n"), 4);
        assert!("0".parse::<Folds>().is_err() && "5-1".parse::<Folds>().is_err());
    }
}
