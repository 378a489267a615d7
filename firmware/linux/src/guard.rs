//! Code of others that may panic over bytes that are not the door's own: that costs what the bytes were for, and not the door.

use std::cell::Cell;
use std::panic::AssertUnwindSafe;

thread_local! {
    /// Whether this thread runs such code.
    static GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread decodes a picture of the camera, or runs a network in float. A panic does not end the door then: what comes
/// over the cable of a camera, and what is in the file of a network, is not the door's own.
#[must_use]
pub fn is_guarded() -> bool {
    GUARDED.get()
}

/// What `work` gives; `None` if it panics.
pub(crate) fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    GUARDED.set(true);
    let done = std::panic::catch_unwind(AssertUnwindSafe(work)).ok();
    GUARDED.set(false);
    done
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_panics_gives_nothing_and_the_door_goes_on() {
        let picture: Option<u8> = guarded(|| panic!("a picture made for it"));
        assert!(picture.is_none() && !is_guarded());
        assert_eq!(guarded(is_guarded), Some(true));
        assert!(!is_guarded());
    }
}
