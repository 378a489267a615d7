//! The page of words that the board shares with its host, see `emulation::window`.

use emulation::window::ResetCause;
use emulation::window::{BOARD, BOOTS, MAGIC, MAGIC_WORD, RESET_CAUSE, VERSION, VERSION_WORD};
use emulation::{AN547, MEMORY_BASE, Map};

use crate::register::Register;

/// The word at `offset` of the window page.
pub(crate) const fn word(offset: usize) -> Register {
    assert!(offset.is_multiple_of(4) && offset < AN547.window.len as usize);
    // SAFETY: both boards have the window page at the same address, and the offset is an aligned
    // one within it, as was just checked. Words are shared, and so are registers.
    unsafe { Register::new(MEMORY_BASE + offset) }
}

/// Adds one to the word at `offset`, which the board alone writes.
pub(crate) fn count(offset: usize) {
    let word = word(offset);
    word.write(word.read().wrapping_add(1));
}

/// Readies a new memory for its first boot and tells the host who booted, and why.
///
/// # Panics
/// If the memory was laid out by another version, whose people must not be erased by accident.
pub(crate) fn open(map: &Map, cause: ResetCause, format: impl FnOnce()) {
    let magic = word(MAGIC_WORD);
    if magic.read() != MAGIC {
        format();
        word(VERSION_WORD).write(VERSION);
        magic.write(MAGIC);
    }
    let version = word(VERSION_WORD).read();
    assert!(version == VERSION, "memory of layout {}, this is {}", version, VERSION);
    word(BOARD).write(map.board);
    word(RESET_CAUSE).write(cause as u32);
    count(BOOTS);
}
