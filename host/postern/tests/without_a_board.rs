//! What the command line does without a board, models and pictures: these run with `cargo test`.

use std::io::pipe;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

fn postern(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_postern"));
    command.args(arguments);
    command
}

fn run(arguments: &[&str]) -> Output {
    postern(arguments).output().expect("postern starts")
}

fn schemas() -> Value {
    let output = run(&["json-schema"]);
    assert_eq!(output.status.code(), Some(0));
    serde_json::from_slice(&output.stdout).expect("schemas")
}

/// The end of a pipe that nobody reads.
fn broken() -> Stdio {
    let (reader, writer) = pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// Commands that print at once and need nothing.
const PRINT: [&[&str]; 10] = [
    &["--help"],
    &["help", "board"],
    &["board", "up", "--help"],
    &["--version"],
    &["completions", "bash"],
    &["completions", "zsh"],
    &["json-schema"],
    &["json-schema", "users"],
    &["--json", "board", "list", "--state", "nowhere"],
    &["--json", "board", "down", "--state", "nowhere"],
];

#[test]
fn a_reader_that_goes_away_is_no_error() {
    for arguments in PRINT {
        let read = postern(arguments).output().expect("postern starts");
        let unread = postern(arguments).stdout(broken()).output().expect("postern starts");
        let said = |output: &std::process::Output| String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(
            (unread.status.code(), said(&unread)),
            (Some(0), said(&read)),
            "postern {}",
            arguments.join(" ")
        );
    }
}

/// An argument may come from a file name that somebody else chose.
#[test]
fn arguments_reach_the_terminal_with_nothing_that_it_obeys() {
    let hostile = "--\u{1b}]0;title\u{7}";
    for arguments in [
        &["show", hostile][..],
        &["board", "up", "--machine", "\u{1b}[2J"],
        &["rule", "Ada\u{202e}"],
        &[hostile],
        &["--json", "show", hostile],
    ] {
        let output = run(arguments);
        let said = String::from_utf8(output.stderr).expect("text");
        assert_eq!(output.status.code(), Some(2), "{said}");
        let obeyed = |character: char| character.is_control() && character != '\n' || character == '\u{202e}';
        assert!(!said.contains(obeyed), "{said:?}");
    }
}

#[test]
fn an_error_that_nobody_reads_is_still_an_error() {
    for arguments in [&["--json", "bake"][..], &["bake"], &["board", "logs", "--state", "nowhere"]] {
        let status = postern(arguments).stdout(broken()).stderr(broken()).status().expect("postern starts");
        assert_eq!(status.code(), Some(2), "postern {}", arguments.join(" "));
    }
}

#[test]
fn errors_and_wrong_arguments_are_told_as_json() {
    let schema = &schemas()["error"];
    for (arguments, what) in [
        (&["--json", "bake"][..], "bake"),
        (&["--json"], "Usage"),
        (&["board", "--json"], "Usage"),
        (&["users", "--json", "--nonsense"], "--nonsense"),
        (&["--json", "rule"], "<NAME>"),
        (&["--json", "settings", "--one-in", "x"], "--one-in"),
        (&["--json", "json-schema", "bake"], "bake"),
        (&["--json", "users", "--state", "nowhere"], "postern board up"),
        (&["--json", "inspect", "nobody.pstn"], "nobody.pstn"),
    ] {
        let output = run(arguments);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {said}");
        assert_eq!(output.stdout, b"", "{arguments:?}");
        let last = said.lines().last().unwrap_or_default();
        let error: Value = serde_json::from_str(last).unwrap_or_else(|_| panic!("{arguments:?}: {said}"));
        assert_eq!(fixtures::schema::fault(schema, &error), None, "{arguments:?}");
        assert!(error["error"].as_str().is_some_and(|text| text.contains(what)), "{arguments:?}: {error}");
    }
}

#[test]
fn answers_without_a_board_are_as_their_schemas() {
    let schemas = schemas();
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().display().to_string();
    for (arguments, command) in [
        (&["board", "list"][..], "board list"),
        (&["board", "down"], "board down"),
        (&["keys", "forget"], "keys forget"),
    ] {
        let output = postern(arguments).args(["--json", "--state", &state]).output().expect("postern starts");
        let answer: Value = serde_json::from_slice(&output.stdout).expect("one line of JSON");
        assert_eq!(fixtures::schema::fault(&schemas[command], &answer), None, "postern {command}: {answer}");
    }
}

#[test]
fn a_schema_is_printed_for_one_command() {
    let schema: Value =
        serde_json::from_slice(&run(&["json-schema", "board", "status"]).stdout).expect("JSON");
    assert_eq!(schema, schemas()["board status"]);
    assert!(schema["$schema"].as_str().is_some_and(|dialect| dialect.contains("2020-12")), "{schema}");
}
