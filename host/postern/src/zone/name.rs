//! The name of a door's zone. A board keeps a rule and no name, so this computer keeps the name in its folder for the board.
//!
//! A name is told only while the board still has the rule that it was set with: another computer may have set another zone since.
//! Two zones can have one rule, so a name is never guessed from a rule.

use std::path::{Path, PathBuf};

use client::protocol::Zone;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::{offset, posix, rule};

/// A zone as somebody wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// The zone.
    pub zone: Zone,
    /// Its name in the database of time zones; `None` for an offset.
    pub name: Option<String>,
}

/// The zone of a name, `local`, or an offset such as `+05:30`.
///
/// # Errors
/// What is wrong, and how it is written.
pub fn parse(text: &str) -> Result<Named, String> {
    if let Some(zone) = offset(text) {
        return Ok(Named { zone, name: None });
    }
    let found = if text == "local" { TimeZone::try_system() } else { TimeZone::get(text) };
    let found = found.map_err(|_| {
        format!(
            "`{text}` is no time zone: write its name, as Europe/Berlin, or `local`, or an offset, as +05:30"
        )
    })?;
    let zone = rule(&found, Timestamp::now()).ok_or_else(|| {
        format!("the clocks of {text} follow no yearly rule, and a board cannot know when they change: set the offset, as +01:00, at each change")
    })?;
    Ok(Named { zone, name: found.iana_name().map(str::to_owned) })
}

/// The name that this computer keeps for a board.
#[derive(Clone, Debug)]
pub struct Names(PathBuf);

/// What is in the file.
#[derive(Serialize, Deserialize)]
struct Kept {
    /// The rule, as the `TZ` variable of POSIX has it.
    zone: String,
    /// The name.
    name: String,
}

impl Names {
    /// Those in this computer's folder for a board.
    pub fn of(folder: &Path) -> Self {
        Self(folder.join("zone.json"))
    }

    /// Keeps the name of the zone that the board has now. An offset has none: what was kept before goes.
    ///
    /// # Errors
    /// The file cannot be written or removed.
    pub fn keep(&self, zone: &Named) -> anyhow::Result<()> {
        match &zone.name {
            Some(name) => {
                let kept = Kept { zone: posix(&zone.zone), name: name.clone() };
                Ok(output_file::replace_with(&self.0, serde_json::to_string(&kept)?.as_bytes())?)
            }
            None => match std::fs::remove_file(&self.0) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
                _ => Ok(()),
            },
        }
    }

    /// The name of the board's zone, if this computer set it and nobody has changed it since.
    pub fn name(&self, zone: &Zone) -> Option<String> {
        let kept: Kept = serde_json::from_slice(&std::fs::read(&self.0).ok()?).ok()?;
        (kept.zone == posix(zone)).then_some(kept.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_told_while_the_board_has_the_rule_that_it_was_set_with() {
        let folder = tempfile::tempdir().unwrap();
        let names = Names::of(folder.path());
        let [berlin, paris, york] =
            ["europe/berlin", "Europe/Paris", "America/New_York"].map(|name| parse(name).unwrap());
        assert_eq!(names.name(&berlin.zone), None, "nobody set it");
        names.keep(&berlin).unwrap();
        assert_eq!(names.name(&berlin.zone).as_deref(), Some("Europe/Berlin"));
        assert_eq!(names.name(&york.zone), None, "another computer set it");
        names.keep(&paris).unwrap();
        assert_eq!(names.name(&berlin.zone).as_deref(), Some("Europe/Paris"), "the rule is the same");
        let fixed = parse("+01:00").unwrap();
        assert_eq!(fixed.name, None);
        names.keep(&fixed).unwrap();
        names.keep(&fixed).unwrap();
        assert_eq!(names.name(&paris.zone), None);
        assert_eq!(parse("UTC").unwrap().name, None);
    }
}
