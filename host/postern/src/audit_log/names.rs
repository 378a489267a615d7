//! Names of people in entries of the log, which have numbers alone.
//!
//! A board that is erased keeps its log and counts people from 1 again. So a name of today belongs to no number of before: only
//! entries after the newest erasure get names. Whoever prints entries therefore gives all of them to [`Names::take`] first.

use std::collections::BTreeMap;

use audit::{Entry, Kind};
use client::protocol::{Host, LogEntry, User};

/// Names of people who are enrolled, by their number, and since which entry these are their numbers.
#[derive(Clone, Debug, Default)]
pub struct Names {
    people: BTreeMap<u32, String>,
    /// Labels of computers, by the first eight digits of their keys, which are what an entry has.
    labels: BTreeMap<String, String>,
    /// The first entry after the newest erasure.
    first: u32,
    /// The first entry that was not taken.
    seen: u32,
}

impl Names {
    /// Nobody's.
    pub fn new() -> Self {
        Self::default()
    }

    /// Those of a board's people.
    pub fn of(users: Vec<User>) -> Self {
        let mut names = Self::new();
        names.renew(users);
        names
    }

    /// Knows these computers, too.
    #[must_use]
    pub fn with_hosts(mut self, hosts: Vec<Host>) -> Self {
        let label = |host: Host| Some((hex::encode(host.key.get(..4)?), host.label.to_string()));
        self.labels = hosts.into_iter().filter_map(label).filter(|(_, label)| !label.is_empty()).collect();
        self
    }

    /// The label of a computer that the board knows now.
    pub fn label(&self, host: &str) -> Option<&str> {
        self.labels.get(host).map(String::as_str)
    }

    /// Has these people from now on.
    pub fn renew(&mut self, users: Vec<User>) {
        self.people = users.into_iter().map(|user| (user.person, user.name.to_string())).collect();
    }

    /// Takes note of an entry, as the log has them.
    pub fn take(&mut self, entry: &LogEntry) {
        self.seen = self.seen.max(entry.number.saturating_add(1));
        if is_erasure(entry) {
            self.first = self.first.max(entry.number.saturating_add(1));
        }
    }

    /// The first entry that it does not know of.
    pub fn seen(&self) -> u32 {
        self.seen
    }

    /// Whether somebody has this number now.
    pub fn has(&self, person: u32) -> bool {
        self.people.contains_key(&person)
    }

    /// The name of the person who has this number in the entry of that number.
    pub fn name(&self, entry: u32, person: u32) -> Option<&String> {
        self.people.get(&person).filter(|_| entry >= self.first)
    }
}

impl FromIterator<(u32, String)> for Names {
    fn from_iter<I: IntoIterator<Item = (u32, String)>>(people: I) -> Self {
        Self { people: people.into_iter().collect(), ..Self::default() }
    }
}

/// Whether an entry tells that the board was erased: numbers of before are those of other people.
pub fn is_erasure(entry: &LogEntry) -> bool {
    Entry::from_bytes(&entry.entry).is_some_and(|entry| entry.kind == Kind::Erased)
}
