//! Each command that a page or a message names exists, with the options that it is given.
//!
//! Checked are the pieces of the sources and pages between backticks, and the lines of the pages' blocks, that begin with
//! `postern`. A word in capitals, such as `NAME`, stands for what the reader puts in its place.

use std::path::{Path, PathBuf};

use clap::Command;

/// The root of the source tree.
fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All files below a folder with one of these endings.
fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        let name = entry.file_name().to_string_lossy().into_owned();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            files(&path, endings, found);
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
}

/// The words of a command, as a shell takes them apart; what follows a comment, a pipe or a redirection is not of it.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for letter in line.chars() {
        match (letter, quote) {
            (_, Some(mark)) if letter == mark => quote = None,
            ('\'' | '"', None) => {
                quote = Some(letter);
                word.get_or_insert_default();
            }
            (' ', None) => words.extend(word.take()),
            ('#' | '|' | '>' | '<' | ';' | '&', None) if word.is_none() => return words,
            (';', None) => break,
            _ => word.get_or_insert_default().push(letter),
        }
    }
    words.extend(word);
    words
}

/// What is wrong with a command line, if anything: a command or an option that does not exist.
fn unknown(words: &[String]) -> Option<String> {
    let mut command: Command = crate::help::grouped::<crate::Cli>();
    command.build();
    let mut at = &command;
    let mut words = words.iter().skip(1).peekable();
    while let Some(word) = words.peek() {
        match at.find_subcommand(word) {
            Some(sub) => at = sub,
            None if at.has_subcommands() && !word.starts_with('-') => {
                // A placeholder or a message's argument may stand for a command: `postern COMMAND`.
                let is_open = word.contains('{') || !word.chars().any(char::is_lowercase);
                let is_argument = at.get_positionals().next().is_some();
                let wrong = || format!("`{}` has no command {word}", at.get_name());
                return (!is_open && !is_argument).then(wrong);
            }
            None => break,
        }
        words.next();
    }
    for word in words {
        let word = word.trim_end_matches(['.', ',', ':', ')', ']', '…']);
        if word == "--" {
            return None;
        }
        let Some(name) = word.strip_prefix("--") else { continue };
        let name = name.split(['=', '[']).next().unwrap_or_default();
        // A message fills it in.
        if name.contains('{') {
            continue;
        }
        let known = at.get_arguments().any(|option| option.get_long() == Some(name));
        if !known && !["help", "version"].contains(&name) {
            return Some(format!("`{}` has no option --{name}", at.get_name()));
        }
    }
    None
}

/// The commands in a text: between backticks, and as lines of a page's blocks.
fn commands(text: &str, is_page: bool) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let (mut in_block, mut lines) = (false, (1..).zip(text.lines()).peekable());
    while let Some((number, line)) = lines.next() {
        if is_page && line.trim_start().starts_with("```") {
            in_block = !in_block;
        } else if in_block {
            let command = line.trim_start().trim_start_matches("$ ");
            if command.starts_with("postern ") {
                found.push((number, command.trim_end_matches('\\').to_owned()));
            }
        } else {
            // A message may go on in the next line of the source, behind a backslash.
            let mut whole = line.to_owned();
            while !is_page && whole.ends_with('\\') {
                let Some((_, next)) = lines.next() else { break };
                whole.truncate(whole.len() - 1);
                whole.push_str(next.trim_start());
            }
            let pieces = whole.split('`').skip(1).step_by(2);
            found.extend(
                pieces.filter(|piece| piece.starts_with("postern ")).map(|piece| (number, piece.to_owned())),
            );
        }
    }
    found
}

#[test]
fn each_command_that_a_page_or_a_message_names_exists() {
    let root = root();
    let mut sources = Vec::new();
    for folder in ["host", "firmware", "shared", "docs"] {
        files(&root.join(folder), &[".rs", ".md", ".toml"], &mut sources);
    }
    sources.extend(
        ["README.md", "ARCHITECTURE.md", "SECURITY.md", "CONTRIBUTING.md"].map(|page| root.join(page)),
    );
    let (mut wrong, mut checked) = (Vec::new(), 0);
    // The glossary names what commands were called before.
    let exempt = ["src/hints.rs", "docs/glossary.md"];
    for path in sources.iter().filter(|path| !exempt.iter().any(|exempt| path.ends_with(exempt))) {
        let text = std::fs::read_to_string(path).expect("a text");
        for (line, command) in commands(&text, path.extension().is_some_and(|ending| ending == "md")) {
            checked += 1;
            if let Some(problem) = unknown(&words(&command)) {
                wrong.push(format!(
                    "{}:{line}: {command}: {problem}",
                    path.strip_prefix(&root).expect("inside").display()
                ));
            }
        }
    }
    assert!(checked > 150, "{checked} commands");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The blocks of the pages that a newcomer types in: each line is taken by the parser as it stands.
#[test]
fn the_lines_of_the_first_pages_are_taken_as_they_stand() {
    for page in ["README.md", "docs/getting-started.md", "docs/linux.md"] {
        let text = std::fs::read_to_string(root().join(page)).expect("a page");
        let mut in_block = false;
        let mut checked = 0;
        for line in text.lines() {
            if line.starts_with("```") {
                in_block = !in_block;
            }
            let words = words(line);
            // A script's variables are not a newcomer's to type.
            if in_block && words.first().is_some_and(|word| word == "postern") && !line.contains('$') {
                let parsed = crate::help::grouped::<crate::Cli>().try_get_matches_from(&words);
                assert!(parsed.is_ok(), "{page}: {line}: {}", parsed.expect_err("refused"));
                checked += 1;
            }
        }
        assert!(checked >= 5, "{page}: {checked} lines");
    }
}

#[test]
fn a_command_that_does_not_exist_is_found() {
    let problem = |line: &str| unknown(&words(line));
    assert_eq!(problem("postern flash models --encoder NAME"), None);
    assert_eq!(problem("postern rule NAME --hours 'mon-fri 08:00-18:00' # a comment --x"), None);
    assert!(problem("postern flash x.pstn").is_some());
    assert!(problem("postern calibrate people/ --out x").is_some());
    assert!(problem("postern bake").is_some());
    assert_eq!(words("a 'b c' \"d\" # e"), ["a", "b c", "d"]);
}
