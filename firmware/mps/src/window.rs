//! The page of words that the board shares with its host, see [`host_window::window`].

use host_window::WINDOW;
use host_window::window::ResetCause;
use host_window::window::{BOARD, BOOTS, MAGIC, MAGIC_WORD, RESET_CAUSE, VERSION, VERSION_WORD};
use partitions::MEMORY_BASE;

use mps_registers::{Mmio, Register};

/// The word at `offset` of the window page.
pub(crate) const fn word(offset: usize) -> Mmio {
    assert!(offset.is_multiple_of(4) && offset < WINDOW.len as usize);
    // SAFETY: both boards have the window page at the same address, and the offset is an aligned
    // one within it, as was just checked. Words are shared, and so are registers.
    unsafe { Mmio::new(MEMORY_BASE + offset) }
}

/// Adds one to the word at `offset`, which only the board writes.
pub(crate) fn count(offset: usize) {
    let word = word(offset);
    word.write(word.read().wrapping_add(1));
}

/// Prepares a new memory for its first boot, and shows the host which board booted, and why.
///
/// # Panics
/// If another version laid out the memory: the people in it must not be erased by accident.
pub(crate) fn open(board: u32, cause: ResetCause, format: impl FnOnce()) {
    let magic = word(MAGIC_WORD);
    if magic.read() != MAGIC {
        format();
        word(VERSION_WORD).write(VERSION);
        magic.write(MAGIC);
    }
    let version = word(VERSION_WORD).read();
    assert!(version == VERSION, "memory of layout {}, this is {}", version, VERSION);
    word(BOARD).write(board);
    word(RESET_CAUSE).write(cause as u32);
    count(BOOTS);
}
