//! Users of this computer, by name: who a file belongs to, and who runs this program.

use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The user who runs this program.
pub fn own() -> u32 {
    rustix::process::geteuid().as_raw()
}

/// Whose a file or a folder is; `None` if it cannot be looked at.
pub fn of(path: &Path) -> Option<u32> {
    path.metadata().ok().map(|there| there.uid())
}

/// The name of a user, or the number where the computer has no name for it.
pub fn name(id: u32) -> String {
    let number = id.to_string();
    let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    let named = users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, user) = (fields.next()?, fields.nth(1)?);
        (user == number).then(|| name.to_owned())
    });
    named.unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_has_a_name_or_a_number() {
        assert_eq!(name(0), "root");
        assert_eq!(name(u32::MAX - 7), "4294967288");
    }
}
