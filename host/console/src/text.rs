//! What the pages say: English in `texts/en.ftl`, German in `texts/de.ftl`, in Fluent's format.
//!
//! What the board and the command line say (reasons, refusals, lines of the log) stays English in every language.

use std::borrow::Cow;
use std::sync::OnceLock;

use fluent_bundle::concurrent::FluentBundle;
use fluent_bundle::{FluentArgs, FluentResource, FluentValue};

/// A language of the pages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English.
    #[default]
    English,
    /// German.
    German,
}

impl Language {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::English, Self::German];

    /// Its code.
    pub fn code(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::German => "de",
        }
    }

    /// The language of a code.
    pub fn of_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|language| language.code() == code)
    }

    /// The first known language that a browser accepts.
    pub fn accepted(header: &str) -> Self {
        let tags = header.split(',').filter_map(|tag| tag.trim().get(..2));
        tags.filter_map(|code| Self::of_code(&code.to_lowercase())).next().unwrap_or_default()
    }

    /// The text of a message.
    pub fn say(self, id: &str) -> String {
        self.with(id, &[])
    }

    /// The text of a message with values in it.
    pub fn with(self, id: &str, values: &[(&'static str, Value<'_>)]) -> String {
        let bundle = self.bundle();
        let Some(pattern) = bundle.get_message(id).and_then(|message| message.value()) else {
            return id.to_owned();
        };
        let mut args = FluentArgs::new();
        for (name, value) in values {
            args.set(
                *name,
                match value {
                    Value::Text(text) => FluentValue::String(Cow::Borrowed(text)),
                    Value::Number(number) => FluentValue::from(*number),
                },
            );
        }
        // A message with an error is shown as far as it goes; a test finds it.
        bundle.format_pattern(pattern, Some(&args), &mut Vec::new()).into_owned()
    }

    fn bundle(self) -> &'static FluentBundle<FluentResource> {
        static ENGLISH: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        static GERMAN: OnceLock<FluentBundle<FluentResource>> = OnceLock::new();
        let (place, code, text) = match self {
            Self::English => (&ENGLISH, "en", include_str!("texts/en.ftl")),
            Self::German => (&GERMAN, "de", include_str!("texts/de.ftl")),
        };
        place.get_or_init(|| {
            let mut bundle = FluentBundle::new_concurrent(code.parse().into_iter().collect());
            // The values stand in elements of their own, which isolate their direction of writing.
            bundle.set_use_isolating(false);
            let resource = match FluentResource::try_new(text.to_owned()) {
                Ok(resource) | Err((resource, _)) => resource,
            };
            // Two messages of one name are found by a test.
            let _ = bundle.add_resource(resource);
            bundle
        })
    }
}

/// A value in a message.
#[derive(Clone, Copy, Debug)]
pub enum Value<'a> {
    /// A text, as it is.
    Text(&'a str),
    /// A number, by which plural forms are chosen.
    Number(u64),
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(text)
    }
}

impl From<u64> for Value<'_> {
    fn from(number: u64) -> Self {
        Self::Number(number)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    fn names(text: &str) -> BTreeSet<String> {
        let name = |line: &str| {
            let (name, _) = line.split_once(" =")?;
            name.starts_with(|c: char| c.is_ascii_lowercase()).then(|| name.to_owned())
        };
        text.lines().filter_map(name).collect()
    }

    fn sources(folder: &Path, all: &mut String) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, all);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                all.push_str(&std::fs::read_to_string(path).unwrap());
            }
        }
    }

    #[test]
    fn both_languages_say_the_same_things_and_each_is_used() {
        let english = names(include_str!("texts/en.ftl"));
        assert_eq!(english, names(include_str!("texts/de.ftl")));
        for text in [include_str!("texts/en.ftl"), include_str!("texts/de.ftl")] {
            assert!(FluentResource::try_new(text.to_owned()).is_ok());
        }
        let mut all = String::new();
        sources(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut all);
        for name in &english {
            assert!(all.contains(&format!("\"{name}\"")), "{name} is never said");
        }
        for place in [".say(\"", ".with(\""] {
            for found in all.split(place).skip(1) {
                let id = found.split('"').next().unwrap();
                assert!(english.contains(id) || id.is_empty() || id.contains('{'), "{id} has no text");
            }
        }
    }

    #[test]
    fn the_browser_chooses_the_language() {
        assert_eq!(Language::accepted("de-AT,de;q=0.9,en;q=0.8"), Language::German);
        assert_eq!(Language::accepted("fr, en;q=0.5, de;q=0.1"), Language::English);
        assert_eq!(Language::accepted(""), Language::English);
        assert_eq!(Language::German.with("people-count", &[("count", 1.into())]), "1 Person");
    }
}
