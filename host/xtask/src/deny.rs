//! Licences, advisories and sources of the dependencies, checked by cargo-deny after `deny.toml`.
//!
//! The check never reaches for the network. cargo-deny is a program of its own (`cargo install --locked cargo-deny`) and
//! its advisories are a snapshot that `cargo deny fetch` took. What is not there is skipped with a line.

use std::path::PathBuf;

use crate::{process, workspace};

/// Runs the checks that can run here.
///
/// # Errors
/// A dependency breaks a rule of `deny.toml`.
pub fn run() -> anyhow::Result<()> {
    if !process::answers("cargo-deny") {
        eprintln!("  skipped: cargo-deny is not installed (`cargo install --locked cargo-deny`)");
        return Ok(());
    }
    let mut checks = vec!["bans", "licenses", "sources"];
    if advisories().is_some_and(|snapshot| snapshot.is_dir()) {
        checks.push("advisories");
    } else {
        eprintln!("  skipped: advisories, of which there is no snapshot (`cargo deny fetch db`)");
    }
    let mut deny = process::cargo();
    deny.args(["deny", "--offline", "--workspace", "check", "--disable-fetch"]).args(checks);
    process::shown(deny.current_dir(workspace::root()))
}

/// Where cargo-deny keeps the advisories that it fetched.
fn advisories() -> Option<PathBuf> {
    let cargo = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo = cargo.or_else(|| Some(std::env::home_dir()?.join(".cargo")))?;
    let databases = std::fs::read_dir(cargo.join("advisory-dbs")).ok()?;
    databases.flatten().map(|database| database.path()).find(|path| path.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A tag can be moved to another commit, and runs with the rights of the workflow.
    #[test]
    fn actions_of_ci_are_named_by_digest() {
        let folder = workspace::root().join(".github/workflows");
        let mut named = 0;
        for file in folder.read_dir().expect("workflows") {
            let text = std::fs::read_to_string(file.expect("a file").path()).expect("text");
            for action in text.lines().filter_map(|line| line.split_once("uses:")) {
                let digest = action.1.split_once('@').expect("a version").1.split(' ').next();
                let is_digest =
                    |digest: &str| digest.len() == 40 && digest.bytes().all(|byte| byte.is_ascii_hexdigit());
                assert!(digest.is_some_and(is_digest), "{}", action.1);
                named += 1;
            }
        }
        assert!(named > 0, "no action was looked at");
    }
}
