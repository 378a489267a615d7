//! `cargo xtask tidy`: what a compiler does not check about the source.
//!
//! Every file that git tracks or would track is read once; each finding names file, line and rule. The tests that the pages
//! name must exist. Then the arrows
//! between crates are compared with `arrows.toml`, files inside a crate are checked for cycles, and rustfmt and clippy
//! run if they are installed.

use std::path::Path;
use std::process::Command;

use anyhow::bail;

use crate::promises::Promises;
use crate::{arrows, causes, cycles, log_port, process, suite, tags, vocabulary, workspace, writes};

/// Files are questioned at this many lines, and split before [`MOST_LINES`].
const MANY_LINES: usize = 400;
const MOST_LINES: usize = 600;

/// How far above an `unsafe` its `// SAFETY:` may begin.
const SAFETY_REACH: usize = 6;

/// Whether a cycle of files fails the task without `--cycles`.
const CYCLES_FAIL: bool = true;

/// Options of `cargo xtask tidy`.
#[derive(clap::Args, Default)]
pub struct Args {
    /// Write arrows.toml from the manifests, and check nothing
    #[arg(long)]
    bless_arrows: bool,

    /// List every cycle of files, and check nothing else
    #[arg(long, conflicts_with = "bless_arrows")]
    cycles: bool,
}

/// Something that breaks a rule.
#[derive(Debug, PartialEq, Eq)]
pub struct Finding {
    line: usize,
    rule: String,
    /// Whether it only asks for attention.
    warning: bool,
}

/// Checks everything, or does what the options say.
///
/// # Errors
/// At least one finding is more than a warning.
pub fn with(args: &Args) -> anyhow::Result<()> {
    if args.bless_arrows {
        return arrows::bless(&workspace::metadata()?);
    }
    if !args.cycles {
        return run();
    }
    let cycles = cycles::check(&workspace::metadata()?)?;
    cycles.iter().for_each(|cycle| eprintln!("{cycle}"));
    if cycles.is_empty() { Ok(()) } else { bail!("{} cycles of files, listed above", cycles.len()) }
}

/// Checks everything; findings go to stderr.
///
/// # Errors
/// At least one finding is more than a warning.
pub fn run() -> anyhow::Result<()> {
    let mut failures = 0;
    let mut promises = Promises::default();
    for path in files()? {
        let Ok(text) = std::fs::read_to_string(workspace::root().join(&path)) else {
            continue; // Not text, or deleted and not yet committed.
        };
        promises.read(&path, &text);
        for Finding { line, rule, warning } in check(&path, &text) {
            eprintln!("{}{path}:{line}: {rule}", if warning { "warning: " } else { "" });
            failures += usize::from(!warning);
        }
    }
    for finding in promises.broken() {
        eprintln!("{finding}");
        failures += 1;
    }
    let metadata = workspace::metadata()?;
    for finding in arrows::check(&metadata)? {
        eprintln!("{finding}");
        failures += 1;
    }
    let cycles = cycles::check(&metadata)?;
    if CYCLES_FAIL {
        cycles.iter().for_each(|cycle| eprintln!("{cycle}"));
        failures += cycles.len();
    } else if !cycles.is_empty() {
        eprintln!("warning: {} cycles of files: `cargo xtask tidy --cycles` lists them", cycles.len());
    }
    if failures > 0 {
        bail!("{failures} findings of tidy, listed above");
    }
    eprintln!("  tidy: sources and arrows are in order");
    component("cargo-fmt", &["fmt", "--all", "--check"])?;
    // The end-to-end tests are no part of `--all-targets`.
    for chosen in [vec!["--all-targets"], suite::end_to_end()] {
        let clippy = [&["clippy", "--release", "--quiet"][..], &chosen, &["--", "-Dwarnings"]].concat();
        component("cargo-clippy", &clippy)?;
    }
    Ok(())
}

/// Runs a component of the toolchain, if it is installed.
fn component(program: &str, arguments: &[&str]) -> anyhow::Result<()> {
    if !process::answers(program) {
        eprintln!("  skipped: {program} is not installed");
        return Ok(());
    }
    process::shown(process::cargo().args(arguments).current_dir(workspace::root()))?;
    eprintln!("  tidy: {program} found nothing");
    Ok(())
}

/// Files that git tracks or would track.
fn files() -> anyhow::Result<Vec<String>> {
    let mut git = Command::new("git");
    git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]);
    let listed = process::captured(git.current_dir(workspace::root()), None)?;
    Ok(listed.split('\0').filter(|path| !path.is_empty()).map(str::to_owned).collect())
}

/// What is wrong with one file.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    if path != "Cargo.lock" {
        foreign_names(text, &mut findings);
    }
    for (number, line) in text.lines().enumerate() {
        let found = vocabulary::check(path, line).into_iter();
        findings.extend(found.map(|rule| Finding { line: number + 1, rule, warning: false }));
    }
    if Path::new(path).extension().is_some_and(|extension| extension == "rs") {
        rust(path, text, &mut findings);
        let found = writes::check(path, text).into_iter().chain(causes::check(text));
        findings.extend(found.map(|(line, rule)| Finding { line, rule, warning: false }));
    }
    findings
}

