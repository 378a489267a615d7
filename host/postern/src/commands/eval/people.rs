//! Lists of people in parts, such as LFW's `people.txt`. They keep people of the training out of the measurement.
//!
//! ```text
//! 7                       parts
//! 601                     people of the first one
//! Abdel_Madi_Shabneh  1   name, a tab, photographs
//! ```

use std::path::{Path, PathBuf};

use anyhow::{Context, bail, ensure};

use crate::numbers::count;

/// The options that choose people.
#[derive(clap::Args)]
pub struct PeopleArgs {
    /// Use only people of these parts of --people
    #[arg(long, value_name = "N", num_args = 1.., requires = "people", value_parser = count::<usize>)]
    pub folds: Vec<usize>,

    /// A list of people in parts, as people.txt of LFW: the number of parts, then for each part the number of people,
    /// and one name a line
    #[arg(long, value_name = "FILE", requires = "folds")]
    pub people: Option<PathBuf>,
}

impl PeopleArgs {
    /// The people asked for; none if all are.
    pub fn names(&self) -> anyhow::Result<Option<Vec<String>>> {
        self.people.as_ref().map(|list| people(list, &self.folds)).transpose()
    }
}

/// The names of the people of some parts, which count from 1, of the list in a file.
fn people(path: &Path, parts: &[usize]) -> anyhow::Result<Vec<String>> {
    let list = std::fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    names(&list, parts).with_context(|| path.display().to_string())
}

fn names(list: &str, parts: &[usize]) -> anyhow::Result<Vec<String>> {
    let mut rest = list.lines();
    let first = rest.next().context("the list ends before the number of parts")?;
    let all: usize = first.trim().parse().with_context(|| format!("{first:?} is not the number of parts"))?;
    if let Some(part) = parts.iter().find(|part| !(1..=all).contains(*part)) {
        bail!("there is no part {part}, only 1 to {all}");
    }
    let mut names = Vec::new();
    for part in 1..=all {
        let line = rest.next().with_context(|| format!("the list ends before part {part}"))?;
        let size: usize = line.trim().parse().with_context(|| format!("{line:?} is no number of people"))?;
        let members: Vec<&str> = rest.by_ref().take(size).collect();
        ensure!(members.len() == size, "part {part} has {} of {size} people", members.len());
        if parts.contains(&part) {
            names.extend(members.iter().map(|line| line.split('\t').next().unwrap_or(line).to_owned()));
        }
    }
    // Each is looked for as a folder among the pictures.
    names.iter().try_for_each(|name| models::plain_name(name).map(drop))?;
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "2\n2\nAnn\t1\nBob_B\t3\n1\nCid\t2\n";

    #[test]
    fn people_are_of_the_parts_that_were_asked_for() {
        assert_eq!(names(LIST, &[1]).unwrap(), ["Ann", "Bob_B"]);
        assert_eq!(names(LIST, &[2, 1]).unwrap(), ["Ann", "Bob_B", "Cid"]);
    }

    #[test]
    fn lists_that_are_not_whole_are_refused() {
        for (list, said) in
            [("", "ends before"), ("x", "is not"), ("1\n2\nAnn\t1\n", "1 of 2"), ("2\n1\nAnn\t1\n", "part 2")]
        {
            let error = names(list, &[1]).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        for name in ["../x", "/etc", "", ".."] {
            let error = names(&format!("1\n1\n{name}\t1\n"), &[1]).unwrap_err().to_string();
            assert!(error.contains("is no name for a file"), "{error}");
        }
        assert!(names(LIST, &[3]).unwrap_err().to_string().contains("1 to 2"));
    }
}
