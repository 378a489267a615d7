//! The blocks of the first pages, pasted into a shell line by line, before a door on Linux: it starts in a second, and the
//! lines are the same for an emulated board.
//!
//! `hints` holds the lines against the parser; here they run. Left out is what builds the source tree, what fetches, what
//! compiles (`compile` has tests of its own), and what only an emulated board does.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use fixtures::{Need, need};

/// The beginnings of lines that do not run here.
const LEFT_OUT: [&str; 5] =
    ["cargo ", "alias ", "postern compile ", "postern watch ", "postern flash firmware "];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The lines of the block of a page that has `line` in it.
fn block(page: &str, line: &str) -> Vec<String> {
    let text = std::fs::read_to_string(root().join(page)).expect("a page");
    let blocks = text.split("```").skip(1).step_by(2);
    let block = blocks.into_iter().find(|block| block.contains(line)).expect("the block");
    block.lines().skip(1).filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

/// A shell of a newcomer in the source tree, whose boards are in a folder of their own.
struct Shell(tempfile::TempDir);

impl Shell {
    fn type_in(&self, line: &str) -> Output {
        let folder = Path::new(env!("CARGO_BIN_EXE_postern")).parent().expect("a folder");
        let path = std::env::var("PATH").unwrap_or_default();
        let mut shell = Command::new("bash");
        shell.args(["-c", line]).current_dir(root());
        shell.env("PATH", format!("{}:{path}", folder.display()));
        shell.env("XDG_STATE_HOME", self.0.path()).env("POSTERN_BOARD", "linux");
        shell.output().expect("a shell")
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        self.type_in("postern board down");
    }
}

fn runs_as_pasted(page: &str, last_code: &[(&str, i32)]) {
    need!(Need::Door, Need::Cached("images"), Need::Cached("pictures"));
    let shell = Shell(tempfile::tempdir().expect("a folder"));
    let mut ran = 0;
    for line in block(page, "postern pair --press-button") {
        if LEFT_OUT.iter().any(|begin| line.starts_with(begin)) {
            continue;
        }
        let output = shell.type_in(&line);
        let code = last_code.iter().find(|(begin, _)| line.starts_with(begin)).map_or(0, |(_, code)| *code);
        assert_eq!(output.status.code(), Some(code), "{page}: {line}: {output:?}");
        ran += 1;
    }
    assert!(ran >= 5, "{page}: {ran} lines");
}

#[test]
fn the_five_commands_of_the_readme_run_as_pasted() {
    runs_as_pasted("README.md", &[]);
}

#[test]
fn a_door_in_a_minute_runs_as_pasted() {
    // A stranger stays outside.
    runs_as_pasted("docs/getting-started.md", &[("postern show .cache/pictures/astronaut.png", 1)]);
}
