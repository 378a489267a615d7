//! Runs other programs: behind a spinner, with a time limit, and with the end of their output in the error message.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};

/// How often a program with a time limit is looked at.
const POLL: Duration = Duration::from_millis(50);

/// Cargo, without what the cargo that started this program told it.
///
/// Build scripts read such variables (that of ring does). Where they differ, the script and all that uses its library would
/// be built again, whenever somebody goes from `cargo build` to `cargo xtask`.
pub fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        let told = name.to_str().is_some_and(|name| {
            ["CARGO_PKG_", "CARGO_MANIFEST_"].iter().any(|begin| name.starts_with(begin))
        });
        if told {
            cargo.env_remove(name);
        }
    }
    cargo
}

/// A line that shows what runs and for how long, until it is dropped.
pub fn spinner(what: &str) -> ProgressBar {
    let style = ProgressStyle::with_template("  {spinner} {msg} ({elapsed})")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style).with_message(what.to_owned());
    bar.enable_steady_tick(Duration::from_millis(120));
    bar
}

/// Runs `command` to its end behind a spinner, and gives its stdout.
///
/// # Errors
/// The program is missing, fails (its last lines of output are in the error), or runs longer than
/// `limit`, when it is killed.
pub fn quiet(what: &str, command: &mut Command, limit: Option<Duration>) -> anyhow::Result<String> {
    let bar = spinner(what);
    if bar.is_hidden() {
        // Into a log, where no spinner is shown.
        eprintln!("  {what}");
    }
    let result = captured(command, limit);
    bar.finish_and_clear();
    result
}

/// As [`quiet`] without a spinner, for programs that take no time.
pub fn captured(command: &mut Command, limit: Option<Duration>) -> anyhow::Result<String> {
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot start {program}"))?;
    // Each pipe is drained by its own thread, so that a full one never stops the program.
    let stdout = drain(child.stdout.take());
    let stderr = drain(child.stderr.take());
    let Some(status) = wait(&mut child, limit)? else {
        bail!("{program} did not answer within {} s", limit.unwrap_or_default().as_secs());
    };
    let stdout = stdout.join().unwrap_or_default();
    let stderr = stderr.join().unwrap_or_default();
    if !status.success() {
        let said = if stderr.trim().is_empty() { &stdout } else { &stderr };
        bail!("{program} failed ({status}):\n{}", last_lines(said, 15));
    }
    Ok(stdout)
}

/// Runs `command` with its output shown as it comes.
pub fn shown(command: &mut Command) -> anyhow::Result<()> {
    let program = command.get_program().to_string_lossy().into_owned();
    let status = command.status().with_context(|| format!("cannot start {program}"))?;
    if !status.success() {
        bail!("{program} failed ({status})");
    }
    Ok(())
}

/// Whether `program` answers to `--version`.
pub fn answers(program: &str) -> bool {
    captured(Command::new(program).arg("--version"), Some(Duration::from_secs(300))).is_ok()
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // The output before a read error is still shown.
            let _ = pipe.read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// The exit status, or nothing if the limit passed first and the child was killed.
fn wait(child: &mut Child, limit: Option<Duration>) -> anyhow::Result<Option<std::process::ExitStatus>> {
    let Some(limit) = limit else {
        return Ok(Some(child.wait()?));
    };
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        if start.elapsed() > limit {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        std::thread::sleep(POLL);
    }
}

fn last_lines(text: &str, count: usize) -> String {
    let lines: Vec<&str> = text.lines().filter(|line| !line.trim().is_empty()).collect();
    lines[lines.len().saturating_sub(count)..].join("\n")
}