fn rust(path: &str, text: &str, findings: &mut Vec<Finding>) {
    let mut fail = |line: usize, rule: &str| {
        findings.push(Finding { line: line + 1, rule: rule.into(), warning: false });
    };
    let lines: Vec<&str> = text.lines().collect();
    let opens = lines.iter().take(3).any(|line| line.starts_with("//!"));
    let generated = lines.iter().take(3).any(|line| line.contains("@generated"));
    if !opens {
        fail(0, "a module opens with //!: its purpose in one line, then why");
    }
    for (number, line) in lines.iter().enumerate() {
        let code = line.split("//").next().unwrap_or_default();
        for rule in [tags::check(path, code), log_port::check(path, code)].into_iter().flatten() {
            fail(number, rule);
        }
        // In two halves, so that this file does not find itself.
        for unfinished in [concat!("todo", "!("), concat!("unimplemented", "!("), concat!("#[", "ignore")] {
            if code.contains(unfinished) {
                fail(number, &format!("{unfinished} is not finished work"));
            }
        }
        if code.contains(concat!("#[non_", "exhaustive]")) {
            fail(number, "a new variant must break every match that has not thought of it");
        }
        if is_unsafe(code) {
            let above = &lines[number.saturating_sub(SAFETY_REACH)..=number];
            if !above.iter().any(|line| line.contains("SAFETY:") || line.contains("# Safety")) {
                fail(number, "unsafe without // SAFETY: that names the precondition and who upholds it");
            }
        }
    }
    if lines.len() > MOST_LINES && !generated {
        fail(MOST_LINES, &format!("{} lines: split the file, {MOST_LINES} is the most", lines.len()));
    } else if lines.len() > MANY_LINES && !generated {
        let rule = format!("{} lines: is this still one subject?", lines.len());
        findings.push(Finding { line: MANY_LINES, rule, warning: true });
    }
}

/// Whether the line opens an unsafe block or implementation.
///
/// An unsafe function states what its caller owes in `# Safety`, which clippy checks; what it does
/// itself stands in blocks.
fn is_unsafe(code: &str) -> bool {
    let mut rest = code;
    while let Some(at) = rest.find("unsafe") {
        let before = rest[..at].chars().next_back();
        let after = rest[at + "unsafe".len()..].trim_start();
        let is_word = before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != '"');
        if is_word && (after.starts_with('{') || after.starts_with("impl")) {
            return true;
        }
        rest = &rest[at + "unsafe".len()..];
    }
    false
}

/// Addresses of registries and paths of one machine, which hold nowhere else.
fn foreign_names(text: &str, findings: &mut Vec<Finding>) {
    let registries = ["crates", "pypi", "npmjs", "debian", "pythonhosted"];
    let folders = ["work", "root", "farm"].map(|folder| format!("/{folder}/"));
    for (number, line) in text.lines().enumerate() {
        let line = line.to_lowercase();
        let has_registry = line.split("://").skip(1).any(|address| {
            let host = address.split(['/', ' ', ')', '"']).next().unwrap_or_default();
            host.split('.').rev().skip(1).any(|label| registries.contains(&label))
        });
        if has_registry {
            let rule = "the address of a registry: its client knows it".into();
            findings.push(Finding { line: number + 1, rule, warning: false });
        }
        if let Some(folder) = folders.iter().find(|folder| is_path(&line, folder)) {
            let rule = format!("{folder} is a path of one machine");
            findings.push(Finding { line: number + 1, rule, warning: false });
        }
    }
}

/// Whether `folder` stands in `line` at the start of a path.
fn is_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|c| !c.is_alphanumeric() && !"._-*]})".contains(c))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(path: &str, text: &str) -> Vec<(usize, bool)> {
        check(path, text).iter().map(|finding| (finding.line, finding.warning)).collect()
    }

    #[test]
    fn a_file_in_order_has_no_findings() {
        assert_eq!(rules("a.rs", "//! A door.\nfn main() {}\n"), []);
        assert_eq!(rules("a.toml", "[package]\nname = \"todo\"\n"), []);
    }

    #[test]
    fn unfinished_work_is_found() {
        let text =
            format!("//! A door.\nfn open() {{ {}) }}\n// {}\n", concat!("todo", "!("), "unimplemented");
        assert_eq!(rules("a.rs", &text), [(2, false)]);
        assert_eq!(rules("a.rs", "fn main() {}\n"), [(1, false)]);
    }

    #[test]
    fn unsafe_says_why_it_is_sound() {
        let block = format!("let x = {} {{ *p }};\n", "unsafe");
        assert_eq!(rules("a.rs", &format!("//! A.\n{block}")), [(2, false)]);
        assert_eq!(rules("a.rs", &format!("//! A.\n// SAFETY: p is valid.\n{block}")), []);
        assert_eq!(rules("a.rs", "//! A.\n#![forbid(unsafe_code)]\n"), []);
    }

    #[test]
    fn long_files_are_questioned_then_refused() {
        let long = |lines: usize| format!("//! A.\n{}", "\n".repeat(lines - 1));
        assert_eq!(rules("a.rs", &long(400)), []);
        assert_eq!(rules("a.rs", &long(401)), [(400, true)]);
        assert_eq!(rules("a.rs", &long(601)), [(601, false)]);
    }

    #[test]
    fn what_holds_on_one_machine_only_is_found() {
        let address = format!("see https://{}.org/x\n", "pypi");
        assert_eq!(rules("a.md", &address), [(1, false)]);
        assert_eq!(rules("a.md", "see https://example.org/pypi\n"), []);
        let path = format!("cd /{}/here\n", "root");
        assert_eq!(rules("a.sh", &path), [(1, false)]);
        let inside = format!("network/{0}/x and ./{0}/x\n", "root");
        assert_eq!(rules("a.md", &inside), []);
    }
}
