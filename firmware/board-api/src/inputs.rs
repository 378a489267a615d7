//! Keypad and watchdog, for which `embedded-hal` has no trait.

/// A keypad with digits.
pub trait Keypad {
    /// The next key that was pressed, in ASCII: a digit, `#` to end a PIN, `*` to clear it. `None` if there is none.
    fn key(&mut self) -> Option<u8>;
}

/// Resets the board if nobody feeds it for some seconds.
pub trait Watchdog {
    /// Restarts its time.
    fn feed(&mut self);
}
