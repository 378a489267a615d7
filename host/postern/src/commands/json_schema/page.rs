//! docs/json.md: the answers as a page for people, written from the schemas and from examples.
//!
//! `POSTERN_BLESS=1` writes the page instead of comparing it.

use std::fmt::Write;
use std::path::Path;

use serde_json::Value;

use super::rows::{ROWS, Row};
use super::{commands, of};

/// A line for each answer: the command, a colon, and an example. Long arrays are cut.
const EXAMPLES: &str = include_str!("examples.txt");

const HEAD: &str = "\
# What the commands print with `--json`
This page is written from the types of the answers: do not edit it. `cargo xtask bless` writes it again.

- An answer is one line of JSON on stdout. Some commands print several lines, one for each photograph, event or entry.
- Remarks for people go to stderr. An error does, too, as [JSON](#errors). The exit code is 0 for a match or a job done, 1
  for no match, 2 for an error.
- A field is never left out without a reason: the last column says when it is `null` or absent.
- The values of the examples are made up, and long arrays are cut.
- `postern json-schema COMMAND` prints the same as a JSON Schema (2020-12).
- `postern completions` and `postern json-schema` print text of their own.

";

/// An answer's example: the first line of its command that fits it.
fn example(row: &Row) -> Option<&'static str> {
    let schema = Value::from(row.schema());
    EXAMPLES.lines().find_map(|line| {
        let (command, json) = line.split_once(": ")?;
        let value = serde_json::from_str(json).unwrap_or_else(|error| panic!("{error}: {line}"));
        let fits = row.commands.contains(&command) && fixtures::schema::fault(&schema, &value).is_none();
        fits.then_some(json)
    })
}

fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut write = |text: String| page.push_str(&text);
    for command in commands() {
        write(if command == "error" { "## Errors\n".to_owned() } else { format!("## postern {command}\n") });
        for row in of(command) {
            let first = row.commands[0];
            if first != command {
                write(format!("As [postern {first}](#postern-{}).\n\n", first.replace(' ', "-")));
                continue;
            }
            write(answer(&Value::from(row.schema())));
            if let Some(example) = example(row) {
                write(format!("\n```json\n{example}\n```\n\n"));
            }
        }
    }
    format!("{}\n", page.trim_end())
}

/// What an answer is, and its fields.
fn answer(schema: &Value) -> String {
    if schema["type"] == "array" {
        return format!("An array. {}", answer(&schema["items"]));
    }
    let mut text = format!("{}\n\n", plain(schema));
    match schema["oneOf"].as_array() {
        None => text.push_str(&table(schema)),
        Some(choices) => {
            for choice in choices {
                let tag = choice["properties"]["event"]["const"].as_str().unwrap_or_default();
                let _ = writeln!(text, "`\"event\": \"{tag}\"`: {}\n\n{}", plain(choice), table(choice));
            }
        }
    }
    text
}

fn table(schema: &Value) -> String {
    let mut text =
        "| field | type | unit | meaning | when `null` or absent |\n|---|---|---|---|---|\n".to_owned();
    rows(schema, "", &mut text);
    text
}

fn rows(schema: &Value, prefix: &str, text: &mut String) {
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let (kind, inner, brackets) = kind(field);
        let (meaning, missing) = split(&plain(field));
        let unit = field["unit"].as_str().unwrap_or_else(|| unit(name));
        let _ =
            writeln!(text, "| `{prefix}{name}` | {kind} | {unit} | {meaning}{} | {missing} |", values(field));
        if let Some(inner) = inner {
            rows(inner, &format!("{prefix}{name}{brackets}."), text);
        }
    }
}

/// The type of a field, the schema whose fields it has, and what stands behind its name then.
fn kind(field: &Value) -> (String, Option<&Value>, &'static str) {
    if let Some(choices) = field["anyOf"].as_array() {
        let some = choices.iter().find(|choice| choice["type"] != "null").expect("a choice that is not null");
        return kind(some);
    }
    let name = match &field["type"] {
        Value::Array(names) => names.iter().find_map(|name| name.as_str().filter(|name| *name != "null")),
        name => name.as_str(),
    };
    match name {
        Some("array") => {
            let (of, inner, _) = kind(&field["items"]);
            let several = match of.strip_prefix("array ") {
                Some(rest) => format!("arrays {rest}"),
                None => format!("{of}s"),
            };
            (format!("array of {several}"), inner, "[]")
        }
        Some("object") if field["additionalProperties"].is_object() => {
            (format!("object of {}s", kind(&field["additionalProperties"]).0), None, "")
        }
        Some("object") => ("object".to_owned(), Some(field), ""),
        Some(name) => (name.to_owned(), None, ""),
        None => ("string".to_owned(), None, ""),
    }
}

