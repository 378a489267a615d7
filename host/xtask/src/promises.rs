//! Tests that the pages name exist, and are tests.
//!
//! A page promises what a test shows, and names the test between backticks: `file::a_sentence_in_words`, or the sentence
//! alone. A test that was renamed or removed would leave the promise without it. The glossary and the page of
//! JSON answers name fields, and are exempt.

use std::collections::BTreeSet;

/// Words of the shortest name that counts as a test's.
const WORDS: usize = 3;

/// The pages that name fields of types.
const OF_FIELDS: [&str; 2] = ["docs/glossary.md", "docs/json.md"];

/// The sources and pages that were read.
#[derive(Default)]
pub struct Promises {
    tests: BTreeSet<String>,
    /// Page, line and name.
    named: Vec<(String, usize, String)>,
}

impl Promises {
    /// Reads a file of the workspace.
    pub fn read(&mut self, path: &str, text: &str) {
        if path.ends_with(".rs") {
            self.tests.extend(tests(text));
        } else if path.ends_with(".md") && !OF_FIELDS.contains(&path) {
            for (number, line) in text.lines().enumerate() {
                // Every second piece lies between backticks.
                let quoted = line.split('`').skip(1).step_by(2);
                let names =
                    quoted.filter_map(|quoted| quoted.rsplit("::").next()).filter(|name| is_sentence(name));
                self.named.extend(names.map(|name| (path.to_owned(), number + 1, name.to_owned())));
            }
        }
    }

    /// The names of tests that are not there, a finding each.
    pub fn broken(&self) -> impl Iterator<Item = String> {
        let lost = self.named.iter().filter(|(_, _, name)| !self.tests.contains(name));
        lost.map(|(path, line, name)| format!("{path}:{line}: there is no test {name}"))
    }
}

/// The names of the functions that are tests: with an attribute `#[test]`, or that of a library's.
fn tests(text: &str) -> impl Iterator<Item = String> {
    let mut is_test = false;
    text.lines().filter_map(move |line| {
        let line = line.trim();
        if let Some(attribute) = line.strip_prefix("#[") {
            let path = attribute.split(['(', ']']).next().unwrap_or("");
            is_test |= path.rsplit("::").next() == Some("test");
        }
        let (_, name) = line.split_once("fn ").filter(|_| !line.starts_with("//"))?;
        let name = name.split(|c| !is_part(c)).next().unwrap_or("").to_owned();
        std::mem::take(&mut is_test).then_some(name)
    })
}

fn is_part(c: char) -> bool {
    c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_'
}

/// Whether a name is a sentence in words, as names of tests are.
fn is_sentence(name: &str) -> bool {
    name.chars().all(is_part) && name.split('_').filter(|word| !word.is_empty()).count() >= WORDS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_that_names_a_test_which_is_gone_is_found() {
        let mut promises = Promises::default();
        let source = "#[test]\nfn the_door_opens() {}\n#[tokio::test]\nasync fn a_door_closes() {}\nfn the_door_is_gone() {}";
        promises.read("src/a.rs", source);
        promises.read(
            "docs/a.md",
            "`a::the_door_opens`, `a_door_closes`, `far_one`, `--a-b-c`\n\n`b::the_door_is_gone`, `x`",
        );
        promises.read(OF_FIELDS[0], "`far_one_in`");
        assert!(promises.broken().eq(["docs/a.md:3: there is no test the_door_is_gone"]));
    }
}
