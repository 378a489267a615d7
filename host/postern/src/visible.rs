//! Text on its way to a terminal: what a terminal would obey is shown instead.
//!
//! Names, labels, log lines, paths and error texts come from boards, files and other people. A terminal obeys control
//! characters in them: they move the cursor, rewrite lines above, or type into the shell. Characters that reverse the
//! direction of writing show a text that is not there. All of these are written as `\u{1b}`.
//!
//! A line break is such a character, too: a name with a line break would forge a line of its own. [`Lines`] therefore
//! takes one call of `write!` for one line, and only its last line break for the end of it.

use std::fmt::{self, Write as _};
use std::io;

/// A text with each character visible that a terminal would obey, also line breaks.
pub fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if is_obeyed(character) {
            // Writing into a string does not fail.
            let _ = write!(shown, "{}", character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// As [`visible`] for lines of our own making, as an error has. What follows a line break is indented, so that it does
/// not look like the beginning of a message.
pub fn visible_lines(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(visible).collect();
    lines.join("\n  ")
}

/// JSON in which the strings are escaped as far as a terminal would obey them; a reader of JSON gets the same strings.
pub fn visible_json(json: &str) -> String {
    let mut shown = String::with_capacity(json.len());
    for character in json.chars() {
        if is_obeyed(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(shown, "\\u{unit:04x}");
            }
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Control characters but the tabulator, characters that set the direction of writing, and those that nobody sees.
pub fn is_obeyed(character: char) -> bool {
    (character.is_control() && character != '\t')
        || matches!(
            character,
            '\u{61c}'
                | '\u{200b}'
                | '\u{200e}'..='\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}

/// A terminal, or a file that somebody will show on one.
pub struct Lines<W>(pub W);

impl<W: io::Write> io::Write for Lines<W> {
    /// Bytes of our own making, such as a script: their line breaks stay.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(bytes);
        let lines: Vec<String> = text.split('\n').map(visible).collect();
        self.0.write_all(lines.join("\n").as_bytes())?;
        Ok(bytes.len())
    }

    /// A line, or a part of one.
    fn write_fmt(&mut self, text: fmt::Arguments<'_>) -> io::Result<()> {
        let text = text.to_string();
        let (line, end) = text.strip_suffix('\n').map_or((&*text, ""), |line| (line, "\n"));
        self.0.write_all(format!("{}{end}", visible(line)).as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::path::{Path, PathBuf};

    use super::*;

    /// What a terminal obeys, between what it shows.
    const HOSTILE: [&str; 12] = [
        "\u{1b}[2J\u{1b}[1;1H",
        "\u{1b}]0;title\u{7}",
        "\u{9b}31m",
        "\n",
        "\r",
        "\u{8}\u{8}\u{8}",
        "\u{7f}",
        "\u{202e}",
        "\u{2066}",
        "\u{2028}",
        "\u{feff}",
        "\0",
    ];

    fn text(random: &mut fastrand::Rng) -> String {
        (0..random.usize(1..8))
            .map(|_| {
                if random.bool() {
                    HOSTILE[random.usize(..HOSTILE.len())].to_owned()
                } else {
                    random.char(..).to_string()
                }
            })
            .collect()
    }

    fn is_harmless(written: &str) -> bool {
        written.lines().all(|line| !line.chars().any(is_obeyed))
    }

    #[test]
    fn no_text_from_outside_reaches_the_terminal_raw() {
        let mut random = fastrand::Rng::with_seed(1);
        for _ in 0..20_000 {
            let (name, label) = (text(&mut random), text(&mut random));
            let mut written = Vec::new();
            writeln!(Lines(&mut written), "known      {name:<12} {label}").unwrap();
            writeln!(Lines(&mut written), "{name}").unwrap();
            let written = String::from_utf8(written).unwrap();
            assert!(is_harmless(&written), "{written:?}");
            assert_eq!(written.lines().count(), 2, "a name makes no line of its own: {written:?}");

            let mut bytes = Vec::new();
            Lines(&mut bytes).write_all(name.as_bytes()).unwrap();
            assert!(is_harmless(&String::from_utf8(bytes).unwrap()), "{name:?}");

            let error = visible_lines(&format!("the person {name} is not enrolled"));
            assert!(
                is_harmless(&error) && error.lines().skip(1).all(|line| line.starts_with("  ")),
                "{error:?}"
            );

            let answer = serde_json::json!({ "name": name, label.clone(): 1 });
            let json = visible_json(&answer.to_string());
            assert!(!json.chars().any(is_obeyed), "{json:?}");
            assert_eq!(serde_json::from_str::<serde_json::Value>(&json).unwrap(), answer);
        }
    }

    #[test]
    fn what_people_write_stays_as_it_is() {
        for name in ["Ada", "Zoë", "王小明", "a\tb", "👩‍🚀", "می‌خواهم"] {
            assert_eq!(visible(name), name);
        }
    }

    /// Ways to the terminal: those of Rust, and those of the progress bars, which write by themselves.
    const WAYS: [&str; 15] = [
        "println!",
        "print!",
        "dbg!",
        "io::stdout",
        "io::stderr",
        "ProgressBar",
        "ProgressStyle",
        "MultiProgress",
        "with_template",
        "with_message",
        "set_message",
        "with_prefix",
        "set_prefix",
        "_with_message",
        ".println(",
    ];

    fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn only_output_writes_to_the_terminal() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut files = Vec::new();
        sources(&root, &mut files);
        assert!(files.len() > 40);
        for path in files {
            if ["output.rs", "visible.rs", "progress.rs"].iter().any(|own| path == root.join(own)) {
                continue;
            }
            let source = std::fs::read_to_string(&path).unwrap();
            for raw in WAYS {
                assert!(
                    !source.contains(raw),
                    "{} has `{raw}`: `output` and `progress` write",
                    path.display()
                );
            }
        }
    }
}
