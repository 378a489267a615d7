//! The time of this computer, while it knows it. Nothing else in the door asks for it.

use std::path::PathBuf;

use rustix::time::{ClockId, clock_gettime};

/// The time of this computer.
#[derive(Debug, Default)]
pub struct Date(Option<PathBuf>);

impl Date {
    /// The time, while `while_there` is there: the file that a time service makes when it has asked a server, or a clock with a
    /// battery. `None`: the door does not ask.
    pub const fn new(while_there: Option<PathBuf>) -> Self {
        Self(while_there)
    }

    /// Milliseconds since 1970, if the computer knows them.
    pub fn unix_ms(&self) -> Option<u64> {
        self.0.as_ref().filter(|path| path.exists())?;
        let time = clock_gettime(ClockId::Realtime);
        u64::try_from(time.tv_sec).ok().map(|seconds| seconds * 1_000 + time.tv_nsec as u64 / 1_000_000)
    }
}

#[cfg(test)]
mod tests {
    use std::time::{SystemTime, UNIX_EPOCH};

    use super::*;

    #[test]
    fn a_door_follows_the_computer_while_it_knows_the_time() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("synchronized");
        let date = Date::new(Some(path.clone()));
        assert_eq!(date.unix_ms(), None);
        std::fs::write(&path, "").expect("written");
        let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("since 1970").as_millis() as u64;
        let before = now();
        let told = date.unix_ms().expect("the computer knows it");
        assert!((before..=now()).contains(&told), "{told}");
        assert_eq!(Date::default().unix_ms(), None, "hosts alone set the clock");
    }
}
