//! What `publish --overrule` changes, in lines: it wants a word before it does it.

use std::time::Duration;

use ::fleet::connection::Connection;
use ::fleet::counted::counted;
use ::fleet::overrule::{Change, Effect, Overruled, overrule};
use anyhow::bail;

use super::Opened;
use super::status::is_signed;
use crate::output::note;

/// How long a broker may take to give what it has.
const PATIENCE: Duration = Duration::from_secs(30);

/// Has the folder hold where another copy of it sent something else.
///
/// # Errors
/// Something changes, and nobody said `yes`; the broker, the folder.
pub fn overrule_others(opened: &mut Opened, connection: &Connection, yes: bool) -> anyhow::Result<()> {
    let Opened { folder, identity, broker } = opened;
    let (address, prefix) = (broker.broker.to_string(), broker.prefix.clone());
    let from = (address.as_str(), PATIENCE);
    let mut changes = String::new();
    let mut agrees = |all: &[Change]| {
        changes = told(all);
        yes
    };
    let done = overrule(folder, identity, &prefix, connection, from, &is_signed, &mut agrees)?;
    let Some(Overruled { records }) = done else {
        bail!(
            "another copy of this folder sent something else. Nothing is changed yet; `--yes` does this:\n{changes}"
        );
    };
    if !changes.is_empty() {
        note!("{changes}");
    }
    note!("{} of another copy hold no more.", counted(records.into(), "record", "records"));
    Ok(())
}

/// A line for each change, the removals first.
fn told(changes: &[Change]) -> String {
    let mut lines: Vec<(&Effect, String)> = changes.iter().map(|of| (&of.effect, line(of))).collect();
    lines.sort();
    lines.into_iter().map(|(_, line)| line).collect::<Vec<_>>().join("\n")
}

fn line(Change { of, effect }: &Change) -> String {
    match effect {
        Effect::Removed => format!("  {of}: removed at all doors; this folder does not have them"),
        Effect::StaysRemoved => format!("  {of}: removed here, too; the other copy removed them"),
        Effect::Changed(what) if what.is_empty() => format!("  {of}: as this folder has it"),
        Effect::Changed(what) => format!("  {of}: {} as this folder has it", what.join(", ")),
        Effect::Left => format!("  {of}: left to each door again"),
        Effect::Forgotten => format!("  the door {of}: forgotten; this folder does not have it"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_removed_comes_first_and_what_changes_is_named() {
        let change = |of: &str, effect| Change { of: of.to_owned(), effect };
        let told = told(&[
            change("Ada", Effect::Changed(vec!["PIN", "hours"])),
            change("encoder", Effect::Left),
            change("Zoe", Effect::Removed),
        ]);
        let lines: Vec<&str> = told.lines().collect();
        assert!(lines.first().is_some_and(|first| first.contains("Zoe: removed at all doors")), "{told}");
        assert!(lines.get(1).is_some_and(|line| line.contains("Ada: PIN, hours as this folder")), "{told}");
        assert_eq!(lines.len(), 3);
    }
}