/// The words that a field may have.
fn values(field: &Value) -> String {
    let words = field["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    let words: Vec<String> = words.map(|word| format!("`{word}`")).collect();
    if words.is_empty() { String::new() } else { format!(" One of {}.", words.join(", ")) }
}

/// The unit that the end of a name says.
fn unit(name: &str) -> &'static str {
    match name {
        "instructions" => "instructions",
        name if name.ends_with("_ms") => "ms",
        name if name == "bytes" || name.ends_with("_bytes") => "bytes",
        _ => "",
    }
}

/// A description in one line.
fn plain(schema: &Value) -> String {
    schema["description"].as_str().unwrap_or_default().replace('\n', " ").replace('|', "\\|")
}

/// The meaning, and the sentences that say when the field is `null` or absent.
fn split(text: &str) -> (String, String) {
    let places = ["`null`", "Absent"].map(|word| text.find(&format!(". {word} ")));
    match places.into_iter().flatten().min() {
        Some(place) => (text[..=place].to_owned(), text[place + 2..].to_owned()),
        None => (text.to_owned(), String::new()),
    }
}

/// Calls `see` for each field in a schema, with its path and whether it may be absent.
fn visit(schema: &Value, path: &str, see: &mut impl FnMut(&str, &Value, bool)) {
    let is_required =
        |name: &String| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    for (name, field) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{name}");
        see(&path, field, !is_required(name));
        visit(field, &path, see);
    }
    for name in ["items", "additionalProperties"] {
        if schema[name].is_object() {
            visit(&schema[name], path, see);
        }
    }
    for choice in ["anyOf", "oneOf"].iter().filter_map(|name| schema[*name].as_array()).flatten() {
        visit(choice, path, see);
    }
}

#[test]
fn each_field_of_each_answer_says_what_it_is_and_when_it_is_missing() {
    for row in ROWS {
        let schema = Value::from(row.schema());
        let of = if schema["type"] == "array" { &schema["items"] } else { &schema };
        let name = row.commands[0];
        assert!(of["description"].is_string(), "the answer of {name} is not described");
        visit(&schema, name, &mut |path, field, may_be_absent| {
            let text = plain(field);
            // The tag of an event, which its choice describes.
            if field["const"].is_string() {
                return;
            }
            assert!(text.ends_with('.'), "{path} is not described");
            let is_nullable = |schema: &Value| {
                let names = schema["type"].as_array().into_iter().flatten();
                let choices = schema["anyOf"].as_array().into_iter().flatten().map(|choice| &choice["type"]);
                names.chain(choices).any(|name| name == "null")
            };
            let can_be_null = is_nullable(field) || is_nullable(&field["items"]);
            assert_eq!(can_be_null, text.contains("`null` "), "{path}: when is it null? {text}");
            assert_eq!(may_be_absent, text.contains("Absent "), "{path}: when is it absent? {text}");
        });
    }
}

#[test]
fn each_answer_has_an_example_that_fits_its_schema() {
    for row in ROWS {
        assert!(example(row).is_some(), "there is no example that fits an answer of {:?}", row.commands);
    }
}

#[test]
#[cfg(feature = "bridge")]
fn the_page_of_the_answers_is_up_to_date() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/json.md");
    if std::env::var("POSTERN_BLESS").is_ok_and(|value| value == "1") {
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page(), "docs/json.md is stale: `cargo xtask bless` writes it again");
}

#[test]
fn a_stranger_has_no_name_beside_no_match() {
    use crate::commands::identify::compared;
    use client::protocol::{Candidate, Comparison, Face};

    let best = Candidate { person: 3, name: "Joe".try_into().unwrap(), similarity: 9000 };
    let comparison = |accepted| Comparison {
        best: Some(best.clone()),
        threshold: 10000,
        accepted,
        faces: 1,
        face: Face::default(),
        instructions: 1,
        liveness: None,
    };
    let json =
        |accepted| serde_json::to_value(compared(Path::new("x.jpg"), &comparison(accepted), 10_000)).unwrap();
    let stranger = json(false);
    assert_eq!(
        (&stranger["match"], &stranger["name"], &stranger["person"]),
        (&false.into(), &Value::Null, &Value::Null)
    );
    assert_eq!(stranger["most_similar"], "Joe");
    assert_eq!((&json(true)["name"], &json(true)["person"]), (&"Joe".into(), &3.into()));
}
