//! Installs Debian packages, or prints the command to run if it is not allowed to.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, bail};

use crate::process;

/// Installs `packages` with apt-get.
///
/// # Errors
/// There is no apt-get, or the user is not root and has no sudo without a password. The message contains the command
/// to run.
pub fn install(packages: &[&str]) -> anyhow::Result<()> {
    let list = packages.join(" ");
    if !Path::new("/usr/bin/apt-get").exists() {
        bail!("this machine has no apt-get: install what Debian calls {list}, then run this again");
    }
    let Some(prefix) = privilege() else {
        bail!(
            "{list} must be installed, and that takes root. Run\n\n    \
             sudo apt-get update && sudo apt-get install --no-install-recommends {list}\n\n\
             then run this again"
        );
    };
    process::quiet("updating the list of Debian packages", apt(prefix).arg("update"), None)?;
    process::quiet(
        &format!("installing {list}"),
        apt(prefix).args(["install", "--yes", "--no-install-recommends"]).args(packages),
        None,
    )
    .with_context(|| format!("cannot install {list}"))?;
    Ok(())
}

/// The prefix of apt-get: none for root, else sudo if it needs no password.
fn privilege() -> Option<&'static [&'static str]> {
    let id = process::captured(Command::new("id").arg("-u"), None).unwrap_or_default();
    if id.trim() == "0" {
        return Some(&[]);
    }
    process::captured(Command::new("sudo").args(["-n", "true"]), None).is_ok().then_some(&["sudo", "-n"])
}

fn apt(prefix: &[&str]) -> Command {
    let words: Vec<&str> =
        prefix.iter().copied().chain(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q"]).collect();
    let mut command = Command::new(words[0]);
    command.args(&words[1..]);
    command
}
