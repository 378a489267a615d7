//! What is wrong with a configuration whose sections are right each by itself.

use super::{Config, Keypad, Secret};
use crate::keypad::Source;

impl Secret {
    /// Whether its file has a name that something beside a secret takes.
    fn has_name_of_counter(&self) -> bool {
        let name = self.file.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        [".counter", "-counter", "counter-lock", "counter-new", ".new"].iter().any(|end| name.ends_with(end))
    }
}

impl Config {
    /// What is wrong with sections that are right each by itself: the section, and what to do.
    pub(super) fn fault(&self) -> Option<(&'static str, String)> {
        let says = |section, reason: &str| Some((section, reason.to_owned()));
        match (&self.made, &self.camera, &self.lines) {
            (Some(_), Some(_), _) | (Some(_), _, Some(_)) => {
                return says("[made]", "[made] stands for [camera] and [lines]: remove one of them");
            }
            (None, None, _) => {
                return says("", "it names no camera: add a section [camera], or [made] for a door to try");
            }
            (None, Some(_), None) => return says("", "it names no lock: add a section [lines]"),
            _ => {}
        }
        if let Some(reason) = self.camera.as_ref().and_then(|camera| camera.source().err()) {
            return says("[camera]", reason);
        }
        if self.secret.has_name_of_counter() {
            return says(
                "[secret]",
                "[secret] file has the name of what lies beside it: the counter. Name it unique.key",
            );
        }
        if self.bus.as_ref().is_some_and(|bus| bus.listen == self.host.listen) {
            return says("[bus]", "[bus] and [host] listen at one place: give each its own");
        }
        let rows_and_columns = match &self.keypad {
            Some(Keypad(Source::Matrix { rows, columns, .. })) => [rows.as_slice(), columns],
            _ => [&[][..], &[]],
        };
        let lines = self.lines.as_ref()?;
        let lines =
            lines.besides_the_lock().into_iter().map(|(_, line, _)| line).chain([lines.lock.as_str()]);
        let lines = lines.chain(rows_and_columns.into_iter().flatten().map(String::as_str));
        let mut names: Vec<&str> = lines.map(|line| line.trim_start_matches('!')).collect();
        names.sort_unstable();
        if names.first().is_some_and(|name| name.trim().is_empty()) {
            return says(
                "[lines]",
                "[lines] has a line without a name: remove it, or name it as `gpioinfo` does",
            );
        }
        // That is the lock of a made door, which is in its flash: another file would be changed.
        if let Some(made) = names.iter().find(|name| name.starts_with("made:")) {
            return Some((
                "[lines]",
                format!("[lines] names {made}: `made:` is no line. Name one, or file:PATH for a trial"),
            ));
        }
        let twice = names.windows(2).find(|two| two[0] == two[1])?;
        Some(("[lines]", format!("[lines] names {} twice: nothing else can hang on a line", twice[0])))
    }
}
