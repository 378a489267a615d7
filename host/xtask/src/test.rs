//! `cargo xtask test`: everything that must hold, the same here and in continuous integration.
//!
//! Steps run in order; the first that fails ends the task. Only after a failed test the other tests still run, so that
//! one run tells of them all. The output of the tests is shown as it comes, and their results are counted for the
//! summary. `POSTERN_REQUIRE=1` is set: a test that lacks something fails, where plain
//! `cargo test` would skip it.

use std::io::{BufRead, BufReader, Write};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::{
    arm, bills, budget, deny, doc, firmware, images, log_port, process, setup, suite, tidy, workspace,
};

/// A step of the task.
struct Step {
    name: &'static str,
    run: fn(&mut Count) -> anyhow::Result<()>,
}

/// Tests counted so far.
#[derive(Debug, Default, PartialEq, Eq)]
struct Count {
    passed: usize,
    failed: usize,
    /// Names of the tests that failed, as cargo lists them.
    names: Vec<String>,
}

const STEPS: &[Step] = &[
    Step { name: "setup", run: |_| setup::for_tests() },
    Step { name: "tidy", run: |_| tidy::run() },
    Step { name: "licences", run: |_| deny::run() },
    Step { name: "tests built", run: |_| build() },
    Step { name: "models compiled", run: |_| images::compile_with_built() },
    Step { name: "firmware built", run: |_| firmware::build_all().map(|_| ()) },
    Step { name: "bills of materials", run: |_| bills::run() },
    Step { name: "budget", run: |_| budget::check(budget::Extent::Quick) },
    Step { name: "documentation", run: |_| doc::run() },
    Step { name: "tests", run: |count| tests(count, &bills::FEATURE) },
    // What production firmware says on the log port, and what development firmware says.
    Step {
        name: "log port",
        run: |count| log_port::FEATURES.iter().try_for_each(|chosen| tests(count, chosen)),
    },
    Step { name: "64-bit Arm", run: on_arm },
    // They start the firmware that was built above.
    Step { name: "end-to-end tests", run: |count| tests(count, &suite::end_to_end()) },
    Step { name: "tests with a browser", run: browser },
];

/// Runs every step and prints a summary.
///
/// # Errors
/// The step that failed, and why.
pub fn run() -> anyhow::Result<()> {
    let mut count = Count::default();
    let mut took: Vec<(&str, Duration)> = Vec::new();
    for (number, step) in STEPS.iter().enumerate() {
        eprintln!("[{}/{}] {}", number + 1, STEPS.len(), step.name);
        let start = Instant::now();
        (step.run)(&mut count).with_context(|| format!("step {} failed: {}", number + 1, step.name))?;
        took.push((step.name, start.elapsed()));
    }
    println!();
    for (name, time) in took {
        println!("  {name:<20} {:>7.1} s", time.as_secs_f64());
    }
    if count.failed > 0 {
        bail!("{} tests passed, {} failed:\n  {}", count.passed, count.failed, count.names.join("\n  "));
    }
    println!("\n{} tests passed", count.passed);
    if !setup::has_broker() {
        println!("not run: the tests with an MQTT broker (`cargo xtask setup --mqtt`)");
    }
    if !setup::has_browser() {
        println!("not run: the tests with a browser (`cargo xtask setup --browser`)");
    }
    if !setup::has_font() {
        println!("not run: the test with a Chinese font (`cargo xtask setup --font`)");
    }
    Ok(())
}

/// Builds the tests, and with them every program that a later step runs.
///
/// Tests have dependencies of their own, and those give other crates more features. Were the programs built first and
/// alone, these crates would be compiled twice.
fn build() -> anyhow::Result<()> {
    for chosen in [&bills::FEATURE[..], &suite::end_to_end()] {
        let mut cargo = process::cargo();
        cargo.args(["test", "--release", "--no-run"]).args(chosen).current_dir(workspace::root());
        process::shown(&mut cargo)?;
    }
    Ok(())
}

/// Runs the tests that `chosen` selects, prints what cargo prints, and counts.
fn tests(count: &mut Count, chosen: &[&str]) -> anyhow::Result<()> {
    let mut cargo = process::cargo();
    cargo.args(["test", "--release", "--no-fail-fast"]).args(chosen).env("POSTERN_REQUIRE", "1");
    counted(count, cargo.current_dir(workspace::root()))
}

/// Runs the kernels of 64-bit Arm, where target, linker and emulator are there. Set-up does not install them.
fn on_arm(count: &mut Count) -> anyhow::Result<()> {
    match arm::missing() {
        Some(missing) => eprintln!("  skipped: {missing}"),
        None => {
            for (processor, mut cargo) in arm::commands() {
                eprintln!("  {processor}");
                counted(count, &mut cargo)?;
            }
        }
    }
    Ok(())
}

/// Runs the tests with a browser, which are a workspace of their own, where there is one. They start the programs that were
/// built above.
fn browser(count: &mut Count) -> anyhow::Result<()> {
    if !setup::has_browser() {
        eprintln!("  skipped: Chromium and chromedriver are not installed");
        return Ok(());
    }
    let mut cargo = process::cargo();
    let target = workspace::target()?.join("browser");
    cargo.args(["test", "--locked", "--no-fail-fast", "--manifest-path"]);
    cargo.arg(workspace::root().join("tests/browser/Cargo.toml"));
    cargo.env("CARGO_TARGET_DIR", target).env("POSTERN_REQUIRE", "1");
    counted(count, &mut cargo)
}

/// Runs a `cargo test`, prints what it prints, and counts.
fn counted(count: &mut Count, cargo: &mut Command) -> anyhow::Result<()> {
    cargo.stdout(Stdio::piped());
    let (passed, failed) = (count.passed, count.failed);
    let mut child = cargo.spawn().context("cannot start cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let mut stdout = std::io::stdout();
    for line in BufReader::new(output).lines() {
        let line = line?;
        writeln!(stdout, "{line}")?;
        count.add(&line);
    }
    // A failed test is told at the end of the task. Anything else, such as a test that did not build, ends it here.
    if !child.wait()?.success() && count.failed == failed {
        bail!("cargo test failed, and no test says why: {} tests passed", count.passed - passed);
    }
    if count.passed == passed {
        bail!("cargo ran no test at all");
    }
    Ok(())
}

impl Count {
    /// Counts a line such as `test result: ok. 3 passed; 0 failed; …`, and keeps the name of `test NAME ... FAILED`.
    fn add(&mut self, line: &str) {
        if let Some(name) = line.strip_prefix("test ").and_then(|rest| rest.strip_suffix(" ... FAILED")) {
            self.names.push(name.to_owned());
        }
        let Some((_, results)) = line.split_once("test result: ") else { return };
        let number = |word: &str| {
            let before = results.split_once(word)?.0;
            before.split_whitespace().next_back()?.parse::<usize>().ok()
        };
        self.passed += number(" passed").unwrap_or(0);
        self.failed += number(" failed").unwrap_or(0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_are_counted_and_other_lines_are_not() {
        let mut count = Count::default();
        count.add("test result: ok. 12 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out");
        count.add("test result: FAILED. 3 passed; 2 failed; 0 ignored; 0 measured");
        count.add("test door::opens ... ok");
        count.add("test door::closes ... FAILED");
        assert_eq!(count, Count { passed: 15, failed: 2, names: vec!["door::closes".to_owned()] });
    }
}
